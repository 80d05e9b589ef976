"""The one door to SurrealDB: every statement is checked, values stay values, and what goes wrong
has a name, on both engines.
"""

import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.event import Event
from msgspec.structs import replace

from gitstars.clock import SystemClock
from gitstars.config import DatabaseConfig
from gitstars.errors import (
    ClaimLost,
    DatabaseError,
    DatabaseRefused,
    DatabaseTimeout,
    DatabaseUnavailable,
    QueryFailed,
    TransactionConflict,
    UsersMissing,
)
from gitstars.store.database import Database, record, seconds, to_datetime_or_none, to_epoch
from tests.harness import SurrealServer, free_port
from tests.waiting import PATIENCE_SECONDS, wait_until

Open = Callable[..., Any]
#: Written nowhere but into the configuration.
PASSWORD = "open-sesame-4711"
#: Texts that would do harm if they became part of a query.
TEXTS = (
    "it's",
    'she said "yes"',
    "'; DELETE note; --",
    '"; DELETE note; --',
    "x'}); DELETE note; //",
    "`tick` ⟨bracket⟩ ⟩",
    "$text",
    "C:\\new\\'",
    "two\nlines\t",
    "ö 🎉 \u202e",
    "note:1",
    "2024-01-01T00:00:00Z",
)


@pytest.fixture
def server_config(root_config: DatabaseConfig) -> DatabaseConfig:
    """Users are defined here, and statements that sleep: that takes all rights."""
    return root_config


class FixedClock(SystemClock):
    """Chance is always a half.

    It is asked for once a pause; ``was_asked`` tells of the first time.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.was_asked = Event()

    def random(self) -> float:
        self.asked += 1
        self.was_asked.set()
        return 0.5


class HurriedClock(FixedClock):
    """Six seconds go by with each pause."""

    def monotonic(self) -> float:
        return super().monotonic() + 6.0 * self.asked


class JumpingClock(SystemClock):
    """A clock that can be set forward."""

    def __init__(self) -> None:
        self.jumped = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.jumped


class ObservedDatabase(Database):
    """Writes down how long it was left alone between one ``run`` and the next (seconds)."""

    def __init__(self, settings: DatabaseConfig, clock: FixedClock) -> None:
        super().__init__(settings, clock)
        self.pauses: list[float] = []
        self._ended: float | None = None

    def run(self, query: str, **bindings: Any) -> list[Any]:
        if self._ended is not None:
            self.pauses.append(self._clock.monotonic() - self._ended)
        try:
            return super().run(query, **bindings)
        finally:
            self._ended = self._clock.monotonic()


class Watching:
    """A live query on ``account`` in a greenlet of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.told: list[tuple[str, Any, dict[str, Any]]] = []
        self.begun = 0
        self.stop = Event()
        self.greenlet = gevent.spawn(database.watch, "account", self.hear, self.stop, self.begin)
        wait_until(lambda: self.begun == 1, "the live query began")

    def begin(self) -> None:
        self.begun += 1

    def hear(self, notification: dict[str, Any]) -> None:
        values = {name: value for name, value in notification["result"].items() if name != "id"}
        self.told.append((notification["action"], notification["result"]["id"].id, values))

    def wait_for(self, count: int) -> None:
        wait_until(lambda: len(self.told) >= count, f"{count} changes were told")

    def end(self) -> None:
        self.stop.set()
        self.database.renew_live(0.0)
        self.greenlet.join(PATIENCE_SECONDS)
        assert self.greenlet.dead


def fail(database: Database, query: str) -> DatabaseError:
    """The error of a query that has to fail."""
    with pytest.raises(DatabaseError) as caught:
        database.run(query)
    return caught.value


@pytest.fixture
def connect() -> Iterator[Open]:
    """``connect(config, ...)``: another open database; what is left open is closed without
    waiting for what runs.
    """
    made: list[Database] = []

    def make(config: DatabaseConfig, kind: type[Database] = Database, **arguments: Any) -> Any:
        made.append(kind(config, **arguments))
        made[-1].open()
        return made[-1]

    yield make
    for database in made:
        database.close(0.1)


@pytest.fixture
def own_server(
    surreal_program: str | None, require: Callable[[bool, str], None], tmp_path: Path
) -> Iterator[SurrealServer]:
    """A server of this test's own, which keeps its data when it is killed and started again."""
    require(surreal_program is not None, "a SurrealDB server (set SURREAL_BIN)")
    assert surreal_program is not None
    server = SurrealServer(surreal_program, f"surrealkv://{tmp_path}/server.db")
    yield server
    server.kill()


