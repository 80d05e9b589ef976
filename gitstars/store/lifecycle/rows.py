"""Looks at the rows that change nothing."""

from collections.abc import Sequence
from typing import Any

from gitstars.store.database import Database


def find_collected(database: Database, identities: Sequence[Any]) -> list[Any]:
    """Those of these repositories' record ids that have a status row."""
    found: list[Any] = database.run(
        "SELECT VALUE repo FROM repo_processing_status WHERE repo IN $repos", repos=list(identities)
    )[0]
    return found


def count_by_status(database: Database) -> dict[str, int]:
    """How many repositories stand in each status."""
    rows = database.run(
        "SELECT status, count() AS total FROM repo_processing_status GROUP BY status"
    )[0]
    return {str(row["status"]): int(row["total"]) for row in rows}
