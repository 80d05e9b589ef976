"""A whole gitstars with its health and admin servers, called over sockets."""

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from gitstars.app import App
from gitstars.config import AdminConfig, DatabaseConfig, HealthConfig
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from gitstars.store import lifecycle
from tests.harness import Flow, free_port
from tests.waiting import PATIENCE_SECONDS

KEY = "an admin key of tests"


@dataclass(frozen=True)
class Answer:
    """One answer, read whole."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def code(self) -> str:
        """The code of an error."""
        code: str = self.json["error"]["code"]
        return code


@dataclass
class Caller:
    """Calls a server on this machine."""

    port: int
    key: str = ""

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """``body`` is sent as JSON, bytes as they are; header names with underscores."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key:
            named = {"Authorization": f"Bearer {self.key}", **named}
        if body is not None and not isinstance(body, bytes):
            body, named = json.dumps(body).encode(), {"Content-Type": "application/json", **named}
        try:
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return Answer(
                answer.status,
                {name.lower(): value for name, value in answer.getheaders()},
                answer.read(),
            )
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self("POST", path, body, **headers)


@dataclass
class Served:
    """A running gitstars and its two servers."""

    flow: Flow
    app: App
    admin: Caller
    health: Caller


def small_world() -> Scenario:
    """Two accounts; one repository has stars of both, one may not be listed, one is large."""
    repositories = (
        SimRepository(id=1000, full_name="acme/engine", stars=3),
        SimRepository(id=1001, full_name="acme/tools", stars=130),
        SimRepository(id=1002, full_name="acme/reprocess", stars=2),
        SimRepository(id=1003, full_name="ünï/cöde.js", stars=1),
    )
    accounts = (
        SimAccount(
            user_id=1,
            login="ada",
            token="gho_ada0000",
            starred=(1000, 1001, 1002, 1003),
            owned=(1000, 1001, 1002),
        ),
        SimAccount(
            user_id=2, login="grace", token="gho_grace00", starred=(1000,), owns_starred=True
        ),
    )
    return Scenario(accounts=accounts, repositories=repositories)


@contextmanager
def start_served(
    database: DatabaseConfig, scenario: Scenario | None = None, settle: bool = True, **changes: Any
) -> Iterator[Served]:
    """A running gitstars; with ``settle`` once everything is collected and the first readings
    are taken.
    """
    flow = Flow(scenario or small_world(), database, **changes)
    try:
        health, admin = HealthConfig(port=free_port()), AdminConfig(port=free_port(), api_key=KEY)
        flow.config = msgspec.structs.replace(flow.config, health=health, admin=admin)
        app = flow.start()
        if settle:
            flow.wait_idle()
            app.snapshots.observe()
            flow.wait_until(lambda: is_counted(app), "the repositories are counted")
            app.snapshots.pulse.count_accounts()
        yield Served(flow, app, Caller(admin.port, KEY), Caller(health.port))
    finally:
        flow.close()


def is_counted(app: App) -> bool:
    """Whether what the server last counted is what the database holds."""
    app.snapshots.pulse.count()
    app.snapshots.forget()
    return app.snapshots.pulse.statuses == lifecycle.count_by_status(app.database)


Serve = Callable[..., Served]


@pytest.fixture
def served(shared_config: DatabaseConfig) -> Iterator[Serve]:
    """``served(scenario, settle=True)``"""
    with ExitStack() as stack:
        yield lambda *args, **changes: stack.enter_context(
            start_served(shared_config, *args, **changes)
        )
