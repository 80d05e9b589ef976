"""Accounts that gitstars writes are read like those of the web application, whose own accounts
stay as they are; and the stars of an account are kept in step.
"""

from datetime import timedelta
from typing import Any

import pytest

from gitstars.model import Account, Repository, Starred
from gitstars.store import accounts, schema, seeding, signing, syncs
from gitstars.store.database import Database, record
from gitstars.store.signing import Removed

ADA = 101


@pytest.fixture
def signed(database: Database) -> Database:
    schema.apply(database)
    signing.sign_in(database, ADA, "ada", "ghp_ada", ["repo", "read:user"], "github.com")
    return database


def account(database: Database, user_id: int = ADA) -> Account:
    return {a.user_id: a for a in accounts.read_accounts(database).accounts}[user_id]


def star(number: int, at: str = "2024-05-06T07:08:09Z") -> Starred:
    name = f"acme/repo-{number}"
    place = Repository(name, name, 1000 + number, 5 * number)
    return Starred(place, at, f"number {number}", f"https://github.com/{name}", "Python", "acme")


def edges(database: Database) -> dict[Any, Any]:
    rows = database.run("SELECT out, starred_at, unstarred_at, source FROM starred")[0]
    assert {row["source"] for row in rows} <= {"github"}
    return {row["out"].id: row.get("unstarred_at") for row in rows}


def test_an_account_is_read_as_if_the_web_application_had_written_it(signed: Database) -> None:
    found = account(signed)

    assert (found.login, found.token) == ("ada", "ghp_ada")
    assert found.scopes == frozenset({"repo", "read:user"})
    assert accounts.read_accounts(signed).left_out == []
    assert signing.find_owner(signed, ADA) == signing.Owner(True, False, "ada")


def test_signing_in_again_is_a_new_token_and_no_second_account(signed: Database) -> None:
    is_new = signing.sign_in(signed, ADA, "ada-lovelace", "ghp_new", None, "github.com")

    assert not is_new
    assert len(accounts.read_accounts(signed).accounts) == 1
    assert (account(signed).token, account(signed).scopes) == ("ghp_new", None)
    assert account(signed).github_user == "ada"


def test_a_user_who_is_known_as_a_stargazer_keeps_the_record(database: Database) -> None:
    schema.apply(database)
    database.run("CREATE github_user:`old-name` SET github_id = 101, username = 'old-name'")

    signing.sign_in(database, ADA, "ada", "ghp_ada", None, "github.com")

    assert account(database).github_user == "old-name"


def test_a_login_that_another_record_bears_is_no_obstacle(database: Database) -> None:
    schema.apply(database)
    database.run("CREATE github_user:ada SET github_id = 7, username = 'ada'")

    signing.sign_in(database, ADA, "ada", "ghp_ada", None, "github.com")

    assert account(database).github_user == "ada~101"


def test_an_account_of_the_web_application_is_known_as_such_and_stays(database: Database) -> None:
    schema.apply(database)
    seeding.sign_in(database, ADA, "ada", "gho_web")

    assert signing.find_owner(database, ADA) == signing.Owner(False, True, "ada")
    assert account(database).token == "gho_web"


def test_stars_are_written_once_with_their_true_time_and_queueable_records(
    signed: Database,
) -> None:
    mine = account(signed)

    kept = syncs.save_stars(signed, mine, [star(1), star(2, "2019-02-03T04:05:06Z")])
    syncs.save_stars(signed, mine, [star(1), star(2, "2019-02-03T04:05:06Z")])

    assert [place.key for place in kept] == ["acme/repo-1", "acme/repo-2"]
    assert edges(signed) == {"acme/repo-1": None, "acme/repo-2": None}
    assert syncs.read_known(signed, mine) == {1001, 1002}
    at = signed.run("SELECT VALUE starred_at FROM starred WHERE out = repo:`acme/repo-2`")[0][0]
    assert at.strftime("%Y-%m-%dT%H:%M:%SZ") == "2019-02-03T04:05:06Z"
    (row,) = signed.run("SELECT * FROM repo:`acme/repo-1`")[0]
    assert (row["github_id"], row["stars"], row["language"]) == (1001, 5, "Python")
    assert (row["owner"]["login"], row["description"]) == ("acme", "number 1")


def test_a_renamed_repository_keeps_its_record(signed: Database) -> None:
    signed.run("CREATE repo:`acme/before` SET github_id = 1001, full_name = 'acme/before'")

    kept = syncs.save_stars(signed, account(signed), [star(1)])

    assert [(place.key, place.full_name) for place in kept] == [("acme/before", "acme/repo-1")]
    assert list(edges(signed)) == ["acme/before"]


