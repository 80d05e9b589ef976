"""The usual refusal, access that was lost, and lists that are missing for a while: what every row
says, what it cost, and that no stored star is closed by any of them.
"""

from collections.abc import Callable
from typing import Any

import pytest

from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from tests.harness import NO_LIMITS, Flow

MakeFlow = Callable[..., Flow]
GRAPH = {"use_graphql": True, "graphql_points_per_minute": 1_000_000}
WAYS = pytest.mark.parametrize("github", [GRAPH, {}], ids=["graphql", "rest"])
#: Small counts are the ones that a tolerance could swallow.
COUNTS = (1, 2, 3, 99, 100, 101, 1500)


def make_flow(
    flow: MakeFlow, github: dict[str, Any], *places: SimRepository, **changes: Any
) -> Flow:
    account = SimAccount(
        user_id=1,
        login="ann",
        token="gho_annannann",
        starred=tuple(place.id for place in places),
        **changes,
    )
    return flow(
        Scenario(accounts=(account,), repositories=places, limits=NO_LIMITS, population=90_000),
        github=github,
    )


def lose_access(run: Flow) -> None:
    """GitHub refuses from now on what it gave before."""
    run.github.control("POST", "/world", {"restriction": "2026"})


def list_calls(run: Flow) -> list[dict[str, Any]]:
    """REST calls for a list."""
    return [entry for entry in run.github.asked() if entry["route"] == "repo/stargazers"]


def aliases(run: Flow) -> int:
    """How many pages of lists GraphQL queries asked for."""
    return sum(entry.get("aliases", 0) for entry in run.github.asked())


def edges(run: Flow) -> list[dict[str, Any]]:
    """Our edges as they stand, in an order of their own."""
    rows: list[dict[str, Any]] = run.database.run(
        "SELECT in, out, starred_at, unstarred_at FROM starred WHERE source = "
        "'stargazer_analysis' ORDER BY out, in"
    )[0]
    return rows


@WAYS
def test_a_usual_refusal_costs_one_alias_or_call_and_tells_all_that_is_known(
    flow: MakeFlow, github: dict[str, Any]
) -> None:
    places = [SimRepository(id=n, full_name=f"org/repo-{n}", stars=n) for n in COUNTS]
    run = make_flow(flow, github, *places)

    run.start()
    run.wait_idle()

    rows = run.rows()
    assert {row["status"] for row in rows.values()} == {"restricted"}
    assert {row["star_count"] for row in rows.values()} == set(COUNTS)
    assert all(rows[place.full_name]["star_count"] == place.stars for place in places)
    assert all("GitHub refuses the list" in row["last_error"] for row in rows.values())
    assert all("people who may push" in row["notes"] for row in rows.values())
    assert not any(row.get("error_count") for row in rows.values())
    weeks = run.database.run(
        "SELECT repo, math::sum(total) AS total FROM star_history GROUP BY repo"
    )[0]
    assert {week["repo"].id: week["total"] for week in weeks} == {
        place.full_name: place.stars for place in places
    }
    assert not run.stored()
    assert aliases(run) == (len(places) if github else 0)
    assert len(list_calls(run)) == (0 if github else len(places))


@WAYS
def test_a_token_without_the_scope_is_told_what_it_lacks_whatever_the_account_says(
    flow: MakeFlow, github: dict[str, Any]
) -> None:
    # The web application believes in a scope that GitHub does not know of.
    place = SimRepository(id=7, full_name="org/own", stars=50)
    run = make_flow(flow, github, place, owned=(7,), scopes=("read:user",))
    run.database.run("UPDATE account:ann SET scope = 'read:user,public_repo'")

    run.start()
    run.wait_idle()

    row = run.rows()["org/own"]
    assert row["status"] == "restricted"
    assert "lacks the scope public_repo (it has read:user)" in row["notes"]


@WAYS
@pytest.mark.parametrize("way", ["refresh", "sweep", "force"])
def test_a_complete_list_whose_access_is_lost_keeps_every_star_and_its_date(
    flow: MakeFlow, github: dict[str, Any], way: str
) -> None:
    places = [SimRepository(id=n, full_name=f"org/repo-{n}", stars=n) for n in (1, 2, 40, 350)]
    run = make_flow(flow, github, *places)
    run.github.control("POST", "/world", {"restriction": "none"})
    app = run.start()
    run.wait_idle()
    assert {row["status"] for row in run.rows().values()} == {"completed"}
    before = edges(run)
    lose_access(run)
    for place in places:
        run.github.control("POST", f"/repositories/{place.id}", {"grow": 3})

    if way == "force":
        for place in places:
            app.repositories.reprocess(place.full_name, force=True)
    else:
        swept = ", swept_at = time::now() - 400d" if way == "sweep" else ""
        run.database.run(
            f"UPDATE repo_processing_status SET next_retry_after = time::now() - 1h{swept}"
        )
        app.watcher.scan()
    run.wait_until(
        lambda: {row["status"] for row in run.rows().values()} == {"restricted"},
        "all are restricted",
    )
    run.wait_idle()

    assert len(before) == 393
    assert edges(run) == before
    rows = run.rows()
    assert all(rows[place.full_name]["star_count"] == place.stars + 3 for place in places)
    assert all(row["next_retry_after"] for row in rows.values())


