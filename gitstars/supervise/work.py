"""The workers and the queue as the operator sees them."""

from collections import Counter

from gitstars import api
from gitstars.clock import Clock
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.dispatch.lane import Entry
from gitstars.execute.pool import WorkerPool
from gitstars.model import Priority
from gitstars.supervise.scaling import Scaler
from gitstars.supervise.views import show_worker

#: Jobs shown of the queue's head.
HEAD_JOBS = 20
PRIORITIES = {
    value: name.lower() for name, value in vars(Priority).items() if isinstance(value, int)
}


class WorkReader:
    """Reads who works, and what waits."""

    def __init__(
        self, pool: WorkerPool, dispatcher: Dispatcher, scaler: Scaler, clock: Clock
    ) -> None:
        self._pool = pool
        self._dispatcher = dispatcher
        self._scaler = scaler
        self._clock = clock

    @property
    def is_started(self) -> bool:
        """Whether the workers were started."""
        return self._pool.initial > 0

    def read_workers(self) -> api.Workers:
        """Every worker, and the bounds that the operator set."""
        override = self._scaler.override
        states = sorted(self._pool.states(), key=lambda state: state.number)
        workers = [show_worker(state) for state in states]
        counts = Counter(worker.state for worker in workers)
        return api.Workers(
            count=self._pool.count,
            busy=counts["busy"],
            waiting=counts["waiting"],
            idle=counts["idle"],
            retiring=counts["retiring"],
            replaced=self._pool.replaced,
            override=None
            if override is None
            else api.Bounds(min=override.minimum, max=override.maximum),
            workers=workers,
        )

    def read_depth(self) -> api.QueueState:
        """How much waits."""
        return api.QueueState(
            depth=len(self._dispatcher),
            oldest_seconds=self._oldest_seconds(),
            is_full=self._dispatcher.is_full,
        )

    def read_queue(self) -> api.Queue:
        """What waits: by priority and user, and the head."""
        lanes = {lane.user_id: lane for lane in self._dispatcher.lanes()}
        by_priority: Counter[int] = Counter()
        for lane in lanes.values():
            by_priority.update(lane.count_by_priority())
        return api.Queue(
            depth=len(self._dispatcher),
            oldest_seconds=self._oldest_seconds(),
            by_priority={name: by_priority[value] for value, name in sorted(PRIORITIES.items())},
            by_user=[
                api.UserDepth(user_id=user_id, login=lane.account.login, depth=len(lane))
                for user_id, lane in lanes.items()
            ],
            head=[
                _show_entry(entry, lanes[entry.job.user_id].account.login)
                for entry in self._dispatcher.head(HEAD_JOBS)
            ],
        )

    def _oldest_seconds(self) -> float:
        oldest = self._dispatcher.oldest_at
        return 0.0 if oldest is None else round(max(0.0, self._clock.monotonic() - oldest), 1)


def _show_entry(entry: Entry, login: str) -> api.WaitingJob:
    return api.WaitingJob(
        repo=entry.job.repository.full_name,
        priority=PRIORITIES.get(entry.priority, str(entry.priority)),
        stars=entry.stars,
        user=login,
        user_id=entry.job.user_id,
        task=str(entry.job.task),
    )
