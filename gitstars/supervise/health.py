"""Healthy, degraded or unhealthy, and why. A function without state."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

#: Worth a word: an answer of the database that takes longer (seconds), less free disk (bytes),
#: fuller memory (percent).
SLOW_SECONDS, LITTLE_DISK_BYTES, FULL_MEMORY_PERCENT = 2.0, 500 * 2**20, 95.0
#: So many accounts that are out are named; the others are counted.
ACCOUNTS_NAMED = 5


@dataclass(frozen=True, slots=True)
class Facts:
    """What the decision rests on.

    ``database_problem`` None: it is reachable. ``schema_problem`` None: it takes what gitstars
    writes. ``github_problem`` None: GitHub answers. ``watcher_problem`` None: accounts are watched.
    ``accounts_out`` are accounts whose token is not used and rows that are left out, each with the
    sentence that says why.
    """

    is_started: bool
    is_stopping: bool
    database_problem: str | None
    database_seconds: float | None
    workers: int
    failing_duties: Sequence[tuple[str, str]]
    is_queue_full: bool
    disk_free_bytes: int
    memory_percent: float
    schema_problem: str | None = None
    github_problem: str | None = None
    watcher_problem: str | None = None
    accounts_out: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """``status`` is ``healthy``, ``degraded`` (it works, somebody should look) or ``unhealthy``
    (it does not work).
    """

    status: Literal["healthy", "degraded", "unhealthy"]
    reasons: list[str]


def decide_health(facts: Facts) -> Health:
    """Every reason is told, the gravest first."""
    grave, minor = _find_grave(facts), _find_minor(facts)
    return Health("unhealthy" if grave else "degraded" if minor else "healthy", grave + minor)


def _find_grave(facts: Facts) -> list[str]:
    """Why it does not work."""
    reasons = []
    if facts.is_stopping:
        reasons.append("it is stopping")
    elif not facts.is_started:
        reasons.append("it is starting")
    if facts.database_problem is not None:
        reasons.append(facts.database_problem)
    if facts.schema_problem is not None:
        reasons.append(facts.schema_problem)
    if facts.is_started and not facts.is_stopping and not facts.workers:
        reasons.append("no worker runs")
    return reasons


def _find_minor(facts: Facts) -> list[str]:
    """Why somebody should look."""
    reasons = []
    if facts.github_problem is not None:
        reasons.append(facts.github_problem)
    if facts.watcher_problem is not None:
        reasons.append(facts.watcher_problem)
    reasons += [f"duty {name} fails: {error}" for name, error in facts.failing_duties]
    reasons += [f"account {name}: {why}" for name, why in facts.accounts_out[:ACCOUNTS_NAMED]]
    if len(facts.accounts_out) > ACCOUNTS_NAMED:
        more = len(facts.accounts_out) - ACCOUNTS_NAMED
        reasons.append(f"{more} more accounts are not used")
    if facts.database_problem is None and (facts.database_seconds or 0.0) > SLOW_SECONDS:
        reasons.append(f"the database takes {facts.database_seconds:.1f} s to answer")
    if facts.is_queue_full:
        reasons.append("the queue is full; more repositories follow when it has drained")
    if facts.disk_free_bytes < LITTLE_DISK_BYTES:
        reasons.append(f"only {facts.disk_free_bytes // 2**20} MB are free on the disk")
    if facts.memory_percent > FULL_MEMORY_PERCENT:
        reasons.append(f"memory is {facts.memory_percent:.0f} % full")
    return reasons
