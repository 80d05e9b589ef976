"""One budget of GitHub's (one user, one resource) and the pace at which it is spent. No I/O.

Times are epoch seconds.

Four bounds, each of which may make a call wait:

- the block: GitHub said that the budget is spent. It holds until the reset that GitHub named. A
  reset that cannot be true (missing, past, far ahead) is replaced by some seconds, which grow with
  each repetition. The first call after a block goes out alone.
- the hour (``Window``): the lowest ``remaining`` of the newest window that answers told, less what
  is in flight. While nothing is known (at the start, after a reset) one call goes ahead alone.
- the minute (``Minute``): a call counts from its grant until a minute after its answer, so it is
  covered wherever in between GitHub counted it.
- the pace (``Bucket``): a token bucket filled at ``requests_per_hour``. It holds ``points a minute
  * remaining / limit``, so that a fresh budget allows a burst and a sinking one ever smaller ones.
  Below half of the limit it fills at ``remaining / seconds until reset`` at most, so that what is
  left lasts until the reset.
"""

import math
from collections import deque
from dataclasses import dataclass, field

from gitstars.fetch.headers import RateInfo

MINUTE_SECONDS = 60
#: GitHub's windows last an hour; a reset further ahead than this (seconds) is not believed.
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
#: The shortest block after a limit, doubled with each limit that follows before a success.
LEAST_BLOCK_SECONDS, BLOCK_CAP_SECONDS = 5.0, 3600.0
#: The block after a limit whose reset lies further ahead than any window.
UNTRUE_RESET_SECONDS = 60.0
#: Doublings that are counted; by then every pause has met its cap.
STRIKES_CAP = 16


def grow_pause(strikes: int, first_seconds: float, cap_seconds: float) -> float:
    """The pause after the ``strikes``-th limit in a row (from 1): doubled with each."""
    return min(cap_seconds, first_seconds * 2.0 ** (strikes - 1))


@dataclass(slots=True)
class Window:
    """The points of GitHub's hour."""

    limit: int = 5000
    #: The lowest figure that answers of this window told; None: not known.
    reported: int | None = None
    #: Points of calls that ended without figures since then; GitHub may have counted them.
    supposed: int = 0
    #: The number of the last grant that was out when points were supposed.
    supposed_at: int = 0
    reset_at: float = 0.0
    #: The server tells no figures: there is no hourly budget.
    is_unmetered: bool = False

    @property
    def remaining(self) -> int | None:
        """What is left, as far as we know; None: not known."""
        return None if self.reported is None else max(0, self.reported - self.supposed)

    def renew(self, now: float) -> None:
        """Forget the figures of a window that is over, and of one too far ahead to be true."""
        if not now - RESET_MARGIN_SECONDS < self.reset_at <= now + LONGEST_WINDOW_SECONDS:
            self.reported = None

    def learn(self, rate: RateInfo, number: int) -> None:
        """Take over the figures that the answer to grant ``number`` told.

        An answer of an older window tells nothing. A grant given out after points were supposed
        tells whether GitHub counted them.
        """
        self.is_unmetered = False
        self.limit = max(1, rate.limit)
        if self.reported is None or rate.reset_at > self.reset_at + SAME_WINDOW_SECONDS:
            self.reported, self.reset_at = rate.remaining, rate.reset_at
        elif rate.reset_at >= self.reset_at - SAME_WINDOW_SECONDS:
            self.reported = min(self.reported, rate.remaining)
            self.reset_at = max(self.reset_at, rate.reset_at)
        else:
            return
        if number > self.supposed_at:
            self.supposed = 0

    def suppose(self, cost: int, number: int) -> None:
        """A call ended without figures. ``number`` is that of the newest grant given out."""
        self.supposed += cost
        self.supposed_at = number


@dataclass(slots=True)
class Minute:
    """The points of the last minute."""

    #: (second, points) of calls that ended within the last minute, one entry a second.
    recent: deque[tuple[int, int]] = field(default_factory=deque)
    points: int = 0

    def add(self, cost: int, now: float) -> None:
        second = math.ceil(now)
        points = self.recent.pop()[1] if self.recent and self.recent[-1][0] >= second else 0
        self.recent.append((second, points + cost))
        self.points += cost

    def pause(self, cost: int, in_flight: int, most: int, now: float) -> float:
        """Seconds until ``cost`` points more fit under ``most`` a minute."""
        # What lies in the future was noted by a clock that was wrong.
        while self.recent and not now - MINUTE_SECONDS < self.recent[0][0] <= now + MINUTE_SECONDS:
            self.points -= self.recent.popleft()[1]
        used = self.points + in_flight
        if used + cost <= most or used == 0:
            return 0.0
        return max(0.01, self.recent[0][0] + MINUTE_SECONDS - now) if self.recent else LOOK_SECONDS


