"""Weekly star history and star counts of repositories whose list may not be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gitstars.model import Repository, Week
from gitstars.store.database import Database, record
from gitstars.store.lifecycle.changes import SAVE_HISTORY
from gitstars.store.reading import MOST_COUNT, as_bool, as_count, as_number

#: A history that was looked at within this time is not looked at again (seconds).
LOOK_SECONDS = 86_400.0
READ_STORED = """
SELECT history, total_stargazers, id FROM repo_processing_status WHERE repo = $repo
    ORDER BY id LIMIT 1;
SELECT math::sum(total) AS total, math::max(week) AS newest FROM star_history
    WHERE repo = $repo AND week >= 0 AND week <= $most AND total >= 0 AND total <= $most GROUP ALL;
"""


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


@dataclass(frozen=True, slots=True)
class StoredHistory:
    """What is stored of a repository's weekly history. Times are epoch seconds.

    ``next_page`` is where a reading goes on that was interrupted, ``checked_at`` when GitHub was
    asked last, ``read_at`` when all weeks were read last, ``etag`` that of the newest page.
    ``newest_week`` is the Sunday of the newest stored week, ``total`` the sum of all weeks, and
    ``count`` the repository's stars as they were seen last (None: never).
    """

    is_complete: bool = False
    next_page: int = 1
    checked_at: float | None = None
    read_at: float | None = None
    etag: str | None = None
    newest_week: int | None = None
    total: int = 0
    count: int | None = None


def read_stored(database: Database, repository: Repository) -> StoredHistory:
    """Where the history of a repository stands. A value of a wrong type counts as not stored, so
    that what depends on it begins anew.
    """
    repo = record("repo", repository.key)
    rows, weeks = database.run(READ_STORED, repo=repo, most=MOST_COUNT)
    row = next((row for row in rows if isinstance(row, dict)), {})
    found = row.get("history")
    progress = found if isinstance(found, dict) else {}
    etag = progress.get("etag")
    sums = next((row for row in weeks if isinstance(row, dict)), {})
    return StoredHistory(
        is_complete=as_bool(progress.get("is_complete")) or False,
        next_page=as_count(progress.get("next_page")) or 1,
        checked_at=as_number(progress.get("checked_at")),
        read_at=as_number(progress.get("read_at")),
        etag=etag if isinstance(etag, str) else None,
        newest_week=as_count(sums.get("newest")),
        total=as_count(sums.get("total")) or 0,
        count=as_count(row.get("total_stargazers")),
    )
