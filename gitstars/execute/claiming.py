"""Takes the lease on a repository, and decides by what stands there how its list is read."""

import logging

from gitstars.execute.collection import Collection
from gitstars.execute.refresh import is_sweep_due
from gitstars.execute.tools import Tools
from gitstars.fetch.listing.cursor import (
    CompleteCursor,
    EndsCursor,
    PageCursor,
    is_unreadable,
    read_cursor,
)
from gitstars.model import Claim, Job, Resource
from gitstars.store import edges, lifecycle

logger = logging.getLogger(__name__)


def claim_repository(
    tools: Tools, job: Job, owner: str, usable: frozenset[Resource]
) -> Collection | None:
    """The job's repository, held by ``owner``; None: somebody holds it, it is complete and
    fresh, or it waits for a stated time.

    ``usable`` are the budgets that are neither spent nor cooling. Raises DatabaseError.
    """
    settings = tools.settings
    claim = lifecycle.claim(
        tools.database,
        job.repository,
        owner,
        settings.lease_seconds,
        tools.fresh_seconds,
        force=job.force,
    )
    if claim is None:
        return None
    cursor = read_cursor(claim.progress.cursor)
    if is_unreadable(claim.progress.cursor):
        logger.warning(
            "%s: its cursor is none that this version understands; its list begins anew",
            claim.repository.full_name,
        )
    is_refresh = isinstance(cursor, CompleteCursor) and not is_sweep_due(
        claim, tools.clock.now(), tools.sweep_seconds
    )
    is_first = (
        claim.generation == 0
        and not claim.progress.cursor
        and not edges.has_any(tools.database, claim.repository)
    )
    return Collection(
        job,
        claim,
        _reads_by_cursors(tools, claim, usable),
        settings.private,
        tools.page_size,
        is_refresh,
        is_first,
    )


def _reads_by_cursors(tools: Tools, claim: Claim, usable: frozenset[Resource]) -> bool:
    """Through GraphQL wherever it is to be had, unless a list by page numbers would have to
    begin anew; REST cannot go on from a cursor.
    """
    cursor = read_cursor(claim.progress.cursor)
    if isinstance(cursor, EndsCursor) and tools.server.has_graphql:
        return True
    must_begin_anew = isinstance(cursor, PageCursor) and cursor.edge is None
    return Resource.GRAPHQL in usable and not (must_begin_anew and Resource.CORE in usable)
