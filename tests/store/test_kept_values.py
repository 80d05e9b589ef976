"""Budgets and the server's own state come back as they were kept."""

from gitstars.store import budgets, state
from gitstars.store.database import Database, record, seconds

ROW = {
    "user_id": 7,
    "resource": "core",
    "limit": 5000,
    "remaining": 12,
    "reset_at": 1.75e9,
    "tokens": 3.5,
    "rejected_tokens": ["ab"],
}


def test_budgets_come_back_as_they_were_saved_last(database: Database) -> None:
    other = {**ROW, "resource": "graphql"}
    budgets.save(database, [ROW, other])
    newer = {**ROW, "remaining": 4}

    budgets.save(database, [newer])

    assert sorted(budgets.load(database), key=lambda row: str(row["resource"])) == [newer, other]


def test_budgets_of_users_long_gone_are_forgotten(database: Database) -> None:
    budgets.save(database, [ROW, {**ROW, "user_id": 8}])
    database.run(
        "UPDATE $row SET saved_at = time::now() - $age",
        row=record("gitstars_budget", [7, "core"]),
        age=seconds(budgets.FORGOTTEN_AFTER_SECONDS + 60),
    )

    budgets.save(database, [])

    assert [row["user_id"] for row in budgets.load(database)] == [8]


def test_state_is_kept_by_key(database: Database) -> None:
    assert state.read(database, "paused", False) is False

    state.write(database, "paused", True)
    state.write(database, "workers", {"min": 2, "max": 9})

    assert state.read(database, "paused") is True
    assert state.read(database, "workers") == {"min": 2, "max": 9}
