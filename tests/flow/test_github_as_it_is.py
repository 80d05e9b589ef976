"""Lists by GraphQL, past 40,000, restricted in every face: every row is the truth, and
everything else has a true reason.
"""

from collections.abc import Callable

import pytest

from gitstars.simulator.scenario import (
    Scenario,
    SimAccount,
    SimRepository,
    long_tail,
    make_scenario,
)
from tests.harness import NO_LIMITS, Flow

MakeFlow = Callable[..., Flow]
GRAPH = {"use_graphql": True, "graphql_points_per_minute": 1_000_000}
FACES = (
    "usual",
    "permission",
    "token",
    "integration",
    "empty",
    "not_found",
    "graph_null_repository",
)


@pytest.mark.both_engines
def test_every_star_is_read_through_graphql_in_few_queries(flow: MakeFlow) -> None:
    run = flow(
        make_scenario(long_tail(120, 40, 3000), accounts=2, limits=NO_LIMITS, population=20_000),
        github=GRAPH,
    )

    run.start()
    run.wait_idle()

    assert run.stored() == run.truth()
    assert {row["status"] for row in run.rows().values()} == {"completed"}
    asked = run.github.asked()
    assert sum(entry["route"] == "graphql" for entry in asked) < 60
    assert not [entry for entry in asked if entry["route"] == "repo/stargazers"]


def test_a_list_past_400_pages_is_read_to_the_last_star(flow: MakeFlow) -> None:
    large = SimRepository(id=9000, full_name="big/giant", stars=4_123, ghost_every=100)
    account = SimAccount(
        user_id=1, login="ann", token="gho_annannann", starred=(9000,), owns_starred=True
    )
    run = flow(
        Scenario(accounts=(account,), repositories=(large,), limits=NO_LIMITS, population=90_000),
        github={**GRAPH, "page_size": 10},
    )

    run.start()
    run.wait_idle()

    row = run.rows()["big/giant"]
    assert (row["status"], row["ghosts"], row["processed_stargazers"]) == ("completed", 41, 4_082)
    assert run.stored() == run.truth()


def test_without_graphql_the_wall_is_told(flow: MakeFlow) -> None:
    # REST ends a list after 400 pages, whatever their size.
    large = SimRepository(id=9000, full_name="big/giant", stars=4_010)
    account = SimAccount(
        user_id=1, login="ann", token="gho_annannann", starred=(9000,), owns_starred=True
    )
    held = Scenario(
        accounts=(account,),
        repositories=(large,),
        limits=NO_LIMITS,
        population=90_000,
        has_graphql=False,
    )
    run = flow(held, github={**GRAPH, "page_size": 10})

    run.start()
    run.wait_idle()

    row = run.rows()["big/giant"]
    assert (row["status"], row["processed_stargazers"]) == ("pagination_limited", 4_000)
    assert "pagination is limited" in row["last_error"]


def test_without_graphql_every_list_that_was_taken_up_for_it_is_read_by_rest(
    flow: MakeFlow,
) -> None:
    places = tuple(
        SimRepository(id=1000 + n, full_name=f"org/repo-{n}", stars=150) for n in range(60)
    )
    account = SimAccount(
        user_id=1,
        login="ann",
        token="gho_annannann",
        starred=tuple(place.id for place in places),
        owns_starred=True,
    )
    run = flow(
        Scenario(
            accounts=(account,),
            repositories=places,
            limits=NO_LIMITS,
            population=9000,
            has_graphql=False,
        ),
        github=GRAPH,
    )

    run.start()
    run.wait_idle()

    assert run.stored() == run.truth()
    assert {row["status"] for row in run.rows().values()} == {"completed"}


