"""What the server itself remembers through a restart: one value a key, for instance whether it
is paused.
"""

from typing import Any

from gitstars.store.database import Database, record
from gitstars.store.reading import as_number


def read(database: Database, key: str, default: Any = None) -> Any:
    """The value of ``key``, ``default`` where none was written."""
    values = database.run("SELECT VALUE value FROM $row", row=record("gitstars_state", key))[0]
    return values[0] if values else default


def write(database: Database, key: str, value: Any) -> None:
    """Keep ``value``: plain strings, numbers, booleans, and lists and dictionaries of these."""
    database.run_retrying(
        "UPSERT $row SET value = $value RETURN NONE", row=record("gitstars_state", key), value=value
    )


def read_number(database: Database, key: str) -> float | None:
    """The number under ``key``; None where none was written, or something else stands."""
    return as_number(read(database, key))