def test_a_star_is_closed_when_two_whole_readings_miss_it_and_opened_when_it_is_given_again(
    signed: Database,
) -> None:
    mine = account(signed)
    syncs.save_stars(signed, mine, [star(1), star(2)])

    syncs.finish(signed, mine, frozenset({1001}))
    after_one = edges(signed)
    in_doubt = syncs.read(signed, ADA)
    syncs.finish(signed, mine, frozenset({1001}))
    after_two = edges(signed)
    settled = syncs.read(signed, ADA)
    syncs.save_stars(signed, mine, [star(2)])

    assert after_one == {"acme/repo-1": None, "acme/repo-2": None}
    assert in_doubt is not None
    assert in_doubt.is_in_doubt
    assert after_two["acme/repo-1"] is None
    assert after_two["acme/repo-2"] is not None
    assert settled is not None
    assert not settled.is_in_doubt
    assert edges(signed) == {"acme/repo-1": None, "acme/repo-2": None}


def test_a_star_that_one_reading_missed_and_the_next_one_saw_stays(signed: Database) -> None:
    mine = account(signed)
    syncs.save_stars(signed, mine, [star(1), star(2)])

    for whole in ({1001}, {1001, 1002}, {1001}):
        syncs.finish(signed, mine, frozenset(whole))

    assert edges(signed) == {"acme/repo-1": None, "acme/repo-2": None}


def test_a_reading_of_the_newest_closes_nothing(signed: Database) -> None:
    mine = account(signed)
    syncs.save_stars(signed, mine, [star(1), star(2)])

    for _ in range(3):
        syncs.finish(signed, mine, None)

    assert set(edges(signed).values()) == {None}


def test_a_listing_is_due_at_once_then_after_its_time_or_when_asked(signed: Database) -> None:
    assert syncs.find_due(signed) == [ADA]
    begun = syncs.begin(signed, ADA)
    assert begun is not None
    assert begun.is_whole_due(0.0)
    assert syncs.find_due(signed) == []

    syncs.save_progress(signed, ADA, 7)
    interrupted = syncs.begin(signed, ADA)
    assert interrupted is not None
    assert interrupted.next_page == 7
    syncs.finish(signed, account(signed), frozenset())

    kept = syncs.read_all(signed)[ADA]
    assert kept.next_at is not None
    assert kept.synced_at is not None
    assert round(kept.next_at - kept.synced_at) == syncs.EVERY_SECONDS
    assert not kept.is_whole_due(kept.synced_at + timedelta(days=6).total_seconds())
    assert kept.is_whole_due(kept.synced_at + timedelta(days=8).total_seconds())
    assert syncs.request(signed, ADA)
    assert syncs.find_due(signed) == [ADA]


def test_what_is_turned_off_is_not_listed_and_can_be_turned_on(signed: Database) -> None:
    syncs.turn_off(signed, ADA)

    assert not syncs.request(signed, ADA)
    assert syncs.find_due(signed) == []
    assert syncs.begin(signed, ADA) is None

    syncs.turn_on(signed, ADA, syncs.OURS, 7200)
    kept = syncs.read(signed, ADA)
    assert kept is not None
    assert kept.every_seconds == 7200
    assert syncs.find_due(signed) == [ADA]


@pytest.mark.parametrize(
    "values",
    [
        "user_id = 'ada', next_at = time::now()",
        "next_at = time::now()",
        "user_id = 101, next_at = 'soon', next_page = 'x', every_seconds = [], missed = 5",
    ],
)
def test_a_row_that_cannot_be_read_stops_nothing(signed: Database, values: str) -> None:
    signed.run(f"UPSERT gitstars_sync:101 CONTENT {{}}; UPDATE gitstars_sync:101 SET {values}")

    syncs.find_due(signed)
    syncs.read_all(signed)
    syncs.begin(signed, ADA)
    syncs.finish(signed, account(signed), frozenset())
    syncs.turn_on(signed, ADA, syncs.OURS)

    assert syncs.find_due(signed) == [ADA]


def test_removing_keeps_the_data_or_deletes_what_the_account_brought(signed: Database) -> None:
    mine = account(signed)
    syncs.save_stars(signed, mine, [star(1), star(2)])
    signed.run(
        "INSERT RELATION INTO starred {id: [101, 1003], in: $user, out: repo:`acme/repo-1`, "
        "source: 'stargazer_analysis', starred_at: time::now()}",
        user=record("github_user", "ada"),
    )
    expected = signing.count_data(signed, ADA)

    gone = signing.remove(signed, ADA, deletes_data=True)

    assert gone == expected == Removed(stars=2, access=0)
    assert accounts.read_accounts(signed).accounts == []
    assert signed.run("SELECT VALUE source FROM starred")[0] == ["stargazer_analysis"]
    assert syncs.read(signed, ADA) is None


def test_removing_keeps_the_stars_unless_told(signed: Database) -> None:
    syncs.save_stars(signed, account(signed), [star(1)])

    assert signing.remove(signed, ADA, deletes_data=False) == Removed()

    assert accounts.read_accounts(signed).accounts == []
    assert list(edges(signed)) == ["acme/repo-1"]
