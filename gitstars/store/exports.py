"""All stored stars, one after the other, in an order that stays. Reads only.

The stars that gitstars wrote come first, by the ids of person and repository; then those that only
a web application wrote, by their record ids.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitstars.store.database import Database, record, to_epoch
from gitstars.store.reading import as_key, as_text, as_user_id
from gitstars.store.star_days import FIRST, LAST

#: Rows that are asked for at once: what is in memory, whatever is stored.
PAGE_ROWS = 2000
FIELDS = """
SELECT id, in.github_id AS user_id, in.username AS login, out, out.github_id AS repo_id,
    out.full_name AS full_name, starred_at, unstarred_at
"""
#: An edge of gitstars has the ids of person and repository as its key, so that a page begins where
#: the one before ended, and no page reads what others read.
LISTED = f"{FIELDS} FROM starred:[$user, $repo]>.. LIMIT $limit"
#: The keys of others are texts or numbers, which all stand in front of those.
OTHERS = f"{FIELDS} FROM starred WHERE id > $last AND id < $end ORDER BY id LIMIT $limit"


@dataclass(frozen=True, slots=True)
class ExportedStar:
    """A star; times are epoch seconds. ``login`` is None where the person's record is gone,
    ``unstarred_at`` where the star is there, else when it was found gone.
    """

    user_id: int
    login: str | None
    repo_key: Any
    repo_id: int | None
    full_name: str
    starred_at: float
    unstarred_at: float | None


def read_stars(database: Database, page_rows: int = PAGE_ROWS) -> Iterator[ExportedStar]:
    """Every stored star once, unstars included. What has no time or person is no star."""
    user, repo = 0, 0
    while True:
        rows = database.run(LISTED, user=user, repo=repo, limit=page_rows)[0]
        for row in rows:
            yield from _read(row)
        if len(rows) < page_rows:
            break
        user, repo = rows[-1]["id"].id
    yield from _read_others(database, page_rows)


def _read_others(database: Database, page_rows: int) -> Iterator[ExportedStar]:
    """What a web application wrote, and gitstars did not write too."""
    last, end = record("starred", -(2**63)), record("starred", [])
    while True:
        rows = database.run(OTHERS, last=last, end=end, limit=page_rows)[0]
        edges = [record("starred", [row.get("user_id"), row.get("repo_id")]) for row in rows]
        found = database.run("SELECT VALUE id FROM $edges", edges=edges)[0] if edges else []
        twins = {tuple(edge.id) for edge in found}
        for row in rows:
            if (row.get("user_id"), row.get("repo_id")) not in twins:
                yield from _read(row)
        if len(rows) < page_rows:
            return
        last = rows[-1]["id"]


def _read(row: dict[str, Any]) -> Iterator[ExportedStar]:
    key, at = as_key(row.get("out")), to_epoch(row.get("starred_at"))
    identity = row["id"].id
    written = identity if isinstance(identity, list) and len(identity) == 2 else (None, None)
    user_id = as_user_id(row.get("user_id")) or as_user_id(written[0])
    if key is None or at is None or user_id is None:
        return
    if FIRST.timestamp() < at < LAST.timestamp():
        yield ExportedStar(
            user_id,
            as_text(row.get("login")),
            key,
            as_user_id(row.get("repo_id")) or as_user_id(written[1]),
            as_text(row.get("full_name")) or str(key),
            at,
            to_epoch(row.get("unstarred_at")),
        )
