"""Looks at the rows that change nothing."""

from collections.abc import Sequence
from typing import Any

from gitstars.model import Status
from gitstars.store.database import Database


def find_collected(database: Database, identities: Sequence[Any]) -> list[Any]:
    """Those of these repositories' record ids that have a status row."""
    found: list[Any] = database.run(
        "SELECT VALUE repo FROM repo_processing_status WHERE repo IN $repos", repos=list(identities)
    )[0]
    return found


def count_by_status(database: Database) -> dict[str, int]:
    """How many repositories stand in each status, those with none left out. One question for each
    status: the engine counts through the index, and others have their turn between.
    """
    query = "SELECT count() AS total FROM repo_processing_status WHERE status = $status GROUP ALL"
    found = {status: database.run(query, status=str(status))[0] for status in Status}
    return {
        str(status): int(rows[0]["total"])
        for status, rows in found.items()
        if rows and rows[0]["total"]
    }
