"""The lanes of all users and the workers that they are routed to.

Jobs come from discover; workers take them lane by lane.
"""

import time
from collections.abc import Callable, Iterable

from gevent.event import Event

from gitstars.dispatch import routing
from gitstars.dispatch.lane import Entry, Lane
from gitstars.model import Account, Job

#: Jobs in memory at most. What does not fit stays ``pending`` in the database and comes with a
#: later scan.
QUEUE_BOUND = 100_000


class Dispatcher:
    """Puts jobs on their user's lane and wakes the worker that the lane is routed to."""

    def __init__(
        self, bound: int = QUEUE_BOUND, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._bound = bound
        self._monotonic = monotonic
        self._arrival = 0
        self._lanes: dict[int, Lane] = {}
        self._wakes: dict[int, Event] = {}
        self._waiting = 0
        self.routing = routing.Routing()

    def open_lane(self, account: Account) -> bool:
        """Give the account's user a lane, or the lane the account's newest token; whether the
        token is a new one.
        """
        lane = self._lanes.get(account.user_id)
        if lane is None:
            lane = self._lanes[account.user_id] = Lane(account)
            changed = True
        else:
            changed = lane.account.token != account.token
            lane.account = account
        self._assign(account.user_id)
        if changed:
            self._wake(account.user_id)
        return changed

    def close_lane(self, user_id: int) -> list[Job]:
        """Forget what waits for a user whose account is gone; the worker gives the lane up by
        itself.
        """
        lane = self._lanes.pop(user_id, None)
        dropped = lane.clear() if lane else []
        self._waiting -= len(dropped)
        self._wake(user_id)
        return dropped

    def put(self, job: Job) -> bool:
        """Queue ``job``; False when its user has no lane, the queue is full, or the repository
        waits there already.
        """
        lane = self._lanes.get(job.user_id)
        if lane is None or self._waiting >= self._bound:
            return False
        added = lane.put(job, self._next_arrival())
        self._waiting += added
        self._wake(job.user_id)
        return added

    def put_back(self, job: Job) -> None:
        """What was taken and could not start goes back; its worker knows, and is not woken."""
        lane = self._lanes.get(job.user_id)
        if lane is not None:
            self._waiting += lane.put(job, self._next_arrival())

    def take(self, user_id: int, giant: bool = False) -> Job | None:
        """The next job of a user, for the worker that holds its lane."""
        lane = self._lanes.get(user_id)
        job = ((lane.take_giant() if giant else None) or lane.take()) if lane else None
        self._waiting -= job is not None
        return job

    def lane(self, user_id: int) -> Lane | None:
        return self._lanes.get(user_id)

    def __len__(self) -> int:
        return self._waiting

    @property
    def is_full(self) -> bool:
        return self._waiting >= self._bound

    def lanes(self) -> list[Lane]:
        return list(self._lanes.values())

    def clear(self, user_ids: Iterable[int] | None = None) -> list[Job]:
        """Drop what waits (of everybody, or of some users); the caller returns it to
        ``pending``.
        """
        chosen = list(self._lanes) if user_ids is None else list(user_ids)
        dropped = [
            job for user_id in chosen if (lane := self._lanes.get(user_id)) for job in lane.clear()
        ]
        self._waiting -= len(dropped)
        return dropped

    def head(self, count: int) -> list[Entry]:
        """The first ``count`` entries over all lanes, in queue order."""
        return sorted(
            (entry for lane in self._lanes.values() for entry in lane.head(count)),
            key=lambda entry: entry[:3],
        )[:count]

    @property
    def oldest_at(self) -> float | None:
        """Since when the job that waits longest has waited (monotonic seconds); None when
        nothing waits.
        """
        arrivals = [
            arrival for lane in self._lanes.values() if (arrival := lane.oldest_arrival) is not None
        ]
        return min(arrivals) / 1e9 if arrivals else None

    # Workers

    def join(self, worker: int) -> Event:
        """A worker enters; the event wakes it whenever one of its lanes has news."""
        wake = self._wakes[worker] = Event()
        self.routing = routing.open_to(self.routing, worker)
        for user_id in self._lanes:
            self._assign(user_id)
        for other in self._wakes.values():
            other.set()
        return wake

    def close(self, worker: int) -> None:
        """The worker gets no new users from now on."""
        self.routing = routing.close(self.routing, worker)

    def leave(self, worker: int) -> None:
        """The worker is gone: what it still held is routed anew."""
        self.close(worker)
        self._wakes.pop(worker, None)
        for user_id in self.routing.users_of(worker):
            self.release(user_id)

    def release(self, user_id: int) -> None:
        """The worker holds nothing of this user any more: another one may take it."""
        self.routing = routing.release(self.routing, user_id)
        if user_id in self._lanes:
            self._assign(user_id)
            self._wake(user_id)

    def users_of(self, worker: int) -> list[int]:
        return self.routing.users_of(worker)

    def surplus(self, worker: int) -> int:
        """How many users ``worker`` should give up for the sake of balance."""
        return routing.surplus(self.routing, worker)

    def wake_all(self) -> None:
        """Let every worker look at its lanes again (after a pause, or when a budget changed)."""
        for wake in self._wakes.values():
            wake.set()

    def _next_arrival(self) -> int:
        """Monotonic nanoseconds, made unique: order of arrival and time of arrival in one."""
        self._arrival = max(self._arrival + 1, int(self._monotonic() * 1e9))
        return self._arrival

    def _assign(self, user_id: int) -> None:
        self.routing = routing.assign(self.routing, user_id)

    def _wake(self, user_id: int) -> None:
        wake = self._wakes.get(self.routing.assigned.get(user_id, -1))
        if wake is not None:
            wake.set()
