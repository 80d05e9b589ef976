"""The repositories that an account starred, owns or collaborates on, with what is known of their
collecting. Reads only. A row that cannot be read is left out and named once.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gitstars.model import Account, Repository, Status
from gitstars.store.accounts import is_github_id
from gitstars.store.database import Database, key_of, record, to_epoch
from gitstars.store.lifecycle.rule import BEGIN_ANEW
from gitstars.store.parts import UNREADABLE, LeaveOut, read_pages, read_parts, show_name

logger = logging.getLogger(__name__)

#: Repositories read with one query.
PAGE_ROWS = 1000

STARRED = """
SELECT out.id AS id, out.github_id AS github_id, out.full_name AS full_name, out.stars AS stars,
    out.is_private AS is_private
FROM $user->starred WHERE unstarred_at IS NONE START $start LIMIT $limit
"""
OWN = """
SELECT repo.id AS id, repo.github_id AS github_id, repo.full_name AS full_name,
    repo.stars AS stars, repo.is_private AS is_private
FROM gitstars_access WHERE user_id = $user_id AND may_list = true START $start LIMIT $limit
"""
#: Asked by themselves: only a parameter lets the engine use the index, a subquery a row would look
#: through all of them each time. A history that was interrupted has to go on, whenever it was
#: looked at.
STATES = """
SELECT id, repo, status, next_retry_after, completed_at, counted_at, total_stargazers, updated_at,
    etag, requested,
    (IF history.next_page > 1 AND history.is_complete != true { NONE }
        ELSE { history.checked_at }) AS history_at
FROM repo_processing_status WHERE repo IN $repos ORDER BY id DESC
"""
#: The repository at a position of either list, as text.
STARRED_NAME = """
SELECT VALUE <string>out FROM $user->starred WHERE unstarred_at IS NONE START $start LIMIT 1
"""
OWN_NAME = """
SELECT VALUE <string>repo FROM gitstars_access WHERE user_id = $user_id AND may_list = true
    START $start LIMIT 1
"""
#: GitHub's longest: an owner of 39 characters and a repository of 100.
LONGEST_KEY = 300


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """A repository of an account and what is known of its collecting; ``status`` None: nothing
    yet.

    Times are epoch seconds.

    ``is_requested``: a complete list is to be read from its beginning, as an operator asked.

    ``count`` is the number of stars at the last look, ``counted_at`` the time of it, ``updated_at``
    what GitHub said then.
    """

    repository: Repository
    status: Status | None = None
    next_retry_at: float | None = None
    completed_at: float | None = None
    counted_at: float | None = None
    count: int | None = None
    updated_at: str | None = None
    etag: str | None = None
    history_at: float | None = None
    is_requested: bool = False

    def is_refresh_due(self, now: float, fresh_seconds: float) -> bool:
        """Whether a completed repository comes back now."""
        due_at = self.next_retry_at or (self.completed_at or 0.0) + fresh_seconds
        return self.status is Status.COMPLETED and due_at <= now

    def is_count_due(self, now: float, fresh_seconds: float) -> bool:
        """Whether the count of a repository that nobody may list is too old."""
        return self.status is Status.RESTRICTED and (self.counted_at or 0.0) + fresh_seconds <= now


def log_left_out(name: str, reason: str) -> None:
    """What is told of a row that is left out, where nobody keeps count."""
    logger.warning("%s is left out: %s", name, reason)


def list_repositories(
    database: Database, account: Account, leave_out: LeaveOut = log_left_out
) -> Iterator[RepositoryState]:
    """The repositories that the account starred, then those it may list for other reasons; one
    may come twice. ``leave_out`` is told of rows that cannot be read.
    """
    user = record("github_user", account.github_user)
    yield from _pages(database, STARRED, STARRED_NAME, leave_out, user=user)
    yield from _pages(database, OWN, OWN_NAME, leave_out, user_id=account.user_id)


def _pages(
    database: Database, query: str, name: str, leave_out: LeaveOut, **bindings: Any
) -> Iterator[RepositoryState]:
    def ask(start: int, limit: int) -> list[Any]:
        rows: list[Any] = database.run(query, start=start, limit=limit, **bindings)[0]
        return rows

    def leave_out_at(start: int) -> None:
        for found in database.run(name, start=start, **bindings)[0]:
            leave_out(show_name(found), UNREADABLE)

    for rows in read_pages(ask, PAGE_ROWS, leave_out_at):
        places = [read_repository(row, leave_out) for row in rows if row.get("id") is not None]
        readable = [place for place in places if place is not None]
        yield from _with_states(database, readable, leave_out)


def _with_states(
    database: Database, places: Sequence[Repository], leave_out: LeaveOut
) -> Iterator[RepositoryState]:
    lost: set[str] = set()

    def ask(keys: Sequence[str]) -> list[Any]:
        rows: list[Any] = database.run(STATES, repos=[record("repo", key) for key in keys])[0]
        return rows

    def leave_out_key(key: str) -> None:
        lost.add(key)
        leave_out(show_name(f"the status of repo:{key}"), UNREADABLE)

    found = read_parts(ask, [place.key for place in places], leave_out_key) if places else ()
    # Of several rows of one repository the lowest id counts.
    states = {key_of(row["repo"]): row for row in found}
    for place in places:
        if place.key not in lost:
            yield _read_state(place, states.get(place.key, {}))


def read_repository(row: dict[str, Any], leave_out: LeaveOut) -> Repository | None:
    """A row of ``repo``; None where its id is no name of a repository, which is told."""
    key: Any = getattr(row["id"], "id", None)
    is_named = type(key) is int or (isinstance(key, str) and 0 < len(key) <= LONGEST_KEY)
    if not is_named or row["id"].table_name != "repo":
        leave_out(show_name(row["id"]), "the id of a repository is its owner/name; correct the row")
        return None
    name, github_id = row.get("full_name"), row.get("github_id")
    stars: Any = row.get("stars")
    is_name = isinstance(name, str) and name.count("/") == 1 and len(name) <= LONGEST_KEY
    return Repository(
        key=key,
        full_name=str(name) if is_name else str(key),
        github_id=github_id if is_github_id(github_id) else None,
        stars=int(stars) if is_github_id(stars) else 0,
        is_private=row.get("is_private") is True,
    )


def _read_state(place: Repository, row: dict[str, Any]) -> RepositoryState:
    status, count, history_at = (row.get(n) for n in ("status", "total_stargazers", "history_at"))
    updated_at, etag = row.get("updated_at"), row.get("etag")
    return RepositoryState(
        repository=place,
        status=Status(status) if isinstance(status, str) and status in set(Status) else None,
        next_retry_at=to_epoch(row.get("next_retry_after")),
        completed_at=to_epoch(row.get("completed_at")),
        counted_at=to_epoch(row.get("counted_at")),
        count=count if type(count) is int else None,
        updated_at=updated_at if isinstance(updated_at, str) else None,
        etag=etag if isinstance(etag, str) else None,
        is_requested=row.get("requested") == BEGIN_ANEW,
        history_at=float(history_at) if isinstance(history_at, int | float) else None,
    )
