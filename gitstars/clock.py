"""Time and chance, injected: monotonic seconds for waiting, wall seconds since the epoch for
what is stored or shown.
"""

import random
import time
from datetime import UTC, date, datetime
from typing import Protocol


class Event(Protocol):
    """What a wait needs of ``gevent.event.Event``."""

    def wait(self, timeout: float | None = None) -> bool: ...

    def is_set(self) -> bool: ...


class Clock(Protocol):
    """The three readings and the one wait that the engine uses."""

    def now(self) -> float:
        """Wall clock, seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds of a clock that never steps back."""
        ...

    def random(self) -> float:
        """A number in [0, 1), for jitter."""
        ...

    def wait(self, event: Event, seconds: float) -> bool:
        """Wait until ``event`` is set, ``seconds`` at most; whether it is set."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def random(self) -> float:
        return random.random()

    def wait(self, event: Event, seconds: float) -> bool:
        return event.wait(max(0.0, seconds))


def backoff_seconds(attempt: int, base_seconds: float, cap_seconds: float, chance: float) -> float:
    """The pause before attempt ``attempt + 1`` (``attempt`` counts from 0).

    Exponential with "equal jitter": half of ``min(cap, base * 2**attempt)`` is fixed, half is
    scaled by ``chance`` in [0, 1) (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture
    Blog, 2015).
    """
    full = min(cap_seconds, base_seconds * 2.0 ** min(attempt, 60))
    return full / 2 + full / 2 * chance


def to_datetime(epoch_seconds: float) -> datetime:
    """``epoch_seconds`` as an aware UTC datetime."""
    return datetime.fromtimestamp(epoch_seconds, tz=UTC)


def show_time(epoch_seconds: float) -> str:
    """``epoch_seconds`` as ISO 8601 in UTC, to the second: ``2026-11-24T08:00:00Z``."""
    return to_datetime(epoch_seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def show_since(epoch_seconds: float, now: float) -> str:
    """When something began, for a sentence: the UTC time of day (``14:02``), with its date where
    that is not today's (``2026-11-24 14:02``).
    """
    began = to_datetime(epoch_seconds)
    is_today = began.date() == to_datetime(now).date()
    return began.strftime("%H:%M" if is_today else "%Y-%m-%d %H:%M")


def show_duration(seconds: float) -> str:
    """A length of time in its one or two largest units: ``45 s``, ``3 min 20 s``, ``2 h 5 min``,
    ``3 d 4 h``; units that are zero are left out.
    """
    left = max(0, round(seconds))
    parts: list[str] = []
    for name, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        amount, left = divmod(left, size)
        if amount or (name == "s" and not parts):
            parts.append(f"{amount} {name}")
        elif parts:
            break
    return " ".join(parts[:2])


def midnight(day: date) -> float:
    """The beginning of a UTC day in epoch seconds."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
