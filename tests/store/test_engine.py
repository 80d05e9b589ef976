"""The embedded engine's child: started again whatever stands in the way, and never left behind
holding the lock.
"""

import os
import signal
import subprocess
from collections.abc import Iterator

import gevent
import pytest

from gitstars.config import DatabaseConfig
from gitstars.errors import DatabaseUnavailable
from gitstars.store import engine
from gitstars.store.database import Database
from tests.waiting import PATIENCE_SECONDS, wait_until


@pytest.fixture
def database(embedded_config: DatabaseConfig) -> Iterator[Database]:
    opened = Database(embedded_config)
    opened.open()
    yield opened
    opened.close()


def answers(database: Database) -> bool:
    try:
        return database.run("RETURN 1") == [1]
    except DatabaseUnavailable:
        return False


def wait_until_it_answers(database: Database) -> None:
    wait_until(lambda: answers(database), "the engine came back")


def test_a_machine_that_cannot_start_a_process_now_is_asked_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_popen = subprocess.Popen
    refused: list[object] = []

    def refuse_twice(*arguments: object, **named: object) -> "subprocess.Popen[bytes]":
        if len(refused) < 2:
            refused.append(arguments)
            raise OSError(12, "Cannot allocate memory")
        return true_popen(*arguments, **named)  # type: ignore[call-overload, no-any-return]

    assert database.engine is not None
    monkeypatch.setattr(subprocess, "Popen", refuse_twice)
    database.engine.kill()

    gevent.sleep(0.1)
    wait_until_it_answers(database)

    assert len(refused) == 2


def test_a_child_that_did_not_open_in_time_is_ended_and_holds_no_lock(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database.engine is not None
    monkeypatch.setattr(engine, "OPEN_SECONDS", 0.01)
    database.engine.kill()
    with gevent.Timeout(20, AssertionError("it was not tried again")):
        while database.engine.restarts < 2:
            gevent.sleep(0.01)
    late = database.engine.pid
    assert late is not None

    monkeypatch.setattr(engine, "OPEN_SECONDS", 20.0)

    wait_until_it_answers(database)
    assert database.engine.pid != late or not os.path.exists(f"/proc/{late}")


def test_a_caller_that_is_ended_in_the_middle_of_a_request_mixes_up_no_answers(
    database: Database,
) -> None:
    assert database.engine is not None
    pid = database.engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    long = gevent.spawn(database.run, "RETURN $text", text="x" * 20_000_000)
    gevent.sleep(0.3)

    long.kill()
    os.kill(pid, signal.SIGCONT)
    wait_until_it_answers(database)
    callers = [gevent.spawn(database.run, "RETURN $number", number=number) for number in range(20)]
    gevent.joinall(callers, timeout=PATIENCE_SECONDS)

    assert [caller.value for caller in callers] == [[number] for number in range(20)]


def test_a_time_limit_of_the_caller_stays_the_callers(database: Database) -> None:
    with pytest.raises(gevent.Timeout), gevent.Timeout(0.2):
        database.run("SLEEP 1s")
