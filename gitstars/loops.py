"""How greenlets are started and how loops run: one door that names a greenlet and tells of its
failure, one runner for ``step()`` loops.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
from gevent.event import Event
from gevent.pool import Pool

logger = logging.getLogger(__name__)


def spawn(
    name: str,
    function: Callable[..., Any],
    *args: Any,
    on_failure: Callable[[str, BaseException], None] | None = None,
    pool: Pool | None = None,
) -> gevent.Greenlet:
    """Start ``function(*args)`` in a greenlet called ``name`` (in ``pool``, which may have to
    wait for a place).

    A failure is logged, and given to ``on_failure``.
    """
    greenlet = gevent.Greenlet(function, *args)
    greenlet.name = name

    def report(dead: gevent.Greenlet) -> None:
        logger.error("greenlet %s died: %r", name, dead.exception, exc_info=dead.exc_info)
        if on_failure is not None:
            on_failure(name, dead.exception)

    greenlet.link_exception(report)
    if pool is None:
        greenlet.start()
    else:
        pool.start(greenlet)
    return greenlet


def run_until(stop: Event, step: Callable[[], None], pause_seconds: float) -> None:
    """Call ``step()`` and pause, until ``stop`` is set.

    An exception in a step is logged and the loop goes on.
    """
    while not stop.is_set():
        try:
            step()
        except Exception:
            logger.exception(
                "a step of %s failed; the next one follows in %.0f s",
                gevent.getcurrent().name,
                pause_seconds,
            )
        stop.wait(pause_seconds)


class WatchedLoop:
    """``step()`` again and again in a greenlet that can be replaced when its work hangs.

    A step says with ``working()`` when it works; the rest of it waits for something to do.
    """

    def __init__(
        self,
        name: str,
        stop: Event,
        step: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._stop = stop
        self._step = step
        self._monotonic = monotonic
        self._greenlet: gevent.Greenlet | None = None
        self._began_at: float | None = None

    def begin(self) -> None:
        """Start it."""
        self._began_at = None
        self._greenlet = spawn(self._name, run_until, self._stop, self._step, 0.0)

    @contextmanager
    def working(self) -> Iterator[None]:
        """For as long as the context lasts the step works."""
        began_at = self._began_at = self._monotonic()
        try:
            yield
        finally:
            # One that was replaced leaves the time of its successor alone.
            if self._began_at == began_at:
                self._began_at = None

    def replace_if_silent(self, seconds: float) -> bool:
        """End it and start it anew where its work takes longer than this; whether that was so."""
        if self._began_at is None or self._monotonic() - self._began_at <= seconds:
            return False
        if self._greenlet is not None:
            self._greenlet.kill(block=False)
        self.begin()
        return True
