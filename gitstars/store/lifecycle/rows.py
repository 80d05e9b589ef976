"""Looks at the rows that change nothing."""

from collections.abc import Sequence
from typing import Any

from gitstars.model import Status
from gitstars.store.database import Database
from gitstars.store.reading import as_count


def find_collected(database: Database, identities: Sequence[Any]) -> list[Any]:
    """Those of these repositories' record ids that have a status row."""
    found: list[Any] = database.run(
        "SELECT VALUE repo FROM repo_processing_status WHERE repo IN $repos", repos=list(identities)
    )[0]
    return found


def sum_stored(database: Database) -> int:
    """How many stars the lists hold that were read, as far as they were read. Lists that GitHub
    refuses now are left out: these are most rows, and hold no star unless they were read before.
    """
    query = """
    SELECT VALUE math::sum(processed_stargazers) FROM repo_processing_status
        WHERE status = $status AND processed_stargazers > 0 GROUP ALL
    """
    found = [
        database.run(query, status=str(status))[0]
        for status in Status
        if status is not Status.RESTRICTED
    ]
    return sum(int(rows[0]) for rows in found if rows and as_count(rows[0]) is not None)


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
