"""Accounts that appear: their repositories come in batches, late or never, or while nobody could
tell of them.
"""

from collections.abc import Callable, Iterator

import gevent
import msgspec
import pytest
from gevent.server import StreamServer
from gevent.socket import create_connection, socket

from gitstars.config import DatabaseConfig
from gitstars.errors import DatabaseError
from gitstars.events import Happening, Listener
from gitstars.model import Repository
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from gitstars.store import schema, seeding
from gitstars.store.database import Database
from tests.harness import NO_LIMITS, Flow, SurrealServer
from tests.waiting import PATIENCE_SECONDS

PLACES = tuple(
    SimRepository(id=1000 + n, full_name=f"org/repo-{n}", stars=n % 5 + 1) for n in range(250)
)
BOB = SimAccount(
    user_id=2, login="bob", token="gho_bob", starred=tuple(place.id for place in PLACES)
)
#: Lists are open to everyone: what an account owns would be found without its stars.
WORLD = Scenario(
    accounts=(BOB,),
    repositories=PLACES,
    limits=NO_LIMITS,
    restriction="none",
    population=5000,
)


def discover(run: Flow, **settings: float) -> None:
    run.config = msgspec.structs.replace(
        run.config, discover=msgspec.structs.replace(run.config.discover, **settings)
    )


def star(run: Flow, places: tuple[SimRepository, ...]) -> None:
    seeding.star(
        run.database,
        BOB.login,
        [Repository(p.full_name, p.full_name, p.id, p.stars) for p in places],
    )


def iter_events(listener: Listener) -> Iterator[Happening]:
    """Events as they come; ends after 20 s without any."""
    while taken := listener.take(PATIENCE_SECONDS):
        yield from taken


@pytest.mark.both_engines
def test_repositories_that_come_in_batches_are_waited_for(flow: Callable[..., Flow]) -> None:
    run = flow(WORLD, signed_in=0)
    discover(run, stable_seconds=2.0)
    app = run.start()

    with app.events.listen() as listener:
        run.sign_in(BOB, app.database)
        queued = next(event for event in iter_events(listener) if event.kind == "account.queued")

    assert (queued.data["user"], queued.data["repositories"]) == (2, 250)
    run.wait_until(lambda: run.stored() == run.truth(), "all is stored")


def test_an_account_whose_repositories_come_late_is_looked_at_again(
    flow: Callable[..., Flow],
) -> None:
    run = flow(WORLD, signed_in=0)
    discover(run, stable_timeout_seconds=1.0, scan_seconds=1.0)
    app = run.start()
    seeding.sign_in(app.database, BOB.user_id, BOB.login, BOB.token)
    run.wait_until(
        lambda: bool(app.watcher.accounts) and not app.watcher.is_anyone_arriving,
        "the waiting has ended without repositories",
    )

    star(run, PLACES[:30])

    run.wait_until(
        lambda: set(run.stored()) == {place.full_name for place in PLACES[:30]},
        "what came late is stored",
    )


def is_there(database: Database) -> bool:
    """Whether the schema is; without its tables the question is refused."""
    try:
        return schema.read_version(database) == len(schema.STEPS)
    except DatabaseError:
        return False


class Wire:
    """A way to a server that can be cut and mended."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._ends: list[socket] = []
        self._server = StreamServer(("127.0.0.1", 0), self._carry)
        self._server.start()
        self.port = int(self._server.server_port)
        self.is_cut = False

    def cut(self) -> None:
        self.is_cut = True
        for end in self._ends:
            end.close()

    def close(self) -> None:
        self.cut()
        self._server.stop()

    def _carry(self, near: socket, _: object) -> None:
        if self.is_cut:
            return
        far = create_connection(("127.0.0.1", self._target))
        self._ends += [near, far]
        gevent.joinall(
            [gevent.spawn(self._pour, near, far), gevent.spawn(self._pour, far, near)], count=1
        )
        near.close()
        far.close()

    @staticmethod
    def _pour(source: socket, target: socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            return


@pytest.fixture
def wire(server_config: DatabaseConfig) -> Iterator[Wire]:
    made = Wire(int(server_config.url.rpartition(":")[2]))
    yield made
    made.close()


def test_an_account_that_came_while_the_database_was_out_of_reach_is_found_after_the_reconnect(
    server_config: DatabaseConfig, wire: Wire
) -> None:
    run = Flow(WORLD, server_config, signed_in=0)
    discover(run, scan_seconds=3600.0)
    run.config = msgspec.structs.replace(
        run.config,
        database=msgspec.structs.replace(
            server_config, url=f"ws://127.0.0.1:{wire.port}", connection_timeout_seconds=2.0
        ),
    )
    app = run.start()

    def is_told() -> bool:
        seeding.sign_in(run.database, 3, "eve", "gho_eve")
        return bool(app.watcher.accounts)

    run.wait_until(is_told, "changes are told")
    wire.cut()
    run.wait_until(lambda: not app.database.is_up, "it is cut off")

    run.sign_in(BOB)
    wire.is_cut = False

    run.wait_until(lambda: run.stored() == run.truth(), "the account that nobody told of is served")
    run.close()


def test_a_database_that_comes_back_empty_is_filled_anew(
    surreal_program: str | None, require: Callable[[bool, str], None]
) -> None:
    require(surreal_program is not None, "a SurrealDB server")
    assert surreal_program is not None
    server = SurrealServer(surreal_program)
    run = Flow(WORLD, DatabaseConfig(url=server.url, user="root", password="root"))
    discover(run, scan_seconds=3600.0)
    app = run.start()
    run.wait_until(lambda: run.stored() == run.truth(), "all is stored")

    server.kill()
    server.start()
    run.database.close()
    run.database = Database(run.config.database)
    run.database.open()
    run.wait_until(
        lambda: app.database.is_up and is_there(run.database), "the tables are there again"
    )
    run.sign_in(BOB)

    run.wait_until(lambda: run.stored() == run.truth(), "all is stored again")
    run.close()
    server.kill()


def test_an_embedded_database_in_memory_that_died_is_filled_anew() -> None:
    run = Flow(WORLD, DatabaseConfig(url="mem://"), signed_in=0)
    app = run.start()
    assert app.database.engine is not None
    run.sign_in(BOB, app.database)
    run.wait_until(lambda: run.stored() == run.truth(), "all is stored")

    app.database.engine.kill()
    run.wait_until(
        lambda: app.database.is_up and is_there(app.database), "the tables are there again"
    )
    run.sign_in(BOB, app.database)

    run.wait_until(lambda: run.stored() == run.truth(), "all is stored again")
    run.close()
