"""Repositories are alike by the people who star them."""

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitstars.report.sharing import (
    Overlap,
    find_overlaps,
    find_similar,
    jaccard,
    log_likelihood,
)
from gitstars.store import repositories
from gitstars.store.database import Database, record
from gitstars.store.sharing import count_shared

#: Who stars what: by the number of the repository.
STARS = {
    1: range(0, 40),
    2: range(20, 60),
    3: range(0, 200),
    4: range(100, 140),
    5: range(0, 40),
}


@pytest.fixture
def stored(database: Database) -> Database:
    """Five repositories, of which the last one's list is not whole; the web application has a star
    of its own beside one from the list, and one was taken back.
    """
    database.run(
        "INSERT INTO github_user $rows RETURN NONE",
        rows=[{"id": f"u{n}", "github_id": n + 1, "username": f"u{n}"} for n in range(1000)],
    )
    for number, people in STARS.items():
        place = record("repo", f"o/r{number}")
        database.run(
            "CREATE $place SET github_id = $n, full_name = $name; INSERT RELATION INTO starred "
            "$rows RETURN NONE; CREATE repo_processing_status SET repo = $place, "
            "status = $status, processed_stargazers = $stars",
            place=place,
            n=number,
            name=f"o/r{number}",
            status="completed" if number < 5 else "processing",
            stars=len(people),
            rows=[
                {
                    "id": [n + 1, number],
                    "in": record("github_user", f"u{n}"),
                    "out": place,
                    "source": "stargazer_analysis",
                }
                for n in people
            ],
        )
    database.run(
        "RELATE github_user:u0->starred->repo:⟨o/r1⟩ SET source = 'github'; "
        "RELATE github_user:u500->starred->repo:⟨o/r1⟩ SET source = 'stargazer_analysis', "
        "unstarred_at = time::now(); "
        "RELATE github_user:u500->starred->repo:⟨o/r4⟩ SET source = 'stargazer_analysis'"
    )
    return database


def test_what_popularity_explains_is_less_alike(stored: Database) -> None:
    view = repositories.require(stored, "o/r1")

    found = find_similar(stored, view, 10)

    assert [(one.full_name, one.stars, one.shared) for one in found] == [
        ("o/r3", 200, 40),
        ("o/r2", 40, 20),
    ]
    assert found[1].jaccard == jaccard(40, 40, 20) == 20 / 60
    assert found[0].score == log_likelihood(40, 200, 40, 1000)
    assert find_similar(stored, view, 1) == found[:1]
    assert find_similar(stored, repositories.require(stored, "o/r4"), 5)[0].full_name == "o/r3"


def test_each_two_are_compared(stored: Database) -> None:
    views = [repositories.require(stored, f"o/r{number}") for number in (1, 2, 4)]

    assert find_overlaps(stored, views) == [
        Overlap("o/r1", "o/r2", 20, 20 / 60),
        Overlap("o/r1", "o/r4", 0, 0.0),
        Overlap("o/r2", "o/r4", 0, 0.0),
    ]


def test_many_people_are_counted_in_parts(stored: Database) -> None:
    whole = count_shared(stored, "o/r1")

    assert count_shared(stored, "o/r1", at_once=7) == whole
    assert whole == {"o/r1": 40, "o/r2": 20, "o/r3": 40, "o/r5": 40}


def test_the_ratio_is_that_of_the_literature() -> None:
    # Dunning's table: both, one, the other, none.
    both, one, other, none = 110, 2442, 111, 29114
    total = both + one + other + none

    def x_log_x(*counts: int) -> float:
        return sum(n * log(n / total) for n in counts if n)

    expected = 2 * (
        x_log_x(both, one, other, none)
        - x_log_x(both + one, other + none)
        - x_log_x(both + other, one + none)
    )

    assert log_likelihood(both + one, both + other, both, total) == pytest.approx(expected)
    assert expected == pytest.approx(270.72, abs=0.01)


@given(
    first=st.integers(0, 500),
    second=st.integers(0, 500),
    shared=st.integers(0, 500),
    everybody=st.integers(0, 5000),
)
def test_no_numbers_make_the_measures_fail(
    first: int, second: int, shared: int, everybody: int
) -> None:
    assert log_likelihood(first, second, shared, everybody) >= 0
    assert jaccard(first, second, min(first, second, shared)) <= 1
