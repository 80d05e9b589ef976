"""Who starred a repository: newest first, each person once, and those whose star went."""

from datetime import UTC, datetime

import pytest

from gitstars.store import schema, stargazers
from gitstars.store.database import Database, record
from gitstars.store.stargazers import StoredStar

NAME = "acme/engine"


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.fixture
def stored(database: Database) -> Database:
    schema.apply(database)
    stars = [
        (1, "2024-05-06T01:00:00", None, "stargazer_analysis"),
        (2, "2024-05-07T01:00:00", None, "stargazer_analysis"),
        (2, "2024-05-07T01:00:00", None, "github"),
        (3, "2024-05-08T01:00:00", "2024-06-01T00:00:00", "stargazer_analysis"),
        (4, "2023-05-08T01:00:00", "2024-07-01T00:00:00", "stargazer_analysis"),
    ]
    for user, given, gone, source in stars:
        database.run(
            """
            INSERT IGNORE INTO github_user {id: $login, github_id: $user, username: $login};
            INSERT RELATION INTO starred {in: $person, out: $repo, source: $source,
                starred_at: <datetime>$given,
                unstarred_at: IF $gone { <datetime>$gone } ELSE { NONE }};
            """,
            login=f"user-{user}",
            user=user,
            person=record("github_user", f"user-{user}"),
            repo=record("repo", NAME),
            source=source,
            given=f"{given}Z",
            gone=f"{gone}Z" if gone else None,
        )
    return database


def test_each_person_is_told_once_newest_first(stored: Database) -> None:
    found = stargazers.read_newest(stored, NAME, 10)

    assert found == [
        StoredStar(2, "user-2", at("2024-05-07T01:00:00"), None),
        StoredStar(1, "user-1", at("2024-05-06T01:00:00"), None),
    ]


def test_those_whose_star_went_are_told_by_the_time_when_it_was_found(stored: Database) -> None:
    found = stargazers.read_newest(stored, NAME, 10, gone=True)

    assert [(star.login, star.unstarred_at) for star in found] == [
        ("user-4", at("2024-07-01T00:00:00")),
        ("user-3", at("2024-06-01T00:00:00")),
    ]


def test_the_list_begins_where_it_is_told_and_ends_at_its_length(stored: Database) -> None:
    since = at("2024-05-07T00:00:00")

    assert [s.user_id for s in stargazers.read_newest(stored, NAME, 10, since)] == [2]
    assert [s.user_id for s in stargazers.read_newest(stored, NAME, 1)] == [2]
    assert stargazers.read_newest(stored, "acme/nothing", 10) == []


def test_edges_that_are_no_stars_are_passed_over(stored: Database) -> None:
    stored.run("UPDATE starred SET starred_at = 'soon' WHERE in = github_user:`user-2`")
    stored.run("DELETE github_user:`user-1`")

    assert stargazers.read_newest(stored, NAME, 10) == []
