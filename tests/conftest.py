"""What every test gets: a guard against hanging, and no configuration or data of whoever runs
the tests.
"""

import faulthandler
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gevent
import msgspec
import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key

from gitstars.config import Config, DatabaseConfig
from gitstars.simulator.scenario import Scenario
from gitstars.store import schema
from gitstars.store.database import Database
from gitstars.way_out import CA_VARIABLES
from tests.harness import Flow, Server, SurrealServer
from tests.shared import SHARED, SharedProcesses

#: A test that takes longer is taken for hanging (seconds), however slow the machine may be: waits
#: inside of tests notice much earlier that nothing moves. ``@pytest.mark.slow(seconds)`` grants
#: more.
GUARD_SECONDS = 300.0
#: ``make soak`` repeats so many times what ``make test`` does, at most.
SOAK_FACTOR = 10
#: After the gevent time-out, which a test that blocks the hub never sees, this much later all
#: stacks are shown and the run ends (seconds).
BLOCKED_SECONDS = 15.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--soak", action="store_true", help="many more kills, cycles and repositories: hours"
    )


@pytest.fixture
def soak(pytestconfig: pytest.Config) -> bool:
    """Whether this is ``make soak``, which repeats what ``make test`` does a few times."""
    return bool(pytestconfig.getoption("--soak"))


@contextmanager
def guard(item: pytest.Item) -> Iterator[None]:
    """End what hangs: first as a failure, and where no greenlet gets its turn any more by ending
    the process.
    """
    marker = item.get_closest_marker("slow")
    seconds = max(GUARD_SECONDS, float(marker.args[0]) if marker else 0.0)
    if item.config.getoption("--soak"):
        seconds *= SOAK_FACTOR
    # pytest keeps the real standard error there; ours is captured, and would be lost with the
    # process.
    stderr = item.config.stash[fault_handler_stderr_fd_key]
    faulthandler.dump_traceback_later(seconds + BLOCKED_SECONDS, file=stderr, exit=True)
    try:
        with gevent.Timeout(seconds, AssertionError(f"took longer than {seconds:g} s")):
            yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with guard(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with guard(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    with guard(item):
        return (yield)


@pytest.fixture(autouse=True)
def private_surroundings(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The data folder of this test, and no setting from outside."""
    way_out = (*CA_VARIABLES, "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
    for name in os.environ:
        if name.startswith(("DB_", "ADMIN_", "HEALTH_", "LOG_LEVEL")) or name.upper() in way_out:
            monkeypatch.delenv(name)
    folder = tmp_path_factory.mktemp("data")
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    return folder / "gitstars"


@pytest.fixture
def require() -> Callable[[bool, str], None]:
    """``require(is_there, what)`` skips the test without ``what`` on a laptop, and fails it
    under CI, where everything has to be there.
    """

    def check(is_there: bool, what: str) -> None:
        if not is_there:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what} is missing")

    return check


@pytest.fixture(scope="session")
def surreal_program() -> str | None:
    """The SurrealDB server's binary: ``$SURREAL_BIN``, else ``surreal`` on PATH."""
    named = os.environ.get("SURREAL_BIN")
    return str(Path(named).resolve()) if named else shutil.which("surreal")


@pytest.fixture(scope="session")
def surreal_server(surreal_program: str | None) -> Iterator[SurrealServer | None]:
    """One server for the whole session; tests use databases of their own on it."""
    if surreal_program is None:
        yield None
        return
    server = SurrealServer(surreal_program)
    yield server
    server.kill()


@pytest.fixture
def root_config(
    surreal_server: SurrealServer | None, require: Callable[[bool, str], None]
) -> DatabaseConfig:
    """An empty database on the real server, as its root sees it."""
    require(surreal_server is not None, "a SurrealDB server (set SURREAL_BIN)")
    assert surreal_server is not None
    return DatabaseConfig(
        url=surreal_server.url,
        user="root",
        password="root",
        namespace=f"test_{secrets.token_hex(6)}",
    )


@pytest.fixture
def server_config(root_config: DatabaseConfig) -> DatabaseConfig:
    """An empty database on the real server, as a user with the least rights sees it."""
    root = Database(root_config)
    root.open()
    root.run("DEFINE USER gitstars ON DATABASE PASSWORD 'gitstars' ROLES EDITOR")
    root.close()
    return msgspec.structs.replace(root_config, user="gitstars", password="gitstars")


@pytest.fixture(scope="session", autouse=True)
def shared_processes() -> Iterator[SharedProcesses]:
    """One simulated GitHub and one embedded engine for the whole session."""
    yield SHARED
    SHARED.close()


@pytest.fixture
def shared_config(shared_processes: SharedProcesses) -> DatabaseConfig:
    """An empty embedded database on the engine of the session, for this process only."""
    return shared_processes.new_database()


@pytest.fixture
def embedded_config(tmp_path: Path) -> DatabaseConfig:
    """An empty embedded database in a folder of its own, for other processes and for engines
    that die.
    """
    return DatabaseConfig(url=f"surrealkv://{tmp_path}/stars.db")


@pytest.fixture(params=["embedded", "server"])
def database_config(request: pytest.FixtureRequest) -> DatabaseConfig:
    """An empty database, on both engines in turn."""
    config: DatabaseConfig = request.getfixturevalue(f"{request.param}_config")
    return config


@pytest.fixture(params=["embedded", "server"])
def database(
    request: pytest.FixtureRequest, shared_processes: SharedProcesses
) -> Iterator[Database]:
    """An open database with the schema applied, on both engines in turn."""
    name = {"embedded": "shared_config", "server": "server_config"}[request.param]
    config: DatabaseConfig = request.getfixturevalue(name)
    opened = Database(config, engine=shared_processes.engine_of(config))
    opened.open()
    schema.apply(opened)
    yield opened
    opened.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Flows run on the embedded engine; those marked ``both_engines`` on a server too."""
    if "flow_config" in metafunc.fixturenames:
        is_marked = metafunc.definition.get_closest_marker("both_engines") is not None
        engines = ["embedded", "server"] if is_marked else ["embedded"]
        metafunc.parametrize("flow_config", engines, indirect=True)


@pytest.fixture
def flow_config(request: pytest.FixtureRequest) -> DatabaseConfig:
    """An empty database for a flow."""
    name = {"embedded": "shared_config", "server": "server_config"}[request.param]
    config: DatabaseConfig = request.getfixturevalue(name)
    return config


@pytest.fixture
def flow(flow_config: DatabaseConfig) -> Iterator[Callable[..., Flow]]:
    """``flow(scenario, github={...})``; on both engines in turn where the test is marked
    ``both_engines``. ``database``: another database than ``flow_config``.
    """
    opened: list[Flow] = []

    def make(scenario: Scenario, database: DatabaseConfig = flow_config, **changes: Any) -> Flow:
        opened.append(Flow(scenario, database, **changes))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Config], Server]]:
    """``serve(config)``: a server process that is not started yet, and killed at the end."""
    made: list[Server] = []

    def make(config: Config) -> Server:
        folder = tmp_path / f"server-{len(made)}"
        folder.mkdir()
        made.append(Server(folder, config))
        return made[-1]

    yield make
    for server in made:
        server.close()
