"""Repositories that are seen for the first time: each gets a status row, and what was collected
under a former name follows.
"""

from collections.abc import Sequence

from gitstars.model import Repository
from gitstars.store import lifecycle, renames
from gitstars.store.database import Database


def welcome(database: Database, repositories: Sequence[Repository]) -> set[str]:
    """Give the repositories a status; the keys of those that are not to be queued: they move at
    this moment, or are second records of a repository that is collected under another one.
    """
    left = _find_second_records(database, repositories)
    former = renames.find_former(database, [one for one in repositories if one.key not in left])
    for key, found in former.items():
        if renames.carry_over(database, found, key) is None:
            left.add(key)
    lifecycle.ensure_all(
        database,
        [one.key for one in repositories if one.key not in former.keys() | left],
    )
    return left


def _find_second_records(database: Database, repositories: Sequence[Repository]) -> set[str]:
    """Of several records of one repository all but the one that it is collected under."""
    second = renames.find_aliases(database, [one.key for one in repositories])
    first: dict[int | None, str] = {}
    for one in repositories:
        if (
            one.key not in second
            and first.setdefault(one.github_id, one.key) != one.key
            and one.github_id is not None
        ):
            renames.remember_alias(database, one.key, first[one.github_id])
            second.add(one.key)
    return second
