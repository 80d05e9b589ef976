"""What was collected under a repository's former name follows it to the record of its new one."""

from typing import Any

import gevent
import pytest

from gitstars.errors import ClaimLost
from gitstars.model import (
    Claim,
    PageWrite,
    Progress,
    Repository,
    Settlement,
    Stargazer,
    Status,
    Week,
)
from gitstars.store import history, lifecycle, renames
from gitstars.store.database import Database, record
from gitstars.store.writer import PageWriter
from tests.store.conftest import count_edges

OLD, NEW = Repository("octo/old", "octo/old", 42, 3), Repository("octo/new", "octo/new", 42, 3)
STARS = 1203


def collect(database: Database) -> Claim:
    """The former record, completed, with stars and a week of history."""
    database.run(
        "CREATE $id SET github_id = 42, full_name = 'octo/old'", id=record("repo", OLD.key)
    )
    held = lifecycle.claim(database, OLD, "me", 60.0, 60.0)
    assert held is not None
    writer = PageWriter(database, 1)
    writer.start()
    for first in range(0, STARS, 100):
        numbers = range(first + 1, min(first + 100, STARS) + 1)
        people = [Stargazer(n, f"user-{n}", "", "", "2020-01-01T00:00:00Z") for n in numbers]
        writer.submit(
            PageWrite(held, people, Progress({"kind": "rest", "next_page": 2}, processed=STARS))
        ).get()
    writer.stop()
    history.save_weeks(
        database, OLD, [Week(1_577_836_800, 3, (1, 1, 1, 0, 0, 0, 0))], {"is_complete": True}
    )
    lifecycle.settle(database, held, Settlement(Status.COMPLETED))
    return held


def test_stars_history_and_status_follow(database: Database) -> None:
    collect(database)
    database.run(
        "CREATE $id SET github_id = 42, full_name = 'octo/new'", id=record("repo", NEW.key)
    )
    lifecycle.ensure_all(database, [NEW.key])

    former = renames.find_former(database, [NEW])
    moved = renames.carry_over(database, former[NEW.key], NEW.key)

    assert moved == STARS
    assert count_edges(database, NEW).open == STARS
    assert count_edges(database, OLD).open == 0
    ids = database.run(
        "SELECT VALUE record::id(id) FROM starred WHERE out = $repo", repo=record("repo", NEW.key)
    )[0]
    assert sorted(ids) == [[n, 42] for n in range(1, STARS + 1)]
    assert (
        len(database.run("SELECT VALUE <-starred FROM $repo", repo=record("repo", NEW.key))[0][0])
        == STARS
    )
    rows = database.run("SELECT repo, status, processed_stargazers FROM repo_processing_status")[0]
    assert rows == [
        {"repo": record("repo", NEW.key), "status": "completed", "processed_stargazers": STARS}
    ]
    assert history.read_stored(database, NEW).newest_week == 1_577_836_800
    assert renames.find_former(database, [NEW]) == {}


def test_a_move_that_was_cut_off_is_finished_by_the_next(database: Database) -> None:
    collect(database)
    database.run("CREATE $id SET github_id = 42", id=record("repo", NEW.key))
    some = database.run(renames.SOME, repo=record("repo", OLD.key), chunk=700)[0]
    database.run(renames.COPY, edges=some, new=record("repo", NEW.key))
    database.run(renames.DELETE, edges=some[:300])

    renames.carry_over(database, record("repo", OLD.key), NEW.key)

    ids = database.run("SELECT VALUE record::id(id) FROM starred")[0]
    assert sorted(ids) == [[n, 42] for n in range(1, STARS + 1)]


def test_a_repository_of_one_record_has_no_former_one(database: Database) -> None:
    collect(database)

    assert renames.find_former(database, [OLD]) == {}
    assert renames.find_former(database, [Repository("x/y", "x/y", None, 1)]) == {}


def test_a_repository_that_somebody_collects_moves_later(database: Database) -> None:
    collect(database)
    assert lifecycle.begin(database, OLD.key)
    held = lifecycle.claim(database, OLD, "another", 60.0, 60.0)
    assert held is not None

    moved = renames.carry_over(database, record("repo", OLD.key), NEW.key)

    assert moved is None
    assert count_edges(database, OLD).open == STARS
    lifecycle.settle(database, held, Settlement(Status.COMPLETED))
    assert renames.carry_over(database, record("repo", OLD.key), NEW.key) == STARS


def test_nobody_claims_a_repository_while_it_moves(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect(database)
    assert lifecycle.begin(database, OLD.key)
    run = database.run_retrying
    claims: list[Claim | None] = []

    def claim_in_between(query: str, *arguments: Any, **bindings: Any) -> list[Any]:
        result = run(query, *arguments, **bindings)
        if query == renames.COPY and not claims:
            claims.append(lifecycle.claim(database, OLD, "rival", 60.0, 60.0))
        return result

    monkeypatch.setattr(database, "run_retrying", claim_in_between)
    moved = renames.carry_over(database, record("repo", OLD.key), NEW.key)
    monkeypatch.undo()

    assert (moved, claims) == (STARS, [None])
    assert count_edges(database, NEW).open == STARS
    assert lifecycle.claim(database, NEW, "me", 60.0, 60.0) is not None


def test_a_holder_whose_lease_ran_out_stores_nothing_at_the_former_record(
    database: Database,
) -> None:
    collect(database)
    assert lifecycle.begin(database, OLD.key)
    late = lifecycle.claim(database, OLD, "late", 0.001, 60.0)
    assert late is not None
    # A quick database takes the next statement before the millisecond is over.
    gevent.sleep(0.05)
    writer = PageWriter(database, 1)
    writer.start()

    assert renames.carry_over(database, record("repo", OLD.key), NEW.key) == STARS

    person = Stargazer(77_777, "late", "", "", "2020-01-01T00:00:00Z")
    with pytest.raises(ClaimLost):
        writer.submit(PageWrite(late, [person], Progress({"kind": "rest"}))).get()
    writer.stop()
    assert count_edges(database, OLD).open == 0


def test_a_job_for_the_former_name_collects_nothing_anew(database: Database) -> None:
    collect(database)
    renames.carry_over(database, record("repo", OLD.key), NEW.key)

    held = lifecycle.claim(database, OLD, "me", 60.0, 60.0, force=True)

    assert held is None
    assert lifecycle.count_by_status(database) == {"completed": 1}
