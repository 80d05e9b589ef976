"""How the reading of a claimed repository ends: one table. Pure; ``end`` carries an ending out.

``docs/architecture.md`` shows the table as ``describe`` writes it.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from gitstars.errors import (
    DatabaseError,
    DatabaseRefused,
    DatabaseUnavailable,
    QueryFailed,
    TransactionConflict,
)
from gitstars.execute.reading import Finished, Why
from gitstars.execute.reasons import explain
from gitstars.fetch import answers
from gitstars.model import Claim, Progress, Settlement, Status

#: A repository that is gone, or ends at a wall, is looked at again after this long (seconds).
GONE_PAUSE_SECONDS = 7 * 86400.0
#: Pauses between tries of a failed repository: 5 min, doubled each time, a day at most (seconds).
FAILED_PAUSE_SECONDS, FAILED_PAUSE_CAP_SECONDS = 300.0, 86400.0
#: A list that is withheld from somebody who may read it is asked for again soon, so many times.
WITHHELD_PAUSE_SECONDS, WITHHELD_TRIES = 60.0, 3
#: What a database that is away, or cannot write, held up is tried again after this (seconds).
AWAY_PAUSE_SECONDS, UNWRITTEN_PAUSE_SECONDS = 10.0, 60.0
#: A list that stays complete because nothing could be asked is tried again after this (seconds).
RESTORED_PAUSE_SECONDS = 60.0


class End(Enum):
    """The ways in which a reading ends."""

    PROVEN = "the list ended and is proven, or the newest stars were read and the count agrees"
    UNPROVEN = "the list ended and does not agree with the counts"
    DRIFTED = "more stars came or went than a refresh finds"
    REFUSED = "GitHub refuses the list to every account that could read it"
    WITHHELD = "GitHub gives no list to an account that may read it"
    GONE = "deleted, blocked (451) or disabled"
    WALL = "the REST list ended at 40,000 stars and the server has no GraphQL"
    TROUBLE = "an ask failed several times in ways that may pass"
    GARBAGE = "an answer was not what the route promises, several times"
    REJECTED = "the database rejects a page"
    LIMITED = "a budget is spent, or GitHub asked to slow down"
    TOKEN = "the account's token cannot be used at present"
    OUTAGE = "nothing reaches GitHub"
    DATABASE = "the database could not be reached or written"
    STOPPED = "a stop, a pause, or the worker serves another account"


class Rule(NamedTuple):
    """``status`` is what the row becomes, ``again`` says in words when it is looked at again.

    ``counts``: one more error. ``keeps``: a list that was complete stays so, with its old figures.
    """

    status: Status
    again: str
    level: int
    event: str
    counts: bool = False
    keeps: bool = True


#: Of an answer or a page with which something is wrong that may not pass by itself.
_SPOILED = Rule(
    Status.FAILED,
    "after 5 minutes, doubled up to a day, `collect.max_errors` times",
    logging.WARNING,
    "repo.failed",
    counts=True,
)
RULES: Mapping[End, Rule] = {
    End.PROVEN: Rule(
        Status.COMPLETED, "when a refresh is due", logging.INFO, "repo.completed", keeps=False
    ),
    End.UNPROVEN: Rule(
        Status.FAILED,
        "after 5 minutes, doubled up to a day, `collect.max_errors` times; from the beginning",
        logging.WARNING,
        "repo.unproven",
        counts=True,
    ),
    End.DRIFTED: Rule(
        Status.PENDING, "at once, the whole list", logging.INFO, "repo.released", keeps=False
    ),
    End.REFUSED: Rule(
        Status.RESTRICTED,
        "when the first account may try again; `pending` while another account may try now",
        logging.INFO,
        "repo.refused",
        keeps=False,
    ),
    End.WITHHELD: Rule(
        Status.FAILED,
        "after a minute, three times; then after 5 minutes, doubled up to a day",
        logging.WARNING,
        "repo.failed",
        counts=True,
    ),
    End.GONE: Rule(
        Status.FAILED, "after 7 days", logging.INFO, "repo.gone", counts=True, keeps=False
    ),
    End.WALL: Rule(
        Status.PAGINATION_LIMITED,
        "after 7 days",
        logging.WARNING,
        "repo.pagination_limited",
        keeps=False,
    ),
    End.TROUBLE: Rule(
        Status.FAILED,
        "after 5 minutes, doubled up to a day, however often",
        logging.WARNING,
        "repo.failed",
        counts=True,
    ),
    End.GARBAGE: _SPOILED,
    End.REJECTED: _SPOILED,
    End.LIMITED: Rule(
        Status.RATE_LIMITED, "at the stated time", logging.INFO, "repo.waiting", keeps=False
    ),
    End.TOKEN: Rule(Status.PENDING, "when an account may try it", logging.WARNING, "repo.released"),
    End.OUTAGE: Rule(Status.PENDING, "when GitHub answers", logging.INFO, "repo.released"),
    End.DATABASE: Rule(
        Status.PENDING,
        "after 10 s; after a minute where it answers and cannot write",
        logging.ERROR,
        "repo.released",
    ),
    End.STOPPED: Rule(
        Status.PENDING, "when its turn comes", logging.DEBUG, "repo.released", keeps=False
    ),
}
#: Ends that say nothing about the repository: a list that stays complete is tried again soon.
NOBODYS_FAULT = frozenset({End.TOKEN, End.OUTAGE, End.DATABASE})
#: Ends after which the job goes back to its lane at once.
TAKES_UP_AGAIN = frozenset({End.DRIFTED, End.LIMITED, End.OUTAGE, End.STOPPED})


@dataclass(frozen=True, slots=True)
class Ending:
    """How a claim ends. ``again``: the job goes back to its lane now.

    ``refused``: the access of this account is recorded.
    """

    settlement: Settlement
    level: int
    event: str
    again: bool = False
    refused: answers.Refused | None = None


def end_of(why: Why) -> End:
    """Which end an outcome, an error or the end of a list is; for ``Finished`` the proof decides
    (PROVEN is only the form in which it is asked).
    """
    match why:
        case Finished():
            return End.PROVEN
        case answers.Refused():
            return End.REFUSED
        case answers.Withheld():
            return End.WITHHELD
        case answers.Gone() | answers.Missing():
            return End.GONE
        case answers.PaginationWall():
            return End.WALL
        case answers.Transient():
            return End.TROUBLE
        case answers.BudgetSpent() | answers.SecondaryLimit():
            return End.LIMITED
        case answers.BadToken():
            return End.TOKEN
        case answers.Outage():
            return End.OUTAGE
        case answers.Stopped():
            return End.STOPPED
        case TransactionConflict():
            return End.DATABASE
        case QueryFailed():
            return End.REJECTED
        case DatabaseError():
            return End.DATABASE
        case _:
            return End.GARBAGE


def failed_pause(error_count: int) -> float:
    """Seconds until a repository that failed ``error_count`` times is tried again."""
    doubled = FAILED_PAUSE_SECONDS * 2.0 ** min(60, max(0, error_count - 1))
    return min(FAILED_PAUSE_CAP_SECONDS, doubled)


def decide(end: End, why: Why, claim: Claim, now: float, max_errors: int) -> Ending:
    """How the claim ends; the progress that is stored already stays.

    A list that was complete before is kept as it was where the rule says so: what came of the new
    reading is told in ``last_error``, and it is tried again in its time.
    """
    rule = RULES[end]
    errors = claim.error_count + rule.counts
    retry_at = _retry_at(end, why, errors, now, max_errors)
    is_kept = rule.keeps and claim.former is not None
    if is_kept and retry_at is None:
        retry_at = now + (RESTORED_PAUSE_SECONDS if end in NOBODYS_FAULT else failed_pause(errors))
    settlement = Settlement(
        Status.COMPLETED if is_kept else rule.status,
        last_error=explain(why),
        next_retry_at=retry_at,
        error_count=errors,
        notes=_note(end, errors, retry_at),
        restores=is_kept,
    )
    refused = why if isinstance(why, answers.Refused) else None
    again = end in TAKES_UP_AGAIN and not is_kept
    return Ending(settlement, rule.level, rule.event, again, refused)


def decide_unproven(reason: str, claim: Claim, now: float, max_errors: int) -> Ending:
    """The list ended but does not agree with the counts: it is read again from the beginning."""
    why = answers.Garbage(f"not proven complete: {reason}")
    ending = decide(End.UNPROVEN, why, claim, now, max_errors)
    if ending.settlement.restores:
        return ending
    settlement = replace(
        ending.settlement,
        last_error=why.text,
        progress=Progress(),
        generation=claim.generation + 1,
    )
    return replace(ending, settlement=settlement)


def decide_drifted(count: int, claim: Claim) -> Ending:
    """The newest stars cannot explain the count: the whole list is read, which closes the stars
    that were taken back.
    """
    rule = RULES[End.DRIFTED]
    settlement = Settlement(
        rule.status,
        notes=f"{count} stars do not fit the stored ones: the whole list is read again",
        error_count=claim.error_count,
        progress=Progress(),
    )
    return Ending(settlement, rule.level, rule.event, again=True)


def complete(progress: Progress, **notes: int) -> Ending:
    """The list was read to its end and proven; ``notes`` name what was tolerated."""
    rule = RULES[End.PROVEN]
    text = ", ".join(f"{name} {value}" for name, value in notes.items() if value) or None
    settlement = Settlement(rule.status, notes=text, progress=progress)
    return Ending(settlement, rule.level, rule.event)


def describe() -> Iterator[str]:
    """The table of endings in Markdown, a line at a time."""
    yield "| how a reading ends | status | looked at again | counts an error | keeps a list |"
    yield "|---|---|---|---|---|"
    for end, rule in RULES.items():
        flags = " | ".join("yes" if flag else "no" for flag in (rule.counts, rule.keeps))
        yield f"| {end.value} | `{rule.status}` | {rule.again} | {flags} |"


def _retry_at(end: End, why: Why, errors: int, now: float, max_errors: int) -> float | None:
    match end:
        case End.GONE | End.WALL:
            return now + GONE_PAUSE_SECONDS
        case End.WITHHELD if errors <= WITHHELD_TRIES:
            return now + WITHHELD_PAUSE_SECONDS
        case End.WITHHELD:
            return now + failed_pause(errors - WITHHELD_TRIES)
        case End.TROUBLE:
            return now + failed_pause(errors)
        case End.GARBAGE | End.REJECTED | End.UNPROVEN:
            return now + failed_pause(errors) if errors < max_errors else None
        case End.LIMITED:
            assert isinstance(why, answers.BudgetSpent | answers.SecondaryLimit)
            return why.until
        case End.DATABASE if isinstance(why, DatabaseUnavailable | DatabaseRefused):
            return now + AWAY_PAUSE_SECONDS
        case End.DATABASE:
            return now + UNWRITTEN_PAUSE_SECONDS
    return None


def _note(end: End, errors: int, retry_at: float | None) -> str | None:
    if end is End.WITHHELD:
        return "the list was seen missing for minutes for people who may read it; doctor asks again"
    is_given_up = end in (End.GARBAGE, End.REJECTED, End.UNPROVEN) and retry_at is None
    if is_given_up:
        return f"given up after {errors} failures; reprocess it to try again"
    return "the REST list ends at 40,000 stars" if end is End.WALL else None
