"""Which repositories have stargazers in common, counted in the engine's own graph."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from gitstars.store.database import Database, key_of, record
from gitstars.store.reading import as_count, as_text, as_user_id

#: People whose stars are counted in one query.
PEOPLE_AT_ONCE = 2000
#: Everybody who stars the repository.
PEOPLE = "SELECT VALUE in FROM starred WHERE out = $repo AND unstarred_at IS NONE"
#: What these people star: of a star that is stored twice, by the web application and from the
#: list, one counts.
SHARED = """
LET $places = array::flatten((SELECT VALUE
    array::distinct(->(SELECT VALUE out FROM starred WHERE unstarred_at IS NONE)) FROM $people));
SELECT place, count() AS shared FROM $places.map(|$one| { place: $one }) GROUP BY place;
"""
#: Lists that were read to their end: only of these it is known who does not star them.
WHOLE = """
SELECT repo, repo.full_name ?? record::id(repo) AS full_name, processed_stargazers AS stars
    FROM repo_processing_status WHERE repo IN $repos AND status = 'completed'
"""
IDS = "SELECT VALUE in.github_id FROM starred WHERE out = $repo AND unstarred_at IS NONE"
KNOWN = "SELECT count() AS total FROM github_user GROUP ALL"


@dataclass(frozen=True, slots=True)
class WholeList:
    """A repository whose list was read to its end, with its stored stars."""

    full_name: str
    stars: int


def count_shared(database: Database, key: Any, at_once: int = PEOPLE_AT_ONCE) -> Counter[Any]:
    """How many of the repository's stargazers star each repository, by its key; of itself all. So
    many people's stars are counted ``at_once``.
    """
    people = database.run(PEOPLE, repo=record("repo", key))[0]
    unique = list({str(one): one for one in people}.values())
    shared: Counter[Any] = Counter()
    for start in range(0, len(unique), at_once):
        rows = database.run(SHARED, people=unique[start : start + at_once])[-1]
        for row in rows:
            shared[key_of(row["place"])] += as_count(row.get("shared")) or 0
    return shared


def read_whole(database: Database, keys: Collection[Any]) -> dict[Any, WholeList]:
    """Those of these repositories whose list was read to its end, by key."""
    rows = database.run(WHOLE, repos=[record("repo", key) for key in keys])[0]
    return {
        key_of(row["repo"]): WholeList(name, as_count(row.get("stars")) or 0)
        for row in rows
        if (name := as_text(row.get("full_name")))
    }


def read_people(database: Database, key: Any) -> set[int]:
    """The GitHub ids of everybody who stars the repository."""
    found = database.run(IDS, repo=record("repo", key))[0]
    return {user for user in found if as_user_id(user) is not None}


def count_people(database: Database) -> int:
    """Everybody who is known."""
    rows: Sequence[dict[str, Any]] = database.run(KNOWN)[0]
    return int(rows[0]["total"]) if rows else 0
