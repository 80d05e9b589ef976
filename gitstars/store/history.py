"""Weekly star history and star counts of repositories whose list may not be read."""

from collections.abc import Sequence
from typing import Any

from gitstars.model import Repository, Week
from gitstars.store.database import Database, record
from gitstars.store.lifecycle.changes import SAVE_HISTORY


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
    empty at the beginning.
    """
    rows = database.run(
        "SELECT VALUE history FROM repo_processing_status WHERE repo = $repo",
        repo=record("repo", repository.key),
    )[0]
    return dict(rows[0]) if rows and isinstance(rows[0], dict) else {}


def newest_week(database: Database, repository: Repository) -> int | None:
    """The newest stored week (epoch seconds of its Sunday)."""
    query = "SELECT week FROM star_history WHERE repo = $repo ORDER BY week DESC LIMIT 1"
    rows = database.run(query, repo=record("repo", repository.key))[0]
    return int(rows[0]["week"]) if rows else None
