"""``gitstars doctor``: the way to GitHub, and what each token may do, by asking.

The calls are those of the server: the same client, proxy, certificates and rules.
"""

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from gevent.event import Event

from gitstars import tokens, way_out
from gitstars.cli.doctor_finding import Finding
from gitstars.clock import SystemClock, show_duration
from gitstars.config import GithubConfig
from gitstars.fetch import answers
from gitstars.fetch.client import GitHubClient
from gitstars.fetch.failures import CallFailed
from gitstars.fetch.headers import read_skew
from gitstars.fetch.ledger import Ledger
from gitstars.fetch.refusals import explain_refusal
from gitstars.fetch.transport import Request, Transport
from gitstars.fetch.way import PROBE_PATH, explain_probe
from gitstars.model import Account

#: What to look at when nothing reaches GitHub.
WAY_ADVICE = (
    "check github.api_url, the network, github.proxy (or HTTPS_PROXY) and github.ca_file (or "
    "SSL_CERT_FILE)"
)


class GitHubCheck:
    """Asks GitHub; each account pays for its own questions, three requests at most."""

    def __init__(self, settings: GithubConfig) -> None:
        self._settings = settings
        self._clock = SystemClock()
        self._ledger = Ledger(settings)
        self._client = GitHubClient(settings, self._ledger, self._clock, Event())

    def check_way(self) -> Iterator[Finding]:
        """How GitHub is reached, and whether it answers; the last finding is a problem where it
        does not.
        """
        way, host = way_out.describe(self._settings), urlsplit(self._settings.api_url).netloc
        used = f"{host} is reached {way.proxy}, with {way.certificates}"
        transport = Transport(self._settings, self._clock)
        url = self._settings.api_url + PROBE_PATH
        try:
            answer = transport.send(Request(url), None)
        except CallFailed as error:
            yield Finding("github", "problem", f"{used}: {error}", WAY_ADVICE)
            return
        finally:
            transport.close()
        if problem := explain_probe(answer, url):
            yield Finding("github", "problem", f"{used}: {problem}", WAY_ADVICE)
            return
        yield Finding("github", "ok", used)
        yield check_github_clock(read_skew(answer))

    def check_account(self, account: Account) -> Finding:
        """Whose token it is, and whether it lists a repository of its own person."""
        who = account.login or str(account.user_id)
        problem = self._client.verify_token(account)
        if isinstance(problem, answers.BadToken):
            text, _, advice = problem.text.rpartition(": ")
            return Finding("tokens", "problem", f"{who}: {text}", advice)
        if problem is not None:
            return _unknown(who, problem)
        outcome = self._client.list_own_repositories(account, 1)
        if not isinstance(outcome, answers.Repositories):
            return _unknown(who, outcome)
        chosen = choose_repository(outcome.repositories)
        if chosen is None:
            return self._explain_untried(who, account)
        listed = self._client.list_stargazers(account, chosen.github_id, 1, per_page=1)
        return self._check_list(who, account, chosen.full_name, listed)

    def close(self) -> None:
        self._client.close()

    def _explain_untried(self, who: str, account: Account) -> Finding:
        """The person has no repository with stars to try."""
        kind, scopes = tokens.token_kind(account.token), self._find_scopes(account)
        text = f"{who}: {self._describe(account)}; it has no starred repository to try a list of"
        if tokens.may_list(kind, scopes) is False:
            return Finding("tokens", "warning", text, explain_refusal("scope", scopes, kind))
        return Finding("tokens", "ok", text)

    def _check_list(
        self, who: str, account: Account, name: str, listed: answers.Outcome
    ) -> Finding:
        works = f"{who}: {self._describe(account)}"
        face, said, accepted = "", "", None
        match listed:
            case answers.Page(stargazers=stargazers, ghosts=ghosts) if stargazers or ghosts:
                return Finding("tokens", "ok", f"{works}; it lists the stargazers of {name}")
            case answers.Page():
                face, said = "empty", "the list is empty"
            case answers.Missing(text=text):
                face, said = "missing", text
            case answers.Refused():
                face, said, accepted = listed.face, listed.text, listed.accepted_permissions
            case answers.Withheld(text=text):
                return Finding(
                    "tokens", "warning", f"{works}; {name}: {text}", "look again in some minutes"
                )
            case other:
                return _unknown(who, other)
        kind = tokens.token_kind(account.token)
        advice = explain_refusal(face, self._find_scopes(account), kind, accepted)
        text = f"{works}; it may not list the stargazers of its own {name} ({said})"
        return Finding("tokens", "warning", text, advice)

    def _describe(self, account: Account) -> str:
        """The token in words: its scopes, and the requests that are left."""
        scopes, kind = self._find_scopes(account), tokens.token_kind(account.token)
        named = "" if scopes is None else f", scopes {', '.join(sorted(scopes)) or 'none'}"
        left = self._ledger.view(account.user_id, self._clock.now())["core"]["remaining"]
        requests = "" if left is None else f", {left:,} requests left this hour"
        return f"the token works ({kind.replace('_', '-')}{named}{requests})"

    def _find_scopes(self, account: Account) -> frozenset[str] | None:
        identity = self._client.identity(account.user_id)
        return None if identity is None else identity.scopes


def choose_repository(repositories: Iterable[answers.Metadata]) -> answers.Metadata | None:
    """One that the person may push to and that has stars, public ones first; None: there is
    none.
    """
    fit = [one for one in repositories if one.may_list and one.stars > 0]
    return min(fit, key=lambda one: (one.is_private, one.stars), default=None)


def check_github_clock(skew_seconds: float) -> Finding:
    """``skew_seconds`` is how far our clock is ahead of GitHub's."""
    if not skew_seconds:
        return Finding("clocks", "ok", "GitHub's clock agrees with this machine's")
    side = "behind" if skew_seconds > 0 else "ahead of"
    return Finding(
        "clocks",
        "problem",
        f"GitHub's clock is {show_duration(abs(skew_seconds))} {side} this machine's",
        "set the clocks with NTP: leases and budgets depend on them",
    )


def _unknown(who: str, outcome: answers.Outcome) -> Finding:
    """Nothing was learnt about the token."""
    said = getattr(outcome, "text", "") or type(outcome).__name__
    if isinstance(outcome, answers.BudgetSpent):
        said = "its budget of this hour is spent"
    return Finding(
        "tokens",
        "warning",
        f"{who}: what its token may do is not known ({said})",
        "look again later",
    )
