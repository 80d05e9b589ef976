"""Claims: leases on repositories by the database's clock, their heartbeat and their end."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from gitstars.errors import TransactionConflict
from gitstars.model import Claim, Cursor, Progress, Repository, Status
from gitstars.store.database import PATIENCE_SECONDS, Database, record, seconds, to_epoch
from gitstars.store.lifecycle.rule import (
    BEGIN_ANEW,
    LEGACY,
    MAY_CLAIM,
    RUN_OUT,
    count_of,
    rule_bindings,
)
from gitstars.store.parts import change_each
from gitstars.store.reading import as_count, as_text

logger = logging.getLogger(__name__)

#: The usual id may be taken by another program's row of another repository. A record whose
#: repository is collected under another one gets no row here; that one's key is a text, which in
#: SurrealDB's order stands before every duration.
ENSURE = """
LET $found = (SELECT VALUE id FROM repo_processing_status WHERE repo = $repo
    ORDER BY id LIMIT 1)[0];
LET $target = (SELECT VALUE value FROM $alias)[0];
LET $moved = $found IS NONE AND $target > '' AND $target < 0s;
IF $found IS NONE AND !$moved { INSERT IGNORE INTO repo_processing_status {id: $key, repo: $repo,
    status: 'pending', error_count: 0} RETURN NONE };
LET $row = $found ?? (SELECT VALUE id FROM repo_processing_status WHERE repo = $repo
    ORDER BY id LIMIT 1)[0];
IF $row IS NONE AND !$moved { INSERT IGNORE INTO repo_processing_status {id: [$key], repo: $repo,
    status: 'pending', error_count: 0} RETURN NONE };
RETURN $row ?? (SELECT VALUE id FROM repo_processing_status WHERE repo = $repo
    ORDER BY id LIMIT 1)[0];
"""
#: The columns of a proven list, kept in ``former`` while it is read again.
KEPT = (
    "last_page_processed",
    "total_pages",
    "total_stargazers",
    "processed_stargazers",
    "ghosts",
    "started_at",
    "completed_at",
    "updated_at",
    "etag",
    "notes",
    "requested",
)
#: Whether the list is read from its beginning, whatever its cursor says. Binds ``$force``.
BEGINS = f"($force OR (status = 'completed' AND requested = '{BEGIN_ANEW}'))"
#: The update is one statement, so one transaction: of two claimers one gets the row, the other an
#: empty result or a conflict. The assignments are made in their order.
CLAIM = f"""
LET $row = (SELECT VALUE id FROM repo_processing_status WHERE repo = $repo
    ORDER BY id LIMIT 1)[0];
