"""How a claim ends, and what each stored page leaves in the row."""

from collections.abc import Iterable
from typing import Any

from gitstars.errors import ClaimLost
from gitstars.model import Claim, Progress, Settlement, Status
from gitstars.redaction import redact_or_none
from gitstars.store.database import PATIENCE_SECONDS, Database, to_datetime_or_none

SETTLE = """
UPDATE $row SET {assignments} WHERE claimed_by = $owner AND status = 'processing' RETURN VALUE id
"""
#: Part of the writer's transaction: the progress of page ``#`` (its number in the transaction),
#: only while the claim holds.
STORE_PROGRESS = """
LET $held_# = (UPDATE $row_# SET @ WHERE claimed_by = $owner_# AND status = 'processing'
    RETURN VALUE id);
IF array::len($held_#) = 0 { THROW 'claim lost' };
"""


def settle(database: Database, held: Claim, settlement: Settlement) -> None:
    """End a claim. Raises ClaimLost when it is somebody else's by now."""
    fields: dict[str, Any] = {
        "status": str(settlement.status),
        "claimed_by": None,
        "claimed_at": None,
        "lease_expires_at": None,
        "last_error": redact_or_none(settlement.last_error),
        "error_count": settlement.error_count,
        "next_retry_after": to_datetime_or_none(settlement.next_retry_at),
        "notes": redact_or_none(settlement.notes),
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
