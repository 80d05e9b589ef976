"""The lanes of all accounts, and which of them waits for a worker.

Lanes that have work wait in a priority queue by their most urgent job. A worker takes one and keeps
it while it has work, so that an account's jobs are sticky to one worker.
"""

import heapq
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gevent.queue import Empty, PriorityQueue

from gitstars.dispatch.lane import EVERY_TASK, Entry, Lane
from gitstars.model import Account, Job, Task

#: Jobs in memory at most, over all lanes. What does not fit stays ``pending`` in the database and
#: comes with a later scan.
QUEUE_BOUND = 100_000
#: Of two lanes that come at the same time, the one whose most urgent job is less urgent by one unit
#: of priority waits this much longer (seconds): urgent work goes first, and no lane waits for ever.
SECONDS_A_PRIORITY = 60.0
#: Jobs of one kind in one lane: at most, and however many lanes there are. Each kind has its own
#: room, so that thousands of histories keep no list out.
LANE_BOUND, LEAST_BOUND = 10_000, 100
#: One of those who wait for a lane, the watch, looks at the lanes whose time has come at least this
#: often (seconds).
LOOK_SECONDS = 1.0
#: An entry of the queue that stands for no lane: it wakes who becomes the watch.
NO_LANE = (-math.inf, 0, 0)


@dataclass(slots=True)
class _Turn:
    """Where a lane stands: held by a worker, waiting for one with ``ticket``, or neither.

    ``priority`` and ``since`` are what it waits with: they make its place in the queue. It may not
    be taken before ``not_before``, unless work comes that is not ``stuck``. Times are monotonic
    seconds.
    """

    is_held: bool = False
    ticket: int | None = None
    priority: int = 0
    since: float = 0.0
    not_before: float = 0.0
    stuck: frozenset[Task] = EVERY_TASK
    #: The ``not_before`` that stands in the list of delayed lanes.
    delayed_until: float = 0.0


