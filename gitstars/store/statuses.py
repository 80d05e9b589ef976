"""The processing status of repositories: claims as leases by the database's clock, settlements,
and what the operator looks at.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gitstars.errors import ClaimLost, TransactionConflict
from gitstars.model import Claim, Cursor, Progress, Repository, Settlement, Status
from gitstars.store.database import (
    PATIENCE_SECONDS,
    Database,
    record,
    seconds,
    to_datetime_or_none,
    to_epoch,
)

logger = logging.getLogger(__name__)

#: A row that the original server left in ``processing`` has no lease: it counts as run out after
#: this long (seconds), and at once where not even the time of the claim stands in it.
LEGACY_LEASE_SECONDS = 3600.0
#: Repositories that one query names at most.
ROWS_AT_ONCE = 1000

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
#: Whether a claim's lease ran out; by comparisons alone, which bear whatever another program wrote
#: there: nothing is less than any time.
RUN_OUT = (
    "(lease_expires_at <= time::now() AND (lease_expires_at ?? NONE IS NOT NONE OR claimed_at <= "
    "time::now() - $legacy))"
)
#: One statement, so one transaction: of two claimers one gets the row, the other an empty result or
#: a conflict.
CLAIM = f"""
UPDATE $row SET cursor = IF $force {{ {{}} }} ELSE IF status = 'completed' {{ $refresh }} ELSE {{
    cursor }},
    status = 'processing', claimed_by = $owner, claimed_at = time::now(),
        lease_expires_at = time::now() + $lease,
    started_at = started_at ?? time::now(), generation = IF $force {{
        (generation ?? 0) + 1 }} ELSE {{ generation }}
WHERE (status != 'processing' OR claimed_by = $owner OR {RUN_OUT})
  AND ($force OR status IS NONE OR status IN ['pending', 'processing', 'rate_limited']
       OR (status = 'completed' AND next_retry_after <= time::now()
           AND (next_retry_after ?? NONE IS NOT NONE OR completed_at <= time::now() - $fresh))
       OR (status = 'restricted' AND $may_try)
       OR (status IN ['failed', 'restricted', 'pagination_limited'] AND (next_retry_after IS NOT
           NONE AND next_retry_after <= time::now())))
RETURN BEFORE
"""
SETTLE = """
UPDATE $row SET {assignments} WHERE claimed_by = $owner AND status = 'processing' RETURN VALUE id
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
            legacy=seconds(LEGACY_LEASE_SECONDS),
            fresh=seconds(fresh_seconds),
            force=force,
            may_try=may_try,
            refresh=REFRESH,
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


def find_collected(database: Database, identities: Sequence[Any]) -> list[Any]:
    """Those of these repositories' record ids that have a status row."""
    found: list[Any] = database.run(
        "SELECT VALUE repo FROM repo_processing_status WHERE repo IN $repos", repos=list(identities)
    )[0]
    return found


def settle(database: Database, held: Claim, settlement: Settlement) -> None:
    """End a claim. Raises ClaimLost when it is somebody else's by now."""
    fields: dict[str, Any] = {
        "status": str(settlement.status),
        "claimed_by": None,
        "claimed_at": None,
        "lease_expires_at": None,
        "last_error": settlement.last_error,
        "error_count": settlement.error_count,
        "next_retry_after": to_datetime_or_none(settlement.next_retry_at),
        "notes": settlement.notes,
    }
    if settlement.star_count is not None:
        fields |= {"star_count": settlement.star_count, "total_stargazers": settlement.star_count}
    if settlement.status is Status.COMPLETED:
        fields |= {"updated_at": settlement.updated_at, "etag": settlement.etag}
    if settlement.progress is not None:
        fields |= progress_fields(settlement.progress)
    if settlement.generation is not None:
        fields["generation"] = settlement.generation
    happened = {
        "completed_at": settlement.status is Status.COMPLETED,
        "swept_at": settlement.is_swept,
        "counted_at": settlement.star_count is not None,
    }
    times = [f"{name} = time::now()" for name, is_now in happened.items() if is_now]
    settle_row = SETTLE.format(assignments=", ".join([assign(fields), *times]))
    if not database.run_retrying(
        settle_row, PATIENCE_SECONDS, row=held.row, owner=held.owner, fields=fields
    )[0]:
        raise ClaimLost(f"{held.repository.full_name} is claimed by somebody else")


def assign(names: Iterable[str], source: str = "$fields") -> str:
    """The assignments of a SET clause; MERGE would mix the old cursor into the new one."""
    return ", ".join(f"{name} = {source}.{name}" for name in names)


def progress_fields(progress: Progress) -> dict[str, Any]:
    """The columns of a progress."""
    return {
        "cursor": dict(progress.cursor),
        "last_page_processed": progress.last_page,
        "total_pages": progress.total_pages,
        "total_stargazers": progress.total_stargazers,
        "processed_stargazers": progress.processed,
        "ghosts": progress.ghosts,
    }


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
    return len(database.run_retrying(RELEASE_STALE, legacy=seconds(LEGACY_LEASE_SECONDS))[0])


def postpone(database: Database, keys: Iterable[str], until: float) -> None:
    """Completed repositories did not change: they come back at ``until``."""
    query = (
        "UPDATE repo_processing_status SET next_retry_after = $until WHERE repo IN $repos AND "
        "status = 'completed' RETURN NONE"
    )
    database.run_retrying(
        query, repos=[record("repo", key) for key in keys], until=to_datetime_or_none(until)
    )


def restrict(database: Database, repository: Repository, why: str, until: float | None) -> None:
    """A list that waits for an account which can try no more, and is refused to all others until
    then.
    """
    query = """
    UPDATE repo_processing_status SET status = 'restricted', last_error = $why,
        next_retry_after = $until
    WHERE repo = $repo AND status = 'pending'
    """
    database.run_retrying(
        query, repo=record("repo", repository.key), why=why, until=to_datetime_or_none(until)
    )


def restrict_refused(database: Database, keys: Sequence[str]) -> None:
    """Of these repositories those that wait for nobody, since whoever is left was refused; the
    scans look again.
    """
    refused = "SELECT VALUE repo FROM gitstars_access WHERE repo IN $repos AND may_list = false"
    change = (
        "UPDATE repo_processing_status SET status = 'restricted', next_retry_after = NONE WHERE "
        "repo IN $repos AND status = 'pending'"
    )
    for start in range(0, len(keys), ROWS_AT_ONCE):
        chunk = [record("repo", key) for key in keys[start : start + ROWS_AT_ONCE]]
        database.run_retrying(change, repos=database.run(refused, repos=chunk)[0])


def save_counts(database: Database, counts: Mapping[str, int]) -> None:
    """The star counts of repositories whose list nobody may read, as they are now."""
    database.run_retrying(
        """
        UPDATE repo_processing_status SET counted_at = time::now(),
            star_count = $counts[record::id(repo)],
            total_stargazers = $counts[record::id(repo)] WHERE repo IN $repos
                AND status = 'restricted' RETURN NONE
        """,
        counts=dict(counts),
        repos=[record("repo", key) for key in counts],
    )


def count_by_status(database: Database) -> dict[str, int]:
    """How many repositories stand in each status."""
    rows = database.run(
        "SELECT status, count() AS total FROM repo_processing_status GROUP BY status"
    )[0]
    return {str(row["status"]): int(row["total"]) for row in rows}
