"""What comes due by itself, found through indexes, without reading every row.

Times are those of the database's clock, except the histories', which are numbers that gitstars
wrote.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gitstars.store.database import Database

#: Record ids of one answer.
PAGE_ROWS = 500
#: Looks overlap by this much (seconds): a row may be written a moment before its time is over, and
#: be seen only when its transaction is.
OVERLAP_SECONDS = 15.0

WAITED = """
SELECT VALUE repo FROM repo_processing_status WITH INDEX gitstars_status_retry
    WHERE next_retry_after > $after AND next_retry_after <= $until START $start LIMIT $limit
"""
COUNTED = """
SELECT VALUE repo FROM repo_processing_status WITH INDEX gitstars_status_counted
    WHERE counted_at > $after AND counted_at <= $until AND status = 'restricted'
    START $start LIMIT $limit
"""
HISTORIES = """
SELECT VALUE repo FROM repo_processing_status WITH INDEX gitstars_status_history
    WHERE history.checked_at > $after AND history.checked_at <= $until START $start LIMIT $limit
"""
PENDING = """
SELECT VALUE repo FROM repo_processing_status WHERE status = 'pending' START $start LIMIT $limit
"""
#: When the next row comes back that waits for a stated time.
NEXT = """
SELECT VALUE next_retry_after FROM repo_processing_status WITH INDEX gitstars_status_retry
    WHERE next_retry_after > $now AND next_retry_after <= $until ORDER BY next_retry_after LIMIT 1
"""
#: Older times than this are nonsense of another program.
LONG_AGO = datetime.fromisoformat("2008-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Window:
    """What came due between two looks: the database's time at each."""

    after: datetime
    until: datetime


def read_time(database: Database) -> datetime:
    """The database's clock."""
    now: datetime = database.run("RETURN time::now()")[0]
    return now


def find_waited(database: Database, window: Window) -> Iterator[list[Any]]:
    """Repositories whose ``next_retry_after`` came in the window, a page at a time."""
    return _pages(
        database, WAITED, after=window.after - _seconds(OVERLAP_SECONDS), until=window.until
    )


def find_overdue(database: Database, now: datetime) -> Iterator[list[Any]]:
    """Repositories whose ``next_retry_after`` is over, however long."""
    return _pages(database, WAITED, after=LONG_AGO, until=now)


def find_counted(database: Database, window: Window, fresh_seconds: float) -> Iterator[list[Any]]:
    """Restricted repositories whose count became older than ``fresh_seconds`` in the window."""
    after = window.after - _seconds(fresh_seconds + OVERLAP_SECONDS)
    return _pages(database, COUNTED, after=after, until=window.until - _seconds(fresh_seconds))


def find_histories(database: Database, after: float, until: float) -> Iterator[list[Any]]:
    """Repositories whose history was looked at between these times (epoch seconds)."""
    return _pages(database, HISTORIES, after=after, until=until)


def find_pending(database: Database) -> Iterator[list[Any]]:
    """Repositories that wait to be collected."""
    return _pages(database, PENDING)


def next_in_seconds(database: Database, now: datetime, horizon_seconds: float) -> float | None:
    """How soon the next repository comes back that waits for a stated time; None: none does within
    ``horizon_seconds``.
    """
    times = database.run(NEXT, now=now, until=now + _seconds(horizon_seconds))[0]
    return (times[0] - now).total_seconds() if times else None


def _pages(database: Database, query: str, **bindings: Any) -> Iterator[list[Any]]:
    start = 0
    while True:
        page = database.run(query, start=start, limit=PAGE_ROWS, **bindings)[0]
        if page:
            yield page
        if len(page) < PAGE_ROWS:
            return
        start += len(page)


def _seconds(amount: float) -> timedelta:
    return timedelta(seconds=amount)
