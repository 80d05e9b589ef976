"""What the operator is shown beyond single repositories: progress and access of each account,
the stored history of a repository.
"""

from dataclasses import dataclass
from typing import Any

from gitstars.model import Account, Week
from gitstars.store.database import Database, record
from gitstars.store.reading import as_bool, as_count, as_user_id

PROGRESS = """
LET $repos = (SELECT VALUE out FROM $user->starred WHERE unstarred_at IS NONE);
RETURN array::len($repos);
SELECT status, count() AS total FROM repo_processing_status WHERE repo IN $repos GROUP BY status;
"""


@dataclass(frozen=True, slots=True)
class AccessCount:
    """How many repositories a user is known to may list, and how many were refused."""

    allowed: int = 0
    refused: int = 0


def count_progress(database: Database, account: Account) -> tuple[int, dict[str, int]]:
    """How many repositories the account starred, and how many of them stand in each status."""
    _, total, rows = database.run(PROGRESS, user=record("github_user", account.github_user))
    return int(total), {str(row["status"]): int(row["total"]) for row in rows}


def count_access(database: Database) -> dict[int, AccessCount]:
    """What is known of every user's access."""
    rows = database.run(
        "SELECT user_id, may_list, count() AS total FROM gitstars_access WHERE may_list != "
        "NONE "
        "GROUP BY user_id, may_list"
    )[0]
    counts = {
        (user, row["may_list"]): int(row["total"])
        for row in rows
        if (user := as_user_id(row["user_id"])) is not None and as_bool(row["may_list"]) is not None
    }
    return {
        user: AccessCount(counts.get((user, True), 0), counts.get((user, False), 0))
        for user, _ in counts
    }


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
