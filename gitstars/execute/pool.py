"""The workers: how many there are, started, retired, replaced and stopped; and a loop for each
account that they serve.
"""

import itertools
import logging
from collections.abc import Callable

import gevent
from gevent.event import Event

from gitstars.clock import Clock, backoff_seconds
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.dispatch.lane import Lane
from gitstars.execute.account import AccountLoop, AccountState
from gitstars.execute.worker import Worker, WorkerState
from gitstars.loops import spawn

logger = logging.getLogger(__name__)

#: What was cut off gets this long to be given back (seconds).
CUT_OFF_SECONDS = 1.0
#: A worker that died is replaced after this long, doubled with each death in a row, up to the cap
#: (seconds).
DEATH_PAUSE_SECONDS, DEATH_PAUSE_CAP_SECONDS = 0.5, 60.0

MakeLoop = Callable[[Lane], AccountLoop]


class WorkerPool:
    """As many running workers as ``scale`` asked for."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        clock: Clock,
        stop: Event,
        paused: Event,
        make_loop: MakeLoop,
        maximum: int,
    ) -> None:
        self._dispatcher = dispatcher
        self._clock = clock
        self._stop = stop
        self._paused = paused
        self._make_loop = make_loop
        self._maximum = maximum
        self._numbers = itertools.count(1)
        self._workers: dict[int, tuple[Worker, gevent.Greenlet]] = {}
        self._loops: dict[int, AccountLoop] = {}
        self._deaths = 0
        self.initial = 0
        self.replaced = 0

    def start(self, count: int) -> None:
        """Start ``count`` workers: the number that scaling down never goes under."""
        self.initial = self._bounded(count)
        self.scale(count)

    def scale(self, count: int) -> int:
        """Start or retire workers until ``count`` stay (1 to the maximum); what it is now."""
        count = self._bounded(count)
        staying = [worker for worker, _ in self._workers.values() if not worker.is_retiring]
        for _ in range(count - len(staying)):
            self._add()
        # The newest idle workers go first, then the newest busy ones.
        leaving = sorted(staying, key=lambda worker: (worker.is_idle, worker.number), reverse=True)
        for worker in leaving[: max(0, len(staying) - count)]:
            worker.retire()
        return count

    @property
    def count(self) -> int:
        """Workers that stay (retiring ones are not counted)."""
        return sum(not worker.is_retiring for worker, _ in self._workers.values())

    def states(self) -> list[WorkerState]:
        return [worker.state() for worker, _ in list(self._workers.values())]

    def account_state(self, user_id: int) -> AccountState | None:
        """What the account is doing; None: nobody ever served it."""
        loop = self._loops.get(user_id)
        return None if loop is None else loop.state()

    def owners(self) -> list[str]:
        """The owners of all claims in hand."""
        return [owner for loop in list(self._loops.values()) for owner in loop.owners]

    def replace(self, number: int) -> None:
        """Kill a worker that hangs, give its repositories back, and start another in its place."""
        found = self._workers.get(number)
        if found is None:
            return
        worker, greenlet = found
        self.replaced += 1
        worker.retire()
        if worker.serving is not None:
            # The next worker that serves the account begins with nothing in hand.
            self._loops.pop(worker.serving.lane.user_id, None)
        worker.kill()
        greenlet.kill(timeout=5)
        self._add()

    def stop(self, seconds: float) -> None:
        """Wait for the page in hand everywhere, ``seconds`` at most, then end what is left; claims
        are given back either way. The ``stop`` event must be set already.
        """
        workers = [worker for worker, _ in self._workers.values()]
        greenlets = [greenlet for _, greenlet in self._workers.values()]
        for worker in workers:
            worker.wake()
        gevent.joinall(
            [greenlet for worker, greenlet in self._workers.values() if worker.serving],
            timeout=seconds,
        )
        late = [worker for worker in workers if not worker.is_idle]
        if late:
            logger.warning(
                "%d workers did not finish the page in hand in %.0f s; their calls are cut off",
                len(late),
                seconds,
            )
            for worker in late:
                worker.kill()
                worker.wake()
            gevent.joinall(greenlets, timeout=CUT_OFF_SECONDS)
        gevent.killall(greenlets, block=False)

    def _bounded(self, count: int) -> int:
        return max(1, min(count, self._maximum))

    def _loop_of(self, lane: Lane) -> AccountLoop:
        """The account's loop; those of accounts that are gone are forgotten."""
        loop = self._loops.get(lane.user_id)
        if loop is None or loop.lane is not lane:
            for user_id, other in list(self._loops.items()):
                if other.lane.is_closed and other.is_idle:
                    del self._loops[user_id]
            loop = self._loops[lane.user_id] = self._make_loop(lane)
        return loop

    def _add(self) -> None:
        number = next(self._numbers)
        worker = Worker(
            number, self._dispatcher, self._clock, self._stop, self._paused, self._loop_of
        )
        self._workers[number] = (worker, spawn(f"worker {number}", self._run, worker))

    def _run(self, worker: Worker) -> None:
        died = True
        try:
            worker.run()
            died = False
            self._deaths = 0
        finally:
            self._workers.pop(worker.number, None)
            if died and not (worker.is_retiring or self._stop.is_set()):
                self._replace_dead(worker)

    def _replace_dead(self, worker: Worker) -> None:
        """Something ended it that should not: what it held goes back, another one follows."""
        worker.kill()
        self.replaced += 1
        chance = self._clock.random()
        pause = backoff_seconds(self._deaths, DEATH_PAUSE_SECONDS, DEATH_PAUSE_CAP_SECONDS, chance)
        self._deaths += 1
        spawn("a worker's successor", self._add_later, pause)

    def _add_later(self, seconds: float) -> None:
        if not self._clock.wait(self._stop, seconds):
            self._add()
