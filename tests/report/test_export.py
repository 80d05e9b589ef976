"""What an export holds is what is stored, to the star, on both engines."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gitstars.errors import NotKnown
from gitstars.report.export import COLUMNS, Wanted, What, export, write_cells
from gitstars.store import exports, schema
from gitstars.store.database import Database, record

ENGINE, TOOLS = ("acme/engine", 7), ("acme/tools", 8)


def put(database: Database, user: int, repo: tuple[str, int], gone: str | None = None) -> None:
    """A star as gitstars stores it."""
    database.run(
        """
        INSERT IGNORE INTO github_user {id: $login, github_id: $user, username: $login};
        INSERT RELATION INTO starred {id: $id, in: $person, out: $repo,
            source: 'stargazer_analysis', starred_at: <datetime>$given,
            unstarred_at: IF $gone { <datetime>$gone } ELSE { NONE }};
        """,
        id=[user, repo[1]],
        login=f"user-{user}",
        user=user,
        person=record("github_user", f"user-{user}"),
        repo=record("repo", repo[0]),
        given=f"2024-05-{user:02}T01:00:00Z",
        gone=gone,
    )


def put_as_web(database: Database, user: int, repo: tuple[str, int]) -> None:
    database.run(
        """
        INSERT IGNORE INTO github_user {id: $login, github_id: $user, username: $login};
        INSERT RELATION INTO starred {in: $person, out: $repo, source: 'github',
            starred_at: <datetime>$given};
        """,
        login=f"user-{user}",
        user=user,
        person=record("github_user", f"user-{user}"),
        repo=record("repo", repo[0]),
        given=f"2024-05-{user:02}T01:00:00Z",
    )


@pytest.fixture
def stored(database: Database) -> Database:
    schema.apply(database)
    for name, number in (ENGINE, TOOLS):
        database.run(
            "INSERT INTO repo {id: $name, github_id: $id, full_name: $name}", name=name, id=number
        )
        database.run(
            "CREATE repo_processing_status SET repo = $repo, status = 'completed'",
            repo=record("repo", name),
        )
    for user in range(1, 8):
        put(database, user, ENGINE, "2024-06-01T00:00:00Z" if user == 3 else None)
    put(database, 2, TOOLS)
    for user in (2, 9, 10, 11):
        put_as_web(database, user, ENGINE)
    return database


def rows(
    stored: Database,
    *names: str,
    what: What = "stars",
    since: float | None = None,
    include_unstarred: bool = False,
) -> list[dict[str, Any]]:
    lines = export(stored, what, "jsonl", Wanted(names, since, include_unstarred))
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("page_rows", [1, 2, 3, 4, 100])
def test_every_star_is_there_once_in_its_order(stored: Database, page_rows: int) -> None:
    found = list(exports.read_stars(stored, (), page_rows))

    pairs = [(star.user_id, star.repo_id) for star in found]
    assert pairs[:8] == [(1, 7), (2, 7), (2, 8), (3, 7), (4, 7), (5, 7), (6, 7), (7, 7)]
    assert sorted(pairs[8:]) == [(9, 7), (10, 7), (11, 7)]


def test_stars_that_were_found_gone_come_when_they_are_asked_for(stored: Database) -> None:
    there, everything = rows(stored), rows(stored, include_unstarred=True)

    gone = [row for row in everything if row["unstarred_at"] is not None]
    assert [(row["user_id"], row["unstarred_at"]) for row in gone] == [(3, "2024-06-01T00:00:00Z")]
    assert there == [row for row in everything if row not in gone]


def test_an_export_takes_repositories_and_a_first_day(stored: Database) -> None:
    since = datetime(2024, 5, 6, tzinfo=UTC).timestamp()

    assert [row["user_id"] for row in rows(stored, "acme/tools")] == [2]
    recent = {row["user_id"] for row in rows(stored, "acme/engine", "acme/tools", since=since)}
    assert recent == {6, 7, 9, 10, 11}
    with pytest.raises(NotKnown, match="acme/nothing"):
        export(stored, "stars", "csv", Wanted(["acme/nothing"]))


def test_csv_and_json_say_the_same(stored: Database) -> None:
    lines = export(stored, "stars", "csv", Wanted(include_unstarred=True))
    table = list(csv.DictReader(lines))

    shown = [
        {k: "" if v is None else str(v) for k, v in row.items()}
        for row in rows(stored, include_unstarred=True)
    ]
    assert table == shown
    assert tuple(table[0]) == COLUMNS["stars"]


def test_a_person_without_a_record_has_no_login(stored: Database) -> None:
    stored.run(
        "INSERT RELATION INTO starred {id: [12, 7], in: $person, out: $repo,"
        " source: 'stargazer_analysis', starred_at: <datetime>'2024-05-12T01:00:00Z'}",
        person=record("github_user", "nobody"),
        repo=record("repo", "acme/engine"),
    )

    logins = {row["user_id"]: row["login"] for row in rows(stored, "acme/engine")}
    assert logins[12] is None
    assert logins[6] == "user-6"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_of_outside_text_is_a_formula(text: str) -> None:
    assert next(csv.reader(io.StringIO(write_cells([text, -1, "a=b"]), newline=""))) == [
        f"'{text}",
        "-1",
        "a=b",
    ]


@pytest.mark.parametrize("page_rows", [1, 2, 3, 100])
def test_stars_of_chosen_repositories_come_in_the_same_order(
    stored: Database, page_rows: int
) -> None:
    everything = [star for star in exports.read_stars(stored) if star.repo_id == ENGINE[1]]

    assert list(exports.read_stars(stored, ["acme/engine"], page_rows)) == everything


@pytest.mark.parametrize("page_rows", [1, 2, 100])
def test_a_star_that_was_kept_in_step_is_told_once_beside_its_list(
    stored: Database, page_rows: int
) -> None:
    put_in_step(stored, 4, ENGINE)
    put_in_step(stored, 4, TOOLS)
    before = [star for star in exports.read_stars(stored) if star.user_id != 4]

    found = list(exports.read_stars(stored, (), page_rows))

    assert [star for star in found if star.user_id != 4] == before
    mine = [star.full_name for star in found if star.user_id == 4]
    assert mine == ["acme/engine", "acme/tools"]


def put_in_step(database: Database, user: int, repo: tuple[str, int]) -> None:
    """A star that gitstars wrote in the place of the web application."""
    database.run(
        "INSERT RELATION INTO starred {id: ['github', $user, $number], in: $person, out: $repo,"
        " source: 'github', starred_at: <datetime>'2024-05-04T01:00:00Z'}",
        user=user,
        number=repo[1],
        person=record("github_user", f"user-{user}"),
        repo=record("repo", repo[0]),
    )


def test_people_are_exported_once_each(stored: Database) -> None:
    everybody = rows(stored, what="users")
    assert [row["user_id"] for row in everybody] == [1, 2, 3, 4, 5, 6, 7, 9, 10, 11]
    assert list(everybody[0]) == list(COLUMNS["users"])
    assert [row["login"] for row in rows(stored, "acme/tools", what="users")] == ["user-2"]
    there = [row["user_id"] for row in rows(stored, "acme/engine", what="users")]
    assert there == [1, 2, 4, 5, 6, 7, 9, 10, 11]
    with_gone = rows(stored, "acme/engine", what="users", include_unstarred=True)
    assert len(with_gone) == len(there) + 1
    since = datetime(2024, 5, 10, tzinfo=UTC).timestamp()
    assert [row["user_id"] for row in rows(stored, what="users", since=since)] == [10, 11]


@pytest.mark.parametrize("page_rows", [1, 3, 10, 100])
def test_pages_of_people_leave_nobody_out(stored: Database, page_rows: int) -> None:
    people = list(exports.read_people(stored, page_rows))

    assert [person.user_id for person in people] == [1, 2, 3, 4, 5, 6, 7, 9, 10, 11]
    chosen = exports.find_people(stored, [11, 2, 2, 77, 3], page_rows)
    assert [person.user_id for person in chosen] == [2, 3, 11]


def test_repositories_are_exported_with_their_states(stored: Database) -> None:
    found = rows(stored, what="repos")

    assert [(row["repo_id"], row["repo"], row["status"]) for row in found] == [
        (7, "acme/engine", "completed"),
        (8, "acme/tools", "completed"),
    ]
    assert list(found[0]) == list(COLUMNS["repos"])
    assert [row["repo"] for row in rows(stored, "8", "acme/tools", what="repos")] == ["acme/tools"]


def test_counts_are_exported_day_by_day(stored: Database) -> None:
    for key, day, stars in (("acme/engine", "2024-05-01", 9), ("acme/engine", "2024-05-03", 7)):
        stored.run(
            "CREATE star_count SET repo = $repo, day = $day, stars = $stars",
            repo=record("repo", key),
            day=day,
            stars=stars,
        )
    since = datetime(2024, 5, 2, tzinfo=UTC).timestamp()

    found = rows(stored, what="counts")

    assert found == [
        {"repo_id": 7, "repo": "acme/engine", "day": "2024-05-01", "stars": 9},
        {"repo_id": 7, "repo": "acme/engine", "day": "2024-05-03", "stars": 7},
    ]
    assert rows(stored, what="counts", since=since) == found[1:]
    assert list(found[0]) == list(COLUMNS["counts"])


def test_histories_are_exported_day_by_day(stored: Database) -> None:
    engine = rows(stored, "acme/engine", what="history")

    assert [row["day"] for row in engine][:2] == ["2024-05-01", "2024-05-02"]
    assert engine[-1] == {
        "repo_id": 7,
        "repo": "acme/engine",
        "day": "2024-06-01",
        "came": 0,
        "went": 1,
        "stars": 9,
        "is_exact": True,
    }
    since = datetime(2024, 5, 11, tzinfo=UTC).timestamp()
    late = rows(stored, what="history", since=since)
    assert [(row["repo"], row["day"]) for row in late] == [
        ("acme/engine", "2024-05-11"),
        ("acme/engine", "2024-06-01"),
    ]
    line = next(iter(export(stored, "history", "csv", Wanted(["acme/tools"]))))
    assert line.strip().split(",") == list(COLUMNS["history"])
