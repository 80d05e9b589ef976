"""What a repository of an account needs now: pure.

Whether its list may be claimed is the rule of ``store.lifecycle``, which the database evaluates.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitstars.model import Priority, Status, Task, history_statuses, wants_history
from gitstars.store.history import LOOK_SECONDS
from gitstars.store.starred import RepositoryState, Terms


@dataclass(frozen=True, slots=True)
class Rules:
    """``fresh_seconds``: how long a count or a complete list holds; ``history``: which
    repositories get one (none, restricted, all).

    ``include``: which repositories of an account are collected (starred, owned, collaborating).
    """

    fresh_seconds: float
    history: str
    include: frozenset[str]

    def terms(self, now: float) -> Terms:
        """What the database is asked with at ``now`` (epoch seconds)."""
        return Terms(self.fresh_seconds, history_statuses(self.history), now - LOOK_SECONDS)


def find_needs(
    state: RepositoryState,
    user_id: int,
    now: float,
    rules: Rules,
    priority: int = Priority.EXISTING,
    is_historian: bool = True,
) -> Iterator[tuple[Task, int]]:
    """The tasks that are due for a user's account, each with its priority.

    ``priority`` is that of a list which was never read to its end; ``is_historian``: the history
    of this repository is asked for with this account (see ``choose_historian``).
    """
    may_list = user_id not in state.refused and state.may_claim
    match state.status:
        case Status.COMPLETED if state.is_requested:
            if may_list:
                yield Task.LIST, min(priority, Priority.REQUESTED)
        case Status.COMPLETED:
            if may_list:
                yield Task.COUNTS, Priority.REFRESH
        case Status.FAILED | Status.PAGINATION_LIMITED:
            if may_list:
                yield Task.LIST, Priority.REFRESH
        case _:
            if may_list:
                yield Task.LIST, priority
            elif state.is_count_due and user_id in state.refused:
                yield Task.COUNTS, Priority.REFRESH
    if (
        is_historian
        and wants_history(rules.history, state.status, state.repository)
        and (state.history_at is None or state.history_at + LOOK_SECONDS <= now)
    ):
        yield Task.HISTORY, Priority.HISTORY


def choose_historian(repository_key: object, users: Iterable[int]) -> int | None:
    """The one of these users whose account asks for a repository's history: each server and each
    scan choose the same, the repositories are spread over the users, and when one goes only its own
    are handed over (rendezvous hashing). None: there is no user.
    """

    def weight(user_id: int) -> bytes:
        return hashlib.blake2b(f"{user_id} {repository_key}".encode(), digest_size=8).digest()

    return max(users, key=weight, default=None)
