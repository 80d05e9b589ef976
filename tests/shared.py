"""What the tests of a session share: one simulated GitHub and one embedded engine, each a process
that is started when the first test needs it.

A test gets a fresh scenario and a database of its own on them.
"""

import secrets
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from gitstars.config import DatabaseConfig
from gitstars.simulator.process import SimulatorProcess, start_process
from gitstars.simulator.scenario import Scenario
from gitstars.store.engine import EngineHost


class SharedProcesses:
    """Lends each of them to one test at a time."""

    def __init__(self) -> None:
        self._simulator: SimulatorProcess | None = None
        self._is_lent = False
        self._engine: EngineHost | None = None
        self._folder: Path | None = None

    def lend_simulator(self, scenario: Scenario) -> SimulatorProcess:
        """A simulated GitHub that holds ``scenario``: the shared one, or while another flow has
        that, one of its own.
        """
        if self._is_lent:
            return start_process(scenario)
        if self._simulator is None or self._simulator.process.poll() is not None:
            self._simulator = start_process(scenario)
        else:
            self._simulator.load(scenario)
        self._is_lent = True
        return self._simulator

    def take_back(self, simulator: SimulatorProcess) -> None:
        """The flow that had it is over."""
        if simulator is self._simulator:
            self._is_lent = False
        else:
            simulator.stop()

    def new_database(self) -> DatabaseConfig:
        """An empty database on the shared engine, which only this process reaches."""
        if self._engine is None:
            self._folder = Path(tempfile.mkdtemp(prefix="gitstars-tests-"))
            self._engine = EngineHost(f"surrealkv://{self._folder}/stars.db", b"")
            self._engine.open()
        return DatabaseConfig(url=self._engine.url, namespace=f"test_{secrets.token_hex(6)}")

    def engine_of(self, config: DatabaseConfig) -> EngineHost | None:
        """The shared engine, when ``config`` is a database on it."""
        return self._engine if self._engine and self._engine.url == config.url else None

    def close(self) -> None:
        """End both processes."""
        if self._simulator is not None:
            with suppress(OSError):
                self._simulator.stop()
        if self._engine is not None and self._folder is not None:
            self._engine.close()
            shutil.rmtree(self._folder)


#: One for the process that runs the tests; ``conftest`` closes it.
SHARED = SharedProcesses()
