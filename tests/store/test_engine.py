"""The embedded engine's child: started again whatever stands in the way, and never left behind
holding the lock.
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from gitstars.config import DatabaseConfig
from gitstars.errors import DatabaseUnavailable, EmbeddedPathUnusable
from gitstars.store.database import Database
from gitstars.store.files import close_to_others, find_open
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


def test_a_child_that_did_not_open_in_time_is_ended_and_holds_no_lock(database: Database) -> None:
    engine = database.engine
    assert engine is not None
    engine.open_seconds = 0.01
    engine.kill()
    wait_until(lambda: engine.restarts >= 2, "it was tried again")
    late = engine.pid
    assert late is not None

    engine.open_seconds = PATIENCE_SECONDS

    wait_until_it_answers(database)
    assert engine.pid != late or not os.path.exists(f"/proc/{late}")


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


def modes(path: Path) -> set[str]:
    """The rights to the folder of a database, its files and its lock."""
    places = [path, path.with_name(path.name + ".lock"), *path.rglob("*")]
    return {
        f"{(place.is_dir() and 'folder') or 'file'} {place.stat().st_mode & 0o777:o}"
        for place in places
    }


def test_nobody_else_may_read_the_database(embedded_config: DatabaseConfig) -> None:
    path = Path(embedded_config.url.removeprefix("surrealkv://"))
    before = os.umask(0o000)
    try:
        database = Database(embedded_config)
        database.open()
        database.run("CREATE account:1 SET access_token = 'gho_secret'")
        database.close()
    finally:
        os.umask(before)

    assert modes(path) == {"folder 700", "file 600"}
    assert find_open(path) == []


def test_a_database_that_others_could_read_is_closed_to_them(
    embedded_config: DatabaseConfig,
) -> None:
    path = Path(embedded_config.url.removeprefix("surrealkv://"))
    first = Database(embedded_config)
    first.open()
    first.close()
    for place in [path, *path.rglob("*")]:
        place.chmod(0o755 if place.is_dir() else 0o644)
    assert find_open(path)

    second = Database(embedded_config)
    second.open()
    second.close()

    assert modes(path) == {"folder 700", "file 600"}


def test_what_may_not_be_closed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stars.db").mkdir(mode=0o755)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)

    assert close_to_others(tmp_path / "stars.db") == [tmp_path / "stars.db"]


def test_a_path_that_is_no_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no database")

    with pytest.raises(EmbeddedPathUnusable) as caught:
        Database(DatabaseConfig(url=f"surrealkv://{tmp_path}/file")).open()

    assert (
        str(caught.value) == f"{tmp_path}/file cannot be opened as a database: a file is in the way"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