@pytest.fixture
def own_config(own_server: SurrealServer) -> DatabaseConfig:
    return DatabaseConfig(url=own_server.url, user="root", password="root")


# Statements and values


def test_every_statement_has_its_result(database: Database) -> None:
    results = database.run("RETURN 1; RETURN 'two'; LET $three = 3; RETURN [$three];")

    assert results == [1, "two", None, [3]]


def test_a_statement_that_fails_is_an_error_wherever_it_stands(database: Database) -> None:
    database.run("CREATE note:1")

    errors = [
        fail(database, query)
        for query in (
            "CREATE note:1; RETURN 2; RETURN 3",
            "RETURN 1; CREATE note:1; RETURN 3",
            "RETURN 1; RETURN 2; CREATE note:1",
        )
    ]

    assert [(type(error), str(error)) for error in errors] == [
        (QueryFailed, "a record of table note exists already under the same id")
    ] * 3


def test_a_text_that_is_no_query_is_an_error_and_spoils_no_later_one(database: Database) -> None:
    error = fail(database, "SELECT FROM WHERE")

    assert isinstance(error, QueryFailed)
    assert database.run("RETURN 1") == [1]


def test_a_throw_inside_a_transaction_undoes_all_of_it(database: Database) -> None:
    database.run("CREATE note:1 SET text = 'before'")

    error = fail(
        database,
        (
            "BEGIN; UPDATE note:1 SET text = 'after'; CREATE note:2; THROW 'enough'; CREATE "
            "note:3; "
            "COMMIT;"
        ),
    )

    assert isinstance(error, QueryFailed)
    assert "enough" in str(error)
    assert database.run("SELECT * FROM note")[0] == [{"id": record("note", 1), "text": "before"}]


def test_a_broken_transaction_is_told_by_its_cause_and_undone(database: Database) -> None:
    database.run("CREATE note:1")

    error = fail(database, "BEGIN; CREATE note:2; CREATE note:1; CREATE note:3; COMMIT;")

    assert "exists already" in str(error)
    assert "not executed" not in str(error)
    assert database.run("SELECT VALUE id FROM note")[0] == [record("note", 1)]


def test_what_our_own_statements_throw_becomes_its_error(database: Database) -> None:
    thrown = [
        fail(database, f"BEGIN; LET $held = []; THROW '{words}'; COMMIT;")
        for words in ("claim lost", "users missing", "else")
    ]

    assert [type(error) for error in thrown] == [ClaimLost, UsersMissing, QueryFailed]


def test_bound_texts_stay_text_as_value_and_as_key(database: Database) -> None:
    database.run("CREATE note:1 SET text = 'bystander'")

    for text in TEXTS:
        database.run("CREATE $id SET text = $text", id=record("note", text), text=text)

    found = [
        database.run("SELECT VALUE text FROM $id", id=record("note", text))[0] for text in TEXTS
    ]
    assert found == [[text] for text in TEXTS]
    found = [
        database.run("SELECT VALUE id FROM note WHERE text = $text", text=text)[0] for text in TEXTS
    ]
    assert found == [[record("note", text)] for text in TEXTS]
    assert database.run("SELECT VALUE text FROM note:1")[0] == ["bystander"]
    assert database.run("RETURN count((SELECT id FROM note))") == [1 + len(TEXTS)]


def test_times_and_durations_arrive_as_they_were_meant(database: Database) -> None:
    at, nothing, later = database.run(
        "RETURN $at; RETURN $none; RETURN $at + $lease",
        at=to_datetime_or_none(1_700_000_000.25),
        none=None,
        lease=seconds(90.5),
    )

    assert (to_epoch(at), to_epoch(nothing), to_epoch(later)) == (
        1_700_000_000.25,
        None,
        1_700_000_090.75,
    )


# Transactions that meet


def test_a_conflict_that_never_ends_is_raised_after_some_seconds_of_growing_pauses(
    server_config: DatabaseConfig, connect: Open
) -> None:
    clock, rival = HurriedClock(), connect(server_config)
    database = connect(server_config, ObservedDatabase, clock=clock)
    database.run("CREATE counter:1 SET value = 0, mine = false")
    # The server itself goes through these one by one, so that no pause of this process leaves a
    # gap.
    rivalry = gevent.spawn(rival.run, "UPDATE counter:1 SET value += 1; SLEEP 2ms;" * 3000)
    wait_until(
        lambda: database.run("SELECT VALUE value FROM counter:1")[0][0] > 0, "the rival began"
    )
    database.pauses.clear()

    with pytest.raises(TransactionConflict):
        database.run_retrying("BEGIN; UPDATE counter:1 SET mine = true; SLEEP 100ms; COMMIT;")

    assert not rivalry.dead
    assert clock.asked == 3
    # Of 20, 40 and 80 ms a half is fixed and half of the other half is chance.
    pauses = database.pauses[-3:]
    assert [pause >= least for pause, least in zip(pauses, (0.015, 0.030, 0.060), strict=True)] == [
        True
    ] * 3
    assert database.run("SELECT VALUE mine FROM counter:1")[0] == [False]
    rivalry.kill()


