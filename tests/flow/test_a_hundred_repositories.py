"""A hundred repositories of every kind, six accounts of every kind: every row is the truth,
everything else has a true reason.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest

from gitstars.app import App
from gitstars.simulator.scenario import Scenario, SimAccount, SimLimits, SimRepository
from tests.harness import Flow

MakeFlow = Callable[..., Flow]
GRAPH = {"use_graphql": True, "graphql_points_per_minute": 1_000_000}
FACES = (
    "usual",
    "permission",
    "integration",
    "token",
    "not_found",
    "empty",
    "graph_null_repository",
)
#: Budgets are no matter, except to the account whose budget is set to nothing.
LIMITS = SimLimits(
    points_per_window=100_000,
    window_seconds=5,
    rest_points_per_minute=1_000_000,
    graphql_points_per_minute=1_000_000,
)
AN_HOUR = msgspec.structs.replace(LIMITS, window_seconds=3600)

#: The first repository id of each kind.
OPEN, CLOSED, DELETED, BLOCKED, DISABLED, RENAMED, GHOSTS, LONG = (
    1000,
    2000,
    3000,
    3100,
    3200,
    4000,
    5000,
    6000,
)


def make_places() -> list[SimRepository]:
    """One hundred repositories."""
    made = [
        SimRepository(id=OPEN + n, full_name=f"ours/open-{n}", stars=n * n % 700) for n in range(40)
    ]
    made += [
        SimRepository(
            id=CLOSED + n,
            full_name=f"theirs/closed-{n}",
            stars=20 + n,
            face=FACES[n % len(FACES)],
            created=datetime(2015 if n < 6 else 2026, 1, 1, tzinfo=UTC),
        )
        for n in range(30)
    ]
    for first, fate in ((DELETED, "deleted"), (BLOCKED, "blocked"), (DISABLED, "disabled")):
        made += [
            SimRepository(id=first + n, full_name=f"gone/{fate}-{n}", stars=30, fate=fate)
            for n in range(5)
        ]
    made += [SimRepository(id=RENAMED + n, full_name=f"ours/old-{n}", stars=150) for n in range(7)]
    made += [
        SimRepository(id=GHOSTS + n, full_name=f"ours/ghosts-{n}", stars=230, ghost_every=3)
        for n in range(7)
    ]
    return [*made, SimRepository(id=LONG, full_name="ours/long", stars=6_321, ghost_every=1000)]


def is_done(app: App) -> bool:
    """Nothing is under way, and nothing waits except for the revoked token."""
    waits = any(len(lane) for lane in app.dispatcher.lanes() if lane.user_id != 3)
    return not waits and all(state.is_idle for state in app.pool.states())


def test_every_row_is_the_truth_and_every_other_has_a_true_reason(flow: MakeFlow) -> None:
    places = make_places()
    assert len(places) == 100
    everything = tuple(place.id for place in places)
    ours = tuple(place.id for place in places if place.full_name.startswith("ours/"))
    shared = ours[: len(ours) // 2]
    accounts = (
        SimAccount(
            user_id=1, login="member", token="gho_member", starred=everything, collaborates=ours
        ),
        SimAccount(user_id=2, login="stranger", token="gho_stranger", starred=everything),
        SimAccount(user_id=3, login="revoked", token="gho_revoked", starred=everything),
        SimAccount(
            user_id=4, login="spent", token="gho_spent0", starred=shared, collaborates=shared
        ),
        SimAccount(
            user_id=5,
            login="scopeless",
            token="gho_noscope",
            starred=everything[:60],
            scopes=("read:user",),
            collaborates=ours,
        ),
        SimAccount(
            user_id=6,
            login="finegrained",
            token="github_pat_x",
            starred=everything[:60],
            kind="fine_grained",
            collaborates=ours,
        ),
    )
    run = flow(
        Scenario(
            accounts=accounts,
            repositories=tuple(places),
            limits=LIMITS,
            population=90_000,
        ),
        github=GRAPH,
    )
    run.github.control(
        "POST",
        "/world",
        {"revoke": ["gho_revoked"], "remaining": [[4, "core", 0], [4, "graphql", 0]]},
    )
    for n in range(7):
        run.github.control("POST", f"/repositories/{RENAMED + n}", {"rename": f"ours/new-{n}"})

    app = run.start()
    run.wait_until(
        lambda: (
            [row["status"] in ("completed", "failed", "restricted") for row in run.rows().values()]
            == [True] * 100
        ),
        "all is settled",
    )
    run.wait_until(lambda: is_done(app), "the rest is done")

    rows = run.rows()
    by_kind = {place.id: rows[place.full_name] for place in places}
    assert {row["status"] for identity, row in by_kind.items() if identity in ours} == {"completed"}
    assert run.stored() == run.truth(*ours)
    closed = [by_kind[CLOSED + n] for n in range(30)]
    assert {row["status"] for row in closed} == {"restricted"}
    assert [row["star_count"] for row in closed] == [20 + n for n in range(30)]
    assert all(
        "GitHub refuses the list" in row["last_error"] and row["next_retry_after"] for row in closed
    )
    for first, reason in ((DELETED, "deleted"), (BLOCKED, "blocked"), (DISABLED, "disabled")):
        gone = [by_kind[first + n] for n in range(5)]
        assert {row["status"] for row in gone} == {"failed"}
        assert all(row["last_error"].startswith(reason) and row["next_retry_after"] for row in gone)
    weeks = run.database.run(
        "SELECT repo, math::sum(total) AS total FROM star_history GROUP BY repo"
    )[0]
    assert {week["repo"].id: week["total"] for week in weeks} == {
        f"theirs/closed-{n}": 20 + n for n in range(30)
    }
    advice = run.database.run(
        "SELECT user_id, array::distinct(advice) AS advice FROM gitstars_access WHERE "
        "may_list = "
        "false GROUP BY user_id"
    )[0]
    told = {row["user_id"]: " ".join(filter(None, row["advice"])) for row in advice}
    assert "public_repo" in told.get(5, "public_repo")
    assert "fine-grained" in told.get(6, "fine-grained")
    assert {entry["status"] for entry in run.github.asked() if entry.get("user") == 3} <= {401}


@pytest.mark.both_engines
def test_what_a_spent_budget_holds_up_says_so_and_is_read_once_its_time_has_come(
    flow: MakeFlow,
) -> None:
    places = tuple(SimRepository(id=n, full_name=f"org/repo-{n}", stars=250) for n in range(1, 41))
    everything = tuple(place.id for place in places)
    poor, rich = (
        SimAccount(
            user_id=n,
            login=f"user-{n}",
            token=f"gho_user{n}",
            starred=everything[n - 1 :: 2],
            owns_starred=True,
        )
        for n in (1, 2)
    )
    run = flow(
        Scenario(accounts=(poor, rich), repositories=places, limits=AN_HOUR, population=9000),
        github=GRAPH,
    )
    run.github.control("POST", "/world", {"remaining": [[1, "core", 5], [1, "graphql", 1]]})
    app = run.start()

    run.wait_until(
        lambda: sum(row["status"] == "rate_limited" for row in run.rows().values()) >= 15,
        "what waits says so",
    )
    run.wait_until(
        lambda: sum(row["status"] == "completed" for row in run.rows().values()) >= 20,
        "the other account goes on",
    )
    waiting = [row for row in run.rows().values() if row["status"] == "rate_limited"]
    assert all(row["next_retry_after"] and "until" in row["last_error"] for row in waiting)
    app.stop()
    run.github.control("POST", "/log/clear")
    # An hour goes by.
    run.github.control("POST", "/world", {"remaining": [[1, "core", 5000], [1, "graphql", 5000]]})
    run.database.run(
        "DELETE gitstars_budget; UPDATE repo_processing_status SET next_retry_after = time::now() "
        "WHERE next_retry_after"
    )
    run.start()
    run.wait_until(
        lambda: {row["status"] for row in run.rows().values()} == {"completed"},
        "all is read after the reset",
    )

    assert run.stored() == run.truth()
    assert {entry["status"] for entry in run.github.asked()} == {200}
