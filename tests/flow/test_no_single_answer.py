"""No single answer of GitHub is believed for ever: refused tokens, odd limits, queries that are
refused as a whole, missing routes, pages that cannot be had, cursors that nobody can read. All of
it passes, and everything completes.
"""

import time
from collections.abc import Callable
from typing import Any

import gevent
import pytest

from gitstars.errors import NotNow
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from gitstars.store.database import record
from tests.harness import NO_LIMITS, Flow

MakeFlow = Callable[..., Flow]
GRAPH = {"use_graphql": True, "graphql_points_per_minute": 1_000_000}
WAYS = pytest.mark.parametrize("github", [GRAPH, {}], ids=["graphql", "rest"])
LISTS = ("POST /graphql", "GET */stargazers?*")


def make_flow(
    flow: MakeFlow, github: dict[str, Any], *stars: int, scenario: dict[str, Any] | None = None
) -> Flow:
    places = tuple(
        SimRepository(id=1000 + number, full_name=f"org/repo-{number}", stars=count)
        for number, count in enumerate(stars)
    )
    account = SimAccount(
        user_id=1,
        login="ann",
        token="gho_annannann",
        starred=tuple(place.id for place in places),
        owns_starred=True,
    )
    held = Scenario(
        accounts=(account,),
        repositories=places,
        limits=NO_LIMITS,
        population=90_000,
        **(scenario or {}),
    )
    return flow(held, github=github)


def add_rules(run: Flow, *matches: str, **rule: Any) -> None:
    for match in matches:
        run.github.control("POST", "/rules", {"match": match, **rule})


def statuses(run: Flow) -> set[str]:
    return {row["status"] for row in run.rows().values()}


def wait_for_all(run: Flow) -> None:
    """Everything is stored, complete, and without a failure."""
    run.wait_until(lambda: statuses(run) == {"completed"}, "everything is complete")
    run.wait_idle()
    assert run.stored() == run.truth()
    assert not any(row.get("error_count") for row in run.rows().values())


@WAYS
def test_a_401_for_everybody_for_a_while_ends_by_itself(
    flow: MakeFlow, github: dict[str, Any]
) -> None:
    run = make_flow(flow, github, 30, 250, 80)
    add_rules(run, "*", preset="unauthorised", skip=3)
    app = run.start()
    run.wait_until(
        lambda: app.ledger.is_rejected(1, "gho_annannann", app.clock.now()), "the token is out"
    )
    run.wait_until(lambda: app.dispatcher.waiting == 0, "nobody serves it")
    run.github.control("POST", "/log/clear")
    gevent.sleep(1.0)

    assert not run.github.asked()
    assert "failed" not in statuses(run)
    run.github.control("DELETE", "/rules")
    run.clock.jump(30)
    wait_for_all(run)


@WAYS
@pytest.mark.parametrize("way", ["reprocess", "reprocess --force", "resume"])
def test_an_operator_has_a_rejected_token_looked_at_at_once(
    flow: MakeFlow, github: dict[str, Any], way: str
) -> None:
    run = make_flow(flow, github, 30, 250, 80)
    add_rules(run, "*", preset="unauthorised")
    app = run.start()
    run.wait_until(
        lambda: app.ledger.is_rejected(1, "gho_annannann", app.clock.now()), "the token is out"
    )
    run.wait_until(lambda: all(state.is_idle for state in app.pool.states()), "nothing is in hand")
    with pytest.raises(NotNow, match="GitHub rejects the token of this account"):
        app.repositories.reprocess("org/repo-1", force=True)
    assert app.dispatcher.waiting == 0
    run.github.control("DELETE", "/rules")

    if way == "resume":
        app.operations.pause(True)
        app.operations.pause(False)
    else:
        app.repositories.reprocess("org/repo-1", force=way.endswith("force"))
    wait_for_all(run)


@pytest.mark.parametrize("where", ["rest", "graphql"])
@pytest.mark.parametrize(
    "preset",
    [
        "limit",
        "limit_points_left",
        "limit_no_headers",
        "limit_foreign_resource",
        "limit_reset_past",
        "limit_reset_far",
        "secondary",
        "secondary_bare",
    ],
)
def test_a_limit_is_a_pause_whatever_its_headers_say(
    flow: MakeFlow, preset: str, where: str
) -> None:
    run = make_flow(flow, GRAPH if where == "graphql" else {}, 30, 250, 80)
    add_rules(run, *LISTS, preset=preset)
    app = run.start()
    run.wait_until(lambda: statuses(run) == {"rate_limited"}, "all of them wait")
    asked = len([entry for entry in run.github.asked() if entry["route"] == "fault"])
    gevent.sleep(1.0)

    # A pause without a true end takes some seconds; then one call asks again.
    rows = run.rows().values()
    waiting = [row for row in rows if row["status"] == "rate_limited"]
    assert {row["status"] for row in rows} <= {"rate_limited", "processing", "pending"}
    assert all(row["next_retry_after"].timestamp() > time.time() - 1 for row in waiting)
    assert not any(row.get("error_count") for row in rows)
    assert not run.database.run("SELECT * FROM gitstars_access WHERE may_list = false")[0]
    faults = [entry for entry in run.github.asked() if entry["route"] == "fault"]
    assert len(faults) <= asked + 2 <= 10
    assert app.client.outage is None


