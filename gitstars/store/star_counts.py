"""How many stars a repository had on the days on which GitHub told it: one number a UTC day, the
newest. They show how stars fell where nobody may see whose they were.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gitstars.store.database import Database, record
from gitstars.store.reading import as_count, as_text

#: Keeps ``$counts``, rows of ``key``, ``repo`` and ``stars``; for a transaction of others too.
KEEP = """
LET $today = time::format(time::now(), '%Y-%m-%d');
INSERT INTO star_count $counts.map(|$count| { id: [$count.key, $today], repo: $count.repo,
    day: $today, stars: $count.stars }) ON DUPLICATE KEY UPDATE stars = $input.stars RETURN NONE;
"""
READ = "SELECT day, stars FROM star_count WHERE repo = $repo ORDER BY day"


@dataclass(frozen=True, slots=True)
class DayCount:
    """``day`` is a UTC day (2026-11-24)."""

    day: str
    stars: int


def rows_of(counts: Mapping[str, int]) -> list[dict[str, object]]:
    """The parameter of ``KEEP`` for numbers of stars by the key of the repository."""
    return [
        {"key": key, "repo": record("repo", key), "stars": stars} for key, stars in counts.items()
    ]


def keep(database: Database, counts: Mapping[str, int]) -> None:
    """So many stars were told today, by the key of the repository."""
    database.run_retrying(KEEP, counts=rows_of(counts))


def read(database: Database, key: str) -> list[DayCount]:
    """The counts of a repository, oldest first."""
    rows = database.run(READ, repo=record("repo", key))[0]
    return [
        DayCount(day, stars)
        for row in rows
        if (day := as_text(row.get("day"))) and (stars := as_count(row.get("stars"))) is not None
    ]
