"""A worker: one greenlet that serves one account at a time: take, serve, give back."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from gevent.event import Event

from gitstars.clock import Clock, backoff_seconds
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.dispatch.lane import Lane
from gitstars.execute.account import AccountLoop
from gitstars.execute.obstacles import Wait

logger = logging.getLogger(__name__)

#: A worker looks at its account, or for an account, at least this often (seconds).
LOOK_SECONDS = 5.0
#: While it is paused, a worker looks this often whether it may go on (seconds).
PAUSED_SECONDS = 0.5
#: An account that was served for this long makes room where others wait for a worker (seconds).
SLICE_SECONDS = 30.0
#: An account whose serving failed waits for this long, doubled with each failure in a row, up to
#: the cap (seconds).
FAILED_SECONDS, FAILED_CAP_SECONDS = 1.0, 300.0


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A worker as others see it. ``users`` is the account that it serves, if any.

    ``idle_seconds`` is the time without a sign of life of that account; None: nothing is open.
    """

    number: int
    users: list[int]
    repositories: list[str]
    is_retiring: bool
    is_idle: bool
    waits_until: float | None
    idle_seconds: float | None


class Worker:
    """Serves accounts until it retires or everything stops."""

    def __init__(
        self,
        number: int,
        dispatcher: Dispatcher,
        clock: Clock,
        stop: Event,
        paused: Event,
        loop_of: Callable[[Lane], AccountLoop],
    ) -> None:
        self.number = number
        self.is_retiring = False
        self.serving: AccountLoop | None = None
        self._dispatcher = dispatcher
        self._clock = clock
        self._stop = stop
        self._paused = paused
        self._loop_of = loop_of

    def run(self) -> None:
        """Take an account, serve it, give it back; until retired or stopped."""
        while not (self.is_retiring or self._stop.is_set()):
            if self._paused.is_set():
                self._clock.wait(self._stop, PAUSED_SECONDS)
                continue
            lane = self._dispatcher.take_lane(LOOK_SECONDS)
            if lane is not None:
                self._serve(lane)

    def retire(self) -> None:
        """Give the account back after the page in hand, then end."""
        self.is_retiring = True
        self.wake()

    def kill(self) -> None:
        """End all calls at once; what was open is given back."""
        if self.serving is not None:
            self.serving.kill()

    def wake(self) -> None:
        if self.serving is not None:
            self.serving.lane.wake.set()

    @property
    def is_idle(self) -> bool:
        return self.serving is None or self.serving.is_idle

    def state(self) -> WorkerState:
        """What the worker is doing."""
        serving = self.serving
        if serving is None:
            return WorkerState(self.number, [], [], self.is_retiring, True, None, None)
        silent = self._clock.monotonic() - serving.progressed_at
        return WorkerState(
            self.number,
            [serving.lane.user_id],
            serving.open_repositories,
            self.is_retiring,
            serving.is_idle,
            serving.state().waits_until,
            None if serving.is_idle else silent,
        )

    def _serve(self, lane: Lane) -> None:
        """Serve the account until it leaves with nothing in hand."""
        serving = self.serving = self._loop_of(lane)
        began = self._clock.monotonic()
        wait = Wait(leaves=True)
        try:
            while True:
                lane.wake.clear()
                wait = serving.step(self._is_leaving(began))
                if wait.leaves and serving.is_idle and not lane.wake.is_set():
                    break
                seconds = LOOK_SECONDS if wait.seconds is None else min(LOOK_SECONDS, wait.seconds)
                self._clock.wait(lane.wake, seconds)
        except Exception:
            logger.exception("serving account %s failed", lane.account)
            chance, failures = self._clock.random(), serving.failures
            serving.failures += 1
            pause = backoff_seconds(failures, FAILED_SECONDS, FAILED_CAP_SECONDS, chance)
            wait = Wait(pause, True)
            serving.kill()
        else:
            serving.failures = 0
        finally:
            self.serving = None
            self._dispatcher.give_back(lane, wait.seconds or 0.0, wait.stuck)

    def _is_leaving(self, began: float) -> bool:
        if self.is_retiring:
            return True
        is_over = self._clock.monotonic() - began > SLICE_SECONDS
        return is_over and self._dispatcher.waiting > 0
