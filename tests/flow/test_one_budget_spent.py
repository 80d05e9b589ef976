"""One of the two budgets is spent: the other carries on, nothing turns in circles, and what was
read is kept.
"""

from collections.abc import Callable

import gevent

from gitstars.simulator.scenario import Scenario, SimAccount, SimLimits, SimRepository
from tests.harness import Flow

MakeFlow = Callable[..., Flow]
GRAPH = {"use_graphql": True, "graphql_points_per_minute": 1_000_000}
LIMITS = SimLimits(
    points_per_window=100_000,
    window_seconds=600,
    rest_points_per_minute=1_000_000,
    graphql_points_per_minute=1_000_000,
)


def make_flow(flow: MakeFlow, *places: SimRepository, page_size: int = 100) -> Flow:
    account = SimAccount(
        user_id=1,
        login="ann",
        token="gho_annannann",
        starred=tuple(place.id for place in places),
        owns_starred=True,
    )
    return flow(
        Scenario(accounts=(account,), repositories=places, limits=LIMITS, population=90_000),
        github={**GRAPH, "page_size": page_size},
    )


def test_lists_go_on_by_graphql_while_what_needs_rest_is_put_off(flow: MakeFlow) -> None:
    run = make_flow(
        flow, *(SimRepository(id=n, full_name=f"org/repo-{n}", stars=120) for n in range(1, 21))
    )
    run.github.control("POST", "/world", {"remaining": [[1, "core", 0]]})

    run.start()
    run.wait_until(
        lambda: [row["status"] for row in run.rows().values()] == ["completed"] * 20,
        "GraphQL reads them all",
    )

    assert run.stored() == run.truth()
    assert sum(entry["route"] == "spent" for entry in run.github.asked()) <= 2


def test_a_long_list_at_the_end_of_rest_waits_for_graphql_without_asking(flow: MakeFlow) -> None:
    # REST ends a list after 400 pages, whatever their size.
    run = make_flow(flow, SimRepository(id=9, full_name="big/giant", stars=2_005), page_size=5)
    run.github.control("POST", "/world", {"remaining": [[1, "graphql", 0]]})

    def stands() -> tuple[str, int]:
        row = run.rows().get("big/giant", {})
        return row.get("status", ""), row.get("processed_stargazers", 0)

    run.start()
    run.wait_until(lambda: stands() == ("rate_limited", 2_000), "REST ends there")
    asked = len(run.github.asked())
    gevent.sleep(1)

    assert stands() == ("rate_limited", 2_000)
    assert len(run.github.asked()) == asked


def test_a_list_that_graphql_began_waits_for_it(flow: MakeFlow) -> None:
    run = make_flow(flow, SimRepository(id=9, full_name="big/list", stars=6_000))
    run.github.control("POST", "/world", {"remaining": [[1, "graphql", 12]]})

    run.start()
    run.wait_until(
        lambda: run.rows().get("big/list", {}).get("status") == "rate_limited",
        "the budget is spent",
    )
    gevent.sleep(0.5)

    row = run.rows()["big/list"]
    assert row["cursor"]["kind"] == "graph"
    assert row["processed_stargazers"] >= 1_000
    assert not [entry for entry in run.github.asked() if entry["route"] == "repo/stargazers"]
