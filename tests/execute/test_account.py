"""The loop of one account, step by step: what stops it, what it has in hand, and what it leaves
behind.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from gitstars.errors import DatabaseError
from gitstars.execute.account import AccountLoop
from gitstars.execute.obstacles import Wait
from gitstars.execute.schedule import OTHER_CALLS
from gitstars.model import Priority, Resource, Task
from gitstars.simulator.scenario import Scenario, SimAccount, SimLimits, SimRepository
from gitstars.store import lifecycle
from tests.execute.stage import Stage, account_of

MakeStage = Callable[..., Stage]
#: Young repositories: a page holds the whole history of each.
CREATED = datetime(2026, 8, 1, tzinfo=UTC)


def make_scenario(*stars: int, owned: bool = True, **rest: Any) -> Scenario:
    """An account that owns, or only starred, repositories of so many stars."""
    repositories = tuple(
        SimRepository(id=number, full_name=f"o/r{number}", stars=count, created=CREATED)
        for number, count in enumerate(stars, start=1)
    )
    ids = tuple(repository.id for repository in repositories)
    account = SimAccount(
        user_id=1, login="ann", token="gho_ann", starred=ids, owned=ids if owned else ()
    )
    other = SimAccount(user_id=2, login="bob", token="gho_bob", starred=ids, owned=ids)
    accounts = (account, other) if rest.pop("has_other", False) else (account,)
    return Scenario(accounts=accounts, repositories=repositories, population=5000, **rest)


def waits_for(text: str) -> Callable[[Wait], bool]:
    return lambda wait: text in (wait.why or "")


def pages_asked(scene: Stage) -> Counter[tuple[str, Any]]:
    """How often each page by number was asked for."""
    return Counter(
        (entry["path"], entry["query"].get("page"))
        for entry in scene.asked
        if entry["route"] == "repo/stargazers"
    )


def serve_until_stored(scene: Stage, loop: AccountLoop, pages: int) -> None:
    scene.serve(loop, lambda _: scene.events.totals["pages.stored"] >= pages)


def forbid(scene: Stage, status: str) -> None:
    """From now on the database refuses to let a row have this status."""
    scene.database.run(
        f"DEFINE EVENT refusing ON repo_processing_status WHEN $after.status = '{status}' "
        "THEN { THROW 'not in this test' }"
    )


def allow(scene: Stage) -> None:
    scene.database.run("REMOVE EVENT refusing ON repo_processing_status")


# The way of a list


@pytest.mark.parametrize("use_graphql", [True, False])
def test_lists_are_read_to_their_end(stage: MakeStage, use_graphql: bool) -> None:
    scene = stage(make_scenario(0, 1, 150, 320), use_graphql=use_graphql)
    scene.put()

    scene.serve_to_end(scene.loop())

    assert set(scene.statuses().values()) == {"completed"}
    assert [scene.stars(f"o/r{number}") for number in range(1, 5)] == [0, 1, 150, 320]


def test_the_repositories_that_an_account_only_starred_cost_an_alias_each(
    stage: MakeStage,
) -> None:
    scene = stage(make_scenario(*range(1, 41), owned=False))
    scene.put()

    scene.serve_to_end(scene.loop())

    rows = scene.rows()
    assert {row["status"] for row in rows.values()} == {"restricted"}
    assert [rows[f"o/r{number}"]["star_count"] for number in range(1, 41)] == list(range(1, 41))
    assert all(row["history"]["is_complete"] for row in rows.values())
    asked = Counter(scene.routes())
    queries = [entry for entry in scene.asked if entry["route"] == "graphql"]
    assert (sum(entry["aliases"] for entry in queries), len(queries)) == (40, 3)
    # Whose token it is costs one call of REST; the histories, a page each, cost the others.
    assert set(asked) == {"graphql", "user", "repo/stargazers/history"}
    assert (asked["user"], asked["repo/stargazers/history"]) == (1, 40)


@pytest.mark.parametrize("use_graphql", [True, False])
def test_what_somebody_else_holds_is_left_to_them(stage: MakeStage, use_graphql: bool) -> None:
    scene = stage(make_scenario(10, 20), use_graphql=use_graphql)
    scene.put()
    (held, _) = (entry.job.repository for entry in scene.lane().entries())
    assert lifecycle.claim(scene.database, held, "another server", 3600, 3600) is not None

    scene.serve_to_end(scene.loop())

    assert scene.statuses() == {"o/r1": "processing", "o/r2": "completed"}
    assert scene.rows()["o/r1"]["claimed_by"] == "another server"
    assert scene.events.totals["repo.left"] == 1


# What stops everything


@pytest.mark.parametrize("how", ["a pause", "a stop", "another account's turn", "the lane is gone"])
@pytest.mark.parametrize("use_graphql", [True, False])
def test_what_is_open_is_given_back_with_what_was_read(
    stage: MakeStage, how: str, use_graphql: bool
) -> None:
    scene = stage(make_scenario(1100), use_graphql=use_graphql, page_size=100)
    scene.put()
    loop = scene.loop()
    serve_until_stored(scene, loop, 2)
    if how == "a pause":
        scene.paused.set()
    elif how == "a stop":
        scene.stop.set()
    elif how == "the lane is gone":
        scene.dispatcher.close_lane(1)

    is_leaving = how == "another account's turn"
    wait = scene.serve(loop, lambda _: loop.is_idle, is_leaving)

    row = scene.rows()["o/r1"]
    assert (row["status"], row.get("claimed_by")) == ("pending", None)
    assert (row["last_page_processed"], row["error_count"]) == (
        scene.events.totals["pages.stored"],
        0,
    )
    assert scene.stars("o/r1") == row["processed_stargazers"] < 1100
    assert wait.leaves
    assert wait.why == ("gitstars is paused" if how == "a pause" else None)
    # At a stop, and where the account is gone, nothing waits any more.
    assert len(loop.lane) == (how in ("a pause", "another account's turn"))


def test_after_a_pause_a_list_goes_on_and_no_page_is_asked_for_twice(stage: MakeStage) -> None:
    scene = stage(make_scenario(1100), use_graphql=False)
    scene.put()
    loop = scene.loop()
    serve_until_stored(scene, loop, 3)
    scene.paused.set()
    scene.serve(loop, lambda _: loop.is_idle)

    scene.paused.clear()
    scene.serve_to_end(loop)

    assert scene.statuses() == {"o/r1": "completed"}
    assert set(pages_asked(scene).values()) == {1}


def test_nothing_is_fetched_while_the_whole_database_cannot_be_written(stage: MakeStage) -> None:
    scene = stage(make_scenario(10))
    scene.put()
    scene.fault = "the field github_user.email must be set"
    loop = scene.loop()

    wait = loop.step(is_leaving=False)

    assert (wait.why, wait.leaves, loop.is_idle) == (scene.fault, True, True)
    assert (scene.asked, len(loop.lane)) == ([], 1)
    scene.fault = None
    scene.serve_to_end(loop)
    assert scene.statuses() == {"o/r1": "completed"}


# The token


def test_a_rejected_token_stops_the_account_until_it_is_looked_at_again(stage: MakeStage) -> None:
    scene = stage(make_scenario(1100), use_graphql=False)
    scene.put()
    loop = scene.loop()
    serve_until_stored(scene, loop, 2)
    scene.github.world.revoked.add("gho_ann")

    wait = scene.serve(loop, lambda wait: loop.is_idle and waits_for("rejects the token")(wait))

    row = scene.rows()["o/r1"]
    assert (row["status"], row["error_count"]) == ("pending", 0)
    assert wait.leaves
    assert wait.seconds is not None
    assert 25 < wait.seconds <= 30
    scene.github.world.revoked.clear()
    scene.clock.offset += wait.seconds + 1
    scene.serve_to_end(loop)
    assert scene.statuses() == {"o/r1": "completed"}
    assert scene.stars("o/r1") == 1100


def test_what_waits_for_a_rejected_token_goes_to_an_account_that_may_try_it(
    stage: MakeStage,
) -> None:
    scene = stage(make_scenario(10, 20, has_other=True))
    scene.github.world.revoked.add("gho_ann")
    scene.put()
    # The other account starred them, too: the database knows what it may list.
    scene.put(1, user_id=2)
    scene.serve_to_end(scene.loop(2))
    scene.put(1, force=True)
    loop = scene.loop()

    scene.serve(loop, waits_for("rejects the token"))
    scene.serve(scene.loop(2), lambda _: len(scene.lane(1)) + len(scene.lane(2)) <= 1)

    assert "o/r1" not in [entry.job.repository.key for entry in scene.lane(1).entries()]


# Outages


def test_an_outage_is_nobodys_failure_and_ends_with_the_first_good_answer(
    stage: MakeStage,
) -> None:
    scene = stage(make_scenario(1100, 50), use_graphql=False)
    scene.put()
    loop = scene.loop()
    serve_until_stored(scene, loop, 2)
    scene.misbehave("*", effect="drop")

    wait = scene.serve(
        loop, lambda wait: loop.is_idle and waits_for("GitHub does not answer")(wait)
    )

    rows = scene.rows()
    assert rows["o/r1"]["status"] == "pending"
    assert {row["error_count"] for row in rows.values()} == {0}
    assert wait.leaves
    assert wait.seconds is not None
    assert wait.seconds <= 60
    scene.github.faults.rules.clear()
    while scene.client.outage is not None:
        scene.clock.offset += 1
        scene.client.way.check()
    scene.serve_to_end(loop)
    assert set(scene.statuses().values()) == {"completed"}


# The database


def test_a_job_that_cannot_be_claimed_waits_again(stage: MakeStage) -> None:
    scene = stage(make_scenario(10))
    scene.put()
    loop = scene.loop()
    forbid(scene, "processing")

    wait = scene.serve(loop, waits_for("the database does not answer"))

    assert (len(loop.lane), loop.is_idle, scene.routes()) == (1, True, [])
    assert wait.seconds == 1.0
    allow(scene)
    scene.serve_to_end(loop)
    assert scene.statuses() == {"o/r1": "completed"}


def test_a_settlement_that_fails_is_remembered_and_written_later(stage: MakeStage) -> None:
    scene = stage(make_scenario(10, 20))
    scene.put()
    loop = scene.loop()
    forbid(scene, "completed")

    scene.serve_to_end(loop)

    held = {row["claimed_by"] for row in scene.rows().values()}
    assert set(scene.statuses().values()) == {"processing"}
    # Whoever extends leases goes on with these.
    assert held == set(scene.engine.ends.owners)
    with pytest.raises(DatabaseError):
        scene.engine.ends.settle_remembered()
    assert set(scene.engine.ends.owners) == held
    allow(scene)
    scene.engine.ends.settle_remembered()
    assert set(scene.statuses().values()) == {"completed"}
    assert (scene.engine.ends.owners, scene.stars("o/r2")) == ([], 20)


def test_what_follows_an_ending_follows_when_it_could_be_written(stage: MakeStage) -> None:
    scene = stage(make_scenario(10, owned=False))
    scene.put()
    forbid(scene, "restricted")
    scene.serve_to_end(scene.loop())
    before = scene.lane().count(Task.HISTORY)
    allow(scene)

    scene.engine.ends.settle_remembered()

    assert scene.statuses() == {"o/r1": "restricted"}
    assert (before, scene.lane().count(Task.HISTORY)) == (0, 1)


def test_a_list_whose_time_came_while_the_database_was_away_waits_in_the_lane(
    stage: MakeStage,
) -> None:
    scene = stage(make_scenario(150), use_graphql=False)
    scene.put()
    # The page is refused, and so is the pause after it.
    scene.database.run(
        "DEFINE EVENT full ON repo_processing_status WHEN $after.last_page_processed = 1 "
        "OR $before.status = 'processing' THEN { THROW 'No space left on device' }"
    )
    scene.serve_to_end(scene.loop())
    scene.database.run("REMOVE EVENT full ON repo_processing_status")
    scene.clock.offset += 3600

    scene.engine.ends.settle_remembered()

    assert scene.statuses() == {"o/r1": "pending"}
    assert scene.lane().count(Task.LIST) == 1


def test_a_settlement_that_stays_refused_holds_up_no_other(stage: MakeStage) -> None:
    scene = stage(make_scenario(10, 20))
    scene.put()
    forbid(scene, "completed")
    scene.serve_to_end(scene.loop())
    refused, *_ = scene.engine.ends.owners
    allow(scene)
    scene.database.run(
        "DEFINE EVENT refusing ON repo_processing_status WHEN $after.status = 'completed' AND "
        f"$before.claimed_by = '{refused}' THEN {{ THROW 'not in this test' }}"
    )

    with pytest.raises(DatabaseError):
        scene.engine.ends.settle_remembered()

    assert scene.engine.ends.owners == [refused]
    assert sorted(scene.statuses().values()) == ["completed", "processing"]


def test_a_settlement_of_a_claim_that_is_somebody_elses_by_now_is_forgotten(
    stage: MakeStage,
) -> None:
    scene = stage(make_scenario(10))
    scene.put()
    forbid(scene, "completed")
    scene.serve_to_end(scene.loop())
    allow(scene)
    scene.database.run("UPDATE repo_processing_status SET claimed_by = 'another server'")

    scene.engine.ends.settle_remembered()

    assert (scene.statuses(), scene.engine.ends.owners) == ({"o/r1": "processing"}, [])


# Slots and budgets


def watch_in_flight(scene: Stage, loop: AccountLoop) -> tuple[Counter[str], Callable[[], None]]:
    """The most calls that were in flight at once, by kind of work; to be called with each step."""
    most: Counter[str] = Counter()

    def look() -> None:
        in_flight = loop.state().in_flight
        others = sum(count for task, count in in_flight.items() if task != Task.LIST)
        most["lists"] = max(most["lists"], in_flight.get(Task.LIST, 0))
        most["others"] = max(most["others"], others)

    return most, look


def test_work_that_is_no_list_leaves_places_to_lists_however_urgent_it_is(
    stage: MakeStage,
) -> None:
    limits = SimLimits(latency_seconds=0.05)
    scene = stage(make_scenario(*[250] * 12, limits=limits), use_graphql=False)
    scene.put(*range(1, 9), task=Task.HISTORY, priority=Priority.OWN)
    scene.put(9, 10, 11, 12)
    loop = scene.loop()
    most, look = watch_in_flight(scene, loop)

    def is_done(wait: Wait) -> bool:
        look()
        return wait.leaves and loop.is_idle and not len(loop.lane)

    scene.serve(loop, is_done)

    assert most["others"] == OTHER_CALLS
    assert most["lists"] >= 3
    first_list = next(at for at, one in enumerate(scene.routes()) if one == "repo/stargazers")
    last_history = max(at for at, one in enumerate(scene.routes()) if "history" in one)
    assert first_list < last_history


def test_histories_whose_budget_is_spent_hold_nothing_while_lists_are_read(
    stage: MakeStage,
) -> None:
    scene = stage(make_scenario(*[250] * 12))
    scene.put(*range(1, 11), task=Task.HISTORY, priority=Priority.OWN)
    scene.put(11, 12)
    scene.spend(Resource.CORE)
    loop = scene.loop()

    wait = scene.serve(loop, lambda wait: wait.leaves and loop.is_idle)

    assert scene.statuses() == {"o/r11": "completed", "o/r12": "completed"}
    assert {one for one in scene.routes() if "history" in one} == set()
    assert loop.lane.count(Task.HISTORY) == 10
    assert wait.why == "GitHub's limits are reached"
    # A new list has not to wait for the histories' hour.
    assert Task.HISTORY in wait.stuck
    assert Task.LIST not in wait.stuck
    scene.clock.offset += 3700
    scene.serve_to_end(loop)
    assert len([one for one in scene.routes() if "history" in one]) >= 10


def test_with_both_budgets_spent_the_lists_wait_and_say_so(stage: MakeStage) -> None:
    scene = stage(make_scenario(1100, 20), use_graphql=False)
    scene.put()
    loop = scene.loop()
    serve_until_stored(scene, loop, 2)
    scene.github.budgets.set_remaining(1, "core", 0, time.time())

    wait = scene.serve(loop, lambda wait: wait.leaves and loop.is_idle)

    assert wait.seconds is not None
    assert wait.seconds > 60
    assert wait.stuck == frozenset(Task)
    row = scene.rows()["o/r1"]
    assert row["status"] == "rate_limited"
    assert "the core budget is spent until" in row["last_error"]
    assert row["error_count"] == 0
    scene.github.budgets.set_remaining(1, "core", 5000, time.time())
    scene.clock.offset += wait.seconds + 1
    # The database has a clock of its own.
    scene.database.run("UPDATE repo_processing_status SET next_retry_after = time::now()")
    scene.serve_to_end(loop)
    assert set(scene.statuses().values()) == {"completed"}


def test_a_list_whose_budget_is_spent_is_taken_on_by_the_other_one(stage: MakeStage) -> None:
    scene = stage(make_scenario(1100))
    scene.put()
    scene.spend(Resource.GRAPHQL, seconds=30)
    loop = scene.loop()
    serve_until_stored(scene, loop, 3)
    by_rest = scene.events.totals["pages.stored"]
    scene.github.budgets.set_remaining(1, "core", 0, time.time())
    scene.clock.offset += 31

    scene.serve_to_end(loop)

    assert scene.statuses() == {"o/r1": "completed"}
    assert scene.stars("o/r1") == 1100
    asked = Counter(scene.routes())
    assert by_rest <= asked["repo/stargazers"] <= by_rest + 2
    assert asked["graphql"] >= 11 - by_rest - 1
    # It never waited for REST's hour.
    assert scene.clock.offset < 600


def test_rest_reads_on_while_graphql_is_paced(stage: MakeStage) -> None:
    scene = stage(make_scenario(*[250] * 20), graphql_points_per_minute=1)
    scene.put()

    scene.serve_to_end(scene.loop())

    assert set(scene.statuses().values()) == {"completed"}
    asked = Counter(scene.routes())
    assert asked["repo/stargazers"] >= 20
    # By one query a minute alone it would have taken some minutes.
    assert scene.clock.offset < 60


# Queries that fail


FAILURES: dict[str, dict[str, Any]] = {
    "a gateway": {"status": 502, "body": "<html>Bad Gateway</html>"},
    "a refusal of the whole query": {"status": 403, "body": '{"message": "Forbidden"}'},
    "a mistake": {"status": 400, "body": '{"message": "Problems parsing JSON"}'},
    "garbage": {"effect": "garbage"},
    "null": {"status": 200, "body": "null"},
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_query_that_fails_as_a_whole_says_nothing_about_its_lists(
    stage: MakeStage, name: str
) -> None:
    scene = stage(make_scenario(*[20] * 8))
    scene.put()
    scene.misbehave("POST *graphql*", times=2, **FAILURES[name])

    scene.serve_to_end(scene.loop())

    rows = scene.rows().values()
    assert {row["status"] for row in rows} == {"completed"}
    assert {row["error_count"] for row in rows} == {0}
    assert {row.get("last_error") for row in rows} == {None}


def test_one_poisoned_list_is_found_by_halving_and_read_by_rest(stage: MakeStage) -> None:
    scene = stage(make_scenario(*[20] * 8))
    scene.put()
    scene.misbehave("ALIAS o/r5", effect="poison", body="null", status=200)

    scene.serve_to_end(scene.loop())

    rows = scene.rows()
    assert {row["status"] for row in rows.values()} == {"completed"}
    assert {row["error_count"] for row in rows.values()} == {0}
    assert scene.stars("o/r5") == 20
    by_number = {entry["path"] for entry in scene.asked if entry["route"] == "repo/stargazers"}
    assert by_number == {"/repos/o/r5/stargazers"}


def test_a_page_that_fails_holds_no_place_until_it_is_tried_again(stage: MakeStage) -> None:
    scene = stage(make_scenario(150, 450), use_graphql=False, concurrency=1)
    scene.put()
    scene.misbehave("GET /repos/o/r1/stargazers*", status=502, times=4)
    loop = scene.loop()

    scene.serve_to_end(loop)

    rows = scene.rows().values()
    assert {(row["status"], row["error_count"]) for row in rows} == {("completed", 0)}
    order = [
        (entry["path"], entry["status"])
        for entry in scene.asked
        if entry["route"] == "repo/stargazers"
    ]
    # The only place was the other list's while the first one waited.
    first_good = order.index(("/repos/o/r1/stargazers", 200))
    assert ("/repos/o/r2/stargazers", 200) in order[:first_good]


# Being killed, and what is told


def test_what_was_cut_off_is_given_back(stage: MakeStage) -> None:
    scene = stage(make_scenario(1100), use_graphql=False)
    scene.put()
    loop = scene.loop()
    serve_until_stored(scene, loop, 2)
    scene.misbehave("GET */stargazers*", effect="hang", seconds=30)
    scene.serve(loop, lambda _: loop.state().in_flight == {"list": 1})

    loop.kill()
    scene.serve(loop, lambda _: loop.is_idle, is_leaving=True)

    assert scene.statuses() == {"o/r1": "pending"}
    assert loop.owners == []


def test_what_an_account_does_and_waits_for_is_told(stage: MakeStage) -> None:
    scene = stage(make_scenario(1100, 20), use_graphql=False)
    loop = scene.loop()
    nothing = loop.state()
    scene.put()
    loop.step(is_leaving=False)

    busy = loop.state()

    assert (nothing.open, nothing.next_ask, nothing.waits_for) == ([], None, None)
    assert sorted(busy.open) == ["o/r1", "o/r2"]
    assert sum(busy.in_flight.values()) >= 1
    assert len(loop.owners) == 2
    assert busy.user_id == 1
    assert account_of(scene.scenario.accounts[0]).user_id == busy.user_id
    scene.paused.set()
    scene.serve(loop, lambda _: loop.is_idle)
    assert loop.state().waits_for == "gitstars is paused"
