"""Who asked to be forgotten goes, stays away, and leaves the counts true, on both engines."""

from typing import Any

import pytest

from gitstars.store import forgotten, schema, signing, stargazers
from gitstars.store.database import Database, record
from gitstars.store.forgotten import Forgotten, Traces

REPOS = (("acme/engine", 7), ("acme/tools", 8))


@pytest.fixture
def stored(database: Database) -> Database:
    """Two repositories that ann and ben starred; the star of ann in the second one is gone."""
    schema.apply(database)
    for number, login in ((1, "ann"), (2, "ben")):
        database.run(
            "INSERT INTO github_user {id: $login, github_id: $number, username: $login}",
            login=login,
            number=number,
        )
    for name, repo_id in REPOS:
        database.run(
            "CREATE repo_processing_status SET repo = $repo, status = 'completed',"
            " processed_stargazers = 2, ghosts = 0",
            repo=record("repo", name),
        )
        for number, login in ((1, "ann"), (2, "ben")):
            database.run(
                "INSERT RELATION INTO starred {id: [$number, $repo_id], in: $person, out: $repo,"
                " source: 'stargazer_analysis', starred_at: time::now(),"
                " unstarred_at: IF $gone { time::now() } ELSE { NONE }}",
                number=number,
                repo_id=repo_id,
                person=record("github_user", login),
                repo=record("repo", name),
                gone=(login, repo_id) == ("ann", 8),
            )
    return database


def counts(database: Database) -> list[Any]:
    query = (
        "SELECT VALUE [record::id(repo), processed_stargazers, ghosts] FROM repo_processing_status"
    )
    return sorted(database.run(query)[0])


def people(database: Database) -> list[int]:
    return sorted(database.run("SELECT VALUE in.github_id FROM starred")[0])


def test_record_and_stars_go_and_the_counts_stay_true(stored: Database) -> None:
    assert forgotten.count(stored, 1) == Traces(2, 2)

    forgotten.forget(stored, 1, is_collecting=False)
    forgotten.forget(stored, 1, is_collecting=False)

    assert people(stored) == [2, 2]
    assert stargazers.find_person(stored, "ann") is None
    assert counts(stored) == [["acme/engine", 1, 1], ["acme/tools", 2, 0]]
    assert forgotten.count(stored, 1) == Traces(0, 0)
    (rows,) = stored.run("SELECT * FROM gitstars_forgotten")
    assert [row.get("user_id") for row in rows] == [None]
    assert len(rows[0]["id"].id) == 32


def test_only_who_asked_for_it_is_not_stored(stored: Database) -> None:
    nobody = Forgotten(stored)
    assert nobody.find([1, 2]) == frozenset()

    forgotten.forget(stored, 1, is_collecting=False)
    forgotten.forget(stored, 77, is_collecting=False)

    assert Forgotten(stored).find([1, 2, 3, 77]) == {1, 77}


def test_what_a_page_on_its_way_brought_back_goes_once_more(stored: Database) -> None:
    forgotten.forget(stored, 1, is_collecting=True)
    stored.run("INSERT INTO github_user {id: 'ann', github_id: 1, username: 'ann'}")
    Forgotten(stored).find([1])
    assert stargazers.find_person(stored, "1") is not None

    stored.run("UPDATE gitstars_forgotten SET at = time::now() - 6m")
    assert Forgotten(stored).find([1]) == {1}

    assert stargazers.find_person(stored, "ann") is None
    assert stored.run("SELECT VALUE user_id FROM gitstars_forgotten")[0] == [None]


def test_a_person_who_signs_in_is_stored_again(stored: Database) -> None:
    forgotten.forget(stored, 1, is_collecting=False)

    signing.sign_in(stored, 1, "ann", "gho_annannann", [], "github.com")

    assert Forgotten(stored).find([1]) == frozenset()
    assert stargazers.find_person(stored, "1") is not None
