"""How greenlets are started and how loops run: one door that names a greenlet and tells of its
failure, one runner for ``step()`` loops.
"""

import logging
from collections.abc import Callable
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
