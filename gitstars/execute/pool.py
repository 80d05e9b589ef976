"""The workers: how many there are, started, retired, replaced and stopped."""

import itertools
import logging

import gevent

from gitstars.execute.tools import Tools
from gitstars.execute.worker import Worker, WorkerState
from gitstars.loops import spawn

logger = logging.getLogger(__name__)

#: What was cut off gets this long to be given back (seconds).
CUT_OFF_SECONDS = 1.0


class WorkerPool:
    """As many running workers as ``scale`` asked for."""

    def __init__(self, tools: Tools, maximum: int) -> None:
        self._tools = tools
        self._maximum = maximum
        self._numbers = itertools.count(1)
        self._workers: dict[int, Worker] = {}
        self._greenlets: dict[int, gevent.Greenlet] = {}
        self.initial = 0
        self.replaced = 0

    def start(self, count: int) -> None:
        """Start ``count`` workers: the number that scaling down never goes under."""
        self.initial = self._bounded(count)
        self.scale(count)

    def scale(self, count: int) -> int:
        """Start or retire workers until ``count`` stay (1 to the maximum); what it is now."""
        count = self._bounded(count)
        staying = [worker for worker in self._workers.values() if not worker.is_retiring]
        for _ in range(count - len(staying)):
            self._add()
        # The newest idle workers go first, then the newest busy ones.
        for worker in sorted(
            staying, key=lambda worker: (worker.is_idle, worker.number), reverse=True
        )[: max(0, len(staying) - count)]:
            worker.retire()
        return count

    @property
    def count(self) -> int:
        """Workers that stay (retiring ones are not counted)."""
        return sum(not worker.is_retiring for worker in self._workers.values())

    def states(self) -> list[WorkerState]:
        return [worker.state() for worker in self._workers.values()]

    def owners(self) -> list[str]:
        """The owners of all claims in hand."""
        return [owner for worker in self._workers.values() for owner in worker.owners()]

    def replace(self, number: int) -> None:
        """Kill a worker that hangs, give its repositories back, and start another in its place."""
        worker = self._workers.get(number)
        if worker is None:
            return
        self.replaced += 1
        worker.retire()
        worker.kill()
        greenlet = self._greenlets.get(number)
        if greenlet is not None:
            greenlet.kill(timeout=5)
        self._add()

    def wake(self) -> None:
        for worker in self._workers.values():
            worker.wake()

    def stop(self, seconds: float) -> None:
        """Wait for the page in hand everywhere, ``seconds`` at most, then end what is left;
        claims are given back either way.

        The tools' ``stop`` event must be set already.
        """
        self.wake()
        greenlets = list(self._greenlets.values())
        gevent.joinall(greenlets, timeout=seconds)
        late = [worker for worker in self._workers.values() if not worker.is_idle]
        if late:
            logger.warning(
                "%d workers did not finish the page in hand in %.0f s; their calls are cut off",
                len(late),
                seconds,
            )
            for worker in late:
                worker.kill()
            self.wake()
            gevent.joinall(greenlets, timeout=CUT_OFF_SECONDS)
        gevent.killall(greenlets, block=False)

    def _bounded(self, count: int) -> int:
        return max(1, min(count, self._maximum))

    def _add(self) -> None:
        worker = Worker(next(self._numbers), self._tools)
        self._workers[worker.number] = worker
        self._greenlets[worker.number] = spawn(f"worker {worker.number}", self._run, worker)

    def _run(self, worker: Worker) -> None:
        died = True
        try:
            worker.run()
            died = False
        finally:
            self._workers.pop(worker.number, None)
            self._greenlets.pop(worker.number, None)
            if died and not (worker.is_retiring or self._tools.stop.is_set()):
                worker.kill()
                self.replaced += 1
                self._add()
