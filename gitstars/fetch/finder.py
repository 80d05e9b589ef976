"""Finds a repository or an owner that somebody named, with whichever account sees it."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from gitstars.clock import show_time
from gitstars.errors import GitHubAway, NotKnown
from gitstars.fetch import answers
from gitstars.fetch.client import GitHubClient
from gitstars.model import Account, FollowedOwner, Repository

T = TypeVar("T")

#: So many accounts are asked: a repository that one cannot see or list, another one may.
ASKED_ACCOUNTS = 5


class Finder:
    """Both methods raise NotKnown and GitHubAway."""

    def __init__(self, client: GitHubClient) -> None:
        self._client = client

    def repository(self, accounts: Sequence[Account], name: str) -> tuple[Account, Repository]:
        """The repository by its present name, and an account that sees it: one that may list its
        stargazers where there is one.
        """
        found = self._ask(accounts, name, self._client.get_repository, answers.Metadata)
        account, record = next((one for one in found if one[1].may_list), found[0])
        full_name = record.full_name
        place = Repository(full_name, full_name, record.github_id, record.stars, record.is_private)
        return account, place

    def owner(self, accounts: Sequence[Account], login: str) -> tuple[Account, FollowedOwner, int]:
        """A person or an organisation, how many public repositories it has, and the account that
        was asked with.
        """
        account, owner = self._ask(accounts, login, self._client.get_owner, answers.Owner)[0]
        followed = FollowedOwner(owner.user_id, owner.login, owner.is_organization)
        return account, followed, owner.public_repositories

    @staticmethod
    def _ask(
        accounts: Sequence[Account],
        name: str,
        ask: Callable[[Account, str], answers.Outcome],
        wanted: type[T],
    ) -> list[tuple[Account, T]]:
        """What GitHub tells some accounts, up to the first that may list it. Raises NotKnown and
        GitHubAway where it tells nobody.
        """
        found: list[tuple[Account, T]] = []
        trouble: answers.Outcome | None = None
        for account in accounts[:ASKED_ACCOUNTS]:
            outcome = ask(account, name)
            if isinstance(outcome, wanted):
                found.append((account, outcome))
                if getattr(outcome, "may_list", True):
                    break
            elif not isinstance(outcome, answers.Missing):
                trouble = outcome
        if found:
            return found
        if trouble is None:
            kind = "repository" if "/" in name else "person or organisation"
            logins = " or ".join(account.login for account in accounts[:ASKED_ACCOUNTS])
            raise NotKnown(f"GitHub shows no {kind} {name} to {logins}; look at its spelling")
        text = getattr(trouble, "text", "") or type(trouble).__name__
        if isinstance(trouble, answers.Gone):
            raise NotKnown(f"{name} is not to be had at GitHub: {text}")
        if isinstance(trouble, answers.BudgetSpent | answers.SecondaryLimit):
            text = f"nothing may be asked until {show_time(trouble.until)}"
        raise GitHubAway(f"GitHub could not be asked about {name} ({text}); try again later")
