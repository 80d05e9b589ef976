"""All stored stars and people, one after the other, in an order that stays. Reads only.

The stars that gitstars listed come first, by the ids of person and repository; then the others, by
their record ids.
"""

import string
from array import array
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import chain, islice, pairwise, repeat
from typing import Any, TypeVar

from gitstars.store.database import Database, key_of, record, to_epoch
from gitstars.store.reading import as_text, as_user_id
from gitstars.store.star_days import FIRST, LAST

T = TypeVar("T")

#: Rows that are asked for at once: what is in memory, whatever is stored.
PAGE_ROWS = 2000
#: Keys stand in the order of their kinds: numbers and texts, then arrays; of the arrays those that
#: begin with a number, which are what gitstars listed, before those that begin with a text.
BEFORE_ALL: Any = -(2**63)
ARRAYS: Any = []
TEXT_ARRAYS: Any = [""]
AFTER_ALL: Any = ["\U0010ffff"]
#: Where keys that the engine made begin: they are texts of these characters.
LETTERS = (*string.digits, *string.ascii_uppercase, *string.ascii_lowercase)
FIELDS = (
    "SELECT VALUE [id, in.github_id, in.username, record::id(out), starred_at, unstarred_at] FROM "
)
#: A range is read to its end whatever ``LIMIT`` says, and ``WHERE id > …`` from the table's
#: beginning: so every page has two bounds, and none reads what others read.
BETWEEN = f"{FIELDS} type::record('starred', $begin..$end)"
NEXT_IDS = """
SELECT VALUE github_id FROM github_user WHERE github_id > $last ORDER BY github_id LIMIT $limit
"""
#: Asked by record id, so that a page costs the same in a database of any size.
CHOSEN = f"""
{FIELDS} $pairs.map(|$pair| <record> string::concat('starred:[', <string>$pair[0], ',',
    <string>$pair[1], ']'))
"""
#: Who is in the list of a repository, as far as gitstars stored it.
LISTED = """
SELECT VALUE record::id(id)[0] FROM starred WHERE out = $repo AND source = 'stargazer_analysis'
"""
NAMES = "SELECT VALUE [record::id(id), github_id, full_name] FROM $repos"
PERSON = "SELECT VALUE [github_id, username, avatar_url, profile_url] FROM github_user WHERE "
PEOPLE = f"{PERSON} github_id > $last ORDER BY github_id LIMIT $limit"
THESE = f"{PERSON} github_id IN $ids ORDER BY github_id"


@dataclass(frozen=True, slots=True)
class ExportedStar:
    """A star; times are epoch seconds. ``login`` is None where the person's record is gone,
    ``unstarred_at`` where the star is there, else when it was found gone.
    """

    user_id: int
    login: str | None
    repo_id: int | None
    full_name: str
    starred_at: float
    unstarred_at: float | None


@dataclass(frozen=True, slots=True)
class ExportedPerson:
    """A person of whom a star is stored, or was."""

    user_id: int
    login: str
    avatar_url: str | None
    profile_url: str | None


def read_stars(
    database: Database, keys: Collection[Any] = (), page_rows: int = PAGE_ROWS
) -> Iterator[ExportedStar]:
    """Every stored star once, unstars included: those of the repositories with these keys, or all.
    What has no time or person is no star.
    """
    names = _Names(database)
    listed = _read_chosen(database, keys, page_rows) if keys else _read_listed(database, page_rows)
    for rows in chain(listed, _read_others(database, names)):
        names.learn(row[3] for row in rows)
        for row in rows:
            if not keys or row[3] in keys:
                yield from _read_star(row, names)


def read_people(database: Database, page_rows: int = PAGE_ROWS) -> Iterator[ExportedPerson]:
    """Every stored person once, by id."""
    last = 0
    while rows := database.run(PEOPLE, last=last, limit=page_rows)[0]:
        yield from _read_people(rows)
        last = rows[-1][0]


def find_people(
    database: Database, user_ids: Iterable[int], page_rows: int = PAGE_ROWS
) -> Iterator[ExportedPerson]:
    """These people, by id; one without a record is left out."""
    for ids in in_parts(sorted(set(user_ids)), page_rows):
        yield from _read_people(database.run(THESE, ids=ids)[0])


def in_parts(values: Iterable[T], most: int) -> Iterator[list[T]]:
    """The values, so many at a time."""
    rest = iter(values)
    while part := list(islice(rest, most)):
        yield part