LET $before = IF $row IS NONE {{ [] }} ELSE {{ UPDATE $row SET
    former = IF status = 'completed' {{ {{ {", ".join(f"{name}: {name}" for name in KEPT)} }} }}
        ELSE {{ former }},
    generation = IF {BEGINS} {{ {count_of("generation")} + 1 }} ELSE {{ generation }},
    cursor = IF {BEGINS} {{ {{}} }} ELSE IF status = 'completed' {{ $refresh }} ELSE {{ cursor }},
    status = 'processing', claimed_by = $owner, claimed_at = time::now(),
    lease_expires_at = time::now() + $lease, started_at = started_at ?? time::now(),
    next_retry_after = NONE, requested = NONE
WHERE {MAY_CLAIM}
RETURN BEFORE }};
RETURN [$row, $before];
"""
#: The cursor of a complete list: whatever asks for it next, it never goes on behind the end, but
#: reads the newest stars, or all of them.
REFRESH: Cursor = {"kind": "refresh"}
UNCLAIMED = "status = 'pending', claimed_by = NONE, claimed_at = NONE, lease_expires_at = NONE"
FIND_STALE = f"""
SELECT VALUE id FROM repo_processing_status WHERE status = 'processing' AND {RUN_OUT}
"""
RELEASE_STALE = f"""
UPDATE $items SET {UNCLAIMED} WHERE status = 'processing' AND {RUN_OUT} RETURN VALUE id
"""


def claim(
    database: Database,
    repository: Repository,
    owner: str,
    lease_seconds: float,
    fresh_seconds: float,
    force: bool = False,
) -> Claim | None:
    """The lease on a repository, or None where ``MAY_CLAIM`` does not hold.

    The progress of a completed repository is what its list was, with ``REFRESH`` as cursor, and the
    row keeps that list's figures in ``former`` until another one is proven. With ``force``, or when
    an operator asked for it, the list begins anew (``Claim.begins_anew``).
    """
    bindings = {
        "repo": record("repo", repository.key),
        "lease": seconds(lease_seconds),
        "refresh": REFRESH,
        **rule_bindings(fresh_seconds, force, owner),
    }
    try:
        row, before = database.run_retrying(CLAIM, PATIENCE_SECONDS, **bindings)[-1]
        if row is None and ensure(database, repository) is not None:
            row, before = database.run_retrying(CLAIM, PATIENCE_SECONDS, **bindings)[-1]
    except TransactionConflict:
        return None
    if not before:
        return None
    return _read_claim(row, repository, owner, before[0], force, lease_seconds)


def ensure(database: Database, repository: Repository) -> Any:
    """The id of the repository's status row, which is made when there is none; of several the
    lowest id counts. None for a record whose repository is collected under another one.
    """
    return database.run_retrying(
        ENSURE,
        PATIENCE_SECONDS,
        repo=record("repo", repository.key),
        key=repository.key,
        alias=record("gitstars_state", ["alias", repository.key]),
    )[-1]


def ensure_all(database: Database, keys: Iterable[str]) -> None:
    """A ``pending`` row for each of these repositories that has none, under whatever id."""
    rows = [
        {"id": key, "repo": record("repo", key), "status": "pending", "error_count": 0}
        for key in keys
    ]
    query = """
    LET $have = (SELECT VALUE repo FROM repo_processing_status WHERE repo IN $repos);
    INSERT IGNORE INTO repo_processing_status (SELECT * FROM $rows WHERE repo NOT IN $have)
        RETURN NONE;
    """
    database.run_retrying(query, rows=rows, repos=[row["repo"] for row in rows])


def read_progress(row: dict[str, Any]) -> Progress:
    """The progress in a row or in its ``former``. One without a cursor of ours begins anew."""
    cursor = row.get("cursor")
    if not isinstance(cursor, dict) or not cursor:
        return Progress()
    return Progress(
        cursor=cursor,
        last_page=as_count(row.get("last_page_processed")) or 0,
        total_pages=as_count(row.get("total_pages")),
        total_stargazers=as_count(row.get("total_stargazers")),
        processed=as_count(row.get("processed_stargazers")) or 0,
        ghosts=as_count(row.get("ghosts")) or 0,
    )


def heartbeat(database: Database, owners: Sequence[str], lease_seconds: float) -> int:
    """Extend the leases of these owners; how many there are.

    One that nobody works on any more must run out.
    """
    query = """
    UPDATE repo_processing_status SET lease_expires_at = time::now() + $lease
    WHERE status = 'processing' AND claimed_by IN $items RETURN VALUE id
    """
    return change_each(database, query, owners, lease=seconds(lease_seconds))


def give_back(database: Database, is_dead: Callable[[str], bool]) -> int:
    """Return the claims of owners that are surely dead to ``pending``, with their cursors; how
    many. A ``claimed_by`` that is no text tells of nobody, and its lease runs out.
    """
    rows = database.run(
        "SELECT id, claimed_by FROM repo_processing_status WHERE status = 'processing' AND "
        "claimed_by IS NOT NONE"
    )[0]
    dead = [
        row for row in rows if isinstance(row["claimed_by"], str) and is_dead(row["claimed_by"])
    ]
    query = (
        f"UPDATE $items SET {UNCLAIMED} WHERE status = 'processing' AND claimed_by IN $owners "
        "RETURN VALUE id"
    )
    owners = list({row["claimed_by"] for row in dead})
    return change_each(database, query, [row["id"] for row in dead], owners=owners)


def give_back_stale(database: Database) -> int:
    """Return claims whose lease ran out to ``pending``, whoever held them; how many."""
    stale = database.run(FIND_STALE, legacy=LEGACY)[0]
    return change_each(database, RELEASE_STALE, stale, legacy=LEGACY)


def _read_claim(
    row: Any,
    repository: Repository,
    owner: str,
    before: dict[str, Any],
    force: bool,
    lease_seconds: float,
) -> Claim:
    """The claim on a row that looked like ``before`` until now."""
    was_complete = before.get("status") == Status.COMPLETED
    begins_anew = force or (was_complete and before.get("requested") == BEGIN_ANEW)
    kept = before if was_complete else before.get("former")
    former = read_progress({**kept, "cursor": REFRESH}) if isinstance(kept, dict) else None
    progress = Progress() if begins_anew else read_progress(before)
    if was_complete and not begins_anew:
        progress = replace(former or Progress(), cursor=REFRESH)
    return Claim(
        row=row,
        repository=repository,
        owner=owner,
        progress=progress,
        lease_seconds=lease_seconds,
        error_count=as_count(before.get("error_count")) or 0,
        completed_at=to_epoch(before.get("completed_at")),
        generation=(as_count(before.get("generation")) or 0) + begins_anew,
        swept_at=to_epoch(before.get("swept_at")),
        updated_at=as_text(before.get("updated_at")),
        etag=as_text(before.get("etag")),
        former=former,
        begins_anew=begins_anew,
    )
