"""The one history of a repository: from its own stars, else from the weekly counts."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitstars.model import Repository, Week
from gitstars.report.history import EXACT, NOTHING, WEEKLY, History, read_history
from gitstars.report.points import Per, Point, add_up, count_days, first_day
from gitstars.store import history, lifecycle, repositories, schema
from gitstars.store.database import Database, record

NAME, ID = "acme/engine", 42
#: A Sunday.
SUNDAY = int(datetime(2024, 5, 5, tzinfo=UTC).timestamp())


def star(
    database: Database, user: int, at: str, gone: str | None = None, web: bool = False
) -> None:
    """A stored star of the repository."""
    database.run(
        """
        INSERT IGNORE INTO github_user {id: $login, github_id: $user, username: $login};
        INSERT RELATION INTO starred {id: $id, in: $person, out: $repo, source: $source,
            starred_at: <datetime>$at,
            unstarred_at: IF $gone { <datetime>$gone } ELSE { NONE }};
        """,
        login=f"user-{user}",
        user=user,
        id=["web", user] if web else [user, ID],
        person=record("github_user", f"user-{user}"),
        repo=record("repo", NAME),
        source="github" if web else "stargazer_analysis",
        at=at,
        gone=gone,
    )


@pytest.fixture
def stored(database: Database) -> Database:
    schema.apply(database)
    database.run(
        "CREATE $repo SET github_id = 42, full_name = 'acme/engine', stars = 9",
        repo=record("repo", NAME),
    )
    lifecycle.ensure(database, Repository(NAME, NAME, ID, 9))
    return database


def complete(database: Database, ghosts: int = 0) -> None:
    database.run(
        "UPDATE repo_processing_status SET status = 'completed', completed_at = time::now(), "
        "ghosts = $ghosts",
        ghosts=ghosts,
    )


def read(database: Database, per: Per = "day") -> History:
    view = repositories.find(database, NAME)
    assert view is not None
    return read_history(database, view, per)


def test_a_list_that_was_read_gives_every_star_and_every_star_that_went(stored: Database) -> None:
    star(stored, 1, "2024-05-06T23:59:59Z")
    star(stored, 2, "2024-05-06T00:00:00Z", gone="2024-05-09T10:00:00Z")
    star(stored, 3, "2024-05-07T00:00:00Z")
    complete(stored)

    found = read(stored)

    assert (found.source, found.is_exact, found.note) == ("stars", True, EXACT)
    assert found.points == [
        Point(date(2024, 5, 6), 2, 0, 2),
        Point(date(2024, 5, 7), 1, 0, 3),
        Point(date(2024, 5, 9), 0, 1, 2),
    ]


def test_a_star_that_the_web_application_wrote_too_is_counted_once(stored: Database) -> None:
    star(stored, 1, "2024-05-06T01:00:00Z")
    star(stored, 1, "2024-05-06T01:00:00Z", web=True)
    star(stored, 2, "2024-05-08T01:00:00Z", web=True)
    complete(stored, ghosts=3)

    found = read(stored)

    assert [point.total for point in found.points] == [1, 2]
    assert found.note == f"{EXACT}; 3 stars of deleted users have no date"


def test_a_refused_list_gives_the_weekly_counts_and_says_what_they_are(stored: Database) -> None:
    star(stored, 1, "2024-05-06T01:00:00Z", web=True)
    weeks = [Week(SUNDAY, 3, (0, 1, 0, 0, 0, 0, 2)), Week(SUNDAY + 7 * 86400, 4, (4, *[0] * 6))]
    history.save_weeks(stored, Repository(NAME, NAME, ID, 9), weeks, {"next_page": 1})

    found = read(stored)

    assert (found.source, found.is_exact, found.note) == ("weeks", False, WEEKLY)
    assert found.points == [
        Point(date(2024, 5, 6), 1, 0, 1),
        Point(date(2024, 5, 11), 2, 0, 3),
        Point(date(2024, 5, 12), 4, 0, 7),
    ]


def test_a_list_in_the_middle_says_how_far_it_is(stored: Database) -> None:
    star(stored, 1, "2024-05-06T01:00:00Z")

    found = read(stored)

    assert found.note == "the list is not read to its end: 1 of 9 stars"
    assert not found.is_exact


def test_nothing_is_said_to_be_nothing(stored: Database) -> None:
    assert read(stored) == History("none", False, NOTHING, ())


def test_an_edge_that_is_no_star_spoils_nothing(stored: Database) -> None:
    star(stored, 1, "2024-05-06T01:00:00Z")
    stored.run("UPDATE starred SET starred_at = 'soon', unstarred_at = 5 WHERE true")
    star(stored, 2, "2024-05-07T01:00:00Z")
    complete(stored)

    assert [point.total for point in read(stored).points] == [1]


@pytest.mark.parametrize(
    ("per", "expected"),
    [("day", date(2024, 5, 8)), ("week", date(2024, 5, 5)), ("month", date(2024, 5, 1))],
)
def test_a_day_lies_in_its_period(per: Per, expected: date) -> None:
    assert first_day(date(2024, 5, 8), per) == expected
    assert first_day(expected, per) == expected


DAYS = st.dictionaries(
    st.dates(date(2008, 1, 1), date(2026, 11, 26)).map(date.isoformat), st.integers(1, 500)
)


@given(DAYS, DAYS, st.sampled_from(["day", "week", "month"]))
def test_every_grain_ends_with_the_same_number(
    added: dict[str, int], removed: dict[str, int], per: Per
) -> None:
    points = add_up(added, removed, per)

    assert sum(point.added for point in points) == sum(added.values())
    assert sum(point.removed for point in points) == sum(removed.values())
    last = points[-1].total if points else 0
    assert last == sum(added.values()) - sum(removed.values())
    assert [point.day for point in points] == sorted({point.day for point in points})


def test_a_week_is_spread_over_its_days() -> None:
    assert count_days([Week(SUNDAY, 3, (1, 0, 0, 0, 0, 0, 2))]) == {
        "2024-05-05": 1,
        "2024-05-11": 2,
    }
