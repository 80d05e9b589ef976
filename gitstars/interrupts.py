"""Ctrl+C and SIGTERM: the first asks for the end, a second one wants it at once."""

import signal
import sys
import time
from collections.abc import Callable

import gevent

#: The one-file binary's outer process passes on what a terminal sent to us as well: an echo that
#: soon (seconds) is no second signal.
ECHO_SECONDS = 0.5 if getattr(sys, "frozen", False) else 0.0


def on_interrupts(first: Callable[[], None], second: Callable[[], None]) -> None:
    """Call ``first`` at the first SIGINT or SIGTERM, and ``second`` at each one after it."""
    asked_at: list[float] = []

    def ask() -> None:
        if not asked_at:
            asked_at.append(time.monotonic())
            first()
        elif time.monotonic() - asked_at[0] >= ECHO_SECONDS:
            second()

    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, ask)
