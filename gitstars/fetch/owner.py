"""Whose token somebody gave: one call, of which nothing is remembered."""

from gitstars.clock import Clock, show_time
from gitstars.config import GithubConfig
from gitstars.errors import GitHubAway, TokenUnusable
from gitstars.fetch import answers
from gitstars.fetch.classify import classify_identity
from gitstars.fetch.failures import CallFailed
from gitstars.fetch.identity import IDENTITY_PATH
from gitstars.fetch.transport import Request, Transport
from gitstars.model import TokenOwner
from gitstars.tokens import CREATE, read_token


def find_owner(config: GithubConfig, clock: Clock, given: str) -> TokenOwner:
    """The person whose token this is, by asking GitHub. Raises TokenUnusable and GitHubAway."""
    owner = ask_owner(config, clock, read_token(given))
    if isinstance(owner, str):
        raise TokenUnusable(
            f"GitHub does not say whose token this is ({owner}); an account needs the token of "
            "a person"
        )
    return owner


def ask_owner(config: GithubConfig, clock: Clock, token: str) -> TokenOwner | str:
    """The person whose token this is; GitHub's text where it is nobody's, as those of workflows
    and other App installations. Raises TokenUnusable and GitHubAway.
    """
    transport = Transport(config, clock)
    try:
        answer = transport.send(Request(config.api_url + IDENTITY_PATH), token)
    except CallFailed as error:
        raise GitHubAway(f"the token could not be checked: {error}") from error
    finally:
        transport.close()
    match classify_identity(answer):
        case answers.Identity(user_id=user_id, login=login, scopes=scopes):
            return TokenOwner(token, user_id, login, scopes)
        case answers.BadToken(text=text):
            raise TokenUnusable(
                f"GitHub rejects the token ({text}): it is mistyped, expired or revoked; {CREATE}"
            )
        case answers.Refused(text=text):
            return text
        case answers.BudgetSpent(until=until):
            raise GitHubAway(f"the token's requests are used up until {show_time(until)}")
        case answers.SecondaryLimit(until=until):
            raise GitHubAway(f"GitHub asks this person to pause until {show_time(until)}")
        case other:
            text = getattr(other, "text", "") or type(other).__name__
            raise GitHubAway(f"GitHub's answer could not be used ({text}); try again later")
