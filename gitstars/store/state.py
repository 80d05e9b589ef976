"""What the server itself remembers through a restart: one value a key, for instance whether it
is paused.
"""

from collections.abc import Sequence
from typing import Any

from gitstars.store.database import Database, key_of, record
from gitstars.store.reading import as_number


def read(database: Database, key: str, default: Any = None) -> Any:
    """The value of ``key``, ``default`` where none was written."""
    values = database.run("SELECT VALUE value FROM $row", row=record("gitstars_state", key))[0]
    return values[0] if values else default


def read_numbers(database: Database, keys: Sequence[str]) -> dict[str, float]:
    """The numbers under those of these keys where one was written."""
    rows = database.run(
        "SELECT id, value FROM $rows", rows=[record("gitstars_state", key) for key in keys]
    )[0]
    found = {
        key_of(row["id"]): as_number(row.get("value")) for row in rows if row.get("id") is not None
    }
    return {key: number for key, number in found.items() if number is not None}


def write(database: Database, key: str, value: Any) -> None:
    """Keep ``value``: plain strings, numbers, booleans, and lists and dictionaries of these."""
    database.run_retrying(
        "UPSERT $row SET value = $value RETURN NONE", row=record("gitstars_state", key), value=value
    )
