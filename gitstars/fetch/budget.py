"""One budget of GitHub's (one user, one resource) and the pace at which it is spent: pure.

Times are epoch seconds.

Three bounds, each of which may make a call wait:

- the hour: the lowest ``remaining`` and the newest reset that any answer told, less what is in
  flight. Nothing known (at the start, after a
  reset): one call goes ahead alone to ask.
- the minute: a call counts from its grant until a minute after its answer, so wherever in between
  GitHub counted it, it is covered.
- the pace: a token bucket filled at ``requests_per_hour``. It holds ``points a minute * remaining /
  limit``, so that a fresh budget allows
  a burst and a sinking one ever smaller ones; below half of the limit it fills at ``remaining /
  seconds until reset`` at most, so that what
  is left lasts until the reset.
"""

import math
from collections import deque
from dataclasses import dataclass, field

from gitstars.fetch.classify import RateInfo

MINUTE_SECONDS = 60
#: GitHub's windows last an hour; a reset further ahead than this (seconds) comes from a clock that
#: was wrong.
LONGEST_WINDOW_SECONDS = 7200.0
#: GitHub's clock and ours differ a little: a window counts as over this long after its reset.
RESET_MARGIN_SECONDS = 1.0
#: Resets of one window that answers report differ by rounding; beyond this it is another window.
SAME_WINDOW_SECONDS = 5.0
#: Below this part of the hourly limit the pace follows what is left.
SLOW_BELOW = 0.5
#: Who waits for an answer to come in looks again after this long.
LOOK_SECONDS = 0.05
#: The longest pause before looking again: by then an answer may have told better figures.
PAUSE_CAP_SECONDS = 60.0


@dataclass(slots=True)
class Budget:
    """``per_second`` is the long-run pace in points (0: none, the other bounds stay),
    ``per_minute`` the most in any minute.
    """

    per_second: float
    per_minute: int
    limit: int = 5000
    #: None: not known.
    remaining: int | None = None
    reset_at: float = 0.0
    in_flight: int = 0
    tokens: float | None = None
    tokens_at: float = 0.0
    #: The server tells no figures: there is no hourly budget.
    is_unmetered: bool = False
    #: (second, points) of calls that ended within the last minute, one entry a second.
    _recent: deque[tuple[int, int]] = field(default_factory=deque)
    _recent_points: int = 0

    def spent_until(self, cost: int, now: float) -> float | None:
        """When ``cost`` points may be had again; None: they are there, or an answer in flight
        may tell.
        """
        self.renew(now)
        if self.remaining is None or self.remaining >= cost or self.in_flight:
            return None
        return self.reset_at + RESET_MARGIN_SECONDS

    def renew(self, now: float) -> None:
        """A window that is over is full again, as the next answer will tell; one far ahead was
        told to a clock that was wrong.
        """
        if (
            self.remaining is not None
            and not now - RESET_MARGIN_SECONDS < self.reset_at <= now + LONGEST_WINDOW_SECONDS
        ):
            self.remaining = None

    def pause(self, cost: int, now: float) -> float:
        """Seconds to wait before a call of ``cost`` points, then ask again; 0: it may go out
        now.
        """
        if self.in_flight and self.remaining is None and not self.is_unmetered:
            return LOOK_SECONDS
        return max(self._minute_pause(cost, now), self._pace_pause(cost, now))

    def take(self, cost: int) -> None:
        """A call goes out."""
        self.in_flight += cost
        if self.tokens is not None:
            self.tokens -= cost

    def end(self, cost: int, now: float) -> None:
        """A call is over, however it went."""
        self.in_flight -= cost
        second = math.ceil(now)
        points = self._recent.pop()[1] if self._recent and self._recent[-1][0] >= second else 0
        self._recent.append((second, points + cost))
        self._recent_points += cost

    def learn(self, rate: RateInfo) -> None:
        """An answer told figures; an answer from an older window tells nothing."""
        self.is_unmetered = False
        self.limit = max(1, rate.limit)
        if self.remaining is None or rate.reset_at > self.reset_at + SAME_WINDOW_SECONDS:
            self.remaining, self.reset_at = rate.remaining, rate.reset_at
        elif rate.reset_at >= self.reset_at - SAME_WINDOW_SECONDS:
            self.remaining = min(self.remaining, rate.remaining)
            self.reset_at = max(self.reset_at, rate.reset_at)

    def suppose(self, cost: int) -> None:
        """A call ended without figures; GitHub may have counted it."""
        if self.remaining is not None:
            self.remaining = max(0, self.remaining - cost)

    def _minute_pause(self, cost: int, now: float) -> float:
        # What lies in the future was noted by a clock that was wrong.
        while (
            self._recent and not now - MINUTE_SECONDS < self._recent[0][0] <= now + MINUTE_SECONDS
        ):
            self._recent_points -= self._recent.popleft()[1]
        used = self._recent_points + self.in_flight
        if used + cost <= self.per_minute or used == 0:
            return 0.0
        return (
            max(0.01, self._recent[0][0] + MINUTE_SECONDS - now) if self._recent else LOOK_SECONDS
        )

    def _pace_pause(self, cost: int, now: float) -> float:
        left = self.limit if self.remaining is None else max(0, self.remaining - self.in_flight)
        if left < cost and not self.is_unmetered:
            return LOOK_SECONDS
        if not self.per_second:
            return 0.0
        holds = max(float(cost), self.per_minute * min(1.0, left / self.limit))
        rate = self.per_second
        if self.remaining is not None and left < SLOW_BELOW * self.limit:
            rate = min(rate, left / max(1.0, self.reset_at - now))
        self.tokens = (
            holds
            if self.tokens is None
            else min(holds, self.tokens + max(0.0, now - self.tokens_at) * rate)
        )
        self.tokens_at = now
        return (
            0.0
            if self.tokens >= cost
            else min(PAUSE_CAP_SECONDS, (cost - self.tokens) / max(rate, 1e-6))
        )
