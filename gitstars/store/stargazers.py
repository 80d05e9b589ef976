"""Who starred a repository and when, newest first. Reads only."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gitstars.store.database import Database, record, to_epoch
from gitstars.store.reading import as_text, as_user_id
from gitstars.store.star_days import FIRST, LAST

#: The newest edges are chosen first: people are looked up for these alone. A star that the web
#: application wrote too stands twice, so that twice as many are read.
NEWEST = """
LET $edges = (SELECT in, {time} AS at, starred_at, unstarred_at FROM starred WHERE out = $repo
    AND {time} > $since AND {time} < $last {rest} ORDER BY at DESC LIMIT $limit);
SELECT in.github_id AS user_id, in.username AS login, starred_at, unstarred_at FROM $edges;
"""
#: Which edges are chosen, and by which time: stars that are there, or those that were found gone.
THERE = {"time": "starred_at", "rest": "AND unstarred_at IS NONE"}
GONE = {"time": "unstarred_at", "rest": ""}


@dataclass(frozen=True, slots=True)
class StoredStar:
    """A star with its person; times are epoch seconds. ``unstarred_at``: when it was found gone."""

    user_id: int
    login: str
    starred_at: float
    unstarred_at: float | None


def read_newest(
    database: Database, key: Any, limit: int, since: float | None = None, gone: bool = False
) -> list[StoredStar]:
    """Up to ``limit`` stars of a repository, newest first; ``gone``: those that were found gone,
    the last one first. ``since``: not before (epoch seconds).
    """
    begin = FIRST if since is None else datetime.fromtimestamp(since, tz=UTC)
    rows = database.run(
        NEWEST.format(**(GONE if gone else THERE)),
        repo=record("repo", key),
        since=begin,
        last=LAST,
        limit=2 * limit,
    )[-1]
    seen: dict[int, StoredStar] = {}
    for star in _read(rows):
        seen.setdefault(star.user_id, star)
    return list(seen.values())[:limit]


def _read(rows: list[dict[str, Any]]) -> Iterator[StoredStar]:
    for row in rows:
        user_id, at = as_user_id(row.get("user_id")), to_epoch(row.get("starred_at"))
        if user_id is not None and at is not None:
            login = as_text(row.get("login")) or str(user_id)
            yield StoredStar(user_id, login, at, to_epoch(row.get("unstarred_at")))
