"""Who starred a repository and when, and what a person starred, newest first. Reads only."""

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
#: The same from a person's side.
STARRED = """
LET $edges = (SELECT out, {time} AS at, starred_at, unstarred_at FROM $person->starred
    WHERE {time} > $since AND {time} < $last {rest} ORDER BY at DESC LIMIT $limit);
SELECT out.github_id AS repo_id, <string>(out.full_name ?? record::id(out)) AS full_name,
    starred_at, unstarred_at FROM $edges;
"""
PERSON = "SELECT id, github_id, username FROM github_user WHERE {} LIMIT 1"
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
    rows = _ask(database, NEWEST, limit, since, gone, repo=record("repo", key))
    seen: dict[int, StoredStar] = {}
    for star in _read(rows):
        seen.setdefault(star.user_id, star)
    return list(seen.values())[:limit]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of whom stars are stored."""

    identity: Any
    user_id: int
    login: str


@dataclass(frozen=True, slots=True)
class StarOfPerson:
    """A star with its repository; times are epoch seconds. ``unstarred_at``: when it was found
    gone.
    """

    full_name: str
    repo_id: int | None
    starred_at: float
    unstarred_at: float | None


def find_person(database: Database, who: str) -> Person | None:
    """The person with this login, in any case, or with this numeric GitHub id."""
    number = int(who) if who.isascii() and who.isdigit() and len(who) < 19 else 0
    for condition in (
        "github_id = $number",
        "username = $who",
        "string::lowercase(username) = $lower",
    ):
        query = PERSON.format(condition)
        for row in database.run(query, number=number, who=who, lower=who.lower())[0]:
            return Person(row["id"], row["github_id"], row["username"])
    return None


def read_starred(
    database: Database, person: Person, limit: int, since: float | None = None, gone: bool = False
) -> list[StarOfPerson]:
    """Up to ``limit`` stars of a person, newest first; ``since`` and ``gone`` as in
    ``read_newest``.
    """
    rows = _ask(database, STARRED, limit, since, gone, person=person.identity)
    seen: dict[str, StarOfPerson] = {}
    for row in rows:
        at = to_epoch(row.get("starred_at"))
        if at is not None:
            gone_at, repo_id = to_epoch(row.get("unstarred_at")), as_user_id(row.get("repo_id"))
            star = StarOfPerson(row["full_name"], repo_id, at, gone_at)
            seen.setdefault(star.full_name, star)
    return list(seen.values())[:limit]


def _ask(
    database: Database, query: str, limit: int, since: float | None, gone: bool, **bindings: Any
) -> list[dict[str, Any]]:
    """The rows of ``NEWEST`` or ``STARRED``."""
    rows: list[dict[str, Any]] = database.run(
        query.format(**(GONE if gone else THERE)),
        since=FIRST if since is None else datetime.fromtimestamp(since, tz=UTC),
        last=LAST,
        limit=2 * limit,
        **bindings,
    )[-1]
    return rows


def _read(rows: list[dict[str, Any]]) -> Iterator[StoredStar]:
    for row in rows:
        user_id, at = as_user_id(row.get("user_id")), to_epoch(row.get("starred_at"))
        if user_id is not None and at is not None:
            login = as_text(row.get("login")) or str(user_id)
            yield StoredStar(user_id, login, at, to_epoch(row.get("unstarred_at")))
