"""Repositories as the operator sees them: lists, search, order, names, beginning anew, waiting."""

from collections.abc import Callable

import pytest

from gitstars.model import Claim, Progress, Settlement, Status
from gitstars.store import lifecycle, repositories
from gitstars.store.database import Database, record
from gitstars.store.repositories import SORTS, RepositoryView

MakeClaim = Callable[..., Claim]


@pytest.fixture
def rows(database: Database, claim: MakeClaim) -> None:
    """Three repositories: one complete, one failed, one in hand whose record the web application
    calls ``third``.
    """
    for key, name, identity, stars in (
        ("a/Alpha", "a/Alpha", 1, 30),
        ("b/beta", "b/beta", 2, 10),
        ("third", "c/Gamma", 3, 20),
    ):
        database.run(
            "CREATE $repo SET full_name = $name, github_id = $identity, stars = $stars",
            repo=record("repo", key),
            name=name,
            identity=identity,
            stars=stars,
        )
    lifecycle.settle(
        database,
        claim("a/Alpha", 1),
        Settlement(Status.COMPLETED, progress=Progress({"kind": "rest"}, 3, 3, 30, 29, 1)),
    )
    lifecycle.settle(
        database,
        claim("b/beta", 2),
        Settlement(Status.FAILED, last_error="gone", error_count=2, next_retry_at=4e9),
    )
    claim("third", 3)


def names(listed: tuple[list[RepositoryView], int]) -> list[str]:
    return [row.full_name for row in listed[0]]


@pytest.mark.usefixtures("rows")
def test_a_list_is_ordered_searched_and_cut(database: Database) -> None:
    assert names(repositories.list_repositories(database)) == ["a/Alpha", "b/beta", "c/Gamma"]
    assert names(repositories.list_repositories(database, sort="-stars")) == [
        "a/Alpha",
        "c/Gamma",
        "b/beta",
    ]
    assert names(repositories.list_repositories(database, status=Status.FAILED)) == ["b/beta"]
    assert names(repositories.list_repositories(database, q="GAM")) == ["c/Gamma"]
    assert names(repositories.list_repositories(database, q="' OR true")) == []
    page, total = repositories.list_repositories(database, limit=1, offset=1)
    assert ([row.full_name for row in page], total) == (["b/beta"], 3)


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("sort", SORTS)
def test_every_order_lists_everything(database: Database, sort: str) -> None:
    assert sorted(names(repositories.list_repositories(database, sort=sort))) == [
        "a/Alpha",
        "b/beta",
        "c/Gamma",
    ]


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    "name",
    ["a/Alpha", "A/alpha", "1", "repo:⟨a/Alpha⟩", "repo:`a/Alpha`", "repo:a/Alpha", " a/Alpha "],
)
def test_a_repository_is_found_by_any_of_its_names(database: Database, name: str) -> None:
    found = repositories.find(database, name)

    assert found is not None
    assert (found.key, found.status, found.processed, found.ghosts, found.stars) == (
        "a/Alpha",
        "completed",
        29,
        1,
        30,
    )
    assert found.completed_at is not None


@pytest.mark.usefixtures("rows")
def test_a_repository_is_found_by_its_name_at_github(database: Database) -> None:
    found = repositories.find(database, "c/gamma")

    assert found is not None
    assert (found.key, found.record_id, found.status, found.claimed_by) == (
        "third",
        "repo:⟨third⟩",
        "processing",
        "holder of third",
    )


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    "name",
    ["", "nobody/nothing", "999", "repo:", "repo:⟨⟩", "'; DELETE repo; --", "github_user:ann"],
)
def test_what_means_no_repository_is_not_found(database: Database, name: str) -> None:
    assert repositories.find(database, name) is None


def test_a_repository_that_was_never_queued_has_no_status(database: Database) -> None:
    database.run("CREATE $repo SET full_name = 'x/y', github_id = 77", repo=record("repo", "x/y"))

    found = repositories.find(database, "x/y")

    assert found is not None
    assert (found.status, found.github_id) == (None, 77)


def test_waiting_repositories_leave_those_in_hand_and_those_ended(
    database: Database, rows: None, claim: MakeClaim
) -> None:
    lifecycle.settle(database, claim("d/delta", 4), Settlement(Status.PENDING))

    marked = lifecycle.mark_waiting(
        database, ["a/Alpha", "b/beta", "third", "d/delta", "unknown"], 4e9, "spent"
    )

    assert marked == 1
    found, total = repositories.list_repositories(database, status=Status.RATE_LIMITED)
    assert [(row.key, row.next_retry_at, row.last_error) for row in found] == [
        ("d/delta", 4e9, "spent")
    ]
    assert total == 1
