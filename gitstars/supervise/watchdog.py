"""Notices that the hub stands still, which no greenlet can: a real thread tells where every
greenlet is, once a hang.
"""

import gc
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from copy import copy
from types import FrameType

import gevent
import greenlet  # type: ignore[import-untyped]
from gevent.event import Event
from gevent.monkey import get_original

from gitstars.loops import run_until, spawn

logger = logging.getLogger(__name__)

#: A hub that did not get round to us for so long stands still (seconds).
HANG_SECONDS = 10.0
#: The thread has this long to end (seconds).
END_SECONDS = 1.0
#: The descriptor of standard error.
STDERR = 2

Emit = Callable[[logging.LogRecord], None]


class Watchdog:
    """From ``start`` to ``stop`` a greenlet ticks, and a thread looks whether it still does.

    ``hangs`` counts.
    """

    def __init__(self, hang_seconds: float = HANG_SECONDS, emit: Emit | None = None) -> None:
        self._hang_seconds = hang_seconds
        self._look_seconds = hang_seconds / 5
        self._emit = emit or write_record
        self._ended = Event()
        self._ticked_at = 0.0
        self._hung_since: float | None = None
        # gevent's locks would make the thread wait for the very hub that it watches; so would
        # making a record there.
        self._template = logging.makeLogRecord(
            {"name": __name__, "levelno": logging.ERROR, "levelname": "ERROR"}
        )
        allocate_lock = get_original("_thread", "allocate_lock")
        self._running, self._alive = allocate_lock(), allocate_lock()
        self.hangs = 0

    def start(self) -> None:
        self._ticked_at = time.monotonic()
        self._running.acquire()
        self._alive.acquire()
        spawn("watchdog", run_until, self._ended, self._tick, self._look_seconds)
        get_original("_thread", "start_new_thread")(
            self._watch, (get_original("_thread", "get_ident")(),)
        )

    def stop(self) -> None:
        """End the thread and the greenlet; nothing happens when they do not run."""
        self._ended.set()
        if self._running.locked():
            self._running.release()
            if self._alive.acquire(True, END_SECONDS):
                self._alive.release()

    def _tick(self) -> None:
        now = time.monotonic()
        if self._hung_since is not None:
            logger.error("the hub goes on after it stood still for %.1f s", now - self._hung_since)
            self._hung_since = None
        self._ticked_at = now

    def _watch(self, hub_thread: int) -> None:
        looked_at = time.monotonic()
        while not self._running.acquire(True, self._look_seconds):
            now = time.monotonic()
            # A process that was stopped as a whole finds both clocks late; the hub gets its turn
            # first.
            was_stopped, looked_at = now - looked_at > self._hang_seconds, now
            silent_seconds = now - self._ticked_at
            if was_stopped or silent_seconds < self._hang_seconds or self._hung_since is not None:
                continue
            self._hung_since = self._ticked_at
            self.hangs += 1
            self._tell(silent_seconds, hub_thread)
        self._running.release()
        self._alive.release()

    def _tell(self, silent_seconds: float, hub_thread: int) -> None:
        record = copy(self._template)
        record.created = time.time()
        record.msg = (
            f"the hub stands still for {silent_seconds:.1f} s; this is where every greenlet is"
        )
        record.stack_info = "\n".join(describe_greenlets(sys._current_frames().get(hub_thread)))
        self._emit(record)


def describe_greenlets(running: FrameType | None) -> Iterator[str]:
    """The stack of the running greenlet (``running`` is its frame) and of all that wait.

    Safe in a thread that the hub knows nothing of.
    """
    if running is not None:
        yield f"running:\n{_describe(running)}"
    # A greenlet's own repr and name may ask the hub; its type and what was set on it do not.
    for one in [thing for thing in gc.get_objects() if issubclass(type(thing), greenlet.greenlet)]:
        frame = one.gr_frame
        if frame is not None:
            name = (
                vars(one).get("name", type(one).__name__)
                if isinstance(one, gevent.Greenlet)
                else type(one).__name__
            )
            yield f"{name}:\n{_describe(frame)}"


def _describe(frame: FrameType) -> str:
    stack = traceback.StackSummary.extract(traceback.walk_stack(frame), lookup_lines=False)
    stack.reverse()
    return "".join(stack.format()).rstrip()


def write_record(record: logging.LogRecord) -> None:
    """To standard error in the form of the log, past its locks: a greenlet that hangs may hold
    them.
    """
    handler = next(iter(logging.getLogger().handlers), None)
    text = handler.format(record) if handler else f"{record.getMessage()}\n{record.stack_info}"
    left = memoryview(f"{text}\n".encode(errors="replace"))
    while left:
        left = left[os.write(STDERR, left) :]
