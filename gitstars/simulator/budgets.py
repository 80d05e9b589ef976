"""GitHub's budgets as the server keeps them: points an hour and a minute, calls in flight."""

import math
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Literal

from gitstars.simulator.scenario import SimLimits

#: Without ``retry-after`` GitHub wants a minute.
SECONDARY_SECONDS = 60


@dataclass(slots=True)
class Account:
    """What one user used of one resource."""

    used: int = 0
    reset_at: float = 0.0
    recent: deque[tuple[float, int]] = field(default_factory=deque)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a call met; the headers' figures either way."""

    kind: Literal["ok", "spent", "secondary"]
    limit: int
    remaining: int
    used: int
    reset_at: int
    retry_after: int | None = None

    @property
    def figures(self) -> dict[str, int]:
        """As ``/rate_limit`` shows them."""
        return {
            "limit": self.limit,
            "remaining": self.remaining,
            "used": self.used,
            "reset": self.reset_at,
        }


class Budgets:
    """Charges calls. Times are epoch seconds."""

    def __init__(self, limits: SimLimits) -> None:
        self.limits = limits
        self.in_flight: Counter[int] = Counter()
        self._accounts: dict[tuple[int, str], Account] = {}

    def charge(self, user_id: int, resource: str, cost: int, now: float) -> Verdict:
        """Charge ``cost`` points unless a limit forbids it; a refused call costs nothing."""
        account = self._renewed(user_id, resource, now)
        per_minute = (
            self.limits.rest_points_per_minute
            if resource == "core"
            else self.limits.graphql_points_per_minute
        )
        while account.recent and account.recent[0][0] <= now - 60:
            account.recent.popleft()
        if self.in_flight[user_id] > self.limits.concurrent:
            return self._secondary(account, SECONDARY_SECONDS)
        if account.used + cost > self.limits.points_per_window:
            return self._verdict("spent", account)
        if sum(points for _, points in account.recent) + cost > per_minute:
            return self._secondary(
                account,
                math.ceil(account.recent[0][0] + 60 - now) if account.recent else SECONDARY_SECONDS,
            )
        account.used += cost
        account.recent.append((now, cost))
        return self._verdict("ok", account)

    def peek(self, user_id: int, resource: str, now: float) -> Verdict:
        """The figures without a charge."""
        return self._verdict("ok", self._renewed(user_id, resource, now))

    def set_remaining(self, user_id: int, resource: str, remaining: int, now: float) -> None:
        """For tests and demonstrations: only so much is left of the present window."""
        self._renewed(user_id, resource, now).used = max(
            0, self.limits.points_per_window - remaining
        )

    def _renewed(self, user_id: int, resource: str, now: float) -> Account:
        account = self._accounts.setdefault((user_id, resource), Account())
        if now >= account.reset_at:
            account.used, account.reset_at = 0, now + self.limits.window_seconds
        return account

    def _secondary(self, account: Account, seconds: int) -> Verdict:
        return self._verdict(
            "secondary", account, seconds if self.limits.secondary_retry_after else None
        )

    def _verdict(
        self,
        kind: Literal["ok", "spent", "secondary"],
        account: Account,
        retry_after: int | None = None,
    ) -> Verdict:
        limit = self.limits.points_per_window
        return Verdict(
            kind,
            limit,
            max(0, limit - account.used),
            account.used,
            math.ceil(account.reset_at),
            retry_after,
        )
