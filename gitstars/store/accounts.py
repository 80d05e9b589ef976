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
SELECT out.id AS id, out.github_id AS github_id, out.full_name AS full_name, out.stars AS stars, out.is_private AS is_private,
       (SELECT id, status, next_retry_after, completed_at
        FROM repo_processing_status WHERE repo = $parent.out ORDER BY id LIMIT 1)[0] AS state
FROM $user->starred WHERE unstarred_at IS NONE START $start LIMIT $limit
"""
COUNT = "RETURN count((SELECT VALUE id FROM $user->starred WHERE unstarred_at IS NONE))"


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """A starred repository and what is known of its collecting; ``status`` None: nothing yet."""

    repository: Repository
    status: Status | None
    next_retry_at: float | None
    completed_at: float | None


def list_accounts(database: Database) -> list[Account]:
    """The GitHub accounts with a token, the one updated last at the end. A row without a usable user is left out."""
    rows = database.run(ACCOUNTS)[0]
    return [account for row in rows if (account := _read_account(row)) is not None]


def count_starred(database: Database, account: Account) -> int:
    """How many repositories the account's user starred, as far as they are written."""
    return int(database.run(COUNT, user=record("github_user", account.github_user))[0])


def starred_repositories(database: Database, account: Account) -> Iterator[RepositoryState]:
    """The account's starred repositories with the state of their collecting, read ``PAGE_ROWS`` at a time."""
    start = 0
    while True:
        rows = database.run(STARRED, user=record("github_user", account.github_user), start=start, limit=PAGE_ROWS)[0]
        for row in rows:
            state = _read_state(row)
            if state is not None:
                yield state
        if len(rows) < PAGE_ROWS:
            return
        start += PAGE_ROWS


def _read_account(row: dict[str, Any]) -> Account | None:
    provider_id = str(row.get("providerAccountId") or "")
    github_id = row.get("github_id") if isinstance(row.get("github_id"), int) else None
    user_id = int(provider_id) if provider_id.isascii() and provider_id.isdigit() else github_id
    if user_id is None or row.get("github_user") is None:
        logger.warning("account %s is left out: it names no GitHub user", row["id"])
        return None
    scope = row.get("scope")
    scopes = frozenset(re.split(r"[\s,]+", scope.strip())) if isinstance(scope, str) and scope.strip() else None
    return Account(
        key=str(key_of(row["id"])),
        user_id=user_id,
        login=str(row.get("login") or ""),
        token=str(row["access_token"]),
        scopes=scopes,
        github_user=key_of(row["github_user"]),
    )


def _read_state(row: dict[str, Any]) -> RepositoryState | None:
    if row.get("id") is None:
        return None
    key = key_of(row["id"])
    full_name = row.get("full_name")
    repository = Repository(
        key=key,
        full_name=full_name if isinstance(full_name, str) and full_name.count("/") == 1 else str(key),
        github_id=row["github_id"] if isinstance(row.get("github_id"), int) else None,
        stars=row["stars"] if isinstance(row.get("stars"), int) else 0,
        is_private=row.get("is_private") is True,
    )
    state = row.get("state") or {}
    text = state.get("status")
    return RepositoryState(
        repository=repository,
        status=Status(text) if text in set(Status) else None,
        next_retry_at=to_epoch(state.get("next_retry_after")),
        completed_at=to_epoch(state.get("completed_at")),
    )
