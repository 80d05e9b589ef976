"""What the operator's calls do to the collecting: nothing is lost, and nothing
is done twice.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import gevent
import pytest

from gitstars.config import DatabaseConfig
from gitstars.model import Status
from gitstars.simulator.scenario import Scenario, SimAccount, SimLimits, SimRepository
from tests.harness import count_refetched
from tests.web.conftest import Served, small_world, start_served

Start = Callable[..., Served]


@pytest.fixture
def start(flow_config: DatabaseConfig) -> Iterator[Start]:
    """Like ``served``; on both engines where the test is marked so."""
    with ExitStack() as stack:
        yield lambda *args, **changes: stack.enter_context(
            start_served(flow_config, *args, **changes)
        )


def wait_status(running: Served, name: str, status: Status) -> dict[str, Any]:
    """Wait for a repository's status."""
    running.flow.wait_until(
        lambda: running.admin.get(f"/repos/{name}").json["status"] == status, f"{name} is {status}"
    )
    known: dict[str, Any] = running.admin.get(f"/repos/{name}").json
    return known


def slow_world() -> Scenario:
    """One repository of many pages, each slow to come."""
    repository = SimRepository(id=1000, full_name="acme/large", stars=1500)
    account = SimAccount(
        user_id=1, login="ada", token="gho_ada0000", starred=(1000,), owns_starred=True
    )
    limits = SimLimits(
        points_per_window=100_000, rest_points_per_minute=100_000, latency_seconds=0.3
    )
    return Scenario(accounts=(account,), repositories=(repository,), limits=limits)


@pytest.mark.both_engines
def test_reprocess_with_force_reads_the_list_again_and_changes_no_star(start: Start) -> None:
    running = start()
    before = running.flow.stored()

    queued = running.admin.post("/repos/acme/tools/reprocess", {"force": True})
    # It stays complete until a worker has it in hand, which may be so already.
    assert queued.status == 202
    assert queued.json["repo"]["status"] in ("completed", "processing")
    again = {(0, "/repos/acme/tools/stargazers"): 2}
    running.flow.wait_until(
        lambda: count_refetched(running.flow.github.asked()) == again, "the list was read again"
    )
    known = wait_status(running, "acme/tools", Status.COMPLETED)

    assert (known["processed_stargazers"], running.flow.stored()) == (130, before)


def test_reprocess_with_force_asks_again_where_github_refused(start: Start) -> None:
    running = start()

    assert running.admin.post("/repos/1003/reprocess", {"force": True}).status == 202

    running.flow.wait_idle()
    assert wait_status(running, "1003", Status.RESTRICTED)["next_retry_at"] is not None


def test_what_is_in_hand_is_neither_reprocessed_nor_reset(start: Start) -> None:
    running = start(slow_world(), settle=False)
    wait_status(running, "acme/large", Status.PROCESSING)

    answers = [
        running.admin.post(f"/repos/acme/large/{what}", {}) for what in ("reprocess", "reset")
    ]

    assert [answer.status for answer in answers] == [409, 409]
    assert "being collected" in answers[0].json["error"]["message"]


def test_reset_begins_anew(start: Start) -> None:
    running = start()
    before = running.flow.stored()
    running.admin.post("/pause")

    known = running.admin.post("/repos/acme%2Ftools/reset").json["repo"]
    assert (known["status"], known["processed_stargazers"], known["completed_at"]) == (
        "pending",
        0,
        None,
    )
    running.admin.post("/resume")

    wait_status(running, "acme/tools", Status.COMPLETED)
    assert running.flow.stored() == before


def test_a_cleared_queue_loses_nothing(start: Start) -> None:
    running = start(signed_in=0, settle=False)
    running.admin.post("/pause")
    database = running.app.database
    running.flow.wait_until(
        lambda: bool(database.live_queries) or not database.can_watch, "accounts are watched"
    )
    for account in running.flow.scenario.accounts:
        running.flow.sign_in(account)
    running.flow.wait_until(
        lambda: len(running.app.dispatcher) >= 4 and not running.app.watcher.is_anyone_arriving,
        "queued",
    )
    running.app.snapshots.forget()

    queue = running.admin.get("/queue").json
    dropped = running.admin.post("/queue/clear").json["dropped"]

    assert (dropped, queue["depth"]) == (queue["depth"], len(queue["head"]))
    assert queue["by_priority"]["new_account"] > 0
    assert running.admin.get("/queue").json["depth"] == 0
    running.admin.post("/resume")
    running.app.watcher.scan()
    running.flow.wait_idle()
    assert running.flow.stored() == running.flow.truth(1000, 1001, 1002)


@pytest.mark.both_engines
def test_a_pause_stops_collecting_and_survives_a_restart(flow_config: DatabaseConfig) -> None:
    with start_served(flow_config, slow_world(), settle=False) as running:
        wait_status(running, "acme/large", Status.PROCESSING)
        assert running.admin.post("/pause").json == {"paused": True}
        running.flow.wait_until(
            lambda: all(state.is_idle for state in running.app.pool.states()), "workers stop"
        )
        assert running.admin.get("/stats").json["paused"] is True
        stored = running.app.events.totals["stars.stored"]
        gevent.sleep(0.7)
        assert running.app.events.totals["stars.stored"] == stored
        running.app.stop()
        again = running.flow.start()
        assert again.pausing.is_paused
        running.admin.post("/resume")
        running.flow.wait_until(
            lambda: running.admin.get("/repos/1000").json["status"] == Status.COMPLETED,
            "completed",
        )


def test_a_user_is_collected_again(start: Start) -> None:
    running = start()
    before = running.flow.stored()
    running.admin.post("/pause")

    some = running.admin.post("/users/1/reprocess")
    everything = running.admin.post("/users/1/reprocess", {"force": True})

    assert (some.status, everything.status) == (202, 202)
    assert everything.json["waiting"] >= 4
    statuses = {row["status"] for row in running.admin.get("/repos").json["repos"]}
    assert statuses == {"completed", "pending"}
    running.admin.post("/resume")
    running.flow.wait_idle()
    assert running.flow.stored() == before


def test_the_number_of_workers_holds_until_told_otherwise(start: Start) -> None:
    running = start()

    assert running.admin.post("/workers/scale", {"count": 5}).json["count"] == 5
    running.app.scaler.step()
    workers = running.admin.get("/workers").json
    assert (workers["count"], workers["override"]) == (5, {"min": 5, "max": 5})

    assert running.admin.post("/workers/scale", {"min": 1, "max": 2}).json["count"] == 2
    assert running.admin.post("/workers/scale", {"automatic": True}).json["automatic"] is True
    assert running.admin.get("/workers").json["override"] is None


def test_nobody_pays_for_a_repository_that_nobody_starred(start: Start) -> None:
    running = start(signed_in=1)
    running.app.dispatcher.close_lane(1)

    answer = running.admin.post("/repos/acme/engine/reprocess", {"force": True})

    assert (answer.status, answer.code) == (409, "conflict")
    assert (
        "nobody with an account here starred or follows acme/engine"
        in answer.json["error"]["message"]
    )


def test_the_history_of_a_restricted_repository_is_told(start: Start) -> None:
    world = small_world()
    running = start(world)

    weeks = running.admin.get("/repos/1003").json["history"]

    assert sum(week["total"] for week in weeks) == 1
    assert [week["week"] for week in weeks] == sorted(week["week"] for week in weeks)
