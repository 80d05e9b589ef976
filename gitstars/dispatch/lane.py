"""The waiting jobs of one account: a priority queue, one heap for each kind of work.

Who serves the lane and how much it may hold is the dispatcher's business; when its calls may go out
is the ledger's.
"""

import heapq
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

from gevent.event import Event

from gitstars.model import Account, Job, Task

#: Lists of more stars than this are large: some of them start early, beside the small ones.
LARGE_STARS = 1000
EVERY_TASK = frozenset(Task)


class Entry(NamedTuple):
    """What the queue orders by; ``arrival`` is unique, so a comparison never reaches the job."""

    priority: int
    stars: int
    arrival: int
    job: Job


class Lane:
    """The jobs of one user, smallest ``(priority, stars, arrival)`` first, each repository at most
    once a task. Every operation but ``clear``, ``entries`` and ``head`` takes logarithmic time.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        #: Set when there is news for whoever serves the lane: a job, another token, a resume.
        self.wake = Event()
        #: The account is gone: nothing is taken from here any more.
        self.is_closed = False
        self._heaps: dict[Task, list[Entry]] = {task: [] for task in Task}
        self._large: list[tuple[int, int, int, Entry]] = []
        self._current: dict[tuple[Task, str], Entry] = {}
        self._counts: Counter[Task] = Counter()

    @property
    def user_id(self) -> int:
        return self.account.user_id

    def __len__(self) -> int:
        return len(self._current)

    def holds(self, job: Job) -> bool:
        """Whether this very work waits here."""
        return job.key in self._current

    def count(self, task: Task) -> int:
        """How many jobs of this kind wait."""
        return self._counts[task]

    def put(self, job: Job, arrival: int) -> bool:
        """Add ``job``; False when it waits already. It waits at the best priority that it was put
        with, and is forced where one of them was.
        """
        key = job.key
        waiting = self._current.get(key)
        if waiting is not None:
            is_news = job.force and not waiting.job.force
            if waiting.priority <= job.priority and not is_news:
                return False
            priority = min(job.priority, waiting.priority)
            job = replace(job, priority=priority, force=job.force or waiting.job.force)
        entry = Entry(job.priority, job.repository.stars, arrival, job)
        self._current.pop(key, None)  # so that the dictionary stays in the order of arrival
        self._current[key] = entry
        self._counts[job.task] += waiting is None
        heapq.heappush(self._heaps[job.task], entry)
        if entry.stars > LARGE_STARS and job.task is Task.LIST:
            heapq.heappush(self._large, (entry.priority, -entry.stars, entry.arrival, entry))
        return waiting is None

    def take(self, tasks: Collection[Task] = EVERY_TASK) -> Job | None:
        """The first job of these kinds, or None where none waits."""
        heads = [head for task in tasks if (head := self._head(task)) is not None]
        return self._forget(min(heads)) if heads else None

    def take_large(self) -> Job | None:
        """The large list with the most stars among those of the first priority: these start early,
        so that they end beside the small ones.
        """
        head = self._head(Task.LIST)
        while self._large:
            priority, _, _, entry = self._large[0]
            if self._current.get(entry.job.key) is not entry:
                heapq.heappop(self._large)
            elif head is None or priority != head.priority:
                return None
            else:
                return self._forget(entry)
        return None

    def first_priority(self) -> int | None:
        """The priority of the most urgent job; None where nothing waits."""
        heads = (self._head(task) for task in Task)
        return min((head.priority for head in heads if head is not None), default=None)

    def entries(self) -> list[Entry]:
        """All waiting entries in order (a copy)."""
        return sorted(self._current.values())

    def jobs(self, task: Task) -> Iterator[Job]:
        """The waiting jobs of one kind, in the order of arrival."""
        return (entry.job for entry in list(self._current.values()) if entry.job.task is task)

    def head(self, count: int) -> list[Entry]:
        """The first ``count`` waiting entries in order."""
        return heapq.nsmallest(count, self._current.values())

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
        self._counts.clear()
        self._large.clear()
        for heap in self._heaps.values():
            heap.clear()
        return dropped

    def _head(self, task: Task) -> Entry | None:
        """The first entry; those that were taken or replaced before their turn are dropped."""
        heap = self._heaps[task]
        while heap:
            if self._current.get(heap[0].job.key) is heap[0]:
                return heap[0]
            heapq.heappop(heap)
        return None

    def _forget(self, entry: Entry) -> Job:
        del self._current[entry.job.key]
        self._counts[entry.job.task] -= 1
        return entry.job
