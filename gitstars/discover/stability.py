"""When a new account's list of starred repositories may be taken as written: pure."""

from dataclasses import dataclass
from enum import Enum, auto


class Readiness(Enum):
    """What to do with an account now."""

    WAIT = auto()
    READY = auto()
    #: The time is up: go on with what is there, and look again later.
    TIMED_OUT = auto()


@dataclass(frozen=True, slots=True)
class Watch:
    """A count that is watched: since when it has been the same. Times are monotonic seconds."""

    started_at: float
    count: int
    same_since: float


def observe(watch: Watch, count: int, now: float) -> Watch:
    """``watch`` after ``count`` was read at ``now``."""
    return watch if count == watch.count else Watch(watch.started_at, count, now)


def decide_readiness(
    watch: Watch, now: float, stable_seconds: float, timeout_seconds: float
) -> Readiness:
    """Ready when the count has been above zero and the same for ``stable_seconds``; timed out
    ``timeout_seconds`` after the start.
    """
    if watch.count > 0 and now - watch.same_since >= stable_seconds:
        return Readiness.READY
    return Readiness.TIMED_OUT if now - watch.started_at >= timeout_seconds else Readiness.WAIT