@pytest.mark.parametrize("preset", ["limit_graphql", "secondary_graphql"])
def test_a_limit_that_graphql_tells_as_an_error_is_a_pause(flow: MakeFlow, preset: str) -> None:
    run = make_flow(flow, GRAPH, 30, 250, 80)
    add_rules(run, "POST /graphql", preset=preset)
    add_rules(run, "GET */stargazers?*", preset="limit_no_headers")
    run.start()

    run.wait_until(lambda: statuses(run) == {"rate_limited"}, "all of them wait")
    gevent.sleep(1.0)

    assert statuses(run) == {"rate_limited"}
    faults = [entry for entry in run.github.asked() if entry["route"] == "fault"]
    assert len(faults) <= 8


@pytest.mark.parametrize("preset", ["forbidden", "not_found", "unknown_words", "server_error"])
def test_a_query_that_is_refused_as_a_whole_says_nothing_of_its_lists(
    flow: MakeFlow, preset: str
) -> None:
    run = make_flow(flow, GRAPH, 30, 250, 80, 1, 2)
    add_rules(run, "POST /graphql", preset=preset, times=2)

    app = run.start()
    wait_for_all(run)

    assert app.client.routes.has_graphql
    assert not app.client.routes.missing()
    assert not run.database.run("SELECT * FROM gitstars_access WHERE may_list = false")[0]


def test_graphql_that_is_always_refused_leaves_the_lists_to_rest(flow: MakeFlow) -> None:
    run = make_flow(flow, GRAPH, 30, 250, 80)
    add_rules(run, "POST /graphql", preset="forbidden")

    run.start()
    wait_for_all(run)


def test_one_404_of_a_history_switches_no_history_off(flow: MakeFlow) -> None:
    places = tuple(
        SimRepository(id=n, full_name=f"org/repo-{n}", stars=50 + n) for n in range(1, 6)
    )
    account = SimAccount(user_id=1, login="ann", token="gho_annannann", starred=(1, 2, 3, 4, 5))
    run = flow(Scenario(accounts=(account,), repositories=places, limits=NO_LIMITS))
    add_rules(run, "GET *org/repo-1/stargazers/history*", preset="not_found")
    add_rules(run, "GET */repositories/1/stargazers/history*", preset="not_found")

    app = run.start()
    run.wait_idle()

    weeks = run.database.run("SELECT repo FROM star_history GROUP BY repo")[0]
    assert {row["repo"].id for row in weeks} == {f"org/repo-{n}" for n in range(2, 6)}
    assert app.client.routes.has_history


@WAYS
@pytest.mark.parametrize(
    "preset", ["captive_portal", "foreign_json", "proxy_login", "foreign_redirect", "gateway"]
)
def test_what_is_not_github_is_waited_out_without_a_failure(
    flow: MakeFlow, github: dict[str, Any], preset: str
) -> None:
    run = make_flow(flow, github, *[40 + 30 * number for number in range(8)])
    add_rules(run, "*", preset=preset, skip=4)
    app = run.start()
    run.wait_until(lambda: app.client.outage is not None, "the outage is known")
    run.wait_until(lambda: all(state.is_idle for state in app.pool.states()), "nothing is in hand")

    during = list(run.rows().values())
    app.watcher.scan()
    run.github.control("POST", "/log/clear")
    gevent.sleep(1.0)
    quiet = len(run.github.asked())
    run.github.control("DELETE", "/rules")
    run.clock.jump(60)
    wait_for_all(run)

    assert {row["status"] for row in during} <= {"pending", "completed"}
    assert quiet <= 1


def test_a_page_that_is_always_502_above_some_size_is_read_in_smaller_ones(
    flow: MakeFlow,
) -> None:
    run = make_flow(flow, GRAPH, 260, 30)
    add_rules(run, "ALIAS org/repo-0", preset="cut", above_first=25)

    run.start()
    wait_for_all(run)


@pytest.mark.parametrize(
    "preset",
    [
        "cut",
        "resource_limits",
        "timed_out",
        "odd_value",
        "poison_null",
        "poison_data_null",
        "poison_garbage",
        "poison_nesting",
    ],
)
def test_one_list_that_graphql_never_gives_is_read_by_rest_and_harms_no_other(
    flow: MakeFlow, preset: str
) -> None:
    run = make_flow(flow, GRAPH, *[20 + 15 * number for number in range(11)])
    add_rules(run, "ALIAS org/repo-5", preset=preset)

    run.start()
    wait_for_all(run)

    by_rest = {entry["path"] for entry in run.github.asked() if entry["route"] == "repo/stargazers"}
    assert by_rest == {"/repos/org/repo-5/stargazers"}


@pytest.mark.parametrize(
    "cursor",
    [
        {"version": 99, "kind": "graph", "front": {"somewhere": 7}},
        {"kind": "rest", "next_page": "three", "page_size": 100},
        {"version": "one", "kind": "rest", "next_page": 3, "page_size": 100},
    ],
)
@WAYS
def test_a_cursor_that_nobody_can_read_begins_the_list_anew(
    flow: MakeFlow, github: dict[str, Any], cursor: dict[str, Any]
) -> None:
    run = make_flow(flow, github, 250)
    run.database.run(
        "CREATE repo_processing_status SET repo = $repo, status = 'pending', error_count = 0, "
        "cursor = $cursor, last_page_processed = 2, processed_stargazers = 200",
        repo=record("repo", "org/repo-0"),
        cursor=cursor,
    )

    run.start()
    wait_for_all(run)
