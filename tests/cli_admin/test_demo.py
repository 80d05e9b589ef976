"""``gitstars demo`` as a user runs it: to its end, into a folder that is taken, stopped in the
middle, on a terminal.
"""

import json
import os
import pty
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from gevent.os import tp_read

from gitstars.cli.demo import Ending, explain_ending
from gitstars.cli.demo_data import DemoData, make_data
from gitstars.config import DatabaseConfig
from gitstars.store import lifecycle
from gitstars.store.database import Database
from tests.harness import free_port
from tests.waiting import CIRCLE_SECONDS, PATIENCE_SECONDS

Run = Callable[..., subprocess.CompletedProcess[str]]


def opened(folder: Path) -> Database:
    database = Database(DatabaseConfig(url=f"surrealkv://{folder}/stars.db"))
    database.open()
    return database


def listable_ids(data: DemoData) -> set[int]:
    """The repositories that some account may list."""
    return {identity for account in data.scenario.accounts for identity in account.owned}


def restricted(data: DemoData) -> int:
    """How many repositories nobody may list."""
    return len({r.id for r in data.scenario.repositories} - listable_ids(data))


def expected_stars(data: DemoData, largest: int) -> int:
    """Edges of repositories that some account may list, ghosts left out, large ones left out."""
    listable = listable_ids(data)
    chosen = [
        r
        for r in data.scenario.repositories
        if r.id in listable and r.fate == "ok" and r.stars <= largest
    ]
    return sum(r.stars - (r.stars // r.ghost_every if r.ghost_every else 0) for r in chosen)


def test_the_demo_settles_everything_and_the_database_holds_it(
    gitstars: Run, tmp_path: Path
) -> None:
    data = make_data()

    done = gitstars("demo", "--path", str(tmp_path / "demo"), timeout=CIRCLE_SECONDS)

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "points left: REST" in done.stdout
    assert "GraphQL" in done.stdout
    assert "barbara signs in while it runs" in done.stdout
    assert "deleted: Not Found" in done.stdout
    assert str(tmp_path / "demo" / "stars.db") in done.stdout
    next_ones = [line.split("gitstars ")[1] for line in done.stdout.splitlines()[-3:]]
    assert [command.split("  ")[0] for command in next_ones] == [
        "demo --keep-running",
        "repos --status restricted",
        "chart bigco/giant --output stars.svg",
    ]
    database = opened(tmp_path / "demo")
    counts = lifecycle.count_by_status(database)
    stored = database.run(
        "SELECT count() AS n FROM starred WHERE source = 'stargazer_analysis' AND out != "
        "repo:`bigco/giant` GROUP ALL"
    )[0]
    database.close()
    assert sum(counts.values()) == data.repositories
    assert counts["restricted"] == restricted(data)
    assert "only to people who may push" in done.stdout
    assert counts.keys() <= {"completed", "failed", "restricted", "pagination_limited"}
    assert stored[0]["n"] == expected_stars(data, largest=40_000)


def test_ctrl_c_in_the_middle_ends_with_130_and_nothing_running(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gitstars", "demo", "--path", str(tmp_path / "demo")]
    with subprocess.Popen(
        command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("repositories "):
                break

        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 130
    assert errors.startswith("stopped before everything was settled: ")
    assert "stars of" in rest
    # The engine is gone: its path can be opened, and every claim was given back.
    database = opened(tmp_path / "demo")
    counts = lifecycle.count_by_status(database)
    database.close()
    assert counts.get("processing", 0) == 0


def test_a_demo_that_runs_out_of_time_says_so(gitstars: Run, tmp_path: Path) -> None:
    done = gitstars(
        "demo", "--path", str(tmp_path / "demo"), "--seconds", "3", timeout=PATIENCE_SECONDS
    )

    # Nothing stood still for long, so slowness is all that it was.
    assert done.returncode == 0
    assert done.stderr.startswith("3 s were not enough on this machine: ")
    assert done.stderr.endswith(" repositories were settled, and it still went on\n")


def test_the_database_of_an_earlier_demo_is_left_alone(gitstars: Run, tmp_path: Path) -> None:
    (tmp_path / "stars.db").mkdir()

    done = gitstars("demo", "--path", str(tmp_path))

    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr
        == f"{tmp_path} holds the database of an earlier demo; remove it or choose another folder\n"
    )


def test_on_a_terminal_there_are_bars_and_a_table_and_what_keeps_running_is_there_until_ctrl_c(
    gitstars: Run, tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    health, admin = free_port(), free_port()
    command = [
        sys.executable,
        "-m",
        "gitstars",
        "demo",
        "--keep-running",
        "--path",
        str(tmp_path / "demo"),
    ]
    ports = ["--health-port", str(health), "--admin-port", str(admin)]
    terminal = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(
        [*command, *ports], stdin=theirs, stdout=theirs, stderr=theirs, env=terminal
    ) as process:
        os.close(theirs)
        shown = b""
        while b"Ctrl+C stops it" not in shown:
            try:
                shown += tp_read(ours, 65536)
            except OSError:
                pytest.fail(f"the demo ended: {shown[-2000:].decode(errors='replace')}")
        alive = urllib.request.urlopen(f"http://127.0.0.1:{health}/livez").status
        stats = gitstars("stats", "--json", "--url", f"http://127.0.0.1:{admin}")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) == 0
    os.close(ours)

    assert "━".encode() in shown
    assert b"REST points left" in shown
    assert b"GraphQL points left" in shown
    assert b"restricted" in shown
    assert f"http://127.0.0.1:{admin}/".encode() in shown
    assert alive == 200
    assert json.loads(stats.stdout)["repositories"]["restricted"] == restricted(make_data())


def test_the_demo_holds_every_kind_of_repository() -> None:
    data = make_data()

    repositories = data.scenario.repositories
    assert {r.fate for r in repositories} == {"ok", "deleted", "blocked", "disabled"}
    assert max(r.stars for r in repositories) > 40_000
    assert {r.stars for r in repositories} >= {0, 1, 100, 101}
    assert any(r.renamed_from for r in repositories)
    assert any(r.ghost_every for r in repositories)
    assert sum(r.face is None for r in repositories) > len(repositories) / 2
    listable = listable_ids(data)
    assert 0 < len(listable) < restricted(data)
    assert {r.face for r in repositories if r.id not in listable} >= {
        None,
        "permission",
        "integration",
        "token",
        "empty",
        "not_found",
    }
    assert 250 <= data.repositories == len({r.id for r in repositories})
    shared = [
        key for listed in data.starred.values() for key in {repository.key for repository in listed}
    ]
    assert len(shared) > data.repositories


@pytest.mark.parametrize(
    ("ending", "code", "words"),
    [
        (Ending.MOVING, 0, "60 s were not enough on this machine: 7 of 9 repositories"),
        (Ending.STILL, 1, "not settled within 60 s: 7 of 9 repositories were settled, and nothing"),
        (Ending.ASKED, 130, "stopped before everything was settled: 7 of 9"),
    ],
)
def test_an_end_before_everything_is_settled_says_how_far_it_is(
    ending: Ending, code: int, words: str
) -> None:
    assert ending.code == code
    assert words in explain_ending(ending, 7, 9, 60)
