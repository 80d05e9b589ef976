"""What supervision asks of the way to GitHub, of the ledger, of the account watcher and of the
loops that serve accounts.

Protocols, so that supervision does not depend on the stages that answer.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from gitstars.model import Resource


class OutageSeen(Protocol):
    """Nothing reaches GitHub: why, since when, and when it is tried next (epoch seconds)."""

    @property
    def text(self) -> str: ...
    @property
    def since(self) -> float: ...
    @property
    def until(self) -> float: ...


class TokenOut(Protocol):
    """A token that is not used: a sentence, a word (``rejected``, ``foreign``, ``unsendable``), and
    when it is looked at again (epoch seconds; None: when it changes).
    """

    @property
    def text(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def until(self) -> float | None: ...


class RoutesSeen(Protocol):
    """Which routes this GitHub server is believed to have."""

    @property
    def has_graphql(self) -> bool: ...
    @property
    def has_history(self) -> bool: ...


class GitHubSeen(Protocol):
    """The client of GitHub."""

    @property
    def outage(self) -> OutageSeen | None: ...
    @property
    def routes(self) -> RoutesSeen: ...


class LedgerSeen(Protocol):
    """The ledger of budgets and tokens; times are epoch seconds."""

    def view(self, user_id: int, now: float) -> dict[str, Any]: ...

    def rejection(self, user_id: int, token: str, now: float) -> TokenOut | None: ...

    def blocked_until(self, user_id: int, resource: Resource, now: float) -> float | None: ...


class AccountState(Protocol):
    """What the loop that serves an account does now.

    ``slots`` has, for each kind of work, the calls under way and how many there may be; ``open``
    names the readings in hand. Times are epoch seconds.
    """

    @property
    def slots(self) -> Mapping[str, tuple[int, int]]: ...
    @property
    def open(self) -> list[str]: ...
    @property
    def next_ask(self) -> str | None: ...
    @property
    def waits_for(self) -> str | None: ...
    @property
    def waits_until(self) -> float | None: ...
    @property
    def progressed_at(self) -> float | None: ...
