"""Accounts and the repositories they starred, as the web application wrote them. Reads only."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitstars.model import Account, Repository, Status
from gitstars.store.database import Database, key_of, record, to_epoch

logger = logging.getLogger(__name__)

#: Repositories read with one query.
PAGE_ROWS = 1000

ACCOUNTS = """
SELECT id, access_token, providerAccountId, scope, updatedAt, userId.github_user AS github_user,
       userId.github_user.github_id AS github_id, userId.github_user.username AS login
FROM account WHERE providerId = 'github' AND access_token ORDER BY updatedAt
"""
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
#: through all of them each time.
STATES = "SELECT * OMIT cursor FROM repo_processing_status WHERE repo IN $repos ORDER BY id DESC"
COUNT = "RETURN count((SELECT VALUE id FROM $user->starred WHERE unstarred_at IS NONE))"


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """A repository of an account and what is known of its collecting; ``status`` None: nothing
    yet.

    Times are epoch seconds.

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

    def is_refresh_due(self, now: float, fresh_seconds: float) -> bool:
        """Whether a completed repository comes back now."""
        due_at = self.next_retry_at or (self.completed_at or 0.0) + fresh_seconds
        return self.status is Status.COMPLETED and due_at <= now

    def is_count_due(self, now: float, fresh_seconds: float) -> bool:
        """Whether the count of a repository that nobody may list is too old."""
        return self.status is Status.RESTRICTED and (self.counted_at or 0.0) + fresh_seconds <= now


def read_accounts(database: Database) -> tuple[list[Account], frozenset[str]]:
    """The GitHub accounts with a token, the one updated last at the end; and the record ids of
    those that name no GitHub user.
    """
    rows = database.run(ACCOUNTS)[0]
    read = [(str(row["id"]), _read_account(row)) for row in rows]
    return [account for _, account in read if account is not None], frozenset(
        name for name, account in read if account is None
    )


def count_starred(database: Database, account: Account) -> int:
    """How many repositories the account's user starred, as far as they are written."""
    return int(database.run(COUNT, user=record("github_user", account.github_user))[0])


def list_repositories(database: Database, account: Account) -> Iterator[RepositoryState]:
    """The repositories that the account starred, then those it may list for other reasons; one
    may come twice.
    """
    yield from _pages(database, STARRED, user=record("github_user", account.github_user))
    yield from _pages(database, OWN, user_id=account.user_id)


def _pages(database: Database, query: str, **bindings: Any) -> Iterator[RepositoryState]:
    start = 0
    while True:
        rows = database.run(query, start=start, limit=PAGE_ROWS, **bindings)[0]
        found = database.run(
            STATES, repos=[row["id"] for row in rows if row.get("id") is not None]
        )[0]
        # Of several rows of one repository the lowest id counts.
        states = {str(state["repo"]): state for state in found}
        for row in rows:
            known = _read_state(row, states.get(str(row.get("id")), {}))
            if known is not None:
                yield known
        if len(rows) < PAGE_ROWS:
            return
        start += PAGE_ROWS


def _read_account(row: dict[str, Any]) -> Account | None:
    provider_id = str(row.get("providerAccountId") or "")
    github_id = row.get("github_id") if isinstance(row.get("github_id"), int) else None
    user_id = int(provider_id) if provider_id.isascii() and provider_id.isdigit() else github_id
    if user_id is None or row.get("github_user") is None:
        return None
    scope = row.get("scope")
    scopes = (
        frozenset(re.split(r"[\s,]+", scope.strip()))
        if isinstance(scope, str) and scope.strip()
        else None
    )
    return Account(
        key=str(key_of(row["id"])),
        user_id=user_id,
        login=str(row.get("login") or ""),
        token=str(row["access_token"]),
        scopes=scopes,
        github_user=key_of(row["github_user"]),
    )


def _read_state(row: dict[str, Any], state: dict[str, Any]) -> RepositoryState | None:
    if row.get("id") is None:
        return None
    key = key_of(row["id"])
    if isinstance(key, list | dict):
        logger.warning(
            (
                "%s is left out: the id of a repository is its owner/name, or at least a text or a "
                "number"
            ),
            row["id"],
        )
        return None
    full_name = row.get("full_name")
    repository = Repository(
        key=key,
        full_name=full_name
        if isinstance(full_name, str) and full_name.count("/") == 1
        else str(key),
        github_id=row["github_id"] if isinstance(row.get("github_id"), int) else None,
        stars=row["stars"] if isinstance(row.get("stars"), int) else 0,
        is_private=row.get("is_private") is True,
    )
    text = state.get("status")
    history = state.get("history")
    return RepositoryState(
        repository=repository,
        status=Status(text) if text in set(Status) else None,
        next_retry_at=to_epoch(state.get("next_retry_after")),
        completed_at=to_epoch(state.get("completed_at")),
        counted_at=to_epoch(state.get("counted_at")),
        count=state.get("total_stargazers"),
        updated_at=state.get("updated_at"),
        etag=state.get("etag"),
        history_at=history.get("checked_at") if isinstance(history, dict) else None,
    )