def test_four_that_meet_all_succeed_and_no_update_is_lost(
    server_config: DatabaseConfig, connect: Open
) -> None:
    # Who fails met somebody's success. There are three others, so nobody fails more than three
    # times.
    clock = FixedClock()
    database = connect(server_config, clock=clock)
    database.run("CREATE counter:1 SET value = 0")
    increment = (
        "BEGIN; LET $old = (SELECT VALUE value FROM ONLY counter:1); SLEEP 50ms; UPDATE "
        "counter:1 SET value = $old + 1; COMMIT;"
    )

    contenders = [gevent.spawn(database.run_retrying, increment) for _ in range(4)]
    gevent.joinall(contenders, raise_error=True)

    assert clock.asked > 0
    assert database.run("SELECT VALUE value FROM counter:1")[0] == [4]


def test_of_very_many_that_meet_each_succeeds(server_config: DatabaseConfig, connect: Open) -> None:
    database = connect(replace(server_config, pool_max_size=16), clock=FixedClock())
    database.run("CREATE counter:1 SET value = 0")
    increment = (
        "BEGIN; LET $old = (SELECT VALUE value FROM ONLY counter:1); SLEEP 20ms; UPDATE "
        "counter:1 SET value = $old + 1; COMMIT;"
    )

    contenders = [gevent.spawn(database.run_retrying, increment) for _ in range(16)]
    gevent.joinall(contenders, raise_error=True)

    assert database.run("SELECT VALUE value FROM counter:1")[0] == [16]


def test_a_conflict_that_is_tried_again_is_told_at_debug_only(
    server_config: DatabaseConfig, connect: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="gitstars.store")
    database = connect(server_config)
    database.run("CREATE counter:1 SET value = 0")
    increment = "BEGIN; UPDATE counter:1 SET value += 1; SLEEP 50ms; COMMIT;"

    contenders = [gevent.spawn(database.run_retrying, increment) for _ in range(4)]
    gevent.joinall(contenders, raise_error=True)

    told = [record for record in caplog.records if "met another one" in record.message]
    assert {record.levelno for record in told} == {logging.DEBUG}


# A database that goes away


def test_a_server_that_is_killed_during_a_query_is_unavailable(
    own_server: SurrealServer, own_config: DatabaseConfig, connect: Open
) -> None:
    database, witness = connect(own_config), connect(own_config)
    database.run("DEFINE TABLE note")
    running = gevent.spawn(fail, database, "CREATE note:1; SLEEP 20s")
    wait_until(lambda: witness.run("SELECT VALUE id FROM note") != [[]], "the query is at work")

    own_server.kill()

    error = running.get(timeout=PATIENCE_SECONDS)
    assert isinstance(error, DatabaseUnavailable)
    assert own_config.url.removeprefix("ws://") in str(error)
    assert not database.is_up


def test_a_server_that_is_killed_between_queries_is_unavailable(
    own_server: SurrealServer, own_config: DatabaseConfig, connect: Open
) -> None:
    database = connect(own_config)

    own_server.kill()

    errors = [fail(database, "RETURN 1") for _ in range(4)]
    assert {type(error) for error in errors} == {DatabaseUnavailable}
    assert not database.is_up


def test_patience_outlasts_a_server_that_is_started_again(
    own_server: SurrealServer, own_config: DatabaseConfig, connect: Open
) -> None:
    clock = FixedClock()
    database = connect(own_config, clock=clock)
    database.run("CREATE note:1")
    own_server.kill()
    write = gevent.spawn(database.run_retrying, "UPSERT note:2; RETURN 'written';", 25.0)
    assert clock.was_asked.wait(PATIENCE_SECONDS)

    own_server.start()

    assert write.get(timeout=PATIENCE_SECONDS)[-1] == "written"
    assert database.run("SELECT VALUE id FROM note")[0] == [record("note", 1), record("note", 2)]
    assert database.is_up


