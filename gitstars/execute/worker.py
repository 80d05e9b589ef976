"""A worker: one greenlet that serves the lanes routed to it, one collector a lane."""

import logging
from dataclasses import dataclass

from gitstars.execute.collector import Collector
from gitstars.execute.tools import Tools

logger = logging.getLogger(__name__)

#: A worker looks at its lanes at least this often (seconds), whatever wakes it.
LOOK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A worker as others see it.

    ``idle_seconds`` is the time without a sign of life of its quietest lane; None: nothing is open.
    """

    number: int
    users: list[int]
    repositories: list[str]
    is_retiring: bool
    is_idle: bool
    waits_until: float | None
    idle_seconds: float | None


class Worker:
    """Serves lanes until it retires or everything stops."""

    def __init__(self, number: int, tools: Tools) -> None:
        self.number = number
        self.is_retiring = False
        self._tools = tools
        self._wake = tools.dispatcher.join(number)
        self._collectors: dict[int, Collector] = {}
        self._waits_until: float | None = None

    def run(self) -> None:
        """Serve until retired or stopped, then leave with nothing in hand."""
        try:
            while not (self.is_idle and (self.is_retiring or self._tools.stop.is_set())):
                self._wake.clear()
                self._tools.clock.wait(self._wake, self.step())
        finally:
            self._tools.dispatcher.leave(self.number)

    def step(self) -> float:
        """Pump every lane once; seconds until the next look."""
        waits = [LOOK_SECONDS]
        if self.is_retiring or self._tools.stop.is_set():
            for collector in list(self._collectors.values()):
                collector.close()
        else:
            self._adopt()
            self._share()
            for collector in list(self._collectors.values()):
                pause = collector.pump()
                if pause is not None:
                    waits.append(pause)
        self._release_closed()
        soonest = min(waits)
        self._waits_until = self._tools.clock.now() + soonest if len(waits) > 1 else None
        return soonest

    def retire(self) -> None:
        """Take no new lanes, give back each repository after the page in hand, then end."""
        self.is_retiring = True
        self._tools.dispatcher.close(self.number)
        self._wake.set()

    def kill(self) -> None:
        """End all calls at once; what was open is given back."""
        for collector in list(self._collectors.values()):
            collector.kill()

    def wake(self) -> None:
        self._wake.set()

    @property
    def is_idle(self) -> bool:
        return all(collector.is_idle for collector in self._collectors.values())

    def owners(self) -> list[str]:
        """The owners of the claims in hand."""
        return [owner for collector in self._collectors.values() for owner in collector.owners]

    def state(self) -> WorkerState:
        """What the worker is doing."""
        busy = [collector for collector in list(self._collectors.values()) if not collector.is_idle]
        now = self._tools.clock.monotonic()
        idle = max((now - collector.progressed_at for collector in busy), default=None)
        names = [name for collector in busy for name in collector.open_repositories]
        return WorkerState(
            self.number,
            sorted(self._collectors),
            names,
            self.is_retiring,
            self.is_idle,
            self._waits_until,
            idle,
        )

    def _adopt(self) -> None:
        """A collector for every lane that was routed here."""
        for user_id in self._tools.dispatcher.users_of(self.number):
            lane = self._tools.dispatcher.lane(user_id)
            if user_id not in self._collectors and lane is not None:
                self._collectors[user_id] = Collector(lane.account, self._tools, self._wake)

    def _share(self) -> None:
        """Give up idle lanes that a less loaded worker should serve."""
        for _ in range(self._tools.dispatcher.surplus(self.number)):
            idle = [user for user, collector in self._collectors.items() if collector.is_idle]
            if not idle:
                return
            self._give_up(idle[-1])

    def _release_closed(self) -> None:
        """Forget lanes that are gone, and all lanes of a retiring worker, once nothing of them
        is in hand.
        """
        for user_id, collector in list(self._collectors.items()):
            is_gone = self._tools.dispatcher.lane(user_id) is None
            if is_gone:
                collector.close()
            if (is_gone or self.is_retiring) and collector.is_idle:
                self._give_up(user_id)

    def _give_up(self, user_id: int) -> None:
        del self._collectors[user_id]
        self._tools.dispatcher.release(user_id)
