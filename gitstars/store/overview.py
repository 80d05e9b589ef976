"""What the operator is shown beyond single repositories: progress and access of each account,
the stored history of a repository.
"""

from dataclasses import dataclass
from typing import Any

from gitstars.model import Account, Week
from gitstars.store.database import Database, record
from gitstars.store.reading import as_count
from gitstars.store.starred import CHUNK_ROWS, STARRED, STATUS_ROWS

PROGRESS = f"""{STARRED}
LET $rows = ({STATUS_ROWS});
RETURN [array::len($edges), array::len($places),
    (SELECT status, count() AS total FROM $rows GROUP BY status)];
"""
ACCESS = """
SELECT may_list, count() AS total FROM gitstars_access WHERE user_id = $user_id GROUP BY may_list
"""


@dataclass(frozen=True, slots=True)
class PartProgress:
    """A part of what an account starred: how many positions it has (0: the list is over), how many
    repositories, and how many of these stand in each status.
    """

    positions: int
    total: int
    by_status: dict[str, int]


@dataclass(frozen=True, slots=True)
class AccessCount:
    """How many repositories a user is known to may list, and how many were refused."""

    allowed: int = 0
    refused: int = 0


def count_part(database: Database, account: Account, number: int) -> PartProgress:
    """The progress of the part with this number (from 0) of what the account starred."""
    user = record("github_user", account.github_user)
    positions, total, rows = database.run(PROGRESS, user=user, number=number, limit=CHUNK_ROWS)[-1]
    by_status = {str(row.get("status")): int(row["total"]) for row in rows}
    return PartProgress(int(positions), int(total), by_status)


def count_access(database: Database, user_id: int) -> AccessCount:
    """What is known of the user's access."""
    rows = database.run(ACCESS, user_id=user_id)[0]
    counts = {repr(row.get("may_list")): int(row["total"]) for row in rows}
    return AccessCount(counts.get("True", 0), counts.get("False", 0))


def read_weeks(database: Database, key: str) -> list[Week]:
    """The stored star history of a repository, oldest week first."""
    query = "SELECT id, week, total, days FROM star_history WHERE repo = $repo ORDER BY week"
    rows = database.run(query, repo=record("repo", key))[0]
    return [week for row in rows if (week := _read_week(database, row)) is not None]


def _read_week(database: Database, row: dict[str, Any]) -> Week | None:
    days = row.get("days")
    numbers = [as_count(day) for day in days] if isinstance(days, list) else []
    week, total = as_count(row.get("week")), as_count(row.get("total"))
    if week is None or total is None or len(numbers) != 7 or None in numbers:
        database.left_out.tell(str(row.get("id")), "it is no week of stars; delete it")
        return None
    return Week(week, total, tuple(day or 0 for day in numbers))
