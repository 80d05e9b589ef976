"""Complete lists come back for what is new, find what was taken back, and cost nothing while
they do not change.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from gitstars.model import Repository
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from gitstars.store import lifecycle, seeding, star_counts
from tests.harness import NO_LIMITS, Flow

MakeFlow = Callable[..., Flow]
GRAPH = {"use_graphql": True, "graphql_points_per_minute": 1_000_000}
WAYS = pytest.mark.parametrize("github", [GRAPH, {}], ids=["graphql", "rest"])


def make_flow(
    flow: MakeFlow, github: dict[str, Any], *places: SimRepository, **changes: Any
) -> Flow:
    account = SimAccount(
        user_id=1,
        login="ann",
        token="gho_annannann",
        starred=tuple(place.id for place in places),
        owns_starred=True,
        **changes,
    )
    return flow(
        Scenario(accounts=(account,), repositories=places, limits=NO_LIMITS, population=90_000),
        github=github,
    )


def come_back(run: Flow) -> None:
    """The time of every row that waits for one has come."""
    assert run.app is not None
    run.github.control("POST", "/log/clear")
    run.database.run(
        "UPDATE repo_processing_status SET next_retry_after = time::now() - 1h WHERE "
        "next_retry_after"
    )
    run.app.watcher.scan()
    run.wait_idle()


def open_edges(run: Flow) -> dict[str, set[tuple[int, str]]]:
    """Our edges that were not closed."""
    rows = run.database.run(
        "SELECT in.github_id AS who, out.id AS repo, starred_at FROM starred WHERE source = "
        "'stargazer_analysis' AND unstarred_at IS NONE"
    )[0]
    found: dict[str, set[tuple[int, str]]] = {}
    for row in rows:
        found.setdefault(row["repo"].id, set()).add(
            (row["who"], row["starred_at"].strftime("%Y-%m-%dT%H:%M:%SZ"))
        )
    return found


def list_calls(run: Flow) -> int:
    """Calls that read a list."""
    return sum(
        entry["route"] == "repo/stargazers" or "stargazers(" in str(entry.get("query"))
        for entry in run.github.asked()
    )


@WAYS
def test_lists_that_did_not_change_are_not_read_again(
    flow: MakeFlow, github: dict[str, Any]
) -> None:
    run = make_flow(
        flow,
        github,
        *(SimRepository(id=n, full_name=f"org/repo-{n}", stars=10 * n) for n in range(1, 31)),
    )
    run.start()
    run.wait_idle()
    before = run.rows()

    come_back(run)

    asked = [entry for entry in run.github.asked() if entry["route"] != "user/repos"]
    if github:
        assert [entry["route"] for entry in asked] == ["graphql"]
    else:
        assert {entry["status"] for entry in asked} == {304}
    rows = run.rows()
    assert {row["status"] for row in rows.values()} == {"completed"}
    assert all(rows[name]["completed_at"] == before[name]["completed_at"] for name in rows)


@WAYS
def test_new_stars_are_read_from_the_newest_on(flow: MakeFlow, github: dict[str, Any]) -> None:
    run = make_flow(
        flow, github, SimRepository(id=7, full_name="org/growing", stars=3_000, ghost_every=50)
    )
    run.start()
    run.wait_idle()
    run.github.control("POST", "/repositories/7", {"grow": 130})

    come_back(run)

    assert open_edges(run) == run.truth()
    row = run.rows()["org/growing"]
    assert (row["status"], row["total_stargazers"]) == ("completed", 3_130)
    pages = [
        entry for entry in run.github.asked() if entry["route"] in ("graphql", "repo/stargazers")
    ]
    assert len(pages) <= 4


@pytest.mark.both_engines
@WAYS
def test_stars_that_were_taken_back_are_closed_by_a_sweep_and_opened_again(
    flow: MakeFlow, github: dict[str, Any]
) -> None:
    run = make_flow(
        flow, github, SimRepository(id=7, full_name="org/shrinking", stars=900, first_stars=(1,))
    )
    run.start()
    run.wait_idle()
    everything = run.truth()["org/shrinking"]
    run.github.control("POST", "/repositories/7", {"unstar": list(range(100, 160))})

    come_back(run)

    # The account's own star stands in the web application's edge.
    assert open_edges(run)["org/shrinking"] == {
        star for star in run.truth()["org/shrinking"] if star[0] != 1
    }
    assert run.stored()["org/shrinking"] == {star for star in everything if star[0] != 1}
    row = run.rows()["org/shrinking"]
    assert (row["status"], row["generation"], row["notes"]) == ("completed", 2, "unstarred 60")


def test_the_web_applications_own_edge_is_never_closed(flow: MakeFlow) -> None:
    run = make_flow(
        flow, GRAPH, SimRepository(id=7, full_name="org/left", stars=90, first_stars=(1,))
    )
    run.start()
    run.wait_idle()
    run.github.control("POST", "/repositories/7", {"unstar": [0, 1]})

    come_back(run)

    own = run.database.run("SELECT unstarred_at FROM starred WHERE source = 'github'")[0]
    assert [row.get("unstarred_at") for row in own] == [None]
    assert open_edges(run) == run.truth()


@WAYS
def test_a_failed_repository_comes_back_by_itself(flow: MakeFlow, github: dict[str, Any]) -> None:
    run = make_flow(
        flow, github, SimRepository(id=7, full_name="org/gone", stars=40, fate="deleted")
    )
    run.start()
    run.wait_idle()
    assert run.rows()["org/gone"]["status"] == "failed"
    run.github.control("POST", "/repositories/7", {"fate": "ok"})

    come_back(run)

    assert run.rows()["org/gone"]["status"] == "completed"
    assert open_edges(run) == run.truth()


@WAYS
def test_repositories_that_an_account_owns_or_collaborates_on_are_collected(
    flow: MakeFlow, github: dict[str, Any]
) -> None:
    places = tuple(
        SimRepository(id=n, full_name=f"{owner}/repo-{n}", stars=70)
        for n, owner in ((1, "ann"), (2, "org"), (3, "else"))
    )
    hidden = SimRepository(id=4, full_name="ann/hidden", stars=5, private=True)
    account = SimAccount(
        user_id=1, login="ann", token="gho_annannann", starred=(3,), owned=(1, 4), collaborates=(2,)
    )
    held = Scenario(
        accounts=(account,),
        repositories=(*places, hidden),
        limits=NO_LIMITS,
        population=9000,
    )
    run = flow(held, github=github)

    run.start()
    run.wait_idle()

    assert {name: row["status"] for name, row in run.rows().items()} == {
        "ann/repo-1": "completed",
        "org/repo-2": "completed",
        "else/repo-3": "restricted",
    }
    assert open_edges(run) == run.truth(1, 2)


@WAYS
def test_the_counts_of_restricted_lists_stay_true(flow: MakeFlow, github: dict[str, Any]) -> None:
    place = SimRepository(id=7, full_name="org/closed", stars=500)
    account = SimAccount(user_id=1, login="ann", token="gho_annannann", starred=(7,))
    run = flow(
        Scenario(accounts=(account,), repositories=(place,), limits=NO_LIMITS),
        github=github,
    )
    app = run.start()
    run.wait_idle()
    run.github.control("POST", "/repositories/7", {"grow": 30})
    run.github.control("POST", "/log/clear")

    run.database.run(
        "UPDATE repo_processing_status SET counted_at = time::now() - 2d, history.checked_at = 0"
    )
    app.watcher.scan()
    run.wait_idle()

    row = run.rows()["org/closed"]
    assert (row["status"], row["star_count"]) == ("restricted", 530)
    weeks = run.database.run("SELECT math::sum(total) AS total FROM star_history GROUP ALL")[0]
    assert weeks[0]["total"] == 530
    assert star_counts.read(run.database, "org/closed")[-1].stars == 530
    assert list_calls(run) == 0
    assert sum(entry["route"] == "repo/stargazers/history" for entry in run.github.asked()) == 1


def history_pages(run: Flow) -> list[tuple[str, str | None, int]]:
    """Of each call for weeks: its page, and what became of it."""
    return [
        (entry["path"], entry["query"].get("page"), entry["status"])
        for entry in run.github.asked()
        if entry["path"].endswith("/stargazers/history")
    ]


def look_a_day_later(run: Flow) -> None:
    """The last look at every history was more than a day ago; the counts are newer."""
    assert run.app is not None
    run.github.control("POST", "/log/clear")
    run.database.run(
        "UPDATE repo_processing_status SET history.checked_at -= 90000, next_retry_after = NONE"
    )
    run.app.watcher.scan()
    run.wait_idle()


def test_a_history_is_looked_at_daily_and_read_whole_when_old_weeks_shrank(
    flow: MakeFlow,
) -> None:
    place = SimRepository(
        id=7, full_name="org/closed", stars=900, created=datetime(2025, 1, 5, tzinfo=UTC)
    )
    account = SimAccount(user_id=1, login="ann", token="gho_annannann", starred=(7,))
    scenario = Scenario(accounts=(account,), repositories=(place,), limits=NO_LIMITS)
    run = flow(scenario, github=GRAPH)
    run.start()
    run.wait_idle()
    first = history_pages(run)

    look_a_day_later(run)
    unchanged = history_pages(run)
    # The oldest weeks shrink; the newest page stays as it is.
    run.github.control("POST", "/repositories/7", {"unstar": list(range(40))})
    run.database.run("UPDATE repo_processing_status SET counted_at = time::now() - 2d")
    look_a_day_later(run)
    look_a_day_later(run)
    weeks = run.database.run("SELECT math::sum(total) AS total FROM star_history GROUP ALL")[0]

    assert [page for _, page, _ in first] == ["1", "2", "3", "4"]
    assert [(page, status) for _, page, status in unchanged] == [("1", 304)]
    assert weeks[0]["total"] == run.rows()["org/closed"]["star_count"] == 860


def test_several_accounts_with_one_restricted_repository_ask_for_its_history_once(
    flow: MakeFlow,
) -> None:
    place = SimRepository(
        id=7, full_name="org/closed", stars=300, created=datetime(2026, 8, 1, tzinfo=UTC)
    )
    accounts = tuple(
        SimAccount(user_id=number, login=login, token=f"gho_{login}", starred=(7,))
        for number, login in enumerate(("ann", "bob", "cleo"), start=1)
    )
    slow = msgspec.structs.replace(NO_LIMITS, latency_seconds=0.05)
    run = flow(Scenario(accounts=accounts, repositories=(place,), limits=slow), github=GRAPH)

    app = run.start()
    run.wait_until(lambda: len(history_pages(run)) > 0, "its history is asked for")
    app.watcher.scan()
    run.wait_idle()
    app.watcher.scan()
    run.wait_idle()

    assert run.rows()["org/closed"]["status"] == "restricted"
    assert len(history_pages(run)) == 1


@pytest.mark.parametrize("status", [404, 422])
def test_a_history_that_is_not_to_be_had_is_not_asked_for_with_each_scan(
    flow: MakeFlow, status: int
) -> None:
    place = SimRepository(id=7, full_name="org/closed", stars=300)
    account = SimAccount(user_id=1, login="ann", token="gho_annannann", starred=(7,))
    run = flow(Scenario(accounts=(account,), repositories=(place,), limits=NO_LIMITS), github=GRAPH)
    rule = {"match": "GET */stargazers/history*", "effect": "status", "status": status}
    run.github.control("POST", "/rules", {**rule, "body": '{"message":"No history"}'})

    app = run.start()
    run.wait_idle()
    app.watcher.scan()
    run.wait_idle()

    assert len(history_pages(run)) == 1
    assert run.rows()["org/closed"]["history"]["checked_at"] > 0
    look_a_day_later(run)
    assert len(history_pages(run)) == 1


def test_a_renamed_repository_is_not_read_again_under_its_new_name(flow: MakeFlow) -> None:
    run = make_flow(flow, GRAPH, SimRepository(id=7, full_name="org/old", stars=700))
    app = run.start()
    run.wait_idle()
    truth = run.truth()["org/old"]
    run.github.control("POST", "/repositories/7", {"rename": "org/new"})
    run.github.control("POST", "/log/clear")

    seeding.star(run.database, "ann", [Repository("org/new", "org/new", 7, 700)])
    app.watcher.scan()
    run.wait_idle()

    assert run.stored() == {"org/new": truth}
    assert {name: row["status"] for name, row in run.rows().items()} == {"org/new": "completed"}
    assert list_calls(run) == 0


@pytest.mark.both_engines
@WAYS
def test_a_refresh_that_was_given_back_before_its_first_page_closes_nothing(
    flow: MakeFlow, github: dict[str, Any]
) -> None:
    run = make_flow(flow, github, SimRepository(id=7, full_name="org/kept", stars=1500))
    app = run.start()
    run.wait_idle()
    run.github.control("POST", "/repositories/7", {"grow": 3})
    run.database.run(
        "UPDATE repo_processing_status SET swept_at = time::now() - 1000d, next_retry_after = "
        "time::now() - 1h"
    )
    run.github.control("POST", "/rules", {"match": "*", "effect": "hang", "seconds": 25})
    app.watcher.scan()
    run.wait_until(lambda: not app.is_idle, "the refresh is queued")

    app.stop()
    run.github.control("DELETE", "/rules")
    run.start()
    run.wait_until(lambda: run.rows()["org/kept"].get("generation") == 2, "the sweep is done")
    run.wait_idle()

    assert open_edges(run) == run.truth()


@WAYS
def test_a_name_that_another_repository_took_does_not_bring_its_stars(
    flow: MakeFlow, github: dict[str, Any]
) -> None:
    places = (
        SimRepository(id=7, full_name="org/a", stars=150),
        SimRepository(id=8, full_name="org/x", stars=130),
    )
    account = SimAccount(user_id=1, login="ann", token="gho_annannann", starred=(7,))
    run = flow(
        Scenario(
            accounts=(account,),
            repositories=places,
            limits=NO_LIMITS,
            population=90_000,
            restriction="none",
        ),
        github=github,
    )
    run.start()
    run.wait_idle()
    run.github.control("POST", "/repositories/7", {"rename": "org/b", "grow": 10})
    run.github.control("POST", "/repositories/8", {"rename": "org/a"})

    run.database.run("UPDATE repo_processing_status SET swept_at = time::now() - 1000d")
    come_back(run)

    assert open_edges(run) == {"org/a": run.truth(7)["org/a"]}
    assert run.rows()["org/a"]["status"] == "completed"


@WAYS
def test_a_complete_list_that_the_operator_asks_for_again_keeps_its_stars(
    flow: MakeFlow, github: dict[str, Any]
) -> None:
    run = make_flow(flow, github, SimRepository(id=7, full_name="org/kept", stars=1500))
    app = run.start()
    run.wait_idle()
    run.github.control("POST", "/repositories/7", {"grow": 40})

    assert lifecycle.go_on(app.database, "org/kept")
    app.watcher.scan()
    run.wait_until(
        lambda: run.rows()["org/kept"]["total_stargazers"] == 1540, "the new stars are read"
    )
    run.wait_idle()

    assert run.rows()["org/kept"]["status"] == "completed"
    assert open_edges(run) == run.truth()


AWAY = {"effect": "drop"}
REFUSED = {"effect": "status", "status": 401, "body": '{"message":"Bad credentials"}'}


@pytest.mark.parametrize(
    ("github", "trouble"),
    [
        pytest.param(GRAPH, AWAY, id="GitHub is away"),
        pytest.param({}, REFUSED, id="the token is refused"),
    ],
)
def test_a_complete_list_that_is_forced_in_trouble_stays_complete_until_it_is_read_anew(
    flow: MakeFlow, github: dict[str, Any], trouble: dict[str, Any]
) -> None:
    run = make_flow(flow, github, SimRepository(id=7, full_name="org/kept", stars=250))
    app = run.start()
    run.wait_idle()
    figures = ("total_stargazers", "processed_stargazers", "completed_at", "error_count")
    before = {name: run.rows()["org/kept"].get(name) for name in figures}
    run.github.control("POST", "/repositories/7", {"grow": 40})
    run.github.control("POST", "/rules", {"match": "*", **trouble})

    assert lifecycle.begin(app.database, "org/kept")
    app.watcher.scan()
    run.wait_until(
        lambda: (
            app.client.outage is not None
            or app.ledger.is_rejected(1, "gho_annannann", app.clock.now())
        ),
        "the trouble is seen",
    )
    run.wait_until(lambda: run.rows()["org/kept"]["status"] == "completed", "it is complete again")
    during = run.rows()["org/kept"]
    run.github.control("DELETE", "/rules")
    app.client.look_again(1)
    app.dispatcher.wake(1)
    run.wait_until(lambda: app.client.outage is None, "GitHub answers again")
    come_back(run)

    assert {name: during.get(name) for name in figures} == before
    assert run.rows()["org/kept"]["total_stargazers"] == 290
    assert open_edges(run) == run.truth()
