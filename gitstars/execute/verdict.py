"""What an outcome means for the repository that met it: pure.

The collector carries the verdict out.
"""

import logging
import math
from dataclasses import dataclass, replace
from typing import Any

from gitstars.clock import show_time
from gitstars.errors import QueryFailed
from gitstars.fetch import answers
from gitstars.model import Claim, Progress, Settlement, Status

#: A repository that is gone or blocked is looked at again after this long: it may come back.
GONE_PAUSE_SECONDS = 7 * 86400.0
#: Pauses between tries of a failed repository: 5 min, doubled each time, a day at most.
FAILED_PAUSE_SECONDS = 300.0
FAILED_PAUSE_CAP_SECONDS = 86400.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a claim ends.

    ``again``: the job goes back to its lane now; ``refused``: the access of this account is
    recorded.
    """

    settlement: Settlement
    level: int
    event: str
    again: bool = False
    refused: answers.Refused | None = None


def failed_pause(error_count: int) -> float:
    """Seconds until a repository that failed ``error_count`` times is tried again."""
    return min(
        FAILED_PAUSE_CAP_SECONDS, FAILED_PAUSE_SECONDS * 2.0 ** min(60, max(0, error_count - 1))
    )


def judge(
    outcome: answers.Outcome | Exception, claim: Claim, now: float, max_errors: int
) -> Verdict:
    """The verdict on a claim whose collecting was ended by ``outcome``; progress already stored
    stays.
    """
    match outcome:
        case answers.BudgetSpent(until=until, resource=resource):
            return _waiting(
                claim, f"the {resource} budget is spent until {show_time(until)}", until
            )
        case answers.SecondaryLimit(until=until, text=text):
            return _waiting(
                claim, f"GitHub asks to slow down until {show_time(until)}: {text}", until
            )
        case answers.Refused(face=face, text=text):
            settlement = Settlement(
                Status.RESTRICTED,
                last_error=explain_refused(face, text),
                error_count=claim.error_count,
            )
            return Verdict(settlement, logging.INFO, "repo.refused", refused=outcome)
        case answers.Gone(reason=reason, text=text):
            settlement = Settlement(
                Status.FAILED,
                last_error=f"{reason}: {text}",
                next_retry_at=now + GONE_PAUSE_SECONDS,
                error_count=claim.error_count + 1,
            )
            return Verdict(settlement, logging.INFO, "repo.gone")
        case answers.BadToken(text=text):
            settlement = Settlement(
                Status.PENDING,
                last_error=f"GitHub rejects the account's token: {text}",
                error_count=claim.error_count,
            )
            return Verdict(settlement, logging.WARNING, "repo.released")
        case answers.Stopped():
            return release(claim)
        case answers.Outage(text=text, since=since):
            settlement = Settlement(
                Status.PENDING,
                last_error=f"GitHub has not answered since {show_time(since)} ({text})",
                error_count=claim.error_count,
            )
            return Verdict(settlement, logging.INFO, "repo.released", again=True)
        case answers.PaginationWall(text=text):
            settlement = Settlement(
                Status.PAGINATION_LIMITED,
                last_error=text,
                next_retry_at=now + GONE_PAUSE_SECONDS,
                notes="the REST list ends at 40,000 stars",
                error_count=claim.error_count,
            )
            return Verdict(settlement, logging.WARNING, "repo.pagination_limited")
        case answers.Transient(text=text):
            # An outage is not the repository's fault: it comes back however often.
            return _failed(claim, f"transient: {text}", now, math.inf)
        case answers.Withheld(text=text):
            return _failed(claim, f"withheld for a while: {text}", now, math.inf)
        case answers.Garbage(text=text):
            return _failed(claim, f"garbage: {text}", now, max_errors)
        case QueryFailed():
            return _failed(claim, f"the database rejects a page: {outcome}"[:500], now, max_errors)
        case _:
            return _failed(claim, f"unexpected answer: {outcome!r}"[:500], now, max_errors)


def explain_refused(face: str, text: str) -> str:
    """Why a list is not read, in GitHub's words."""
    return f"GitHub refuses the list ({face}): {text}"


def release(claim: Claim, again: bool = True) -> Verdict:
    """The claim given back untouched: pending, with its cursor.

    Not ``again``: it waits for the next scan.
    """
    return Verdict(
        Settlement(Status.PENDING, error_count=claim.error_count),
        logging.DEBUG,
        "repo.released",
        again=again,
    )


def completed(claim: Claim, progress: Progress, **notes: Any) -> Verdict:
    """The list was read to its end and proven; ``notes`` name what was tolerated."""
    text = ", ".join(f"{name} {value}" for name, value in notes.items() if value) or None
    return Verdict(
        Settlement(Status.COMPLETED, notes=text, progress=progress), logging.INFO, "repo.completed"
    )


def read_whole(claim: Claim, count: int) -> Verdict:
    """More stars ended than a refresh can find: the whole list is read, which closes them."""
    notes = f"{count} stars do not fit the stored ones: the whole list is read again"
    settlement = Settlement(
        Status.PENDING, notes=notes, error_count=claim.error_count, progress=Progress()
    )
    return Verdict(settlement, logging.INFO, "repo.released", again=True)


def unproven(claim: Claim, reason: str, now: float, max_errors: int) -> Verdict:
    """The list ended but does not agree with the counts: it is read again from the beginning."""
    failed = _failed(claim, f"not proven complete: {reason}", now, max_errors)
    settlement = replace(failed.settlement, progress=Progress(), generation=claim.generation + 1)
    return replace(failed, settlement=settlement, event="repo.unproven")


def _waiting(claim: Claim, why: str, until: float) -> Verdict:
    settlement = Settlement(
        Status.RATE_LIMITED, last_error=why, next_retry_at=until, error_count=claim.error_count
    )
    return Verdict(settlement, logging.INFO, "repo.waiting", again=True)


def _failed(claim: Claim, why: str, now: float, max_errors: float) -> Verdict:
    errors = claim.error_count + 1
    retry_at = now + failed_pause(errors) if errors < max_errors else None
    notes = None if retry_at else f"given up after {errors} failures; reprocess it to try again"
    settlement = Settlement(
        Status.FAILED, last_error=why, next_retry_at=retry_at, error_count=errors, notes=notes
    )
    return Verdict(settlement, logging.WARNING, "repo.failed")
