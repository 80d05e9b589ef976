"""One user's waiting jobs, in order.

Who works on a lane is routing's business; when its calls may go out is the ledger's.
"""

import heapq
from collections import Counter
from typing import NamedTuple

from gevent.queue import PriorityQueue

from gitstars.model import Account, Job, Task

#: Lists of more stars than this are giants.
GIANT_STARS = 1000


class Entry(NamedTuple):
    """What the queue orders by; ``arrival`` is unique, so a comparison never reaches the job."""

    priority: int
    stars: int
    arrival: int
    job: Job


class Lane:
    """The jobs of one user, smallest ``(priority, stars, arrival)`` first, each repository at
    most once a task.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        #: What the log was told about the account's token, once.
        self.told: str | None = None
        self._queue: PriorityQueue = PriorityQueue()
        self._current: dict[tuple[Task, str], Entry] = {}
        self._giants: dict[tuple[Task, str], Entry] = {}

    @property
    def user_id(self) -> int:
        return self.account.user_id

    def __len__(self) -> int:
        return len(self._current)

    def put(self, job: Job, arrival: int) -> bool:
        """Add ``job``; False when it waits already at the same or a better priority."""
        key = job.key
        waiting = self._current.get(key)
        if (
            waiting is not None
            and waiting.priority <= job.priority
            and not (job.force and not waiting.job.force)
        ):
            return False
        entry = Entry(job.priority, job.repository.stars, arrival, job)
        self._current.pop(key, None)  # so that the dictionary stays in the order of arrival
        self._current[key] = entry
        if entry.stars > GIANT_STARS and job.task is Task.LIST:
            self._giants[key] = entry
        self._queue.put(entry)
        return waiting is None

    def take(self) -> Job | None:
        """The first job, or None when the lane is empty. Never blocks."""
        head = self._head()
        if head is None:
            return None
        self._queue.get_nowait()
        self._forget(head)
        return head.job

    def take_giant(self) -> Job | None:
        """The giant with the most stars among the jobs of the first priority: those start early,
        so that they end beside the small ones.
        """
        head = self._head()
        fitting = [
            entry
            for entry in self._giants.values()
            if head is not None and entry.priority == head.priority
        ]
        if not fitting:
            return None
        entry = max(fitting, key=lambda entry: entry.stars)
        self._forget(entry)
        return entry.job

    def entries(self) -> list[Entry]:
        """All waiting entries in order (a copy)."""
        return sorted(self._current.values(), key=lambda entry: entry[:3])

    def head(self, count: int) -> list[Entry]:
        """The first ``count`` waiting entries in order."""
        return heapq.nsmallest(count, self._current.values(), key=lambda entry: entry[:3])

    def count_by_priority(self) -> Counter[int]:
        """How many jobs wait in each priority."""
        return Counter(entry.priority for entry in self._current.values())

    @property
    def oldest_arrival(self) -> int | None:
        """The arrival of the job that waits longest."""
        return next((entry.arrival for entry in self._current.values()), None)

    def clear(self) -> list[Job]:
        """Empty the lane; what was dropped."""
        dropped = [entry.job for entry in self.entries()]
        self._current.clear()
        self._giants.clear()
        self._queue = PriorityQueue()
        return dropped

    def _head(self) -> Entry | None:
        """The first entry; those that were taken or replaced before their turn are dropped on
        the way.
        """
        while not self._queue.empty():
            entry: Entry = self._queue.peek()
            if self._current.get(entry.job.key) is entry:
                return entry
            self._queue.get_nowait()
        return None

    def _forget(self, entry: Entry) -> None:
        del self._current[entry.job.key]
        self._giants.pop(entry.job.key, None)