class _Names:
    """The ids and names of the repositories that were met so far."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[Any, tuple[int | None, str]] = {}

    def learn(self, keys: Iterable[Any]) -> None:
        """Look up those that are new."""
        fresh = set(keys) - self._known.keys()
        if not fresh:
            return
        self._known |= {key: (None, str(key)) for key in fresh}
        repos = [record("repo", key) for key in fresh]
        for key, github_id, full_name in self._database.run(NAMES, repos=repos)[0]:
            self._known[key] = (as_user_id(github_id), as_text(full_name) or str(key))

    def find(self, key: Any) -> tuple[int | None, str]:
        return self._known[key]


def _read_listed(database: Database, page_rows: int) -> Iterator[list[list[Any]]]:
    """What gitstars listed, by as many people at a time as have about ``page_rows`` stars."""
    begin, last, people = ARRAYS, 0, page_rows
    while begin != TEXT_ARRAYS:
        ids = database.run(NEXT_IDS, last=last, limit=people)[0]
        end = TEXT_ARRAYS
        if len(ids) == people:
            last = ids[-1]
            end = [last + 1]
        rows = database.run(BETWEEN, begin=begin, end=end)[0]
        yield rows
        begin = end
        people = min(page_rows, max(1, people * page_rows // max(1, len(rows))))


def _read_chosen(
    database: Database, keys: Collection[Any], page_rows: int
) -> Iterator[list[list[Any]]]:
    """What gitstars listed of these repositories: their pairs of ids are in memory, 8 bytes each
    star.
    """
    lists = []
    for key in keys:
        repo = record("repo", key)
        found = database.run("SELECT VALUE github_id FROM $repo; " + LISTED, repo=repo)
        repo_id = as_user_id(found[0][0]) if found[0] else None
        if repo_id is not None:
            users = array("q", sorted(u for u in found[1] if as_user_id(u) is not None))
            lists.append(zip(users, repeat(repo_id)))
    for pairs in in_parts(merge(*lists), page_rows):
        yield database.run(CHOSEN, pairs=[list(pair) for pair in pairs])[0]


def _read_others(database: Database, names: _Names) -> Iterator[list[list[Any]]]:
    """The stars that the web application wrote, or gitstars in its place, and that no list holds
    too.
    """
    for begin, end in _bound_others(database):
        rows = database.run(BETWEEN, begin=begin, end=end)[0]
        if not rows:
            continue
        names.learn(row[3] for row in rows)
        pairs = [(row[1], names.find(row[3])[0]) for row in rows]
        edges = [record("starred", list(pair)) for pair in pairs]
        found = database.run("SELECT VALUE id FROM $edges", edges=edges)[0]
        twins = {tuple(key_of(edge)) for edge in found}
        yield [row for row, pair in zip(rows, pairs, strict=True) if pair not in twins]


def _bound_others(database: Database) -> Iterator[tuple[Any, Any]]:
    """Ranges of keys that hold what no list brought: texts by how they begin, and what gitstars
    keeps in step by its account.
    """
    found = database.run("SELECT VALUE user_id FROM gitstars_sync")[0]
    users = sorted(user for user in found if as_user_id(user) is not None)
    yield from pairwise((BEFORE_ALL, *LETTERS, ARRAYS))
    yield from pairwise((TEXT_ARRAYS, *(["github", user] for user in users), AFTER_ALL))


def _read_star(row: list[Any], names: _Names) -> Iterator[ExportedStar]:
    identity, person, login, key, starred_at, unstarred_at = row
    edge = key_of(identity)
    is_listed = isinstance(edge, list) and len(edge) == 2
    user_id = as_user_id(person) or (as_user_id(edge[0]) if is_listed else None)
    at = to_epoch(starred_at)
    if at is None or user_id is None:
        return
    if FIRST.timestamp() < at < LAST.timestamp():
        repo_id, full_name = names.find(key)
        repo_id = repo_id or (as_user_id(edge[1]) if is_listed else None)
        yield ExportedStar(user_id, as_text(login), repo_id, full_name, at, to_epoch(unstarred_at))


def _read_people(rows: Iterable[list[Any]]) -> Iterator[ExportedPerson]:
    for github_id, username, avatar_url, profile_url in rows:
        user_id, login = as_user_id(github_id), as_text(username)
        if user_id is not None and login is not None:
            yield ExportedPerson(user_id, login, as_text(avatar_url), as_text(profile_url))
