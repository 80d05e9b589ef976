"""One ledger of every user's budgets, cool-downs and rejected tokens: pure, fed by every answer,
asked before every call.

Times are epoch seconds. How one budget is paced is ``budget``'s business.
"""

import hashlib
import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from gitstars.fetch.budget import Budget
from gitstars.fetch.headers import LONGEST_PAUSE_SECONDS, RateInfo
from gitstars.model import Resource

#: The first pause after a secondary limit that names none; doubled with each one that follows
#: before a success.
COOLDOWN_SECONDS, COOLDOWN_CAP_SECONDS = 60.0, 3600.0
#: Users kept; beyond, the one that was idle the longest is forgotten, and begins blind. Rejected
#: tokens kept of a user.
USERS_BOUND, TOKENS_BOUND = 10_000, 8


class PaceSettings(Protocol):
    """What the ledger needs of ``GithubConfig``.

    ``requests_per_hour`` 0: no pace, the other bounds stay.
    """

    @property
    def requests_per_hour(self) -> int: ...
    @property
    def rest_points_per_minute(self) -> int: ...
    @property
    def graphql_points_per_minute(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Grant:
    """The call may go out now; end it with ``Ledger.settle``, whatever became of it."""

    user_id: int
    resource: Resource
    cost: int
    at: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Pacing: ask again in ``seconds``."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Blocked:
    """Nothing goes out before ``until``. ``reason``: ``spent`` or ``secondary``."""

    until: float
    reason: str


class BudgetRow(msgspec.Struct, kw_only=True):
    """A budget as it is kept through restarts; tokens only as hashes."""

    user_id: int
    resource: Resource
    limit: int
    remaining: int | None
    reset_at: float
    tokens: float | None
    tokens_at: float
    cooldown_until: float
    strikes: int
    rejected_tokens: list[str]


@dataclass(slots=True)
class _User:
    budgets: dict[Resource, Budget]
    cooldown_until: float = 0.0
    #: When the last secondary limit was met.
    cooled_at: float = -math.inf
    strikes: int = 0
    rejected_tokens: deque[str] = field(default_factory=lambda: deque(maxlen=TOKENS_BOUND))

    @property
    def is_idle(self) -> bool:
        return not any(budget.in_flight for budget in self.budgets.values())

    def is_cooling(self, now: float) -> bool:
        """Whether the user pauses; an end further ahead than GitHub ever asks for was noted by a
        clock that was wrong.
        """
        return now < self.cooldown_until <= now + LONGEST_PAUSE_SECONDS


class Ledger:
    """What every user may still spend, and how fast."""

    def __init__(self, settings: PaceSettings) -> None:
        self._per_second = settings.requests_per_hour / 3600.0
        self._per_minute = {
            Resource.CORE: settings.rest_points_per_minute,
            Resource.GRAPHQL: settings.graphql_points_per_minute,
        }
        self._users: dict[int, _User] = {}

    def peek(
        self, user_id: int, resource: Resource, cost: int, now: float
    ) -> Pause | Blocked | None:
        """What stands in the way of a call of ``cost`` points; None: nothing."""
        user = self._user(user_id)
        if user.is_cooling(now):
            return Blocked(user.cooldown_until, "secondary")
        budget = user.budgets[resource]
        until = budget.spent_until(cost, now)
        if until is not None:
            return Blocked(until, "spent")
        pause = budget.pause(cost, now)
        return Pause(pause) if pause > 0 else None

    def reserve(
        self, user_id: int, resource: Resource, cost: int, now: float
    ) -> Grant | Pause | Blocked:
        """Ask for a call of ``cost`` points."""
        obstacle = self.peek(user_id, resource, cost, now)
        if obstacle is not None:
            return obstacle
        self._user(user_id).budgets[resource].take(cost)
        return Grant(user_id, resource, cost, now)

    def settle(
        self, grant: Grant, rate: RateInfo | None, now: float, went_well: bool = False
    ) -> None:
        """The call is over; ``rate`` is what its answer told about this user's budget.

        A call that ``went_well`` ends the doubling of cool-downs that were met before it went out;
        where it tells no figures either, the server has no budgets.
        """
        user = self._user(grant.user_id)
        budget = user.budgets[grant.resource]
        budget.end(grant.cost, now)
        if rate is not None and rate.resource is grant.resource:
            budget.learn(rate)
        else:
            budget.suppose(grant.cost)
            budget.is_unmetered = budget.is_unmetered or (
                went_well and rate is None and budget.remaining is None
            )
        if went_well and grant.at > user.cooled_at:
            user.strikes = 0

    def cool_down(
        self, grant: Grant, retry_after: float | None, now: float, chance: float
    ) -> float:
        """A secondary limit was met; until when the user pauses.

        ``chance`` in [0, 1) adds up to a quarter where no time was named.

        Calls that went out before the last one was met are the same incident: they may prolong the
        pause, and do not double it.
        """
        user = self._user(grant.user_id)
        if grant.at > user.cooled_at:
            user.strikes = min(user.strikes + 1, 10)
            user.cooled_at = now
        if retry_after is None:
            retry_after = min(
                COOLDOWN_CAP_SECONDS,
                COOLDOWN_SECONDS * 2.0 ** (user.strikes - 1) * (1 + chance / 4),
            )
        user.cooldown_until = max(
            user.cooldown_until if user.is_cooling(now) else 0.0, now + retry_after
        )
        return user.cooldown_until

    def reject_token(self, user_id: int, token: str) -> None:
        """401: this token is out until it changes."""
        if not self.is_rejected(user_id, token):
            self._user(user_id).rejected_tokens.append(_fingerprint(token))

    def is_rejected(self, user_id: int, token: str) -> bool:
        """Whether GitHub rejected this very token."""
        rejected = self._user(user_id).rejected_tokens
        return bool(rejected) and _fingerprint(token) in rejected

    def blocked_until(self, user_id: int, resource: Resource, now: float) -> float | None:
        """When ``resource`` may be used again; None: now (as pacing allows)."""
        user = self._user(user_id)
        return (
            user.cooldown_until
            if user.is_cooling(now)
            else user.budgets[resource].spent_until(1, now)
        )

    def view(self, user_id: int, now: float) -> dict[str, Any]:
        """A user's budgets in plain values, for display."""
        user = self._user(user_id)
        shown: dict[str, Any] = {
            "cooldown_until": user.cooldown_until if user.is_cooling(now) else None
        }
        for resource, budget in user.budgets.items():
            budget.renew(now)
            shown[resource.value] = {
                "limit": budget.limit,
                "remaining": budget.remaining,
                "reset_at": budget.reset_at or None,
            }
        return shown

    def snapshot(self) -> list[dict[str, Any]]:
        """What is worth keeping through a restart, as plain rows, one a user and resource."""
        return [
            msgspec.to_builtins(
                BudgetRow(
                    user_id=user_id,
                    resource=resource,
                    limit=budget.limit,
                    remaining=budget.remaining,
                    reset_at=budget.reset_at,
                    tokens=budget.tokens,
                    tokens_at=budget.tokens_at,
                    cooldown_until=user.cooldown_until,
                    strikes=user.strikes,
                    rejected_tokens=list(user.rejected_tokens),
                )
            )
            for user_id, user in self._users.items()
            for resource, budget in user.budgets.items()
            if budget.tokens is not None or user.cooldown_until or user.rejected_tokens
        ]

    def restore(self, rows: Iterable[dict[str, Any]]) -> None:
        """Take over what ``snapshot`` gave, before the first call.

        Rows of another shape are skipped.
        """
        for raw in rows:
            try:
                row = msgspec.convert(raw, BudgetRow)
            except msgspec.ValidationError:
                continue
            user = self._user(row.user_id)
            budget = user.budgets[row.resource]
            budget.limit, budget.remaining, budget.reset_at = (
                max(1, row.limit),
                row.remaining,
                row.reset_at,
            )
            budget.tokens, budget.tokens_at = row.tokens, row.tokens_at
            user.cooldown_until, user.strikes = row.cooldown_until, row.strikes
            user.rejected_tokens = deque(row.rejected_tokens, TOKENS_BOUND)

    def _user(self, user_id: int) -> _User:
        """The user's entry, from now on the most recently used one."""
        user = self._users.pop(user_id, None)
        if user is None:
            user = _User(
                {
                    resource: Budget(self._per_second, per_minute)
                    for resource, per_minute in self._per_minute.items()
                }
            )
            if len(self._users) >= USERS_BOUND:
                idle = next((known for known, entry in self._users.items() if entry.is_idle), None)
                if idle is not None:
                    del self._users[idle]
        self._users[user_id] = user
        return user


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
