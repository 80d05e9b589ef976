"""A database that a former version of gitstars left behind when it was killed, opened by this one.

``tests/store/data/former_version.surql`` was written by it (November 2026) against the simulated
GitHub: an account, a complete list, a list half read by page numbers, one half read by cursors
(both claimed by an owner of the former form), a refused list with its history, access and budgets.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from gitstars.fetch.listing.cursor import EndsCursor, PageCursor, read_cursor
from gitstars.model import Claim, Repository
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from gitstars.store import access, budgets, history, lifecycle, overview, schema
from gitstars.store.database import Database
from gitstars.supervise.instance import Instance
from tests.harness import NO_LIMITS, Flow

FORMER = Path(__file__).parent.parent / "store" / "data" / "former_version.surql"
#: The GitHub that it was written against. The lists of 1002 and 1004 are alike.
WORLD = Scenario(
    accounts=(
        SimAccount(
            user_id=1,
            login="ada",
            token="gho_ada0000",
            starred=(1001, 1002, 1003, 1004),
            owned=(1001, 1002, 1004),
        ),
    ),
    repositories=(
        SimRepository(id=1001, full_name="acme/done", stars=12, ghost_every=6),
        SimRepository(id=1002, full_name="acme/half", stars=160),
        SimRepository(id=1003, full_name="acme/refused", stars=40),
        SimRepository(id=1004, full_name="acme/graph", stars=160, seed=1002),
    ),
    limits=NO_LIMITS,
    population=170,
)


def claim(database: Database, name: str, identity: int) -> Claim:
    held = lifecycle.claim(database, Repository(name, name, identity, 160), "me", 60, 60)
    assert held is not None
    return held


def load(database: Database) -> None:
    database.run(FORMER.read_text())


@pytest.mark.both_engines
def test_everything_that_the_former_version_stored_is_understood(
    flow: Callable[..., Flow],
) -> None:
    database = flow(WORLD, signed_in=0, has_schema=False).database
    load(database)

    version = schema.apply(database)

    assert version == 2
    owners = database.run("SELECT VALUE claimed_by FROM repo_processing_status WHERE claimed_by")[0]
    assert len(owners) == 2
    assert not any(Instance().is_dead(owner) or Instance().is_mine(owner) for owner in owners)
    assert lifecycle.give_back(database, lambda owner: owner in owners) == 2
    half, graph = claim(database, "acme/half", 1002), claim(database, "acme/graph", 1004)
    assert isinstance(read_cursor(half.progress.cursor), PageCursor)
    assert isinstance(read_cursor(graph.progress.cursor), EndsCursor)
    assert (half.progress.processed, graph.progress.processed) == (30, 20)
    assert lifecycle.count_by_status(database) == {
        "completed": 1,
        "processing": 2,
        "restricted": 1,
    }
    assert {key: row.may_list for key, row in access.of_user(database, 1).items()} == {
        "acme/done": True,
        "acme/half": True,
        "acme/refused": False,
    }
    refused = Repository("acme/refused", "acme/refused", 1003, 40)
    assert history.read_stored(database, refused).next_page == 3
    assert len(overview.read_weeks(database, refused.key)) > 50
    assert [row["resource"] for row in budgets.load(database)] == ["core"]


@pytest.mark.both_engines
@pytest.mark.parametrize("use_graphql", [False, True])
def test_what_was_half_read_is_read_to_its_end(
    flow: Callable[..., Flow], use_graphql: bool
) -> None:
    github = {"use_graphql": use_graphql, "page_size": 10}
    run = flow(WORLD, signed_in=0, has_schema=False, github=github)
    load(run.database)
    run_out = "UPDATE repo_processing_status SET lease_expires_at = time::now() - 1s"
    run.database.run(run_out)

    run.start()
    run.wait_idle()

    rows = run.rows()
    assert {name: row["status"] for name, row in rows.items()} == {
        "acme/done": "completed",
        "acme/half": "completed",
        "acme/graph": "completed",
        "acme/refused": "restricted",
    }
    assert run.stored() == run.truth(1001, 1002, 1004)