def test_patience_that_ran_out_is_told(
    own_server: SurrealServer, own_config: DatabaseConfig, connect: Open
) -> None:
    clock = FixedClock()
    database = connect(own_config, clock=clock)
    own_server.kill()

    with pytest.raises(DatabaseUnavailable):
        database.run_retrying("RETURN 1")
    asked_without_patience = clock.asked
    with pytest.raises(DatabaseUnavailable):
        database.run_retrying("RETURN 1", patience_seconds=0.2)

    assert asked_without_patience == 0
    assert clock.asked > 0


def test_an_embedded_engine_that_is_killed_is_unavailable_and_comes_back_with_its_data(
    embedded_config: DatabaseConfig, connect: Open
) -> None:
    database = connect(embedded_config)
    database.run("CREATE note:1")
    running = gevent.spawn(fail, database, "SLEEP 20s")
    wait_until(lambda: database.pool_state().in_use == 1, "the query is on its way")
    assert database.engine is not None

    database.engine.kill()

    assert isinstance(running.get(timeout=PATIENCE_SECONDS), DatabaseUnavailable)
    assert not database.is_up
    assert database.run_retrying("SELECT VALUE id FROM note", 20.0) == [[record("note", 1)]]
    assert database.engine.restarts == 1


@pytest.mark.parametrize("form", ["ws://{}", "ws://{}/", "ws://{}/rpc", "http://{}", "http://{}/"])
def test_a_server_is_reached_by_every_form_of_its_address(
    server_config: DatabaseConfig, connect: Open, form: str
) -> None:
    config = replace(server_config, url=form.format(server_config.url.removeprefix("ws://")))

    database = connect(config)

    assert database.run("RETURN 1") == [1]


@pytest.mark.parametrize("level", ["NAMESPACE", "DATABASE"])
def test_users_of_a_namespace_or_a_database_sign_in(
    server_config: DatabaseConfig, connect: Open, level: str
) -> None:
    connect(server_config).run(f"DEFINE USER somebody ON {level} PASSWORD 'something' ROLES EDITOR")

    database = connect(replace(server_config, user="somebody", password="something"))

    assert database.run("CREATE note:1; SELECT VALUE id FROM note")[1] == [record("note", 1)]


def test_who_does_not_sign_in_is_refused(server_config: DatabaseConfig) -> None:
    with pytest.raises(DatabaseRefused, match="right"):
        Database(replace(server_config, user="", password="")).open()


# The pool


def test_who_finds_no_free_connection_waits_for_one(
    database_config: DatabaseConfig, connect: Open
) -> None:
    database = connect(replace(database_config, pool_max_size=2, pool_min_idle=0))

    greenlets = [
        gevent.spawn(database.run, query)
        for query in ("SLEEP 200ms", "SLEEP 200ms", "RETURN 'third'")
    ]
    gevent.sleep(0)

    state = database.pool_state()
    assert (state.maximum, state.in_use, state.waiting) == (2, 2, 1)
    assert greenlets[2].get(timeout=PATIENCE_SECONDS) == ["third"]
    gevent.joinall(greenlets, timeout=PATIENCE_SECONDS, raise_error=True)
    state = database.pool_state()
    assert (state.idle, state.in_use, state.waiting) == (2, 0, 0)


def test_who_waits_too_long_for_a_connection_is_told_the_numbers(
    server_config: DatabaseConfig, connect: Open
) -> None:
    database = connect(
        replace(server_config, pool_max_size=2, pool_min_idle=0, connection_timeout_seconds=1.0)
    )
    holders = [gevent.spawn(database.run, "SLEEP 10s") for _ in range(2)]
    gevent.sleep(0)

    error = fail(database, "RETURN 1")

    assert isinstance(error, DatabaseTimeout)
    assert str(error) == "all 2 database connections were busy for 1 s"
    assert database.pool_state().waiting == 0
    gevent.killall(holders)


def test_as_many_connections_as_configured_stay_open(
    database_config: DatabaseConfig, connect: Open
) -> None:
    database = connect(replace(database_config, pool_max_size=5, pool_min_idle=3))

    state = database.pool_state()

    assert (state.maximum, state.idle, state.in_use, state.waiting) == (5, 3, 0, 0)


def test_connections_that_nobody_used_for_a_minute_are_closed_but_for_the_least_number(
    server_config: DatabaseConfig, connect: Open
) -> None:
    clock = JumpingClock()
    settings = replace(server_config, pool_max_size=5, pool_min_idle=2)
    database = connect(settings, clock=clock)
    gevent.joinall([gevent.spawn(database.run, "SLEEP 100ms") for _ in range(5)], raise_error=True)
    idle_at_first = database.pool_state().idle
    database.run("RETURN 1")
    idle_soon = database.pool_state().idle

    clock.jumped = 61.0
    database.run("RETURN 1")

    assert (idle_at_first, idle_soon, database.pool_state().idle) == (5, 5, 2)
    assert database.run("RETURN 1") == [1]


