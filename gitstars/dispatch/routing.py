"""Which worker serves which user: pure and sticky.

A user keeps its worker until that worker leaves or gives the user up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Routing:
    """``workers`` that take users, and the worker of each user."""

    workers: frozenset[int] = frozenset()
    assigned: Mapping[int, int] = field(default_factory=dict)

    def users_of(self, worker: int) -> list[int]:
        """The users of ``worker``, in a stable order."""
        return sorted(user for user, owner in self.assigned.items() if owner == worker)

    def load(self) -> dict[int, int]:
        """Users per worker."""
        load = dict.fromkeys(self.workers, 0)
        for owner in self.assigned.values():
            if owner in load:
                load[owner] += 1
        return load


def assign(routing: Routing, user: int) -> Routing:
    """``user`` on its worker: the one it has, else the least loaded one (lowest number on a
    tie).

    Without workers it stays unassigned.
    """
    if user in routing.assigned or not routing.workers:
        return routing
    load = routing.load()
    worker = min(load, key=lambda number: (load[number], number))
    return replace(routing, assigned={**routing.assigned, user: worker})


def release(routing: Routing, user: int) -> Routing:
    """``user`` without a worker; only the worker that held it may ask for this, once nothing of
    the user is in its hands.
    """
    return replace(routing, assigned={u: w for u, w in routing.assigned.items() if u != user})


def close(routing: Routing, worker: int) -> Routing:
    """``worker`` takes no new users; it keeps its own until it releases them."""
    return replace(routing, workers=routing.workers - {worker})


def open_to(routing: Routing, worker: int) -> Routing:
    """``worker`` takes users from now on."""
    return replace(routing, workers=routing.workers | {worker})


def surplus(routing: Routing, worker: int) -> int:
    """How many users ``worker`` should give up so that a less loaded worker can serve them."""
    load = routing.load()
    if worker not in load:
        return 0
    return max(0, (load[worker] - min(load.values())) // 2)
