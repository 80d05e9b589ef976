"""Every stargazer of a page arrives, once, under one identity; a page is durable with its
progress or not at all.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gevent
import pytest

from gitstars.errors import ClaimLost, QueryFailed, TransactionConflict
from gitstars.model import Claim, PageWrite, Settlement, Stargazer, Status
from gitstars.store import lifecycle
from gitstars.store.database import Database, record
from gitstars.store.writer import PageWriter

MakeClaim = Callable[..., Claim]
MakePage = Callable[..., PageWrite]
Person = Callable[..., Stargazer]


def stars_of(database: Database, name: str) -> dict[int, str]:
    rows = database.run(
        "SELECT in.github_id AS who, starred_at, source FROM starred WHERE out = $repo",
        repo=record("repo", name),
    )[0]
    assert len(rows) == len({row["who"] for row in rows})
    return {row["who"]: row["starred_at"].strftime("%Y-%m-%dT%H:%M:%SZ") for row in rows}


def row_of(database: Database, claim: Claim) -> dict[str, Any]:
    row: dict[str, Any] = database.run("SELECT * FROM $row", row=claim.row)[0][0]
    return row


def test_users_edges_and_progress_are_stored_together(
    database: Database, writer: PageWriter, claim: MakeClaim, page: MakePage, person: Person
) -> None:
    held = claim()

    writer.submit(page(held, [person(1), person(2, at="2020-01-02T03:04:05Z")])).get()

    assert stars_of(database, "octo/cat") == {1: "2024-05-06T07:08:09Z", 2: "2020-01-02T03:04:05Z"}
    row = row_of(database, held)
    assert (row["cursor"], row["last_page_processed"], row["processed_stargazers"]) == (
        {"kind": "rest", "next_page": 2},
        1,
        2,
    )
    users = database.run("SELECT VALUE username FROM github_user ORDER BY username")[0]
    assert users == ["user-1", "user-2"]


def test_a_page_that_is_written_twice_changes_nothing(
    database: Database, writer: PageWriter, claim: MakeClaim, page: MakePage, person: Person
) -> None:
    held = claim()
    write = page(held, [person(n) for n in range(1, 101)])

    writer.submit(write).get()
    writer.known.forget()
    writer.submit(write).get()

    assert len(stars_of(database, "octo/cat")) == 100
    assert database.run("RETURN count((SELECT id FROM github_user))")[0] == 100


def test_every_page_extends_the_lease_of_its_claim(
    database: Database, writer: PageWriter, claim: MakeClaim, page: MakePage, person: Person
) -> None:
    held, other = claim(), claim("octo/dog", 43)
    database.run("UPDATE repo_processing_status SET lease_expires_at = time::now() - 1s")

    writer.submit(page(held, [person(1)])).get()

    assert lifecycle.give_back_stale(database) == 1
    assert row_of(database, held)["status"] == Status.PROCESSING
    assert row_of(database, other)["status"] == Status.PENDING
    left = database.run(
        "SELECT VALUE lease_expires_at - time::now() > 3000s FROM $row", row=held.row
    )
    assert left == [[True]]


def test_users_that_were_deleted_underneath_are_stored_anew_with_their_stars(
    database: Database, writer: PageWriter, claim: MakeClaim, page: MakePage, person: Person
) -> None:
    first, second, people = (
        claim("octo/one", 1),
        claim("octo/two", 2),
        [person(n) for n in range(1, 101)],
    )
    writer.submit(page(first, people)).get()
    database.run("DELETE github_user WHERE github_id IN [3, 50]")

    writer.submit(page(second, people)).get()

    assert set(stars_of(database, "octo/two")) == set(range(1, 101))
    assert row_of(database, second)["processed_stargazers"] == 100


def test_a_page_without_a_generation_arrives_whole_beside_the_web_applications_edges(
    database: Database, writer: PageWriter, claim: MakeClaim, page: MakePage, person: Person
) -> None:
    database.run(
        "CREATE github_user:ann SET github_id = 5, username = 'ann'; CREATE github_user:eve "
        "SET "
        "github_id = 500, username = 'eve'"
    )
    for name in ("ann", "eve"):
        user, repo = record("github_user", name), record("repo", "octo/cat")
        database.run(
            "RELATE $user->starred->$repo SET source = 'github', starred_at = time::now()",
            user=user,
            repo=repo,
        )
    held = claim()

    write = page(held, [person(n) for n in range(1, 8)])
    writer.submit(write).get()
    writer.submit(write).get()

    assert set(stars_of(database, "octo/cat")) == {*range(1, 8), 500}


def test_many_repositories_share_their_users(
    database: Database, writer: PageWriter, claim: MakeClaim, page: MakePage, person: Person
) -> None:
    claims = [claim(f"octo/{n}", n) for n in range(1, 21)]

    results = [
        writer.submit(page(held, [person(n) for n in range(1, 61)], number))
        for number in (1, 2)
        for held in claims
    ]
    for result in results:
        result.get()

    assert all(set(stars_of(database, f"octo/{n}")) == set(range(1, 61)) for n in range(1, 21))
    assert database.run("RETURN count((SELECT id FROM github_user))")[0] == 60


def test_a_renamed_user_keeps_one_record_and_all_edges(
    database: Database, writer: PageWriter, claim: MakeClaim, page: MakePage, person: Person
) -> None:
    first, second = claim("octo/one", 1), claim("octo/two", 2)

    writer.submit(page(first, [person(7, "old-name")])).get()
    writer.submit(page(second, [person(7, "new-name")])).get()

    assert database.run("SELECT VALUE id FROM github_user")[0] == [
        record("github_user", "old-name")
    ]
    assert set(stars_of(database, "octo/one")) == set(stars_of(database, "octo/two")) == {7}


def test_a_login_taken_over_by_somebody_else_gets_a_record_of_its_own(
    database: Database, writer: PageWriter, claim: MakeClaim, page: MakePage, person: Person
) -> None:
    first, second = claim("octo/one", 1), claim("octo/two", 2)
    writer.submit(page(first, [person(7, "famous")])).get()

    writer.submit(page(second, [person(8, "famous"), person(7, "retired"), person(9)])).get()

    assert set(stars_of(database, "octo/two")) == {7, 8, 9}
    rows = database.run("SELECT github_id, username, id FROM github_user ORDER BY github_id")[0]
    assert [(row["github_id"], row["username"]) for row in rows] == [
        (7, "famous~7"),
        (8, "famous"),
        (9, "user-9"),
    ]
    assert rows[0]["id"] == record("github_user", "famous")


def test_the_web_applications_users_and_edges_stay_as_they_are(
    database: Database, writer: PageWriter, claim: MakeClaim, page: MakePage, person: Person
) -> None:
    database.run(
        "CREATE github_user:ann SET github_id = 5, username = 'ann', avatar_url = 'hers', "
        "profile_url = 'p', synced_at = time::now()"
    )
    database.run(
        (
            "RELATE $user->starred:own->$repo SET source = 'github', starred_at = "
            "<datetime>'2019-01-01T00:00:00Z'"
        ),
        user=record("github_user", "ann"),
        repo=record("repo", "octo/cat"),
    )
    held = claim()

    writer.submit(page(held, [person(5, "ann"), person(6)])).get()

    assert stars_of(database, "octo/cat") == {5: "2019-01-01T00:00:00Z", 6: "2024-05-06T07:08:09Z"}
    assert database.run("SELECT VALUE source FROM starred:own")[0] == ["github"]
    assert database.run("SELECT VALUE avatar_url FROM github_user:ann")[0] == ["hers"]


def test_a_page_of_a_lost_claim_is_refused_and_spoils_no_other(
    database: Database, writer: PageWriter, claim: MakeClaim, page: MakePage, person: Person
) -> None:
    lost, kept = claim("octo/lost", 1), claim("octo/kept", 2)
    lifecycle.settle(database, lost, Settlement(Status.PENDING))

    results = [
        writer.submit(page(held, [person(n)])) for n, held in enumerate((kept, lost, kept), start=1)
    ]

    with pytest.raises(ClaimLost):
        results[1].get()
    results[0].get()
    results[2].get()
    assert set(stars_of(database, "octo/kept")) == {1, 3}
    assert stars_of(database, "octo/lost") == {}


def test_what_comes_behind_a_page_that_failed_is_not_stored(
    database: Database, writer: PageWriter, claim: MakeClaim, page: MakePage, person: Person
) -> None:
    held, other = claim("octo/one", 1), claim("octo/two", 2)
    wrong = [person(2, at="yesterday")]

    results = [
        writer.submit(page(held, people, number))
        for number, people in ((1, [person(1)]), (2, wrong), (3, [person(3)]))
    ]
    fine = writer.submit(page(other, [person(4)]))

    results[0].get()
    fine.get()
    for result in results[1:]:
        with pytest.raises(QueryFailed):
            result.get()
    with pytest.raises(QueryFailed):
        writer.submit(page(held, [person(5)], 4)).get()
    assert set(stars_of(database, "octo/one")) == {1}
    assert row_of(database, held)["last_page_processed"] == 1


def test_a_row_that_the_database_rejects_fails_its_own_page_only(
    database: Database, writer: PageWriter, claim: MakeClaim, page: MakePage, person: Person
) -> None:
    bad, good = claim("octo/bad", 1), claim("octo/good", 2)

    failing = writer.submit(page(bad, [person(1, at="yesterday")]))
    fine = writer.submit(page(good, [person(2)]))

    with pytest.raises(QueryFailed):
        failing.get()
    fine.get()
    assert set(stars_of(database, "octo/good")) == {2}
    assert row_of(database, bad).get("last_page_processed") is None


def test_a_page_that_cannot_be_sent_fails_alone_and_says_so_in_a_sentence(
    database: Database, writer: PageWriter, claim: MakeClaim, page: MakePage, person: Person
) -> None:
    bad, good = claim("octo/bad", 1), claim("octo/good", 2)

    # A text with half of a pair of surrogates has no encoding.
    failing = writer.submit(page(bad, [person(1, login="half-\ud83d")]))
    fine = writer.submit(page(good, [person(2)]))

    with pytest.raises(QueryFailed) as failed:
        failing.get()
    fine.get()
    assert str(failed.value) == (
        "gitstars met a defect of its own (UnicodeEncodeError); the log has it"
    )
    assert set(stars_of(database, "octo/good")) == {2}
    assert row_of(database, bad).get("last_page_processed") is None


def test_a_page_that_meets_a_rival_for_a_second_is_stored(
    database: Database, writer: PageWriter, claim: MakeClaim, page: MakePage, person: Person
) -> None:
    held = claim()

    def rival() -> None:
        # So many, and not as long as the writer needs: on a slow machine that would not end.
        for _ in range(100):
            with suppress(TransactionConflict):
                database.run(
                    "BEGIN; UPDATE $row SET notes = rand::string(); SLEEP 5ms; COMMIT;",
                    row=held.row,
                )

    rivals = [gevent.spawn(rival) for _ in range(3)]
    stored = [
        writer.submit(page(held, [person(10 * number + n) for n in range(10)], number))
        for number in range(20)
    ]
    for result in stored:
        result.get()
    gevent.joinall(rivals)

    assert len(stars_of(database, "octo/cat")) == 200
    assert row_of(database, held)["last_page_processed"] == 19
