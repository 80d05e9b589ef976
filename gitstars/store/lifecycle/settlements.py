"""How a claim ends, and what each stored page leaves in the row."""

from collections.abc import Iterable
from typing import Any

from gitstars.errors import ClaimLost
from gitstars.model import Claim, Progress, Settlement, Status
from gitstars.redaction import redact_or_none
from gitstars.store.database import PATIENCE_SECONDS, Database, to_datetime_or_none
from gitstars.store.lifecycle.claims import KEPT, REFRESH
from gitstars.store.lifecycle.rule import count_of
from gitstars.store.star_counts import KEEP, rows_of

#: ``settled_by`` tells a settlement whose answer was lost from a claim that was lost.
SETTLE = """
UPDATE $row SET {assignments}, claimed_by = NONE, claimed_at = NONE, lease_expires_at = NONE,
    settled_by = $owner
WHERE claimed_by = $owner AND status = 'processing' RETURN NONE;
{counts}
RETURN (SELECT VALUE settled_by FROM $row)[0] = $owner;
"""
#: The columns of the former list come back. The next whole reading gets a number of its own, since
#: stars may bear that of the one which ended here.
RESTORE = f"""
status = 'completed', cursor = $refresh, generation = {count_of("generation")} + 1,
{", ".join(f"{name} = former.{name}" for name in KEPT)}
"""
#: Part of the writer's transaction: the progress of page ``#`` (its number in the transaction),
#: only while the claim holds; its lease is extended.
STORE_PROGRESS = """
LET $held_# = (UPDATE $row_# SET @, lease_expires_at = time::now() + $lease_#
    WHERE claimed_by = $owner_# AND status = 'processing' RETURN VALUE id);
IF array::len($held_#) = 0 { THROW 'claim lost' };
"""


def settle(database: Database, held: Claim, settlement: Settlement) -> None:
    """End a claim; doing so twice changes nothing.

    Raises ClaimLost when it is somebody else's by now, or was given back: nothing is left to
    settle. DatabaseUnavailable and other DatabaseErrors say that it may be tried again.

    ``former`` goes when a list was proven or restored, and is kept by every other settlement. One
    that ``restores`` a claim without a former list gives it back to ``pending``.
    """
    is_restored = settlement.restores and held.former is not None
    status = Status.PENDING if settlement.restores and not is_restored else settlement.status
    fields = _fields(settlement, None if is_restored else status)
    told = _told_count(settlement)
    if told is not None:
        fields["is_private"] = held.repository.is_private
    counts = {} if told is None else {held.repository.key: told}
    happened = {
        "completed_at": status is Status.COMPLETED and not is_restored,
        "swept_at": settlement.is_swept,
        "counted_at": settlement.star_count is not None,
    }
    assignments = [
        *([RESTORE] if is_restored else []),
        assign(fields),
        *(f"{name} = time::now()" for name, is_now in happened.items() if is_now),
        *(["former = NONE"] if status is Status.COMPLETED else []),
    ]
    is_settled = database.run_retrying(
        SETTLE.format(assignments=", ".join(assignments), counts=KEEP if counts else ""),
        PATIENCE_SECONDS,
        row=held.row,
        owner=held.owner,
        fields=fields,
        refresh=REFRESH,
        counts=rows_of(counts),
    )[-1]
    if not is_settled:
        raise ClaimLost(f"{held.repository.full_name} is claimed by somebody else")


def _told_count(settlement: Settlement) -> int | None:
    """How many stars GitHub told; None: it did not."""
    if settlement.star_count is not None or settlement.status is not Status.COMPLETED:
        return settlement.star_count
    return settlement.progress.total_stargazers if settlement.progress is not None else None


def _fields(settlement: Settlement, status: Status | None) -> dict[str, Any]:
    """The columns that a settlement sets; ``status`` None: those of the former list come back."""
    fields: dict[str, Any] = {
        "last_error": redact_or_none(settlement.last_error),
        "error_count": settlement.error_count,
        "next_retry_after": to_datetime_or_none(settlement.next_retry_at),
    }
    if settlement.star_count is not None:
        fields |= {"star_count": settlement.star_count, "total_stargazers": settlement.star_count}
    if settlement.progress is not None:
        fields |= progress_fields(settlement.progress)
    if status is None:
        return fields
    fields |= {"status": str(status), "notes": redact_or_none(settlement.notes)}
    if status is Status.COMPLETED:
        fields |= {"updated_at": settlement.updated_at, "etag": settlement.etag}
    if settlement.generation is not None:
        fields["generation"] = settlement.generation
    return fields


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
