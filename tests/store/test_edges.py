"""Sweeps: what they saw stays open, what they did not see is closed, and a star given again is
open again.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gitstars.errors import ClaimLost
from gitstars.execute import ending
from gitstars.model import Claim, PageWrite, Repository, Settlement, Stargazer, Status
from gitstars.store import edges, lifecycle
from gitstars.store.database import Database, record
from gitstars.store.writer import PageWriter
from tests.store.conftest import EdgeCounts, count_edges

MakeClaim = Callable[..., Claim]
MakePage = Callable[..., PageWrite]
Person = Callable[..., Stargazer]


@pytest.fixture
def starred(
    database: Database, writer: PageWriter, claim: MakeClaim, page: MakePage, person: Person
) -> Claim:
    """octo/cat with the web application's own star of user 1, and ours of 2, 3 and 4."""
    database.run("CREATE github_user:ann SET github_id = 1, username = 'ann'")
    database.run(
        "RELATE github_user:ann->starred->$repo SET source = 'github', starred_at = time::now()",
        repo=record("repo", "octo/cat"),
    )
    held = claim()
    writer.submit(page(held, [person(n) for n in (1, 2, 3, 4)])).get()
    return held


def test_known_stars_are_found_by_user(database: Database, starred: Claim) -> None:
    assert edges.find_known(database, starred.repository, [1, 2, 4, 99]) == {1, 2, 4}
    assert (
        edges.find_known(
            database, replace(starred.repository, key="octo/other", github_id=43), [1, 2]
        )
        == set()
    )


def test_a_sweep_closes_what_it_did_not_see_and_only_of_ours(
    database: Database, writer: PageWriter, starred: Claim, page: MakePage, person: Person
) -> None:
    generation = starred.generation + 1
    writer.submit(replace(page(starred, [person(2), person(5)]), generation=generation)).get()

    closed = edges.close_unseen(database, starred, generation)

    assert closed == 2
    assert count_edges(database, starred.repository) == EdgeCounts(open=2, closed=2, own=1)
    assert edges.find_known(database, starred.repository, [1, 2, 3, 4, 5]) == {1, 2, 5}


def test_a_star_given_again_is_open_again_with_its_new_time(
    database: Database, writer: PageWriter, starred: Claim, page: MakePage, person: Person
) -> None:
    edges.close_unseen(database, starred, 1)

    writer.submit(page(starred, [person(3, at="2026-01-01T00:00:00Z")])).get()

    edge = database.run("SELECT * FROM starred:[3, 42]")[0][0]
    assert edge.get("unstarred_at") is None
    assert edge["starred_at"].year == 2026
    assert count_edges(database, starred.repository) == EdgeCounts(open=1, closed=2, own=1)


def test_the_generation_of_a_sweep_is_known_to_the_next_claim(
    database: Database, starred: Claim
) -> None:
    lifecycle.settle(database, starred, Settlement(Status.PENDING, generation=1, is_swept=True))

    again = lifecycle.claim(database, starred.repository, "me", 3600, 3600)

    assert again is not None
    assert again.generation == 1
    assert again.swept_at is not None


def give_back(database: Database, held: Claim) -> Claim | None:
    lifecycle.settle(database, held, Settlement(Status.PENDING))
    return lifecycle.claim(database, held.repository, "again", 3600, 3600)


def end_unproven(database: Database, held: Claim) -> Claim | None:
    lifecycle.settle(
        database,
        held,
        ending.decide_unproven("4 stars were listed while the count is 2", held, 0.0, 8).settlement,
    )
    return lifecycle.claim(database, held.repository, "again", 3600, 3600)


def claim_by_force(database: Database, held: Claim) -> Claim | None:
    lifecycle.settle(database, held, Settlement(Status.PENDING))
    return lifecycle.claim(database, held.repository, "again", 3600, 3600, force=True)


def begin_by_hand(database: Database, held: Claim) -> Claim | None:
    lifecycle.settle(database, held, Settlement(Status.PENDING))
    lifecycle.begin(database, held.repository.key)
    return lifecycle.claim(database, held.repository, "again", 3600, 3600)


@pytest.mark.parametrize(
    ("end", "closed"), [(give_back, 0), (end_unproven, 3), (claim_by_force, 3), (begin_by_hand, 3)]
)
def test_what_an_earlier_reading_saw_counts_only_where_this_one_goes_on_from_it(
    database: Database,
    writer: PageWriter,
    claim: MakeClaim,
    page: MakePage,
    person: Person,
    end: Callable[[Database, Claim], Claim | None],
    closed: int,
) -> None:
    held = claim()
    writer.submit(
        replace(page(held, [person(n) for n in (2, 3, 4, 5)]), generation=held.generation + 1)
    ).get()

    again = end(database, held)

    assert again is not None
    writer.submit(
        replace(page(again, [person(5), person(6)]), generation=again.generation + 1)
    ).get()
    assert edges.close_unseen(database, again, again.generation + 1) == closed


def test_whether_any_star_was_stored_is_known(database: Database, starred: Claim) -> None:
    assert edges.has_any(database, starred.repository)
    assert not edges.has_any(database, Repository("a/none", "a/none", 77, 1))


def test_a_page_outside_of_a_sweep_keeps_what_a_sweep_saw(
    database: Database, writer: PageWriter, starred: Claim, page: MakePage, person: Person
) -> None:
    writer.submit(replace(page(starred, [person(2)]), generation=1)).get()

    writer.submit(page(starred, [person(2)])).get()

    assert edges.close_unseen(database, starred, 1) == 2
    assert edges.find_known(database, starred.repository, [2]) == {2}


def test_a_sweep_of_a_lost_claim_closes_nothing(database: Database, starred: Claim) -> None:
    lifecycle.settle(database, starred, Settlement(Status.PENDING))

    with pytest.raises(ClaimLost):
        edges.close_unseen(database, starred, 1)

    assert count_edges(database, starred.repository).closed == 0
