"""Accounts and their repositories as the web application wrote them, with what is known of each."""

from typing import Any

import pytest

from gitstars.model import Account, Repository, Status
from gitstars.store import accounts, lifecycle, seeding, starred
from gitstars.store.database import Database, record

STATES = 1200


@pytest.fixture
def ann(database: Database) -> Account:
    """An account that starred more repositories than one query reads."""
    seeding.sign_in(database, 1, "ann", "gho_ann")
    seeding.star(
        database, "ann", [Repository(f"org/r-{n}", f"org/r-{n}", n, n % 7) for n in range(STATES)]
    )
    return accounts.read_accounts(database).accounts[0]


def test_every_repository_comes_with_its_own_state(database: Database, ann: Account) -> None:
    lifecycle.ensure_all(database, [f"org/r-{n}" for n in range(0, STATES, 2)])
    database.run(
        "UPDATE $row SET status = 'completed', total_stargazers = 5",
        row=record("repo_processing_status", "org/r-1100"),
    )

    known = {state.repository.key: state for state in starred.list_repositories(database, ann)}

    assert len(known) == STATES
    assert (known["org/r-1100"].status, known["org/r-1100"].count) == (Status.COMPLETED, 5)
    assert {known[f"org/r-{n}"].status for n in range(0, 1100, 2)} == {Status.PENDING}
    assert {known[f"org/r-{n}"].status for n in range(1, STATES, 2)} == {None}


@pytest.mark.parametrize(
    ("history", "history_at"),
    [
        ({"checked_at": 5.0, "next_page": 3, "is_complete": True}, 5.0),
        ({"checked_at": 5.0, "next_page": 1, "is_complete": False}, 5.0),
        # It was interrupted: it goes on, whenever it was looked at.
        ({"checked_at": 5.0, "next_page": 3, "is_complete": False}, None),
        ({"checked_at": 5.0, "next_page": 3}, None),
        ({}, None),
    ],
)
def test_when_a_history_was_looked_at_is_known_unless_it_has_to_go_on(
    database: Database, ann: Account, history: dict[str, Any], history_at: float | None
) -> None:
    lifecycle.ensure_all(database, ["org/r-3"])
    row = record("repo_processing_status", "org/r-3")
    database.run("UPDATE $row SET history = $history", row=row, history=history)

    known = {state.repository.key: state for state in starred.list_repositories(database, ann)}

    assert known["org/r-3"].history_at == history_at


def test_of_several_rows_of_one_repository_the_lowest_id_counts(
    database: Database, ann: Account
) -> None:
    for key, status in (("b", "failed"), ("a", "completed"), ("c", "pending")):
        database.run(
            "CREATE $row SET repo = $repo, status = $status",
            row=record("repo_processing_status", key),
            repo=record("repo", "org/r-3"),
            status=status,
        )

    known = {
        state.repository.key: state.status for state in starred.list_repositories(database, ann)
    }

    assert known["org/r-3"] is Status.COMPLETED


def test_states_are_found_through_the_index(database: Database, ann: Account) -> None:
    plan = database.run(f"{starred.STATES} EXPLAIN", repos=[record("repo", "org/r-1")])

    assert "processing_status_repo" in str(plan)


def test_what_all_who_are_left_were_refused_is_restricted_and_nothing_else(
    database: Database, ann: Account
) -> None:
    keys = [f"org/r-{n}" for n in range(STATES)]
    lifecycle.ensure_all(database, keys)
    database.run(
        "INSERT INTO gitstars_access $rows",
        rows=[
            {"id": [1, key], "user_id": 1, "repo": record("repo", key), "may_list": number % 3 == 0}
            for number, key in enumerate(keys)
        ],
    )

    lifecycle.restrict_refused(database, keys)

    refused = STATES - STATES // 3
    assert lifecycle.count_by_status(database) == {
        "restricted": refused,
        "pending": STATES - refused,
    }
