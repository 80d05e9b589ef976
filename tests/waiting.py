"""Waiting for something to come true, with a deadline that measures standing still instead of
slowness: machines differ by a factor of three, and a slow one must pass.
"""

import time
from collections.abc import Callable

import gevent

#: A wait fails when none of its signs of progress changed for so long (seconds). Far longer than
#: anything that moves takes for one step, on any machine.
STILL_SECONDS = 60.0
#: A wait fails after this long (seconds) although something still moves: it turns in circles. Below
#: the guard of ``tests/conftest.py``, so that the failure says what was waited for.
CIRCLE_SECONDS = 270.0
#: What a wait gets in which no signs of progress can be seen, such as that for the end of a process
#: (seconds). It usually takes moments.
PATIENCE_SECONDS = 120.0
#: Pause between looks at the signs of progress (seconds); they may cost a call each.
LOOK_SECONDS = 2.0


def wait_until(
    is_true: Callable[[], bool],
    what: str,
    signs: Callable[[], object] = lambda: None,
    still_seconds: float = STILL_SECONDS,
) -> None:
    """Wait until ``is_true``; ``what`` says so in words.

    ``signs``: any value that changes while there is progress towards it. Raises AssertionError when
    it stays the same for ``still_seconds``.
    """
    began = looked = moved = time.monotonic()
    seen = signs()
    while not is_true():
        gevent.sleep(0.02)
        now = time.monotonic()
        if now - looked < min(LOOK_SECONDS, still_seconds / 4):
            continue
        looked, before, seen = now, seen, signs()
        if seen != before:
            moved = now
        assert now - moved < still_seconds, (
            f"nothing moved for {still_seconds:g} s; waited for: {what}"
        )
        assert now - began < CIRCLE_SECONDS, f"not within {CIRCLE_SECONDS:g} s: {what}"
