"""Accounts and their repositories as the web application wrote them, with what is known of each."""

import time
from datetime import timedelta
from typing import Any

import pytest

from gitstars.model import Account, Repository, Status
from gitstars.store import accounts, due, lifecycle, seeding, starred
from gitstars.store.database import Database, record
from gitstars.store.starred import RepositoryState, Terms

STATES = 1200
DAY = 86_400.0


@pytest.fixture
def ann(database: Database) -> Account:
    """An account that starred more repositories than one query reads."""
    seeding.sign_in(database, 1, "ann", "gho_ann")
    seeding.star(
        database, "ann", [Repository(f"org/r-{n}", f"org/r-{n}", n, n % 7) for n in range(STATES)]
    )
    return accounts.read_accounts(database).accounts[0]


def needy(database: Database, account: Account) -> dict[str, RepositoryState]:
    terms = Terms(DAY, frozenset({Status.RESTRICTED}), time.time() - DAY)
    states = list(starred.list_needy(database, account, terms))
    assert len({state.repository.key for state in states}) == len(states)
    return {state.repository.key: state for state in states}


def test_only_what_needs_something_is_told_each_with_its_own_state(
    database: Database, ann: Account
) -> None:
    lifecycle.ensure_all(database, [f"org/r-{n}" for n in range(0, STATES, 2)])
    database.run(
        """
        UPDATE $pending SET status = 'completed', next_retry_after = time::now() + 1h
            WHERE id NOT IN $others;
        UPDATE $due SET status = 'completed', next_retry_after = time::now() - 1s,
            total_stargazers = 5;
        """,
        pending=[record("repo_processing_status", f"org/r-{n}") for n in range(0, 1000, 2)],
        others=[record("repo_processing_status", "org/r-10")],
        due=record("repo_processing_status", "org/r-1100"),
    )

    known = needy(database, ann)

    assert known.keys() == {
        "org/r-10",
        *(f"org/r-{n}" for n in range(1, STATES, 2)),
        *(f"org/r-{n}" for n in range(1000, STATES, 2)),
    }
    assert (known["org/r-1100"].status, known["org/r-1100"].count) == (Status.COMPLETED, 5)
    assert {known[f"org/r-{n}"].status for n in range(1000, 1100, 2)} == {Status.PENDING}
    assert {known[f"org/r-{n}"].status for n in range(1, STATES, 2)} == {None}


@pytest.mark.parametrize(
    ("history", "history_at"),
    [
        ({"checked_at": 5.0, "next_page": 3, "is_complete": True}, 5.0),
        ({"checked_at": 5.0, "next_page": 1, "is_complete": False}, 5.0),
        # It was interrupted: it goes on, whenever it was looked at.
        ({"checked_at": 9e9, "next_page": 3, "is_complete": False}, None),
        ({"checked_at": 9e9, "next_page": 3}, None),
        ({}, None),
    ],
)
def test_when_a_history_was_looked_at_is_known_unless_it_has_to_go_on(
    database: Database, ann: Account, history: dict[str, Any], history_at: float | None
) -> None:
    lifecycle.ensure_all(database, ["org/r-3"])
    row = record("repo_processing_status", "org/r-3")
    database.run(
        """
        UPDATE $row SET history = $history, status = 'restricted', counted_at = time::now();
        CREATE gitstars_access SET user_id = 1, repo = repo:⟨org/r-3⟩, may_list = false,
            look_again_at = time::now() + 1d
        """,
        row=row,
        history=history,
    )

    assert needy(database, ann)["org/r-3"].history_at == history_at


def test_of_several_rows_of_one_repository_the_lowest_id_counts(
    database: Database, ann: Account
) -> None:
    for key, status in (("b", "pending"), ("a", "failed"), ("c", "pending")):
        database.run(
            "CREATE $row SET repo = $repo, status = $status",
            row=record("repo_processing_status", key),
            repo=record("repo", "org/r-3"),
            status=status,
        )

    state = needy(database, ann)["org/r-3"]

    assert (state.status, state.may_claim) == (Status.FAILED, False)


def test_what_the_account_may_not_list_is_needy_only_for_its_count_and_its_history(
    database: Database, ann: Account
) -> None:
    now = time.time()
    rows = {
        "org/r-0": "counted_at: time::now(), history: {checked_at: $now}",
        "org/r-1": "counted_at: time::now() - 2d, history: {checked_at: $now}",
        "org/r-2": "counted_at: time::now(), history: {checked_at: $now - 100000}",
        "org/r-4": "counted_at: time::now(), history: {checked_at: $now}",
    }
    lifecycle.ensure_all(database, [f"org/r-{n}" for n in range(5, STATES)])
    for key, columns in rows.items():
        database.run(
            f"""
            INSERT INTO repo_processing_status {{id: $key, repo: $repo, status: 'restricted',
                {columns}}};
            INSERT INTO gitstars_access {{id: [1, $key], user_id: 1, repo: $repo, may_list: false,
                look_again_at: IF $key = 'org/r-4' {{ time::now() - 1s }}
                    ELSE {{ time::now() + 1d }}}};
            """,
            key=key,
            repo=record("repo", key),
            now=now,
        )

    known = needy(database, ann)

    told = {key: known[key] for key in rows if key in known}
    assert told.keys() == {"org/r-1", "org/r-2", "org/r-4"}
    assert told["org/r-1"].is_count_due
    assert (told["org/r-2"].is_count_due, told["org/r-2"].history_at) == (False, now - 100_000)
    assert {key: state.refused for key, state in told.items()} == {
        "org/r-1": {1},
        "org/r-2": {1},
        "org/r-4": frozenset(),
    }


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (starred.STATUS_ROWS, "processing_status_repo"),
        (starred.ACCESS_ROWS, "gitstars_access_repo"),
        (f"{starred.ACCESS_ROWS} AND user_id = 1", "gitstars_access_repo"),
        (due.WAITED, "gitstars_status_retry"),
        (due.COUNTED, "gitstars_status_counted"),
        (due.HISTORIES, "gitstars_status_history"),
        (due.NEXT, "gitstars_status_retry"),
        (due.PENDING, "processing_status_status"),
    ],
)
def test_rows_are_found_through_their_index(
    database: Database, ann: Account, query: str, index: str
) -> None:
    now = due.read_time(database)

    plan = database.run(
        f"{query} EXPLAIN",
        places=[record("repo", "org/r-1"), record("repo", "org/r-2")],
        after=0.0 if query is due.HISTORIES else now - timedelta(days=1),
        until=1.0 if query is due.HISTORIES else now,
        now=now - timedelta(days=1),
        start=0,
        limit=10,
    )

    assert index in str(plan)
    assert "TableScan" not in str(plan)


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
