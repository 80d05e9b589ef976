"""Weekly star history and star counts of repositories whose list may not be read."""

from collections.abc import Sequence
from typing import Any

from gitstars.model import Repository, Week
from gitstars.store.database import Database, record
from gitstars.store.lifecycle.changes import SAVE_HISTORY
from gitstars.store.reading import MOST_COUNT, as_bool, as_count, as_number


def save_weeks(
    database: Database, repository: Repository, weeks: Sequence[Week], progress: dict[str, Any]
) -> None:
    """A page of weeks with the position that holds once they are stored; writing it twice
    changes nothing.
    """
    repo = record("repo", repository.key)
    rows = [
        {
            "id": [repository.key, week.week],
            "repo": repo,
            "week": week.week,
            "total": week.total,
            "days": list(week.days),
        }
        for week in weeks
    ]
    database.run_retrying(
        f"""
        BEGIN;
        INSERT INTO star_history $rows ON DUPLICATE KEY UPDATE total = $input.total,
            days = $input.days RETURN NONE;
        {SAVE_HISTORY}
        COMMIT;
        """,
        rows=rows,
        repo=repo,
        progress=progress,
    )


def read_progress(database: Database, repository: Repository) -> dict[str, Any]:
    """Where the history of a repository stands: ``next_page``, ``is_complete``, ``checked_at``;
    empty at the beginning. A value of a wrong type is left out, so that it begins anew.
    """
    rows = database.run(
        "SELECT VALUE history FROM repo_processing_status WHERE repo = $repo",
        repo=record("repo", repository.key),
    )[0]
    found = next((row for row in rows if isinstance(row, dict)), {})
    known = {
        "next_page": as_count(found.get("next_page")) or None,
        "is_complete": as_bool(found.get("is_complete")),
        "checked_at": as_number(found.get("checked_at")),
    }
    others = {name: value for name, value in found.items() if name not in known}
    return others | {name: value for name, value in known.items() if value is not None}


def newest_week(database: Database, repository: Repository) -> int | None:
    """The newest stored week (epoch seconds of its Sunday)."""
    query = """
    SELECT VALUE week FROM star_history WHERE repo = $repo AND week >= 0 AND week <= $most
    ORDER BY week DESC LIMIT 1
    """
    rows = database.run(query, repo=record("repo", repository.key), most=MOST_COUNT)[0]
    return as_count(rows[0]) if rows else None
