"""Which repositories need a job now: pure."""

from gitstars.model import Status
from gitstars.store.accounts import RepositoryState


def judge_need(state: RepositoryState, now: float, fresh_seconds: float, priority: int) -> int | None:
    """The priority of the job that the repository needs; None when it needs none now."""
    match state.status:
        case None | Status.PENDING | Status.PROCESSING:
            return priority
        case Status.COMPLETED if state.completed_at is not None:
            return None if now < state.completed_at + fresh_seconds else priority
        case Status.COMPLETED:
            return priority
        case Status.RATE_LIMITED:
            return priority if (state.next_retry_at or 0.0) <= now else None
        case _:
            return priority if state.next_retry_at is not None and state.next_retry_at <= now else None
