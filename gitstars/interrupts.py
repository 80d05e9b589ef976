"""Ctrl+C, SIGTERM and a closed terminal (SIGHUP): the first asks for the end, a second Ctrl+C or
SIGTERM wants it at once.
"""

import signal
import sys
import time
from collections.abc import Callable

import gevent

#: The one-file binary's outer process passes on what a terminal sent to us as well: an echo that
#: soon (seconds) is no second signal.
ECHO_SECONDS = 0.5 if getattr(sys, "frozen", False) else 0.0


def on_interrupts(first: Callable[[], None], second: Callable[[], None]) -> None:
    """Call ``first`` at the first SIGINT, SIGTERM or SIGHUP, and ``second`` at each SIGINT or
    SIGTERM after it. A SIGHUP that whoever started us wants ignored (nohup) stays ignored; a
    second one is an echo of the same terminal.
    """
    asked_at: list[float] = []

    def ask(is_hangup: bool) -> None:
        if not asked_at:
            asked_at.append(time.monotonic())
            first()
        elif not is_hangup and time.monotonic() - asked_at[0] >= ECHO_SECONDS:
            second()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        is_hangup = number is signal.SIGHUP
        if not (is_hangup and signal.getsignal(number) is signal.SIG_IGN):
            gevent.signal_handler(number, ask, is_hangup)
