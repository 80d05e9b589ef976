"""The one-file binary as its users run it: it unpacks itself once, then commands, sentences, and a
server whose engine is the same program once more.
"""

import os
import re
import runpy
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gitstars import __version__
from tests.harness import free_port
from tests.waiting import PATIENCE_SECONDS, wait_until

Run = Callable[..., "subprocess.CompletedProcess[str]"]

BINARY = Path(__file__).parent.parent.parent / "dist" / "gitstars"


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


class Serving:
    """The binary at ``serve`` with an embedded database in a folder of its own; what it prints
    goes to a file.
    """

    def __init__(self, folder: Path) -> None:
        self.database = folder / "stars.db"
        self.url = f"surrealkv://{self.database}"
        self._output = folder / "output.txt"
        self._health = f"http://127.0.0.1:{(port := free_port())}"
        command = [
            str(BINARY),
            "serve",
            "--db-url",
            self.url,
            "--health-port",
            str(port),
            "--admin-port",
            "0",
        ]
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                command, cwd=folder, stdout=output, stderr=output, start_new_session=True
            )

    @property
    def printed(self) -> str:
        return self._output.read_text()

    @property
    def engine(self) -> int:
        """The process that holds the lock on the database; 0 while nobody does."""
        try:
            return int(self.database.with_name("stars.db.lock").read_text().split()[-1])
        except (FileNotFoundError, IndexError):
            return 0

    def ask(self, path: str) -> tuple[int, Any]:
        """Status and JSON of an answer of the health server; 0 while nobody answers."""
        try:
            with urllib.request.urlopen(self._health + path, timeout=PATIENCE_SECONDS) as answer:
                return answer.status, msgspec.json.decode(answer.read())
        except urllib.error.HTTPError as refusal:
            return refusal.code, msgspec.json.decode(refusal.read())
        except OSError:
            return 0, None

    def wait_ready(self) -> None:
        def is_ready() -> bool:
            assert self.process.poll() is None, self.printed
            return self.ask("/readyz")[0] == 200

        wait_until(is_ready, "the server is ready")

    def end(self) -> None:
        """Its group holds the server, which the engine follows."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is unpacked goes into a folder of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def built(require: Callable[[bool, str], None]) -> None:
    require(BINARY.is_file(), "dist/gitstars (make binary)")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """``run("config", "show")`` in an empty folder."""

    def start(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(BINARY), *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    return start


@contextmanager
def keep_serving(folder: Path) -> Iterator[Serving]:
    """A server that is ready; it never prints a traceback."""
    server = Serving(folder)
    try:
        server.wait_ready()
        yield server
        assert "Traceback" not in server.printed
    finally:
        server.end()


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """A server of this test's own."""
    with keep_serving(tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def shared(cache: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving | None]:
    """A server for tests that leave it as it is, since each start takes a second or two; None
    where nothing was built.
    """
    if not BINARY.is_file():
        yield None
        return
    with keep_serving(tmp_path_factory.mktemp("shared")) as server:
        yield server


def test_the_version_is_told(run: Run) -> None:
    done = run("--version")

    day = r"\d{4}-\d\d-\d\d"
    commit = rf"(commit [0-9a-f]{{10,}} of {day}, )?"
    told = rf"gitstars {re.escape(__version__)} \({commit}built {day}\)\n"
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(told, done.stdout)


def test_help_names_the_commands(run: Run) -> None:
    done = run("--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert {"serve", "demo", "stats", "reprocess", "doctor", "simulate"} <= set(done.stdout.split())


def test_the_settings_are_shown_without_secrets(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_API_KEY", "opensesame-opensesame")

    done = run(
        "config", "show", "--db-url", "ws://h", "--db-user", "joe", "--db-pass", "opensesame"
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "ws://h" in done.stdout
    assert done.stdout.count("***") == 2
    assert "sesame" not in done.stdout


def test_a_mistake_in_the_configuration_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[github]\npage_size = 250\n")

    done = run("serve")

    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        "config.toml: github.page_size must be 1-100, got 250\n",
    )


def test_a_server_lives_and_is_healthy(shared: Serving) -> None:
    alive, (status, health) = shared.ask("/livez"), shared.ask("/health")

    assert alive == (200, {"status": "alive"})
    assert (status, health["status"], health["version"], health["database"]["reachable"]) == (
        200,
        "healthy",
        __version__,
        True,
    )


def test_the_engine_is_the_binary_itself_in_a_process_of_its_own(shared: Serving) -> None:
    engine = shared.engine

    program = Path(f"/proc/{engine}/exe").resolve()
    assert program == Path(f"/proc/{parent_of(engine)}/exe").resolve()
    assert program.is_relative_to(os.environ["XDG_CACHE_HOME"])
    # The server takes the place of the file that was started: there is no process between.
    assert parent_of(engine) == shared.process.pid
    arguments = Path(f"/proc/{engine}/cmdline").read_text().split("\0")
    assert arguments[1:2] == ["engine-host"]
    assert shared.url in arguments


def test_a_second_server_on_the_same_path_is_refused(shared: Serving, run: Run) -> None:
    done = run("serve", "--db-url", shared.url, "--health-port", "0", "--admin-port", "0")

    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(
        rf"{shared.database} is in use by another gitstars server [^\n]*\n", done.stderr
    )
    assert shared.ask("/readyz")[0] == 200


def test_a_server_that_is_killed_takes_its_engine_along(serving: Serving) -> None:
    engine = serving.engine

    serving.process.kill()

    wait_until(lambda: not is_running(engine), "the engine ended")
    assert serving.process.wait(PATIENCE_SECONDS) != 0


def test_a_cleaned_temporary_folder_is_borne(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    with keep_serving(tmp_path) as server:
        shutil.rmtree(temporary)

        assert server.ask("/health")[1]["status"] == "healthy"


def unpack(home: Path, **changes: str) -> "subprocess.CompletedProcess[str]":
    """``--version`` of the binary with this environment alone."""
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(home), **changes}
    return subprocess.run(
        [str(BINARY), "--version"],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@pytest.mark.parametrize("where", ["cache", "home", "temporary", "not a whole path"])
def test_it_is_unpacked_once_where_that_may_be(tmp_path: Path, where: str) -> None:
    changes = {
        "cache": {"XDG_CACHE_HOME": str(tmp_path / "cache")},
        "home": {"HOME": str(tmp_path), "XDG_CACHE_HOME": ""},
        "temporary": {"HOME": "/dev/null"},
        "not a whole path": {"XDG_CACHE_HOME": "cache", "HOME": str(tmp_path)},
    }[where]
    folders = {"cache": "cache/gitstars", "temporary": f"gitstars-{os.getuid()}"}
    folder = tmp_path / folders.get(where, ".cache/gitstars")

    first, again = unpack(tmp_path, **changes), unpack(tmp_path, **changes)

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == again.stdout
    (build,) = folder.iterdir()
    assert (build / "gitstars").is_file()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_of_several_that_unpack_at_once_each_runs(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(tmp_path)}
    command = [str(BINARY), "--version"]
    several = [
        subprocess.Popen(command, env=environment, text=True, stdout=-1, stderr=-1)
        for _ in range(4)
    ]

    told = [one.communicate(timeout=PATIENCE_SECONDS) for one in several]

    assert {(one.returncode, err) for one, (_, err) in zip(several, told, strict=True)} == {(0, "")}
    assert len({out for out, _ in told}) == 1
    assert len(list((tmp_path / "gitstars").iterdir())) == 1


def test_without_a_folder_to_unpack_into_one_sentence_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")

    done = unpack(tmp_path, XDG_CACHE_HOME=str(blocked), HOME=str(blocked), TMPDIR=str(blocked))

    assert (done.returncode, done.stdout) == (2, "")
    assert "set XDG_CACHE_HOME" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_readme_names_a_glibc_that_suffices() -> None:
    told = re.search(r"glibc ([\d.]+)", (BINARY.parent.parent / "README.md").read_text())
    folder = BINARY.parent.parent / "build" / "program" / "gitstars"
    needed = runpy.run_path("packaging/pack.py")["oldest_glibc"](folder)

    assert told is not None
    assert [int(part) for part in needed.split(".")] <= [int(part) for part in told[1].split(".")]


def test_the_next_command_is_told_by_the_name_of_the_file(run: Run) -> None:
    done = run("completion", "bash")

    assert done.returncode == 0
    assert ".cache" not in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_of_its_processes_at_once_is_one_request_to_stop(
    serving: Serving, number: signal.Signals
) -> None:
    os.killpg(serving.process.pid, number)

    assert serving.process.wait(PATIENCE_SECONDS) == 0
    assert "stored 0 stars" in serving.printed.splitlines()[-1]


def test_an_engine_that_is_killed_is_replaced_and_answers(serving: Serving) -> None:
    killed = serving.engine

    os.kill(killed, signal.SIGKILL)

    wait_until(
        lambda: serving.engine not in (0, killed) and is_running(serving.engine),
        "another engine opened the database",
    )
    # Repositories are counted every few seconds; what is counted from now on was counted by the new
    # engine.
    counted_at = serving.ask("/health")[1]["counted_at"]
    wait_until(
        lambda: serving.ask("/health")[1]["counted_at"] not in (None, counted_at),
        "the new engine answers",
    )
    status, health = serving.ask("/health")
    assert (status, health["database"]["reachable"]) == (200, True)
    assert f"the embedded database's process {killed} ended" in serving.printed


def test_a_server_that_is_asked_to_stop_ends_with_its_engine(serving: Serving) -> None:
    engine = serving.engine

    serving.process.send_signal(signal.SIGTERM)
    # Three times what is promised: machines differ by so much.
    code = serving.process.wait(30)

    assert code == 0
    assert "stored 0 stars" in serving.printed.splitlines()[-1]
    wait_until(lambda: not is_running(engine), "the engine ended")