class Dispatcher:
    """Puts jobs on their account's lane, and hands lanes that have work to workers."""

    def __init__(
        self, bound: int = QUEUE_BOUND, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._bound = bound
        self._monotonic = monotonic
        self._numbers = 0
        self._lanes: dict[int, Lane] = {}
        self._turns: dict[int, _Turn] = {}
        #: (place, ticket, user), lowest place first; entries whose ticket is another by now are
        #: void.
        self._queue: PriorityQueue = PriorityQueue()
        #: (not before, user) of lanes that must wait; void entries are dropped on the way.
        self._delayed: list[tuple[float, int]] = []
        self._is_watched = False

    # Accounts

    def open_lane(self, account: Account) -> bool:
        """Give the account's user a lane, or the lane the account's newest token; whether the token
        is a new one.
        """
        lane = self._lanes.get(account.user_id)
        if lane is not None and lane.account.token == account.token:
            lane.account = account
            return False
        if lane is None:
            self._lanes[account.user_id] = Lane(account)
            self._turns[account.user_id] = _Turn()
        else:
            lane.account = account
        self.wake(account.user_id)
        return True

    def close_lane(self, user_id: int) -> list[Job]:
        """Forget what waits for a user whose account is gone; who serves the lane lets go of it."""
        lane, _ = self._lanes.pop(user_id, None), self._turns.pop(user_id, None)
        if lane is None:
            return []
        lane.is_closed = True
        lane.wake.set()
        return lane.clear()

    def lane(self, user_id: int) -> Lane | None:
        return self._lanes.get(user_id)

    def lanes(self) -> list[Lane]:
        return list(self._lanes.values())

    # Jobs

    def put(self, job: Job) -> bool:
        """Queue ``job``; False when its user has no lane, the lane is full, or it waits there.

        What waits there already may become more urgent, however full the lane is.
        """
        lane = self._lanes.get(job.user_id)
        if lane is None or not (self._has_room(lane, job.task) or lane.holds(job)):
            return False
        added = lane.put(job, self._next_arrival())
        turn = self._turns[job.user_id]
        if added and job.task not in turn.stuck:
            turn.not_before = 0.0
        self._offer(lane)
        return added

    def put_back(self, job: Job) -> None:
        """What was taken and could not start goes back, whatever the bound. Who serves the lane is
        not woken; one that nobody serves comes in its time.
        """
        lane = self._lanes.get(job.user_id)
        if lane is None:
            return
        lane.put(job, self._next_arrival())
        if not self._turns[job.user_id].is_held:
            self._offer(lane)

    def has_room(self, user_id: int, task: Task = Task.LIST) -> bool:
        """Whether the user's lane takes another job of this kind."""
        lane = self._lanes.get(user_id)
        return lane is not None and self._has_room(lane, task)

    def clear(self, user_ids: Iterable[int] | None = None) -> list[Job]:
        """Drop what waits (of everybody, or of some users); nothing in it is claimed."""
        chosen = list(self._lanes) if user_ids is None else list(user_ids)
        lanes = (lane for user_id in chosen if (lane := self._lanes.get(user_id)))
        return [job for lane in lanes for job in lane.clear()]

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    @property
    def is_full(self) -> bool:
        """Whether some lane takes no more lists."""
        return not all(self._has_room(lane, Task.LIST) for lane in self._lanes.values())

    @property
    def lane_bound(self) -> int:
        """Jobs of one kind that a lane may hold: one account cannot shut out the others, every lane
        has its share of the memory.
        """
        share = self._bound // max(1, len(self._lanes))
        return min(LANE_BOUND, max(LEAST_BOUND, share))

    def head(self, count: int) -> list[Entry]:
        """The first ``count`` entries over all lanes, in queue order."""
        return heapq.nsmallest(
            count, (entry for lane in self._lanes.values() for entry in lane.head(count))
        )

    @property
    def oldest_at(self) -> float | None:
        """Since when the job that waits longest has waited (monotonic seconds); None: none does."""
        arrivals = (lane.oldest_arrival for lane in self._lanes.values())
        oldest = min((arrival for arrival in arrivals if arrival is not None), default=None)
        return None if oldest is None else oldest / 1e9

    # Workers

    def take_lane(self, timeout: float) -> Lane | None:
        """The lane with the most urgent work, held from now on; None: none came in time.

        One of those who wait is the watch, so that a thousand idle workers cost nothing.
        """
        deadline = self._monotonic() + timeout
        is_watch = False
        try:
            while True:
                is_watch, self._is_watched = is_watch or not self._is_watched, True
                due_in = self._offer_due()
                left = deadline - self._monotonic()
                seconds = min(left, due_in, LOOK_SECONDS) if is_watch else left
                try:
                    entry = self._queue.get(timeout=max(0.0, seconds))
                except Empty:
                    if left <= 0:
                        return None
                    continue
                if (lane := self._hold(entry)) is not None:
                    return lane
        finally:
            if is_watch:
                self._is_watched = False
                self._queue.put(NO_LANE)

    def give_back(
        self, lane: Lane, wait_seconds: float = 0.0, stuck: frozenset[Task] = EVERY_TASK
    ) -> None:
        """The worker holds nothing of this lane any more; it may not be taken for so long, or until
        work comes that is not ``stuck``.
        """
        if self._lanes.get(lane.user_id) is not lane:
            return
        turn = self._turns[lane.user_id]
        turn.is_held, turn.stuck = False, stuck
        turn.not_before = self._monotonic() + wait_seconds if wait_seconds > 0 else 0.0
        self._offer(lane)

    @property
    def waiting(self) -> int:
        """Lanes that wait for a worker."""
        return sum(turn.ticket is not None for turn in self._turns.values())

    def wake(self, user_id: int) -> None:
        """Let the user's lane be looked at again now: its token, budget or settings changed."""
        lane, turn = self._lanes.get(user_id), self._turns.get(user_id)
        if lane is not None and turn is not None:
            turn.not_before = 0.0
            self._offer(lane)

    def wake_all(self) -> None:
        """Let every lane be looked at again, after a pause or an outage."""
        for user_id in list(self._lanes):
            self.wake(user_id)

    # Inside

    def _hold(self, entry: tuple[float, int, int]) -> Lane | None:
        """The lane of an entry of the queue, held from now on; None: the entry is void."""
        _, ticket, user_id = entry
        lane, turn = self._lanes.get(user_id), self._turns.get(user_id)
        if lane is None or turn is None or turn.ticket != ticket:
            return None
        turn.ticket = None
        turn.is_held = len(lane) > 0
        return lane if turn.is_held else None

    def _offer(self, lane: Lane) -> None:
        """Tell who serves the lane, or let it wait for a worker, where it has work."""
        turn = self._turns[lane.user_id]
        lane.wake.set()
        priority = lane.first_priority()
        if turn.is_held or priority is None:
            return
        now = self._monotonic()
        if turn.not_before > now:
            if turn.delayed_until != turn.not_before:
                turn.delayed_until = turn.not_before
                heapq.heappush(self._delayed, (turn.not_before, lane.user_id))
            return
        if turn.ticket is not None and turn.priority <= priority:
            return
        if turn.ticket is None:
            turn.since = now
        self._numbers += 1
        turn.ticket, turn.priority = self._numbers, priority
        place = turn.since + priority * SECONDS_A_PRIORITY
        self._queue.put((place, turn.ticket, lane.user_id))

    def _offer_due(self) -> float:
        """Let the lanes wait for a worker whose time has come; seconds until the next one's."""
        now = self._monotonic()
        while self._delayed:
            at, user_id = self._delayed[0]
            turn = self._turns.get(user_id)
            is_void = turn is None or turn.is_held or turn.not_before != at
            if not is_void and at > now:
                return at - now
            heapq.heappop(self._delayed)
            if not is_void:
                self.wake(user_id)
        return LOOK_SECONDS

    def _has_room(self, lane: Lane, task: Task) -> bool:
        return lane.count(task) < self.lane_bound

    def _next_arrival(self) -> int:
        """Monotonic nanoseconds, made unique: order of arrival and time of arrival in one."""
        self._numbers = max(self._numbers + 1, int(self._monotonic() * 1e9))
        return self._numbers
