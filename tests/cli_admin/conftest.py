"""The admin commands as processes of their own."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gitstars.simulator.process import SimulatorProcess, start_process
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from tests.harness import free_port
from tests.waiting import PATIENCE_SECONDS

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is found from every folder, installed or not."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent.parent))


@pytest.fixture
def gitstars(tmp_path: Path) -> Run:
    """``gitstars("stats", "--json")`` in an empty folder."""

    def run(*arguments: str, timeout: float = PATIENCE_SECONDS) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "gitstars", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, text=True, timeout=timeout, capture_output=True
        )

    return run


@pytest.fixture
def github() -> Iterator[SimulatorProcess]:
    """A simulated GitHub with one account of each kind, each with a repository of its own."""
    names = {1000: "ada/engine", 1001: "grace/cobol", 1002: "edsger/path", 1003: "barbara/clu"}
    repositories = tuple(
        SimRepository(id=identity, full_name=name, stars=3) for identity, name in names.items()
    )
    accounts = (
        SimAccount(user_id=1, login="ada", token="gho_ada0000", owned=(1000,)),
        SimAccount(
            user_id=2, login="grace", token="gho_grace00", scopes=("read:user",), owned=(1001,)
        ),
        SimAccount(
            user_id=3,
            login="edsger",
            token="github_pat_edsger",
            kind="fine_grained",
            permissions={"metadata": "read"},
            owned=(1002,),
        ),
        SimAccount(
            user_id=5,
            login="barbara",
            token="github_pat_barbara",
            kind="fine_grained",
            permissions={"metadata": "read", "contents": "write"},
            owned=(1003,),
        ),
        SimAccount(user_id=8, login="alan", token="gho_alan000"),
    )
    process = start_process(
        Scenario(accounts=accounts, repositories=repositories, login_interval_seconds=1)
    )
    yield process
    process.stop()


@pytest.fixture
def home(tmp_path: Path, github: SimulatorProcess, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with a configuration that names the simulated GitHub and a database."""
    (tmp_path / "config.toml").write_text(
        f'[database]\nurl = "surrealkv://{tmp_path}/data/stars.db"\n'
        f'[github]\napi_url = "{github.url}"\ngraphql_url = "{github.graphql_url}"\n'
        f"[health]\nport = 0\n[admin]\nport = {free_port()}\n"
    )
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return tmp_path


@pytest.fixture
def serving(home: Path) -> Iterator["subprocess.Popen[str]"]:
    """``gitstars serve`` in that folder, up."""
    command = [sys.executable, "-m", "gitstars", "serve"]
    with subprocess.Popen(
        command, cwd=home, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "dashboard on" in line:
                break
        yield process
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)
