"""Ctrl+C, SIGTERM and a closed terminal (SIGHUP): the first asks for the end, a second Ctrl+C or
SIGTERM wants it at once.
"""

import signal
from collections.abc import Callable

import gevent


def on_interrupts(first: Callable[[], None], second: Callable[[], None]) -> None:
    """Call ``first`` at the first SIGINT, SIGTERM or SIGHUP, and ``second`` at each SIGINT or
    SIGTERM after it. A SIGHUP that whoever started us wants ignored (nohup) stays ignored; a
    second one is an echo of the same terminal.
    """
    is_asked = False

    def ask(is_hangup: bool) -> None:
        nonlocal is_asked
        if not is_asked:
            is_asked = True
            first()
        elif not is_hangup:
            second()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        is_hangup = number is signal.SIGHUP
        if not (is_hangup and signal.getsignal(number) is signal.SIG_IGN):
            gevent.signal_handler(number, ask, is_hangup)
