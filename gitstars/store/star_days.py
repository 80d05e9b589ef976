"""The stored stars of a repository by day. Reads only; the engine counts."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from gitstars.store.database import Database, record
from gitstars.store.reading import as_count, as_user_id

#: Times outside of this are no stars: GitHub is younger, and a text is no time.
FIRST, LAST = datetime(2007, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
#: The edges that gitstars wrote, by the UTC day on which the star was given, and by that on which
#: it was found gone.
DAYS = """
SELECT time::floor(starred_at, 1d) AS day, count() AS stars FROM starred WHERE out = $repo
    AND source = 'stargazer_analysis' AND starred_at > $first AND starred_at < $last GROUP BY day;
SELECT time::floor(unstarred_at, 1d) AS day, count() AS stars FROM starred WHERE out = $repo
    AND source = 'stargazer_analysis' AND unstarred_at > $first AND unstarred_at < $last
    GROUP BY day;
SELECT in.github_id AS user_id, starred_at AS day FROM starred WHERE out = $repo
    AND source = 'github' AND unstarred_at IS NONE AND starred_at > $first AND starred_at < $last;
"""


def read_days(
    database: Database, key: Any, github_id: int | None
) -> tuple[Counter[str], Counter[str]]:
    """How many stars were given, and how many were found gone, on each UTC day (2026-11-24).

    A person whose star is stored twice, by the web application and from the list, is counted once.
    """
    given, gone, webs = database.run(DAYS, repo=record("repo", key), first=FIRST, last=LAST)
    added, removed = _count(given), _count(gone)
    people = {user: row for row in webs if (user := as_user_id(row.get("user_id"))) is not None}
    listed = set()
    if people and github_id is not None:
        edges = [record("starred", [user, github_id]) for user in people]
        found = database.run("SELECT VALUE id FROM $edges", edges=edges)[0]
        listed = {edge.id[0] for edge in found}
    added.update(_day(row) for user, row in people.items() if user not in listed)
    return added, removed


def _count(rows: list[dict[str, Any]]) -> Counter[str]:
    return Counter({_day(row): as_count(row.get("stars")) or 0 for row in rows})


def _day(row: dict[str, Any]) -> str:
    return str(row["day"])[:10]
