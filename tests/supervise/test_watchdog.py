"""A hub that stands still is told of by a thread that does not."""

import logging
import os
from collections.abc import Iterator
from contextlib import nullcontext

import gevent
import pytest
from gevent.event import Event
from gevent.monkey import get_original

from gitstars.log import TextFormatter
from gitstars.loops import spawn
from gitstars.supervise.watchdog import Watchdog, write_record

#: Blocks the whole hub, as a greenlet that computes would.
block_hub = get_original("time", "sleep")


def count_threads() -> int:
    """Threads of this process as the system counts them."""
    return len(os.listdir("/proc/self/task"))


def settled_threads() -> int:
    """The same once it stays the same: threads of earlier tests go by and by."""
    count = -1
    while count != (count := count_threads()):
        gevent.sleep(0.2)
    return count


@pytest.fixture
def records() -> list[logging.LogRecord]:
    return []


@pytest.fixture
def watchdog(records: list[logging.LogRecord]) -> Iterator[Watchdog]:
    running = Watchdog(hang_seconds=0.25, emit=records.append)
    running.start()
    yield running
    running.stop()


def test_a_blocked_hub_is_told_once_with_the_stacks_of_all_greenlets(
    watchdog: Watchdog, records: list[logging.LogRecord], caplog: pytest.LogCaptureFixture
) -> None:
    def wait_for_nothing() -> None:
        Event().wait()

    waiter = spawn("patient one", wait_for_nothing)
    gevent.sleep(0.1)

    block_hub(1.0)
    while_blocked = len(records)
    gevent.sleep(0.2)
    waiter.kill()

    assert (watchdog.hangs, while_blocked, len(records)) == (1, 1, 1)
    text = TextFormatter().format(records[0])
    assert "the hub stands still" in text
    assert "block_hub(1.0)" in text
    assert "patient one:" in text
    assert "in wait_for_nothing" in text
    assert "goes on after it stood still for 1." in caplog.text


def test_each_hang_is_told(watchdog: Watchdog, records: list[logging.LogRecord]) -> None:
    block_hub(0.5)
    gevent.sleep(0.2)
    block_hub(0.5)

    assert watchdog.hangs == len(records) == 2


def test_a_busy_hub_that_gets_round_is_none_that_hangs(watchdog: Watchdog) -> None:
    for _ in range(20):
        block_hub(0.05)
        gevent.sleep(0.001)

    assert watchdog.hangs == 0


def test_no_thread_stays_behind() -> None:
    running = Watchdog()
    before = settled_threads()

    running.start()
    during = count_threads()
    running.stop()
    running.stop()

    # Threads of earlier tests may end meanwhile; none of ours stays.
    assert during <= before + 1
    assert settled_threads() <= before


def test_one_that_was_never_started_can_be_stopped() -> None:
    Watchdog().stop()


def test_the_stacks_go_to_standard_error_past_the_locks_of_the_log(
    capfd: pytest.CaptureFixture[str],
) -> None:
    watchdog = Watchdog(hang_seconds=0.5, emit=write_record)
    handler = logging.StreamHandler()
    handler.setFormatter(TextFormatter())
    root = logging.getLogger()
    root.handlers.insert(0, handler)
    watchdog.start()
    try:
        with handler.lock or nullcontext():
            block_hub(1.5)
        told = capfd.readouterr().err
    finally:
        watchdog.stop()
        root.removeHandler(handler)

    assert "error   supervise.watchdog: the hub stands still for " in told
    assert "\n    running:\n" in told
    assert "block_hub(1.5)" in told
