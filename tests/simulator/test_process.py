"""``gitstars simulate`` as a process of its own, and as a child that ends with its parent."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from gitstars.errors import GitstarsError
from gitstars.simulator.process import start_process
from gitstars.simulator.scenario import SimAccount, SimRepository, make_scenario
from tests.harness import free_port
from tests.simulator.conftest import ANN
from tests.simulator.conftest import make_scenario as make_small
from tests.waiting import PATIENCE_SECONDS, wait_until

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "gitstars", "simulate"]


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )


def is_running(pid: int) -> bool:
    """Whether there is such a process that has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_child_serves_its_scenario_until_it_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    github = start_process(
        make_small(SimRepository(id=77, full_name="a/b", stars=3), accounts=(ANN,))
    )

    stars = github.control("GET", "/truth/77")["stars"]
    github.stop()

    assert len(stars) == 3
    assert github.graphql_url == f"{github.url}/graphql"
    assert github.process.returncode == 0


def test_a_child_of_ten_thousand_repositories_starts_too() -> None:
    github = start_process(make_scenario([5] * 10_000))

    places = github.control("GET", "/truth")["repositories"]
    github.stop()

    assert len(places) == 10_000


def test_a_child_ends_when_its_parent_is_killed() -> None:
    program = (
        "from gitstars.simulator.process import start_process as s; from "
        "gitstars.simulator.scenario import default_scenario as d;"
    )
    program += "g = s(d()); print(g.process.pid, flush=True); import time; time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_running(pid)

    parent.kill()
    parent.wait()

    wait_until(lambda: not is_running(pid), "the simulated GitHub ended")


def test_a_child_that_cannot_start_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    github = start_process(make_scenario([1]))
    port = int(github.url.rpartition(":")[2])

    with pytest.raises(GitstarsError, match="exit code 2"):
        start_process(make_scenario([1]), port)

    github.stop()
    assert f"port {port} on 127.0.0.1 cannot be used" in capfd.readouterr().err


def test_a_scenario_that_python_did_not_check_is_no_traceback(
    capfd: pytest.CaptureFixture[str],
) -> None:
    wrong = make_small(SimRepository(id=1, full_name="a/b", stars=1, fate="sold"), accounts=())

    with pytest.raises(GitstarsError, match="exit code 2"):
        start_process(wrong)

    told = capfd.readouterr().err
    assert "fate" in told or "$.repositories" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_where_it_listens_and_ends_well(
    tmp_path: Path, number: signal.Signals
) -> None:
    account = SimAccount(user_id=1, login="ada", token="gho_ada")
    path = tmp_path / "scenario.json"
    path.write_bytes(msgspec.json.encode(make_small(accounts=(account,))))
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--scenario", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(3)]

    process.send_signal(number)

    assert process.wait(PATIENCE_SECONDS) == 0
    assert re.search(r"2 repositories listens on http://127\.0\.0\.1:\d+ ", lines[0])
    assert "token gho_ada is ada" in lines[1]


def test_a_taken_port_is_one_sentence() -> None:
    github = start_process(make_scenario([1]))
    port = github.url.rpartition(":")[2]

    done = run("--port", port)

    github.stop()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"port {port} on 127.0.0.1 cannot be used: Address already in use\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "70000"], "70000"),
        (["--scenario", "none.json"], "none.json: cannot be read: No such file or directory"),
        (["--scenario", "Makefile"], "Makefile: JSON is malformed"),
    ],
)
def test_misuse_is_a_sentence_and_exit_code_2(arguments: list[str], words: str) -> None:
    done = run(*arguments)

    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_the_help_is_complete() -> None:
    told = run("--help").stdout

    assert all(
        words in told
        for words in (
            "--port",
            "--scenario",
            "/_control/rules",
            "/_control/truth",
            "Exit codes",
            "captive_portal",
        )
    )
    assert "--child" not in told


def test_the_helps_scenario_works(tmp_path: Path) -> None:
    told = run("--help").stdout
    path = tmp_path / "scenario.json"
    path.write_text(told[told.index('{"accounts"') : told.index("Control routes")])

    process = subprocess.Popen(
        [*COMMAND, "--port", str(free_port()), "--scenario", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env=os.environ,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    process.terminate()
    process.wait()

    assert b"1 repositories" in line
