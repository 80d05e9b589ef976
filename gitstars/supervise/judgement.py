"""Healthy, degraded or unhealthy, and why: pure."""

from collections.abc import Sequence
from dataclasses import dataclass

#: Worth a word: an answer of the database that takes longer (seconds), less free disk (bytes),
#: fuller memory (percent).
SLOW_SECONDS, LITTLE_DISK_BYTES, FULL_MEMORY_PERCENT = 2.0, 500 * 2**20, 95.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the judgement rests on.

    ``database_problem`` None: it is reachable; ``rejected`` are accounts whose token GitHub
    refuses.
    """

    is_started: bool
    is_stopping: bool
    database_problem: str | None
    database_seconds: float | None
    workers: int
    failing_duties: Sequence[tuple[str, str]]
    rejected: Sequence[str]
    is_queue_full: bool
    disk_free_bytes: int
    memory_percent: float


@dataclass(frozen=True, slots=True)
class Health:
    """``status`` is ``healthy``, ``degraded`` (it works, somebody should look) or ``unhealthy``
    (it does not work).
    """

    status: str
    reasons: list[str]


def judge_health(facts: Facts) -> Health:
    """Every reason is told, the gravest first."""
    grave = []
    if facts.is_stopping:
        grave.append("it is stopping")
    elif not facts.is_started:
        grave.append("it is starting")
    if facts.database_problem is not None:
        grave.append(facts.database_problem)
    if facts.is_started and not facts.is_stopping and not facts.workers:
        grave.append("no worker runs")
    minor = [f"duty {name} fails: {error}" for name, error in facts.failing_duties]
    minor += [f"GitHub refuses the token of {account}" for account in facts.rejected]
    if facts.database_problem is None and (facts.database_seconds or 0.0) > SLOW_SECONDS:
        minor.append(f"the database takes {facts.database_seconds:.1f} s to answer")
    if facts.is_queue_full:
        minor.append("the queue is full; more repositories follow when it has drained")
    if facts.disk_free_bytes < LITTLE_DISK_BYTES:
        minor.append(f"only {facts.disk_free_bytes // 2**20} MB are free on the disk")
    if facts.memory_percent > FULL_MEMORY_PERCENT:
        minor.append(f"memory is {facts.memory_percent:.0f} % full")
    return Health("unhealthy" if grave else "degraded" if minor else "healthy", grave + minor)
