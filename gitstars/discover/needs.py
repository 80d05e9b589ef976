"""What a repository of an account needs now: pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from gitstars.model import Priority, Status, Task
from gitstars.store.access import AccessRow
from gitstars.store.history import LOOK_SECONDS
from gitstars.store.starred import RepositoryState


@dataclass(frozen=True, slots=True)
class Rules:
    """``fresh_seconds``: how long a count or a complete list holds; ``history``: which
    repositories get one (none, restricted, all).

    ``include``: which repositories of an account are collected (starred, owned, collaborating).
    """

    fresh_seconds: float
    history: str
    include: frozenset[str]


def judge_needs(
    state: RepositoryState,
    access: AccessRow | None,
    now: float,
    rules: Rules,
    priority: int = Priority.EXISTING,
) -> Iterator[tuple[Task, int]]:
    """The tasks that are due, each with its priority; ``priority`` is that of a list which was
    never read to its end.
    """
    refused = (
        access is not None and access.may_list is False and (access.look_again_at or 0.0) > now
    )
    match state.status:
        case None | Status.PENDING | Status.PROCESSING:
            if not refused:
                yield Task.LIST, priority
        case Status.RATE_LIMITED:
            if not refused and (state.next_retry_at or 0.0) <= now:
                yield Task.LIST, priority
        case Status.COMPLETED:
            if not refused and state.is_refresh_due(now, rules.fresh_seconds):
                if state.is_requested:
                    yield Task.LIST, priority
                else:
                    yield Task.COUNTS, Priority.REFRESH
            if (
                rules.history == "all"
                and not state.repository.is_private
                and _is_history_due(state, now)
            ):
                yield Task.HISTORY, Priority.HISTORY
        case Status.RESTRICTED:
            if not refused:
                yield Task.LIST, priority
            elif state.is_count_due(now, rules.fresh_seconds):
                yield Task.COUNTS, Priority.REFRESH
            if (
                rules.history != "none"
                and not state.repository.is_private
                and _is_history_due(state, now)
            ):
                yield Task.HISTORY, Priority.HISTORY
        case Status.FAILED | Status.PAGINATION_LIMITED:
            if state.next_retry_at is not None and state.next_retry_at <= now and not refused:
                yield Task.LIST, Priority.REFRESH


def _is_history_due(state: RepositoryState, now: float) -> bool:
    return state.history_at is None or state.history_at + LOOK_SECONDS <= now
