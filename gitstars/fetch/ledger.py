"""One ledger of every user's budgets, cool-downs and rejected tokens, fed by every answer and
asked before every call. No I/O.

Times are epoch seconds. How one budget is paced is left to ``budget``, which token is out for how
long to ``rejections``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from gitstars.fetch.answers import BadToken
from gitstars.fetch.budget import (
    LEAST_BLOCK_SECONDS,
    LOOK_SECONDS,
    STRIKES_CAP,
    Budget,
    grow_pause,
)
from gitstars.fetch.budget_rows import BudgetRow, make_row, take_over
from gitstars.fetch.headers import RateInfo
from gitstars.fetch.rejections import Rejections
from gitstars.fetch.user_budgets import UserBudgets
from gitstars.model import Resource

#: The first pause after a secondary limit that names none; doubled with each one that follows
#: before a success.
COOLDOWN_SECONDS, COOLDOWN_CAP_SECONDS = 60.0, 3600.0
#: A named pause is at least as long as a doubling one that begins with LEAST_BLOCK_SECONDS and
#: ends here: GitHub was seen to name a second, again and again.
NAMED_FLOOR_CAP_SECONDS = 600.0
#: Users kept; beyond, the one that was idle the longest is forgotten, and begins blind.
USERS_BOUND = 10_000


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
    """The call may go out now; end it with ``Ledger.book``, whatever became of it."""

    user_id: int
    resource: Resource
    cost: int
    at: float
    #: Grants are numbered in the order in which they are given out.
    number: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """Pacing: ask again in ``seconds``."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Blocked:
    """Nothing goes out before ``until``. ``reason``: ``spent`` or ``secondary``."""

    until: float
    reason: str


class Ledger:
    """What every user may still spend, and how fast; ``rejections`` are the tokens that are out."""

    def __init__(self, settings: PaceSettings, users_bound: int = USERS_BOUND) -> None:
        self._users_bound = users_bound
        self._per_second = settings.requests_per_hour / 3600.0
        self._per_minute = {
            Resource.CORE: settings.rest_points_per_minute,
            Resource.GRAPHQL: settings.graphql_points_per_minute,
        }
        self._users: dict[int, UserBudgets] = {}
        self._grants = 0
        self.rejections = Rejections()

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
        if user.recovery.is_alone and not user.is_idle:
            return Pause(LOOK_SECONDS)
        pause = budget.pause(cost, user.recovery.share_at(now), now)
        return Pause(pause) if pause > 0 else None

    def reserve(
        self, user_id: int, resource: Resource, cost: int, now: float
    ) -> Grant | Pause | Blocked:
        """Ask for a call of ``cost`` points."""
        obstacle = self.peek(user_id, resource, cost, now)
        if obstacle is not None:
            return obstacle
        self._user(user_id).budgets[resource].take(cost)
        self._grants += 1
        return Grant(user_id, resource, cost, now, self._grants)

    def book(
        self,
        grant: Grant,
        rate: RateInfo | None,
        now: float,
        went_well: bool = False,
        has_arrived: bool = True,
    ) -> None:
        """The call is over; ``rate`` is what its answer told about this user's budget.

        A call that ``went_well`` ends the doubling of pauses that were met before it went out;
        where it tells no figures either, the server has no budgets. One that surely never arrived
        at GitHub (``has_arrived`` False) costs nothing.
        """
        user = self._user(grant.user_id)
        budget = user.budgets[grant.resource]
        if not has_arrived:
            budget.give_back(grant.cost)
            return
        budget.end(grant.cost, now)
        if rate is not None and rate.resource is grant.resource:
            budget.window.learn(rate, grant.number)
        else:
            if went_well and rate is None and budget.window.reported is None:
                budget.window.is_unmetered = True
            budget.suppose(grant.cost, self._grants, None if went_well else grant.at, now)
        if went_well:
            budget.block.end(grant.at)
            if grant.at > user.cooled_at:
                user.strikes = 0
                user.recovery.go_on(now)

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
            user.strikes = min(user.strikes + 1, STRIKES_CAP)
            user.cooled_at = now
            user.recovery.meet(now)
        if retry_after is None:
            pause = min(
                COOLDOWN_CAP_SECONDS,
                grow_pause(user.strikes, COOLDOWN_SECONDS, COOLDOWN_CAP_SECONDS) * (1 + chance / 4),
            )
        else:
            floor = grow_pause(user.strikes, LEAST_BLOCK_SECONDS, NAMED_FLOOR_CAP_SECONDS)
            pause = max(retry_after, floor)
        user.cooldown_until = max(user.cooldown_until if user.is_cooling(now) else 0.0, now + pause)
        return user.cooldown_until

    def limit(self, grant: Grant, until: float, now: float) -> float:
        """GitHub said that this budget is spent until ``until``; until when it is blocked.

        A time that is past or too far ahead to be true is replaced by some seconds, which grow
        with each limit that follows before a success.
        """
        return self._user(grant.user_id).budgets[grant.resource].block.meet(grant.at, until, now)

    def rejection(self, user_id: int, token: str, now: float) -> BadToken | None:
        """Why this token is out; None: it is not, or it is due to be looked at again."""
        return self.rejections.find(user_id, token, now)

    def is_rejected(self, user_id: int, token: str, now: float) -> bool:
        """Whether this very token is out at present."""
        return self.rejection(user_id, token, now) is not None

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
            budget.window.renew(now)
            shown[resource.value] = {
                "limit": budget.window.limit,
                "remaining": budget.window.remaining,
                "reset_at": budget.window.reset_at or None,
            }
        return shown

    def snapshot(self) -> list[dict[str, Any]]:
        """What is worth keeping through a restart, as plain rows, one a user and resource."""
        return [
            msgspec.to_builtins(make_row(user_id, user, resource))
            for user_id, user in self._users.items()
            for resource, budget in user.budgets.items()
            if budget.bucket.tokens is not None or user.cooldown_until
        ]

    def restore(self, rows: Iterable[dict[str, Any]]) -> None:
        """Take over what ``snapshot`` gave, before the first call.

        Rows of another shape are skipped. Whether a token was rejected is not taken over: a start
        looks at it again.
        """
        for raw in rows:
            try:
                row = msgspec.convert(raw, BudgetRow)
            except msgspec.ValidationError:
                continue
            if row.is_plausible:
                take_over(row, self._user(row.user_id))

    def _user(self, user_id: int) -> UserBudgets:
        """The user's entry, from now on the most recently used one."""
        user = self._users.pop(user_id, None)
        if user is None:
            user = UserBudgets(
                {
                    resource: Budget(self._per_second, per_minute)
                    for resource, per_minute in self._per_minute.items()
                }
            )
            if len(self._users) >= self._users_bound:
                idle = next((known for known, entry in self._users.items() if entry.is_idle), None)
                if idle is not None:
                    del self._users[idle]
        self._users[user_id] = user
        return user