@pytest.mark.parametrize("use_graphql", [True, False])
def test_a_refused_repository_goes_to_the_account_that_may_list_it(
    flow: MakeFlow, use_graphql: bool
) -> None:
    places = tuple(
        SimRepository(id=1000 + n, full_name=f"org/repo-{n}", stars=150, face=FACES[n % len(FACES)])
        for n in range(12)
    )
    everything = tuple(place.id for place in places)
    stranger = SimAccount(user_id=1, login="ann", token="gho_annannann", starred=everything)
    member = SimAccount(
        user_id=2,
        login="bob",
        token="gho_bobbobbob",
        starred=everything[:6],
        collaborates=everything[:6],
    )
    held = Scenario(
        accounts=(stranger, member),
        repositories=places,
        limits=NO_LIMITS,
        population=9000,
    )
    run = flow(held, github={**GRAPH, "use_graphql": use_graphql})

    run.start()
    run.wait_idle()

    rows = run.rows()
    assert {rows[place.full_name]["status"] for place in places[:6]} == {"completed"}
    assert {rows[place.full_name]["status"] for place in places[6:]} == {"restricted"}
    assert {rows[place.full_name]["star_count"] for place in places[6:]} == {150}
    assert run.stored() == run.truth(*everything[:6])
    weeks = run.database.run(
        "SELECT repo, math::sum(total) AS total FROM star_history GROUP BY repo"
    )[0]
    assert {week["repo"].id: week["total"] for week in weeks} == {
        place.full_name: 150 for place in places[6:]
    }


def test_a_refused_repository_is_not_asked_for_again_before_its_time_until_the_token_changes(
    flow: MakeFlow,
) -> None:
    places = tuple(
        SimRepository(id=1000 + n, full_name=f"org/repo-{n}", stars=50) for n in range(5)
    )
    everything = tuple(place.id for place in places)
    account = SimAccount(user_id=1, login="ann", token="gho_annannann", starred=everything)
    renewed = SimAccount(
        user_id=1, login="ann", token="gho_ann_renewed", starred=everything, collaborates=everything
    )
    held = Scenario(
        accounts=(account, renewed),
        repositories=places,
        limits=NO_LIMITS,
        population=9000,
    )
    run = flow(held, github=GRAPH, signed_in=1)
    app = run.start()
    run.wait_idle()
    assert {row["status"] for row in run.rows().values()} == {"restricted"}
    run.github.control("POST", "/log/clear")

    app.watcher.scan()
    run.wait_idle()
    assert not run.github.asked()

    app.database.run(
        "UPDATE account:ann SET access_token = 'gho_ann_renewed', updatedAt = time::now()"
    )
    run.wait_until(
        lambda: {row["status"] for row in run.rows().values()} == {"completed"},
        "the new token may list",
    )
    assert run.stored() == run.truth()


@pytest.mark.both_engines
def test_a_token_that_changed_while_the_server_was_down_may_try_again(flow: MakeFlow) -> None:
    place = SimRepository(id=1000, full_name="org/closed", stars=50)
    account = SimAccount(user_id=1, login="ann", token="gho_annannann", starred=(1000,))
    renewed = SimAccount(
        user_id=1, login="ann", token="gho_ann_renewed", starred=(1000,), collaborates=(1000,)
    )
    held = Scenario(
        accounts=(account, renewed),
        repositories=(place,),
        limits=NO_LIMITS,
        population=9000,
    )
    run = flow(held, github=GRAPH, signed_in=1)
    app = run.start()
    run.wait_idle()
    app.database.run("UPDATE account:ann SET access_token = 'gho_ann_renewed'")
    app.stop()

    run.start()
    run.wait_until(
        lambda: run.rows()["org/closed"]["status"] == "completed", "the new token may list"
    )

    assert run.stored() == run.truth()


def test_what_waits_for_an_account_that_is_gone_is_restricted(flow: MakeFlow) -> None:
    place = SimRepository(id=1000, full_name="org/closed", stars=50)
    ann = SimAccount(user_id=1, login="ann", token="gho_annannann", starred=(1000,))
    run = flow(
        Scenario(
            accounts=(ann,),
            repositories=(place,),
            limits=NO_LIMITS,
            population=9000,
        )
    )
    app = run.start()
    run.wait_idle()
    # As a hand-over to another account leaves it.
    run.database.run(
        "UPDATE repo_processing_status SET status = 'pending', next_retry_after = NONE"
    )
    run.github.control("POST", "/log/clear")

    app.watcher.scan()

    assert run.rows()["org/closed"]["status"] == "restricted"
    assert not run.github.asked()