@dataclass(slots=True)
class Bucket:
    """The long-run pace. ``tokens`` None: not used yet, so that it is full."""

    tokens: float | None = None
    filled_at: float = 0.0

    def pause(self, cost: int, holds: float, per_second: float, now: float) -> float:
        """Fill the bucket; seconds until it has ``cost`` tokens."""
        self.tokens = (
            holds
            if self.tokens is None
            else min(holds, self.tokens + max(0.0, now - self.filled_at) * per_second)
        )
        self.filled_at = now
        if self.tokens >= cost:
            return 0.0
        return min(PAUSE_CAP_SECONDS, (cost - self.tokens) / max(per_second, 1e-6))

    def take(self, cost: int) -> None:
        if self.tokens is not None:
            self.tokens -= cost


@dataclass(slots=True)
class Block:
    """The time for which GitHub gives nothing of this budget."""

    until: float = 0.0
    #: Limits in a row, without a success between them.
    strikes: int = 0
    #: When the last one was met.
    met_at: float = -math.inf
    #: The next call goes out alone, because it is the first after a limit.
    is_alone: bool = False

    def is_on(self, now: float) -> bool:
        """Whether it holds; an end too far ahead was noted by a clock that was wrong."""
        return now < self.until <= now + LONGEST_WINDOW_SECONDS + RESET_MARGIN_SECONDS

    def meet(self, granted_at: float, until: float, now: float) -> float:
        """A limit was met that is said to end at ``until``; when it ends.

        Calls that went out before the last limit was met are the same incident.
        """
        if granted_at > self.met_at or now < self.met_at:
            self.strikes, self.met_at = min(self.strikes + 1, STRIKES_CAP), now
        end = now + grow_pause(self.strikes, LEAST_BLOCK_SECONDS, BLOCK_CAP_SECONDS)
        if until > now + LONGEST_WINDOW_SECONDS:
            end = max(end, now + UNTRUE_RESET_SECONDS)
        elif until > now:
            end = max(end, until + RESET_MARGIN_SECONDS)
        self.until = max(self.until, end) if self.is_on(now) else end
        self.is_alone = True
        return self.until

    def end(self, granted_at: float) -> None:
        """A call that went out at ``granted_at`` went well."""
        if granted_at > self.met_at:
            self.strikes, self.is_alone = 0, False


@dataclass(slots=True)
class Budget:
    """``per_second`` is the long-run pace in points (0: none, the other bounds stay),
    ``per_minute`` the most in any minute.
    """

    per_second: float
    per_minute: int
    in_flight: int = 0
    window: Window = field(default_factory=Window)
    minute: Minute = field(default_factory=Minute)
    bucket: Bucket = field(default_factory=Bucket)
    block: Block = field(default_factory=Block)

    def spent_until(self, cost: int, now: float) -> float | None:
        """When ``cost`` points may be had again; None: they are there, or one call may ask."""
        if self.block.is_on(now):
            return self.block.until
        self.window.renew(now)
        reported = self.window.reported
        if reported is None or reported >= cost or self.in_flight:
            return None
        return self.window.reset_at + RESET_MARGIN_SECONDS

    def pause(self, cost: int, share: float, now: float) -> float:
        """Seconds to wait before a call of ``cost`` points, then ask again; 0: it may go out
        now. ``share`` in (0, 1] is the part of the minute's points that may be used.
        """
        is_unknown = self.window.reported is None and not self.window.is_unmetered
        if self.in_flight and (is_unknown or self.block.is_alone):
            return LOOK_SECONDS
        most = max(1, int(self.per_minute * share))
        minute_pause = self.minute.pause(cost, self.in_flight, most, now)
        if self._is_spent_by_supposition(cost):
            return LOOK_SECONDS if self.in_flight else minute_pause
        return max(minute_pause, self._pace_pause(cost, most, now))

    def take(self, cost: int) -> None:
        """A call goes out."""
        self.in_flight += cost
        self.bucket.take(cost)

    def give_back(self, cost: int) -> None:
        """A call is over that never reached GitHub."""
        self.in_flight -= cost
        self.bucket.take(-cost)

    def end(self, cost: int, now: float) -> None:
        """A call is over that may have reached GitHub."""
        self.in_flight -= cost
        self.minute.add(cost, now)

    def suppose(self, cost: int, number: int, failed_at: float | None, now: float) -> None:
        """A call ended without figures. ``failed_at`` is when it was granted; None: it went well.

        Where it failed and was the one that asks whether anything is left, the next one waits for
        some seconds.
        """
        if failed_at is not None and self._is_spent_by_supposition(cost):
            self.block.meet(failed_at, now, now)
        self.window.suppose(cost, number)

    def _is_spent_by_supposition(self, cost: int) -> bool:
        """Whether GitHub told of points, and calls without an answer may have used them."""
        told, supposed = self.window.reported, self.window.supposed
        return told is not None and told >= cost > told - supposed

    def _pace_pause(self, cost: int, most: int, now: float) -> float:
        window = self.window
        remaining = window.remaining
        left = window.limit if remaining is None else max(0, remaining - self.in_flight)
        if left < cost and not window.is_unmetered:
            return LOOK_SECONDS
        if not self.per_second:
            return 0.0
        holds = max(float(cost), most * min(1.0, left / window.limit))
        per_second = self.per_second
        if remaining is not None and left < SLOW_BELOW * window.limit:
            per_second = min(per_second, left / max(1.0, window.reset_at - now))
        return self.bucket.pause(cost, holds, per_second, now)
