"""Runs duties, each in a greenlet of its own, and starts those again that died or hang.

What a duty does is its own business.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import gevent
from gevent.event import Event

from gitstars.clock import Clock, backoff_seconds
from gitstars.errors import DatabaseRefused, DatabaseUnavailable, GitstarsError
from gitstars.loops import run_until, spawn

logger = logging.getLogger(__name__)

#: Pause between looks at the duties (seconds).
LOOK_SECONDS = 1.0
#: A duty that died starts again after this long, doubled with each death before a good step, and no
#: more than the cap (seconds).
RESTART_SECONDS, RESTART_CAP_SECONDS = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class Duty:
    """``step()`` again and again, each time after a pause; a step that takes longer than
    ``limit_seconds`` hangs.

    A step may raise: a GitstarsError is told in one sentence and the next step follows, anything
    else ends the duty until it is restarted.
    """

    name: str
    step: Callable[[], object]
    pause_seconds: float
    limit_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class DutyState:
    """A duty as others see it.

    ``runs`` counts good steps, ``last_run_at`` is when the last one ended, ``failures`` the bad
    ones since.
    """

    name: str
    runs: int
    last_run_at: float | None
    last_error: str | None
    failures: int
    restarts: int


@dataclass(slots=True, eq=False)
class _Run:
    duty: Duty
    greenlet: gevent.Greenlet | None = None
    runs: int = 0
    last_run_at: float | None = None
    last_error: str | None = None
    failures: int = 0
    restarts: int = 0
    #: The log was told of the present trouble.
    is_told: bool = False
    #: When the step in hand began; None between steps. Both are monotonic.
    began_at: float | None = None
    restart_at: float | None = None


class Supervisor:
    """All duties, from ``start`` until the ``stop`` event."""

    def __init__(self, duties: Iterable[Duty], clock: Clock, stop: Event) -> None:
        self._runs = [_Run(duty) for duty in duties]
        self._clock = clock
        self._stop = stop
        self._own: gevent.Greenlet | None = None

    def add(self, *duties: Duty) -> None:
        """More duties, before the start."""
        self._runs += map(_Run, duties)

    def start(self) -> None:
        for run in self._runs:
            self._begin(run)
        self._own = spawn("supervisor", run_until, self._stop, self.look, LOOK_SECONDS)

    def stop(self, seconds: float = 0.4) -> None:
        """Wait for the steps in hand, ``seconds`` at most, then end them.

        The ``stop`` event must be set already.
        """
        greenlets = [
            greenlet
            for greenlet in (self._own, *(run.greenlet for run in self._runs))
            if greenlet is not None
        ]
        gevent.joinall(greenlets, timeout=seconds)
        # One that hangs where nothing can end it is left behind.
        gevent.killall(greenlets, block=False)
        gevent.joinall(greenlets, timeout=0.1)

    def states(self) -> list[DutyState]:
        return [
            DutyState(
                run.duty.name, run.runs, run.last_run_at, run.last_error, run.failures, run.restarts
            )
            for run in self._runs
        ]

    def look(self) -> None:
        """Notice which duties died or hang, and start those again whose time has come."""
        now = self._clock.monotonic()
        for run in self._runs:
            if self._stop.is_set():
                return
            if run.restart_at is not None:
                if now >= run.restart_at:
                    self._begin(run)
            elif run.greenlet is not None and run.greenlet.dead:
                self._restart_later(
                    run, f"died of {type(run.greenlet.exception).__name__}; the log has its place"
                )
            elif (
                run.began_at is not None
                and now - run.began_at > run.duty.limit_seconds
                and run.greenlet is not None
            ):
                run.greenlet.kill(block=False)
                self._restart_later(run, f"made no progress for {now - run.began_at:.0f} s")

    def _begin(self, run: _Run) -> None:
        run.began_at = run.restart_at = None
        run.greenlet = spawn(f"duty {run.duty.name}", self._serve, run)

    def _restart_later(self, run: _Run, why: str) -> None:
        pause = backoff_seconds(
            run.failures, RESTART_SECONDS, RESTART_CAP_SECONDS, self._clock.random()
        )
        run.restart_at = self._clock.monotonic() + pause
        run.restarts += 1
        run.failures += 1
        run.last_error = why
        logger.error("duty %s %s; starting it again in %.1f s", run.duty.name, why, pause)

    def _serve(self, run: _Run) -> None:
        me = gevent.getcurrent()
        while not self._clock.wait(self._stop, run.duty.pause_seconds):
            run.began_at = self._clock.monotonic()
            error = self._step(run)
            if run.greenlet is not me:
                # It hung, survived being killed, and was replaced meanwhile.
                return
            run.began_at = None
            if error is not None:
                run.failures += 1
                run.last_error = str(error)
                continue
            run.runs += 1
            run.failures = 0
            run.last_run_at = self._clock.now()

    @staticmethod
    def _step(run: _Run) -> GitstarsError | None:
        """What went wrong, if anything. The log hears of trouble once, and once of its end.

        That the database is away or refuses its user is told by ``outages``, for all duties.
        """
        duty = run.duty
        try:
            duty.step()
        except GitstarsError as error:
            is_outage = isinstance(error, DatabaseUnavailable | DatabaseRefused)
            level = logging.DEBUG if run.is_told or is_outage else logging.WARNING
            run.is_told = run.is_told or not is_outage
            logger.log(
                level, "duty %s: %s; trying again in %.0f s", duty.name, error, duty.pause_seconds
            )
            return error
        if run.is_told:
            logger.info("duty %s works again", duty.name)
            run.is_told = False
        return None
