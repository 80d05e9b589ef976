"""GitHub's budgets as the server keeps them: points an hour and a minute, calls in flight."""

import math
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Literal

from gitstars.simulator.scenario import SimLimits

#: Whose budget it is: a user's id, or the address of somebody without a token.
Owner = int | str
#: Without ``retry-after`` GitHub wants a minute.
SECONDARY_SECONDS = 60


@dataclass(slots=True)
class Account:
    """What one user or address used of one resource; ``limit`` is for each window (points)."""

    limit: int

    used: int = 0
    reset_at: float = 0.0
    recent: deque[tuple[float, int]] = field(default_factory=deque)


@dataclass(frozen=True, slots=True)
class Charge:
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
        self.in_flight: Counter[Owner] = Counter()
        self._accounts: dict[tuple[Owner, str], Account] = {}

    def charge(self, owner: Owner, resource: str, cost: int, now: float) -> Charge:
        """Charge ``cost`` points unless a limit forbids it; a refused call costs nothing."""
        account = self._renewed(owner, resource, now)
        per_minute = (
            self.limits.rest_points_per_minute
            if resource == "core"
            else self.limits.graphql_points_per_minute
        )
        while account.recent and account.recent[0][0] <= now - 60:
            account.recent.popleft()
        if self.in_flight[owner] > self.limits.concurrent:
            return self._secondary(account, SECONDARY_SECONDS)
        if account.used + cost > account.limit:
            wait = math.ceil(account.reset_at - now) if self.limits.spent_retry_after else None
            return self._make_charge("spent", account, wait)
        if sum(points for _, points in account.recent) + cost > per_minute:
            return self._secondary(
                account,
                math.ceil(account.recent[0][0] + 60 - now) if account.recent else SECONDARY_SECONDS,
            )
        account.used += cost
        account.recent.append((now, cost))
        return self._make_charge("ok", account)

    def peek(self, owner: Owner, resource: str, now: float) -> Charge:
        """The figures without a charge."""
        return self._make_charge("ok", self._renewed(owner, resource, now))

    def set_remaining(self, owner: Owner, resource: str, remaining: int, now: float) -> None:
        """Leave only so much of the present window, for tests and demonstrations."""
        account = self._renewed(owner, resource, now)
        account.used = max(0, account.limit - remaining)

    def _renewed(self, owner: Owner, resource: str, now: float) -> Account:
        limits = self.limits
        limit = limits.address_points if isinstance(owner, str) else limits.points_per_window
        account = self._accounts.setdefault((owner, resource), Account(limit))
        account.limit = limit
        if now >= account.reset_at:
            account.used, account.reset_at = 0, now + self.limits.window_seconds
        return account

    def _secondary(self, account: Account, seconds: int) -> Charge:
        return self._make_charge(
            "secondary", account, seconds if self.limits.secondary_retry_after else None
        )

    def _make_charge(
        self,
        kind: Literal["ok", "spent", "secondary"],
        account: Account,
        retry_after: int | None = None,
    ) -> Charge:
        return Charge(
            kind,
            account.limit,
            max(0, account.limit - account.used),
            account.used,
            math.ceil(account.reset_at),
            retry_after,
        )