@WAYS
def test_a_list_that_was_lost_goes_on_with_its_stars_when_access_comes_back(
    flow: MakeFlow, github: dict[str, Any]
) -> None:
    place = SimRepository(id=7, full_name="org/back", stars=350)
    run = make_flow(flow, github, place)
    run.github.control("POST", "/world", {"restriction": "none"})
    app = run.start()
    run.wait_idle()
    lose_access(run)
    app.repositories.reprocess("org/back", force=True)
    run.wait_until(lambda: run.rows()["org/back"]["status"] == "restricted", "it is lost")
    run.wait_idle()

    run.github.control("POST", "/world", {"restriction": "none"})
    run.github.control("POST", "/repositories/7", {"grow": 5, "unstar": [10]})
    app.repositories.reprocess("org/back", force=True)
    run.wait_until(lambda: run.rows()["org/back"]["status"] == "completed", "it came back")
    run.wait_idle()

    open_now = [edge for edge in edges(run) if edge["unstarred_at"] is None]
    assert len(open_now) == len(run.truth()["org/back"]) == 354


@WAYS
def test_a_list_that_is_missing_for_its_owner_is_asked_for_soon_and_then_told(
    flow: MakeFlow, github: dict[str, Any]
) -> None:
    place = SimRepository(id=7, full_name="org/own", stars=120)
    run = make_flow(flow, github, place, owned=(7,))
    rule = {"match": "ALIAS org/own", "preset": "withheld"}
    if not github:
        rule = {"match": "GET */stargazers?*", "preset": "not_found"}
    run.github.control("POST", "/rules", rule)
    app = run.start()

    def row() -> dict[str, Any]:
        return run.rows().get("org/own", {})

    def has_failed(times: int) -> Callable[[], bool]:
        return lambda: row().get("error_count") == times

    for errors in range(1, 5):
        run.wait_until(has_failed(errors), "it failed")
        run.wait_idle()
        assert row()["status"] == "failed"
        assert "GitHub gives no list although this account may read it" in row()["last_error"]
        assert not edges(run)
        pause = row()["next_retry_after"].timestamp() - app.clock.now()
        assert (50 < pause <= 60) if errors <= 3 else (290 < pause <= 300)
        run.database.run("UPDATE repo_processing_status SET next_retry_after = time::now() - 1s")
        if errors == 4:
            run.github.control("DELETE", "/rules")
        app.watcher.scan()
    run.wait_until(lambda: row()["status"] == "completed", "it is read")

    assert run.stored() == run.truth()
    assert row()["error_count"] == 0


@WAYS
def test_a_complete_list_that_is_missing_for_its_owner_stays_complete(
    flow: MakeFlow, github: dict[str, Any]
) -> None:
    place = SimRepository(id=7, full_name="org/own", stars=120)
    run = make_flow(flow, github, place, owned=(7,))
    app = run.start()
    run.wait_idle()
    before = edges(run)
    rule = {"match": "ALIAS org/own", "preset": "withheld"}
    if not github:
        rule = {"match": "GET */stargazers?*", "preset": "not_found"}
    run.github.control("POST", "/rules", rule)

    app.repositories.reprocess("org/own", force=True)
    run.wait_until(lambda: bool(run.rows()["org/own"].get("last_error")), "it was missed")
    run.wait_idle()

    row = run.rows()["org/own"]
    assert (row["status"], row["processed_stargazers"]) == ("completed", 120)
    assert "although this account may read it" in row["last_error"]
    assert edges(run) == before


def test_triage_is_tried_once_and_its_answer_believed(flow: MakeFlow) -> None:
    place = SimRepository(id=7, full_name="org/triaged", stars=120)
    run = make_flow(flow, GRAPH, place, roles={7: "TRIAGE"})

    run.start()
    run.wait_idle()

    assert run.rows()["org/triaged"]["status"] == "restricted"
    assert aliases(run) == 1


@WAYS
def test_an_own_list_that_the_token_does_not_get_is_not_asked_for_with_every_look(
    flow: MakeFlow, github: dict[str, Any]
) -> None:
    place = SimRepository(id=7, full_name="ann/own", stars=50)
    run = make_flow(flow, github, place, owned=(7,), scopes=("read:user",))
    app = run.start()
    run.wait_idle()
    run.github.control("POST", "/log/clear")

    run.database.run("DELETE gitstars_state WHERE record::id(id) = 'own repositories of 1'")
    app.watcher.scan()
    run.wait_idle()

    routes = {entry["route"] for entry in run.github.asked()}
    assert routes == {"own"}
    assert run.rows()["ann/own"]["status"] == "restricted"


@WAYS
def test_a_refused_list_is_asked_for_at_once_when_the_account_may_push_by_now(
    flow: MakeFlow, github: dict[str, Any]
) -> None:
    place = SimRepository(id=7, full_name="org/joined", stars=50)
    run = make_flow(flow, github, place)
    app = run.start()
    run.wait_idle()
    assert run.rows()["org/joined"]["status"] == "restricted"
    member = SimAccount(
        user_id=1, login="ann", token="gho_annannann", starred=(7,), collaborates=(7,)
    )
    held = Scenario(accounts=(member,), repositories=(place,), limits=NO_LIMITS, population=90_000)
    run.github.load(held)

    run.database.run("DELETE gitstars_state WHERE record::id(id) = 'own repositories of 1'")
    app.watcher.scan()
    run.wait_until(lambda: run.rows()["org/joined"]["status"] == "completed", "it is read")

    assert run.stored() == run.truth()
