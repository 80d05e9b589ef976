"""The admin commands as processes of their own."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gitstars.simulator.process import SimulatorProcess, start_process
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
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
    """A simulated GitHub with one account of each kind."""
    repository = SimRepository(id=1000, full_name="acme/engine", stars=3)
    accounts = (
        SimAccount(user_id=1, login="ada", token="gho_ada0000", starred=(1000,)),
        SimAccount(
            user_id=2, login="grace", token="gho_grace00", scopes=("read:user",), starred=(1000,)
        ),
        SimAccount(
            user_id=3,
            login="edsger",
            token="github_pat_edsger",
            kind="fine_grained",
            starred=(1000,),
        ),
    )
    process = start_process(Scenario(accounts=accounts, repositories=(repository,)))
    yield process
    process.stop()