# Live queries


def test_a_live_query_tells_of_what_is_created_changed_and_deleted(
    server_config: DatabaseConfig, connect: Open
) -> None:
    database = connect(server_config)
    database.run("DEFINE TABLE account; DEFINE TABLE other; CREATE account:early")
    watching = Watching(database)

    # One after the other is told: the server keeps no order among changes that follow each other at
    # once.
    for count, change in enumerate(
        ("CREATE account:a SET n = 1", "UPDATE account:a SET n = 2", "DELETE account:a"), start=1
    ):
        database.run(f"CREATE other:{count}; {change}")
        watching.wait_for(count)

    assert watching.told == [
        ("CREATE", "a", {"n": 1}),
        ("UPDATE", "a", {"n": 2}),
        ("DELETE", "a", {"n": 2}),
    ]
    assert watching.begun == 1
    watching.end()


def test_a_live_query_begins_again_after_the_server_was_restarted(
    own_server: SurrealServer, own_config: DatabaseConfig, connect: Open
) -> None:
    database = connect(own_config)
    database.run("DEFINE TABLE account")
    watching = Watching(database)

    own_server.kill()
    own_server.start()

    wait_until(lambda: watching.begun == 2, "the live query began again")
    database.run_retrying("CREATE account:late SET n = 1", 10.0)
    watching.wait_for(1)
    assert watching.told == [("CREATE", "late", {"n": 1})]
    watching.end()


def test_a_silent_live_query_is_opened_anew(server_config: DatabaseConfig, connect: Open) -> None:
    database = connect(server_config)
    database.run("DEFINE TABLE account")
    watching = Watching(database)

    renewed = (database.renew_live(3600.0), database.renew_live(0.0))

    assert renewed == (0, 1)
    wait_until(lambda: watching.begun == 2, "the live query began again")
    database.run("CREATE account:late SET n = 1")
    watching.wait_for(1)
    assert watching.told == [("CREATE", "late", {"n": 1})]
    watching.end()


def test_the_embedded_engine_has_no_live_queries_and_a_server_has(
    embedded_config: DatabaseConfig, server_config: DatabaseConfig
) -> None:
    assert (Database(embedded_config).can_watch, Database(server_config).can_watch) == (False, True)


# Secrets


def sign_in_in_vain(config: DatabaseConfig) -> None:
    Database(replace(config, password=PASSWORD)).open()


def sign_in_as_nobody(config: DatabaseConfig) -> None:
    Database(replace(config, user="nobody", password=PASSWORD)).open()


def knock_where_nobody_is(config: DatabaseConfig) -> None:
    Database(replace(config, url=f"ws://127.0.0.1:{free_port()}", password=PASSWORD)).open(
        wait_seconds=0.1
    )


def overstep(config: DatabaseConfig) -> None:
    run_as_viewer(config, "DEFINE TABLE note")


def misspell(config: DatabaseConfig) -> None:
    run_as_viewer(config, "SELECT FROM WHERE")


def run_as_viewer(config: DatabaseConfig, query: str) -> None:
    root, viewer = Database(config), Database(replace(config, user="viewer", password=PASSWORD))
    root.open()
    root.run(f"DEFINE USER viewer ON DATABASE PASSWORD '{PASSWORD}' ROLES VIEWER")
    root.close()
    viewer.open()
    try:
        viewer.run(query)
    finally:
        viewer.close()


@pytest.mark.parametrize(
    ("provoke", "expected"),
    [
        (sign_in_in_vain, DatabaseRefused),
        (sign_in_as_nobody, DatabaseRefused),
        (knock_where_nobody_is, DatabaseUnavailable),
        (overstep, DatabaseRefused),
        (misspell, QueryFailed),
    ],
)
def test_no_error_and_no_log_line_holds_the_password(
    server_config: DatabaseConfig,
    caplog: pytest.LogCaptureFixture,
    provoke: Callable[[DatabaseConfig], None],
    expected: type[DatabaseError],
) -> None:
    caplog.set_level(logging.DEBUG)

    with pytest.raises(DatabaseError) as caught:
        provoke(server_config)

    assert type(caught.value) is expected
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))
    assert PASSWORD not in caplog.text
