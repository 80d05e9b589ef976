"""What is known of the users' budgets at GitHub, kept so that a restart does not begin blind.

The rows are the ledger's own.
"""

from collections.abc import Sequence
from typing import Any

from gitstars.store.database import Database, record, seconds
from gitstars.store.parts import change_each

#: Rows of users who were not seen for so long (seconds) tell nothing any more.
FORGOTTEN_AFTER_SECONDS = 30 * 86400.0


def save(database: Database, rows: Sequence[dict[str, Any]]) -> None:
    """Replace the rows of these (``user_id``, ``resource``); other values in them may be
    anything plain.
    """
    keyed = [
        {**row, "id": record("gitstars_budget", [row["user_id"], str(row["resource"])])}
        for row in rows
    ]
    change_each(
        database,
        "FOR $row IN $items { UPSERT $row.id CONTENT $row RETURN NONE; UPDATE $row.id SET "
        "saved_at = time::now() RETURN NONE }; RETURN $items.id",
        keyed,
    )
    forget = "DELETE gitstars_budget WHERE saved_at < time::now() - $age RETURN NONE"
    database.run_retrying(forget, age=seconds(FORGOTTEN_AFTER_SECONDS))


def load(database: Database) -> list[dict[str, Any]]:
    """What ``save`` was given last."""
    rows: list[dict[str, Any]] = database.run("SELECT * OMIT id, saved_at FROM gitstars_budget")[0]
    return rows
