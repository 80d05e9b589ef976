"""What an export holds is what is stored, to the star, on both engines."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from gitstars.errors import NotKnown
from gitstars.report.export import COLUMNS, export_stars, write_cells
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


def rows(stored: Database, *names: str, **wanted: object) -> list[dict[str, object]]:
    lines = export_stars(stored, names, "jsonl", **wanted)  # type: ignore[arg-type]
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("page_rows", [1, 2, 3, 4, 100])
def test_every_star_is_there_once_in_its_order(stored: Database, page_rows: int) -> None:
    found = list(exports.read_stars(stored, page_rows))

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
        export_stars(stored, ["acme/nothing"], "csv")


def test_csv_and_json_say_the_same(stored: Database) -> None:
    table = list(csv.DictReader(export_stars(stored, (), "csv", None, True)))

    shown = [
        {k: "" if v is None else str(v) for k, v in row.items()}
        for row in rows(stored, include_unstarred=True)
    ]
    assert table == shown
    assert tuple(table[0]) == COLUMNS


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
