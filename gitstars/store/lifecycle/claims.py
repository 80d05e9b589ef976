"""Claims: leases on repositories by the database's clock, their heartbeat and their end."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from gitstars.errors import TransactionConflict
from gitstars.model import Claim, Cursor, Progress, Repository, Status
from gitstars.store.database import PATIENCE_SECONDS, Database, record, seconds, to_epoch
from gitstars.store.lifecycle.rule import LEGACY, MAY_CLAIM, RUN_OUT, rule_bindings

logger = logging.getLogger(__name__)

#: The usual id may be taken by another program's row of another repository.
ENSURE = """
LET $found = (SELECT VALUE id FROM repo_processing_status WHERE repo = $repo
    ORDER BY id LIMIT 1)[0];
IF $found IS NONE { INSERT IGNORE INTO repo_processing_status {id: $key, repo: $repo,
    status: 'pending', error_count: 0} RETURN NONE };
LET $row = $found ?? (SELECT VALUE id FROM repo_processing_status WHERE repo = $repo
    ORDER BY id LIMIT 1)[0];
IF $row IS NONE { INSERT IGNORE INTO repo_processing_status {id: [$key], repo: $repo,
    status: 'pending', error_count: 0} RETURN NONE };
RETURN $row ?? (SELECT VALUE id FROM repo_processing_status WHERE repo = $repo
    ORDER BY id LIMIT 1)[0];
"""
#: One statement, so one transaction: of two claimers one gets the row, the other an empty result or
#: a conflict.
CLAIM = f"""
UPDATE $row SET cursor = IF $force {{ {{}} }} ELSE IF status = 'completed' {{ $refresh }} ELSE {{
    cursor }},
    status = 'processing', claimed_by = $owner, claimed_at = time::now(),
        lease_expires_at = time::now() + $lease,
    started_at = started_at ?? time::now(), generation = IF $force {{
        (generation ?? 0) + 1 }} ELSE {{ generation }}
WHERE {MAY_CLAIM}
RETURN BEFORE
"""
#: The cursor of a complete list: whatever asks for it next, it never goes on behind the end, but
#: reads the newest stars, or all of them.
REFRESH: Cursor = {"kind": "refresh"}
UNCLAIMED = "status = 'pending', claimed_by = NONE, claimed_at = NONE, lease_expires_at = NONE"
RELEASE_STALE = f"""
UPDATE repo_processing_status SET {UNCLAIMED}
WHERE status = 'processing' AND {RUN_OUT} RETURN VALUE repo
"""


def claim(
    database: Database,
    repository: Repository,
    owner: str,
    lease_seconds: float,
    fresh_seconds: float,
    force: bool = False,
    may_try: bool = False,
) -> Claim | None:
    """The lease on a repository, or None: somebody holds it, it is complete and fresh, or it
    waits for a stated time (unless ``force``).

    ``may_try``: the claimer was not refused itself, so that a list refused to others is no reason
    to wait. The progress of a completed repository is what its list was, with ``REFRESH`` as
    cursor; with ``force`` it begins anew.
    """
    row = ensure(database, repository)
    try:
        rows = database.run_retrying(
            CLAIM,
            PATIENCE_SECONDS,
            row=row,
            owner=owner,
            lease=seconds(lease_seconds),
            force=force,
            may_try=may_try,
            refresh=REFRESH,
            **rule_bindings(fresh_seconds),
        )[0]
    except TransactionConflict:
        return None
    if not rows:
        return None
    before: dict[str, Any] = rows[0]
    text = before.get("status")
    progress = Progress() if force else _read_progress(before)
    if text == Status.COMPLETED and not force:
        progress = replace(progress, cursor=REFRESH)
    return Claim(
        row=row,
        repository=repository,
        owner=owner,
        progress=progress,
        status_before=Status(text) if text in set(Status) else Status.PENDING,
        error_count=before["error_count"] if isinstance(before.get("error_count"), int) else 0,
        completed_at=to_epoch(before.get("completed_at")),
        generation=(before.get("generation") or 0) + force,
        swept_at=to_epoch(before.get("swept_at")),
        updated_at=before.get("updated_at"),
        etag=before.get("etag"),
    )


def ensure(database: Database, repository: Repository) -> Any:
    """The id of the repository's status row, which is made when there is none; of several the
    lowest id counts.
    """
    return database.run_retrying(
        ENSURE, PATIENCE_SECONDS, repo=record("repo", repository.key), key=repository.key
    )[-1]


def ensure_all(database: Database, keys: Iterable[str]) -> None:
    """A ``pending`` row for each of these repositories that has none."""
    rows = [
        {"id": key, "repo": record("repo", key), "status": "pending", "error_count": 0}
        for key in keys
    ]
    database.run_retrying("INSERT IGNORE INTO repo_processing_status $rows RETURN NONE", rows=rows)


def _read_progress(row: dict[str, Any]) -> Progress:
    """The progress of a row; one that another program wrote has no cursor of ours and begins
    anew.
    """
    cursor = row.get("cursor")
    if not isinstance(cursor, dict) or not cursor:
        return Progress()
    return Progress(
        cursor=cursor,
        last_page=row.get("last_page_processed") or 0,
        total_pages=row.get("total_pages"),
        total_stargazers=row.get("total_stargazers"),
        processed=row.get("processed_stargazers") or 0,
        ghosts=row.get("ghosts") or 0,
    )


def heartbeat(database: Database, owners: Sequence[str], lease_seconds: float) -> int:
    """Extend the leases of these owners; how many there are.

    One that nobody works on any more must run out.
    """
    query = """
    UPDATE repo_processing_status SET lease_expires_at = time::now() + $lease
    WHERE status = 'processing' AND claimed_by IN $owners RETURN VALUE id
    """
    return len(database.run_retrying(query, lease=seconds(lease_seconds), owners=list(owners))[0])


def give_back(database: Database, is_dead: Callable[[str], bool]) -> int:
    """Return the claims of owners that are surely dead to ``pending``, with their cursors; how
    many.
    """
    rows = database.run(
        "SELECT id, claimed_by FROM repo_processing_status WHERE status = 'processing' AND "
        "claimed_by IS NOT NONE"
    )[0]
    dead = [row for row in rows if is_dead(str(row["claimed_by"]))]
    query = (
        f"UPDATE $rows SET {UNCLAIMED} WHERE status = 'processing' AND claimed_by IN $owners "
        "RETURN NONE"
    )
    if dead:
        database.run_retrying(
            query, rows=[row["id"] for row in dead], owners=[row["claimed_by"] for row in dead]
        )
    return len(dead)


def give_back_stale(database: Database) -> int:
    """Return claims whose lease ran out to ``pending``, whoever held them; how many."""
    return len(database.run_retrying(RELEASE_STALE, legacy=LEGACY)[0])
