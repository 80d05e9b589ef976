"""Claims that nobody works on any more go back, and those in hand stay."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from gitstars.app import App
from gitstars.config import DatabaseConfig
from gitstars.simulator.scenario import make_scenario
from gitstars.store.database import Database, record
from gitstars.supervise.instance import Instance
from tests.harness import NO_LIMITS, Flow, SurrealServer


def claim_by_hand(database: Database, name: str, owner: str) -> None:
    database.run(
        """
        INSERT IGNORE INTO repo {id: $repo};
        UPSERT $row SET repo = $repo, status = 'processing', claimed_by = $owner,
            claimed_at = time::now(),
            lease_expires_at = time::now() + 1h;
        """,
        row=record("repo_processing_status", name),
        repo=record("repo", name),
        owner=owner,
    )


def owner_of_an_ended_process() -> str:
    """What a process of this machine named its claim that runs no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    host, machine, boot, namespace, *_ = Instance().owner().split(":")
    return f"{host}:{machine}:{boot}:{namespace}:{process.pid}:1:abcd:1"


def status_of(run: Flow, name: str) -> tuple[Any, Any]:
    row = run.rows()[name]
    return row["status"], row.get("claimed_by")


@pytest.mark.both_engines
def test_claims_of_a_dead_predecessor_are_taken_up_at_the_start_and_others_are_left_to_their_lease(
    flow: Callable[..., Flow],
) -> None:
    run = flow(make_scenario([150, 250], limits=NO_LIMITS, population=5000))
    dead, elsewhere = (place.full_name for place in run.scenario.repositories)
    claim_by_hand(run.database, dead, owner_of_an_ended_process())
    claim_by_hand(run.database, elsewhere, "another-machine:1:abcd:1")

    run.start()
    run.wait_idle()

    assert status_of(run, dead) == ("completed", None)
    # The lock on an embedded path proves that no other server is there, wherever it ran.
    is_alone = run.database.is_embedded
    assert status_of(run, elsewhere) == (
        ("completed", None) if is_alone else ("processing", "another-machine:1:abcd:1")
    )


@pytest.mark.both_engines
def test_a_claim_of_ours_that_could_not_be_settled_goes_back_with_the_next_heartbeat(
    flow: Callable[..., Flow],
) -> None:
    slow = make_scenario([900] * 4, limits=NO_LIMITS, population=5000)
    run = flow(slow)
    run.github.control(
        "POST", "/rules", {"match": "GET */stargazers*page=3*", "effect": "hang", "seconds": 20}
    )
    app: App = run.start()
    run.wait_until(
        lambda: sum(row["status"] == "processing" for row in run.rows().values()) == 4,
        "all are in hand",
    )
    held = {name: row["claimed_by"] for name, row in run.rows().items()}
    claim_by_hand(app.database, "org/left-behind", f"{app.instance.prefix}999")
    claim_by_hand(app.database, "org/of-another", f"elsewhere:{os.getpid()}:abcd:999")

    app.keep_leases()

    assert status_of(run, "org/left-behind") == ("pending", None)
    assert status_of(run, "org/of-another")[0] == "processing"
    assert {name: row["claimed_by"] for name, row in run.rows().items() if name in held} == held


@pytest.mark.both_engines
def test_a_running_server_gives_back_the_claims_of_one_that_died_but_not_its_own(
    flow: Callable[..., Flow],
) -> None:
    run = flow(make_scenario([5], limits=NO_LIMITS, population=5000))
    app = run.start()
    run.wait_idle()
    claim_by_hand(app.database, "org/of-the-dead", owner_of_an_ended_process())
    claim_by_hand(app.database, "org/mine", f"{app.instance.prefix}999")

    app.give_back_claims()

    assert status_of(run, "org/of-the-dead") == ("pending", None)
    assert status_of(run, "org/mine")[0] == "processing"


@pytest.fixture
def lasting_server(
    surreal_program: str | None, tmp_path: Path, require: Callable[[bool, str], None]
) -> Iterator[SurrealServer]:
    """A database server of this test's own, which keeps its data when it is started again."""
    require(surreal_program is not None, "a SurrealDB server (set SURREAL_BIN)")
    assert surreal_program is not None
    server = SurrealServer(surreal_program, f"surrealkv://{tmp_path}/stars.db")
    yield server
    server.kill()


def set_password(config: DatabaseConfig, password: str) -> None:
    """The user of the server has another password from now on."""
    database = Database(config)
    database.open()
    database.run(f"DEFINE USER OVERWRITE root ON ROOT PASSWORD '{password}' ROLES OWNER")
    database.close()


def test_what_could_not_be_settled_while_the_password_was_wrong_is_settled_afterwards(
    flow: Callable[..., Flow], lasting_server: SurrealServer
) -> None:
    config = DatabaseConfig(
        url=lasting_server.url, user="root", password="root", connection_timeout_seconds=2
    )
    slow = structs.replace(NO_LIMITS, latency_seconds=0.2)
    run = flow(make_scenario([900] * 6, limits=slow, population=5000), database=config)
    app = run.start()
    run.wait_until(lambda: app.events.totals["pages.stored"] >= 2, "lists are in hand")

    set_password(config, "another one")
    lasting_server.kill()
    lasting_server.start()
    run.wait_until(lambda: len(app.engine.ends.owners) > 0, "settlements fail")
    set_password(structs.replace(config, password="another one"), "root")
    run.wait_until(lambda: not app.engine.ends.owners, "they are written")
    run.database.run_retrying("RETURN 1", patience_seconds=30)
    run.wait_until(lambda: run.stored() == run.truth(), "everything is stored")
    run.wait_idle()

    rows = run.rows().values()
    assert {(row["status"], row.get("claimed_by")) for row in rows} == {("completed", None)}
    assert not any(row["error_count"] for row in rows)


def test_a_stop_gives_back_what_the_database_does_not_let_settle(flow: Callable[..., Flow]) -> None:
    run = flow(make_scenario([150, 250], limits=NO_LIMITS, population=5000))
    run.database.run(
        "DEFINE EVENT refusing ON repo_processing_status WHEN $after.status = 'completed' "
        "THEN { THROW 'not in this test' }"
    )
    app = run.start()
    run.wait_until(lambda: len(app.engine.ends.owners) == 2, "both settlements fail")

    app.stop()

    rows = run.rows().values()
    assert [(row["status"], row.get("claimed_by")) for row in rows] == [("pending", None)] * 2
    assert run.stored() == run.truth()
