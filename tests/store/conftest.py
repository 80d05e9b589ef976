"""What the store's tests share: a claim, pages, and a running writer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest

from gitstars.model import Claim, PageWrite, Progress, Repository, Stargazer
from gitstars.store import lifecycle
from gitstars.store.database import Database, record
from gitstars.store.writer import PageWriter

MakeClaim = Callable[..., Claim]


def stargazer(
    github_id: int, login: str | None = None, at: str = "2024-05-06T07:08:09Z"
) -> Stargazer:
    name = login or f"user-{github_id}"
    return Stargazer(
        github_id, name, f"https://avatars.example/{github_id}", f"https://github.com/{name}", at
    )


@pytest.fixture
def page() -> Callable[..., PageWrite]:
    """``page(claim, stargazers, number)``."""

    def make(claim: Claim, stargazers: Sequence[Stargazer], number: int = 1) -> PageWrite:
        return PageWrite(
            claim,
            stargazers,
            Progress(
                {"kind": "rest", "next_page": number + 1}, number, 9, 900, number * len(stargazers)
            ),
        )

    return make


@pytest.fixture
def person() -> Callable[..., Stargazer]:
    return stargazer


@pytest.fixture
def claim(database: Database) -> MakeClaim:
    """``claim(name, github_id)`` holds the lease on a repository."""

    def make(name: str = "octo/cat", github_id: int = 42, owner: str | None = None) -> Claim:
        held = lifecycle.claim(
            database,
            Repository(name, name, github_id, 100),
            owner or f"holder of {name}",
            3600,
            3600,
        )
        assert held is not None
        return held

    return make


@pytest.fixture
def writer(database: Database) -> Iterator[PageWriter]:
    running = PageWriter(database, writers=4)
    running.start()
    yield running
    running.stop()


@dataclass(frozen=True, slots=True)
class EdgeCounts:
    """Stars of a repository: gitstars' open ones, those it closed, and the web application's
    own.
    """

    open: int
    closed: int
    own: int


def count_edges(database: Database, repository: Repository) -> EdgeCounts:
    """How many stars of the repository are stored."""
    rows = database.run(
        (
            "SELECT count() AS edges, source, unstarred_at IS NONE AS is_open FROM starred WHERE "
            "out "
            "= $repo GROUP BY source, is_open"
        ),
        repo=record("repo", repository.key),
    )[0]
    counted = {
        (row["source"] == "stargazer_analysis", row["is_open"]): row["edges"] for row in rows
    }
    return EdgeCounts(
        open=counted.get((True, True), 0),
        closed=counted.get((True, False), 0),
        own=counted.get((False, True), 0),
    )
