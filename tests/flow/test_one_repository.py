"""Two records of one repository: it is collected once, under one of them, and nothing moves to
and fro.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from gitstars.app import App
from gitstars.model import Repository
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from gitstars.store import seeding
from gitstars.store.database import record
from tests.harness import NO_LIMITS, Flow

MakeFlow = Callable[..., Flow]
PLACE = SimRepository(id=42, full_name="octo/new", stars=130, renamed_from="octo/old")
WORLD = Scenario(
    accounts=tuple(
        SimAccount(user_id=n, login=login, token=f"gho_{login}", starred=(7,))
        for n, login in ((1, "ann"), (2, "bob"))
    ),
    repositories=(PLACE, SimRepository(id=7, full_name="octo/other", stars=1)),
    limits=NO_LIMITS,
    restriction="none",
    population=5000,
)


def star(run: Flow, login: str, *names: str) -> None:
    seeding.star(run.database, login, [Repository(name, name, 42, 130) for name in names])


def scan_often(run: Flow, app: App) -> list[dict[str, Any]]:
    for _ in range(3):
        app.watcher.scan()
        run.wait_idle()
    rows: list[dict[str, Any]] = run.database.run(
        (
            "SELECT repo, status, processed_stargazers FROM repo_processing_status WHERE repo != "
            "$other"
        ),
        other=record("repo", "octo/other"),
    )[0]
    return rows


@pytest.mark.both_engines
@pytest.mark.parametrize("old_is_starred_by", ["ann", "bob"])
def test_what_was_collected_moves_once_although_the_former_record_is_still_starred(
    flow: MakeFlow, old_is_starred_by: str
) -> None:
    run = flow(WORLD)
    app = run.start()
    run.wait_idle()
    star(run, old_is_starred_by, "octo/old")
    scan_often(run, app)

    star(run, "ann", "octo/new")
    rows = scan_often(run, app)

    assert rows == [
        {"repo": record("repo", "octo/new"), "status": "completed", "processed_stargazers": 130}
    ]
    assert set(run.stored()) == {"octo/new", "octo/other"}
    assert len(run.github.asked()) < 25


def test_of_two_new_records_one_is_collected(flow: MakeFlow) -> None:
    run = flow(WORLD)
    app = run.start()
    run.wait_idle()

    star(run, "ann", "octo/old", "octo/new")
    rows = scan_often(run, app)

    assert [(row["status"], row["processed_stargazers"]) for row in rows] == [("completed", 130)]
    assert sorted(len(stars) for stars in run.stored().values()) == [1, 130]


def test_a_second_record_is_taken_up_when_the_first_is_gone(flow: MakeFlow) -> None:
    run = flow(WORLD)
    app = run.start()
    run.wait_idle()
    star(run, "ann", "octo/old")
    scan_often(run, app)
    star(run, "ann", "octo/new")
    scan_often(run, app)

    run.database.run(
        "DELETE repo_processing_status WHERE repo = $new; DELETE $new",
        new=record("repo", "octo/new"),
    )
    rows = scan_often(run, app)

    assert rows == [
        {"repo": record("repo", "octo/old"), "status": "completed", "processed_stargazers": 130}
    ]


@pytest.mark.parametrize("use_graphql", [True, False])
def test_a_repository_that_is_renamed_while_it_is_read_keeps_all_its_stars_in_one_record(
    flow: MakeFlow, use_graphql: bool
) -> None:
    place = SimRepository(id=42, full_name="octo/old", stars=2400)
    account = SimAccount(user_id=1, login="ann", token="gho_ann", starred=(42,), owns_starred=True)
    slow = msgspec.structs.replace(NO_LIMITS, latency_seconds=0.1)
    run = flow(
        Scenario(accounts=(account,), repositories=(place,), limits=slow, population=5000),
        github={"use_graphql": use_graphql, "graphql_points_per_minute": 1_000_000},
    )
    app = run.start()
    run.wait_until(lambda: app.events.totals["pages.stored"] >= 3, "it is being read")

    run.github.control("POST", "/repositories/42", {"rename": "octo/new"})
    star(run, "ann", "octo/new")
    app.watcher.scan()
    run.wait_idle()
    rows = scan_often(run, app)

    assert [(row["repo"].id, row["status"]) for row in rows] == [("octo/new", "completed")]
    assert run.stored() == {"octo/new": run.truth()["octo/old"]}
