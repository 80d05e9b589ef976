"""What supervision asks of the way to GitHub, of the ledger, of the account watcher and of the
loops that serve accounts.

Protocols, so that supervision does not depend on the stages that answer.
"""

from collections.abc import Mapping, Sequence
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


class RowLeftOut(Protocol):
    """A row of the table of accounts that is not served, and the sentence that says why."""

    @property
    def record_id(self) -> str: ...
    @property
    def login(self) -> str: ...
    @property
    def reason(self) -> str: ...


class WatcherSeen(Protocol):
    """The account watcher: why it fails (one sentence, None: it does not), and the rows that it
    leaves out.
    """

    @property
    def problem(self) -> str | None: ...
    @property
    def left_out(self) -> Sequence[RowLeftOut]: ...


class AccountState(Protocol):
    """What the loop that serves an account does now.

    ``in_flight`` counts calls by kind of work, ``open`` names the repositories in hand.
    ``waits_until`` is in epoch seconds; ``progressed_at``, the last sign of life, is monotonic.
    """

    @property
    def in_flight(self) -> Mapping[str, int]: ...
    @property
    def open(self) -> list[str]: ...
    @property
    def next_ask(self) -> str | None: ...
    @property
    def waits_for(self) -> str | None: ...
    @property
    def waits_until(self) -> float | None: ...
    @property
    def progressed_at(self) -> float: ...
