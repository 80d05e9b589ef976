"""One ledger of budgets and pacing, per user and resource: pure, fed by every answer, asked before every call. Times are epoch seconds."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Protocol

from gitstars.fetch.classify import RateInfo
from gitstars.model import Resource

MINUTE_SECONDS = 60.0
#: GitHub's clock and ours differ: a window counts as over this long after its reset.
RESET_MARGIN_SECONDS = 1.0
#: Resets of one window that answers report differ by rounding; beyond this it is another window.
SAME_WINDOW_SECONDS = 5.0
#: The first pause after a secondary limit that names none; doubled with each one that follows before a success.
COOLDOWN_SECONDS, COOLDOWN_CAP_SECONDS = 60.0, 3600.0
#: Below this part of the hourly limit the pace follows what is left.
SLOW_BELOW = 0.5


class PaceSettings(Protocol):
    """What the ledger needs of ``GithubConfig``."""

    @property
    def requests_per_hour(self) -> int: ...
    @property
    def rest_points_per_minute(self) -> int: ...
    @property
    def graphql_points_per_minute(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Grant:
    """The call may go out now; settle it with ``Ledger.settle``."""

    user_id: int
    resource: Resource
    cost: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Pacing: ask again in ``seconds``."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Blocked:
    """Nothing goes out before ``until``. ``reason``: ``spent``, ``secondary`` or ``token``."""

    until: float
    reason: str


@dataclass(slots=True)
class _Budget:
    limit: int = 5000
    remaining: int | None = None
    reset_at: float = 0.0
    in_flight: int = 0
    tokens: float | None = None
    tokens_at: float = 0.0
    is_unmetered: bool = False
    recent: deque[tuple[float, int]] = field(default_factory=deque)
    recent_points: int = 0


@dataclass(slots=True)
class _User:
    budgets: dict[Resource, _Budget] = field(default_factory=lambda: {resource: _Budget() for resource in Resource})
    cooldown_until: float = 0.0
    strikes: int = 0
    rejected_token: int | None = None


class Ledger:
    """What every user may still spend, and how fast."""

    def __init__(self, settings: PaceSettings) -> None:
        self._per_second = settings.requests_per_hour / 3600.0
        self._per_minute = {Resource.CORE: settings.rest_points_per_minute, Resource.GRAPHQL: settings.graphql_points_per_minute}
        self._users: dict[int, _User] = {}

    def reserve(self, user_id: int, resource: Resource, cost: int, now: float) -> Grant | Pause | Blocked:
        """Ask for a call of ``cost`` points."""
        user = self._user(user_id)
        budget = user.budgets[resource]
        blocked = self._blocked(user, budget, cost, now)
        if blocked is not None:
            return blocked
        if budget.remaining is None and not budget.is_unmetered and budget.in_flight:
            # Blind: one call at a time tells where we stand.
            return Pause(0.05)
        pause = max(self._minute_pause(budget, resource, cost, now), self._pace_pause(budget, resource, cost, now))
        if pause > 0:
            return Pause(pause)
        assert budget.tokens is not None
        budget.tokens -= cost
        budget.in_flight += cost
        budget.recent.append((now, cost))
        budget.recent_points += cost
        return Grant(user_id, resource, cost)

    def settle(self, grant: Grant, rate: RateInfo | None, now: float) -> None:
        """The call's answer came (or never will: ``rate`` None)."""
        budget = self._user(grant.user_id).budgets[grant.resource]
        budget.in_flight -= grant.cost
        if rate is None or rate.resource is not grant.resource:
            if budget.remaining is None:
                budget.is_unmetered = True
            elif budget.remaining >= grant.cost:
                budget.remaining -= grant.cost
            return
        is_newer = rate.reset_at > budget.reset_at + SAME_WINDOW_SECONDS
        is_older = rate.reset_at < budget.reset_at - SAME_WINDOW_SECONDS
        if budget.remaining is None or is_newer:
            budget.remaining, budget.reset_at = rate.remaining, rate.reset_at
        elif not is_older:
            budget.remaining = min(budget.remaining, rate.remaining)
            budget.reset_at = max(budget.reset_at, rate.reset_at)
        budget.limit = max(1, rate.limit)
        budget.is_unmetered = False

    def succeed(self, user_id: int) -> None:
        """A call went well: earlier secondary limits count no more."""
        self._user(user_id).strikes = 0

    def cool_down(self, user_id: int, retry_after: float | None, now: float, chance: float) -> float:
        """A secondary limit was met; until when the user pauses. ``chance`` in [0, 1) adds up to a quarter where no time was named."""
        user = self._user(user_id)
        pause = retry_after
        if pause is None:
            pause = min(COOLDOWN_CAP_SECONDS, COOLDOWN_SECONDS * 2.0**user.strikes) * (1 + chance / 4)
        user.strikes = min(user.strikes + 1, 10)
        user.cooldown_until = max(user.cooldown_until, now + pause)
        return user.cooldown_until

    def reject_token(self, user_id: int, token: str) -> None:
        """401: this token is out until it changes."""
        self._user(user_id).rejected_token = hash(token)

    def is_rejected(self, user_id: int, token: str) -> bool:
        """Whether GitHub rejected this very token."""
        return self._user(user_id).rejected_token == hash(token)

    def blocked_until(self, user_id: int, resource: Resource, now: float) -> float | None:
        """When ``resource`` may be used again; None: now (as pacing allows)."""
        user = self._user(user_id)
        blocked = self._blocked(user, user.budgets[resource], 1, now)
        return None if blocked is None else blocked.until

    def view(self, user_id: int, now: float) -> dict[str, Any]:
        """A user's budgets in plain values, for display."""
        user = self._user(user_id)
        shown: dict[str, Any] = {"cooldown_until": user.cooldown_until if user.cooldown_until > now else None}
        for resource, budget in user.budgets.items():
            self._renew(budget, now)
            shown[resource.value] = {"limit": budget.limit, "remaining": budget.remaining, "reset_at": budget.reset_at or None}
        return shown

    def users(self) -> list[int]:
        return list(self._users)

    def snapshot(self) -> list[dict[str, Any]]:
        """What is worth keeping through a restart, as plain rows."""
        return [
            {
                "user_id": user_id,
                "resource": resource.value,
                "limit": budget.limit,
                "remaining": budget.remaining,
                "reset_at": budget.reset_at,
                "cooldown_until": user.cooldown_until,
                "strikes": user.strikes,
                "tokens": budget.tokens,
                "tokens_at": budget.tokens_at,
            }
            for user_id, user in self._users.items()
            for resource, budget in user.budgets.items()
            if budget.remaining is not None or user.cooldown_until
        ]

    def restore(self, rows: list[dict[str, Any]]) -> None:
        """Take over what ``snapshot`` gave."""
        for row in rows:
            user = self._user(row["user_id"])
            budget = user.budgets[Resource(row["resource"])]
            budget.limit, budget.remaining, budget.reset_at = row["limit"], row["remaining"], row["reset_at"]
            budget.tokens, budget.tokens_at = row["tokens"], row["tokens_at"]
            user.cooldown_until, user.strikes = max(user.cooldown_until, row["cooldown_until"]), row["strikes"]

    def _user(self, user_id: int) -> _User:
        return self._users.setdefault(user_id, _User())

    def _blocked(self, user: _User, budget: _Budget, cost: int, now: float) -> Blocked | None:
        if user.cooldown_until > now:
            return Blocked(user.cooldown_until, "secondary")
        self._renew(budget, now)
        if budget.remaining is not None and budget.remaining - budget.in_flight < cost and budget.in_flight == 0:
            return Blocked(budget.reset_at + RESET_MARGIN_SECONDS, "spent")
        return None

    @staticmethod
    def _renew(budget: _Budget, now: float) -> None:
        """A window that is over is full again; answers still to come may say otherwise."""
        if budget.remaining is not None and now >= budget.reset_at + RESET_MARGIN_SECONDS:
            budget.remaining = None

    def _minute_pause(self, budget: _Budget, resource: Resource, cost: int, now: float) -> float:
        while budget.recent and budget.recent[0][0] <= now - MINUTE_SECONDS:
            budget.recent_points -= budget.recent.popleft()[1]
        if budget.recent_points + cost <= self._per_minute[resource]:
            return 0.0
        return max(0.01, budget.recent[0][0] + MINUTE_SECONDS - now)

    def _pace_pause(self, budget: _Budget, resource: Resource, cost: int, now: float) -> float:
        """Token bucket: ``requests_per_hour`` on the long run, bursts of a minute's points while the budget is full.

        The bucket holds ``per_minute * remaining / limit``. Below half of the limit the rate is ``remaining / seconds until reset``,
        so that what is left lasts until the reset.
        """
        left = budget.limit if budget.remaining is None else max(0, budget.remaining - budget.in_flight)
        if budget.remaining is not None and left < cost:
            return 0.05
        holds = max(float(cost), self._per_minute[resource] * left / budget.limit)
        rate = self._per_second
        if budget.remaining is not None and left < SLOW_BELOW * budget.limit:
            rate = min(rate, left / max(1.0, budget.reset_at - now))
        if budget.tokens is None:
            budget.tokens = holds
        else:
            budget.tokens = min(holds, budget.tokens + (now - budget.tokens_at) * rate)
        budget.tokens_at = now
        return 0.0 if budget.tokens >= cost else min(60.0, (cost - budget.tokens) / max(rate, 1e-6))
