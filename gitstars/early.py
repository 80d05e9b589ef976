"""Signals of the first moments: until a command takes them over, each ends the process at once and
without a word, since nothing was begun.

Loaded before everything else: it must not import gevent, nor anything that takes time. As the first
process of a container gitstars would not hear signals without a handler at all.
"""

import os
import signal
from types import FrameType

#: signal -> exit code: as the command line exits when it was stopped by Ctrl+C, and as a server
#: exits that was asked to stop.
EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 0, signal.SIGHUP: 0}


def hear() -> None:
    """End at each of these signals, except for a SIGHUP that whoever started us wants ignored, as
    nohup does.
    """
    for number in EXIT_CODES:
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def hand_over() -> None:
    """Python's own handlers again, where none of gitstars was put in place: Ctrl+C raises
    KeyboardInterrupt, the others end the process.
    """
    for number in EXIT_CODES:
        if signal.getsignal(number) is _end:
            usual = signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL
            signal.signal(number, usual)


def _end(number: int, frame: FrameType | None) -> None:
    os._exit(EXIT_CODES[signal.Signals(number)])
