"""How every reading ends: which end an outcome is, what the row becomes, and when it is looked at
again.
"""

import logging
from pathlib import Path
from typing import NamedTuple, get_args

import pytest

from gitstars.errors import (
    ClaimLost,
    DatabaseRefused,
    DatabaseTimeout,
    DatabaseUnavailable,
    QueryFailed,
    StorageFull,
    TransactionConflict,
    UsersMissing,
)
from gitstars.execute import ending, reasons
from gitstars.execute.ending import RULES, End, Ending, decide, end_of
from gitstars.execute.reading import Finished, Why
from gitstars.fetch import answers
from gitstars.model import Claim, Progress, Resource, Settlement, Status
from tests.execute.making import DAY, HOUR, NOW, WEEK, make_claim, make_page, make_record

ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"
REFUSED = answers.Refused("permission", "You may not", make_record(300))
WITHHELD = answers.Withheld("0 of 300 stars", make_record(300))
#: A list that was complete before it was claimed.
FORMER = Progress({"version": 1, "kind": "refresh"}, 9, 9, 900, 898, 2)


def claim_of(errors: int = 2, former: Progress | None = None, generation: int = 0) -> Claim:
    """A claim on a list that was read up to its third page."""
    progress = Progress({"version": 1, "kind": "rest", "next_page": 4}, 3, 9, 900, 300)
    return make_claim(
        progress=progress,
        stars=900,
        error_count=errors,
        former=former,
        generation=generation,
    )


def decide_by(why: Why, claim: Claim | None = None, max_errors: int = 8) -> Ending:
    return decide(end_of(why), why, claim or claim_of(), NOW, max_errors)


class Case(NamedTuple):
    """How a list ends that failed twice in a row before; ``kept`` is the time of the next look
    where a list that was complete before stays so (None: it does not).
    """

    why: Why
    end: End
    status: Status
    last_error: str | None
    retry_at: float | None
    error_count: int
    level: int
    event: str
    again: bool = False
    notes: str | None = None
    kept: float | None = None


SEEN_MISSING = "the list was seen missing for minutes for people who may read it; doctor asks again"
CASES: dict[str, Case] = {
    "the REST budget is spent": Case(
        answers.BudgetSpent(Resource.CORE, NOW + HOUR),
        End.LIMITED,
        Status.RATE_LIMITED,
        "the core budget is spent until 2026-09-21T15:13:20Z",
        NOW + HOUR,
        2,
        logging.INFO,
        "repo.waiting",
        again=True,
    ),
    "the GraphQL budget is spent": Case(
        answers.BudgetSpent(Resource.GRAPHQL, NOW + 1),
        End.LIMITED,
        Status.RATE_LIMITED,
        "the graphql budget is spent until 2026-09-21T14:13:21Z",
        NOW + 1,
        2,
        logging.INFO,
        "repo.waiting",
        again=True,
    ),
    "a secondary limit": Case(
        answers.SecondaryLimit(NOW + 60, "Please wait"),
        End.LIMITED,
        Status.RATE_LIMITED,
        "GitHub asks to slow down until 2026-09-21T14:14:20Z: Please wait",
        NOW + 60,
        2,
        logging.INFO,
        "repo.waiting",
        again=True,
    ),
    "refused": Case(
        REFUSED,
        End.REFUSED,
        Status.RESTRICTED,
        "GitHub refuses the list (permission): You may not",
        None,
        2,
        logging.INFO,
        "repo.refused",
    ),
    "withheld": Case(
        WITHHELD,
        End.WITHHELD,
        Status.FAILED,
        "GitHub gives no list although this account may read it: 0 of 300 stars",
        NOW + 60,
        3,
        logging.WARNING,
        "repo.failed",
        notes=SEEN_MISSING,
        kept=NOW + 60,
    ),
    "deleted": Case(
        answers.Gone("deleted", "Not Found"),
        End.GONE,
        Status.FAILED,
        "deleted: Not Found",
        NOW + WEEK,
        3,
        logging.INFO,
        "repo.gone",
    ),
    "blocked": Case(
        answers.Gone("blocked", "Repository access blocked"),
        End.GONE,
        Status.FAILED,
        "blocked: Repository access blocked",
        NOW + WEEK,
        3,
        logging.INFO,
        "repo.gone",
    ),
    "a 404 that nothing explains": Case(
        answers.Missing("Not Found"),
        End.GONE,
        Status.FAILED,
        "Not Found",
        NOW + WEEK,
        3,
        logging.INFO,
        "repo.gone",
    ),
    "the token is rejected": Case(
        answers.BadToken("Bad credentials", until=NOW + 300),
        End.TOKEN,
        Status.PENDING,
        "the account's token cannot be used: Bad credentials",
        None,
        2,
        logging.WARNING,
        "repo.released",
        kept=NOW + 60,
    ),
    "nothing reaches GitHub": Case(
        answers.Outage("connection refused", NOW - 60, NOW + 60),
        End.OUTAGE,
        Status.PENDING,
        "GitHub does not answer: connection refused",
        None,
        2,
        logging.INFO,
        "repo.released",
        again=True,
        kept=NOW + 60,
    ),
    "stopping": Case(
        answers.Stopped(),
        End.STOPPED,
        Status.PENDING,
        None,
        None,
        2,
        logging.DEBUG,
        "repo.released",
        again=True,
    ),
    "the wall": Case(
        answers.PaginationWall("pagination is limited"),
        End.WALL,
        Status.PAGINATION_LIMITED,
        "pagination is limited",
        NOW + WEEK,
        2,
        logging.WARNING,
        "repo.pagination_limited",
        notes="the REST list ends at 40,000 stars",
    ),
    "trouble that may pass": Case(
        answers.Transient("HTTP 502: Bad Gateway"),
        End.TROUBLE,
        Status.FAILED,
        "transient: HTTP 502: Bad Gateway",
        NOW + 1200,
        3,
        logging.WARNING,
        "repo.failed",
        kept=NOW + 1200,
    ),
    "an answer of another shape": Case(
        answers.Garbage("no JSON"),
        End.GARBAGE,
        Status.FAILED,
        "garbage: no JSON",
        NOW + 1200,
        3,
        logging.WARNING,
        "repo.failed",
        kept=NOW + 1200,
    ),
    "an answer to something else": Case(
        make_page([1]),
        End.GARBAGE,
        Status.FAILED,
        "an answer that was not expected here: Page",
        NOW + 1200,
        3,
        logging.WARNING,
        "repo.failed",
        kept=NOW + 1200,
    ),
    "the database rejects a page": Case(
        QueryFailed("Expected a datetime"),
        End.REJECTED,
        Status.FAILED,
        "the database rejects a page: Expected a datetime",
        NOW + 1200,
        3,
        logging.WARNING,
        "repo.failed",
        kept=NOW + 1200,
    ),
    "users of a page are gone": Case(
        UsersMissing("3 of 100 users have no record"),
        End.REJECTED,
        Status.FAILED,
        "the database rejects a page: 3 of 100 users have no record",
        NOW + 1200,
        3,
        logging.WARNING,
        "repo.failed",
        kept=NOW + 1200,
    ),
    "a transaction that never got through": Case(
        TransactionConflict("read or write conflict"),
        End.DATABASE,
        Status.PENDING,
        "the database: read or write conflict",
        NOW + 60,
        2,
        logging.ERROR,
        "repo.released",
        kept=NOW + 60,
    ),
    "the database is away": Case(
        DatabaseUnavailable("the connection broke"),
        End.DATABASE,
        Status.PENDING,
        "the database: the connection broke",
        NOW + 10,
        2,
        logging.ERROR,
        "repo.released",
        kept=NOW + 10,
    ),
    "the disk is full": Case(
        StorageFull("the disk is full"),
        End.DATABASE,
        Status.PENDING,
        "the database: the disk is full",
        NOW + 60,
        2,
        logging.ERROR,
        "repo.released",
        kept=NOW + 60,
    ),
    "a defect of gitstars": Case(
        RuntimeError("boom gho_secret"),
        End.GARBAGE,
        Status.FAILED,
        "gitstars met a defect of its own (RuntimeError); the log has it",
        NOW + 1200,
        3,
        logging.WARNING,
        "repo.failed",
        kept=NOW + 1200,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_every_outcome_and_error_is_an_end_of_its_own_kind(case: Case) -> None:
    assert end_of(case.why) is case.end


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_every_end_makes_of_a_row(case: Case) -> None:
    decided = decide_by(case.why)

    # The progress that is stored already stays.
    assert decided == Ending(
        Settlement(
            case.status,
            case.last_error,
            case.retry_at,
            notes=case.notes,
            error_count=case.error_count,
        ),
        case.level,
        case.event,
        again=case.again,
        refused=case.why if isinstance(case.why, answers.Refused) else None,
    )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_which_ends_leave_a_complete_list_as_it_was(case: Case) -> None:
    decided = decide_by(case.why, claim_of(former=FORMER))

    settlement = decided.settlement
    if case.kept is None:
        assert decided == decide_by(case.why)
        return
    assert (settlement.status, settlement.restores) == (Status.COMPLETED, True)
    assert settlement.next_retry_at == case.kept
    assert (settlement.last_error, settlement.error_count) == (case.last_error, case.error_count)
    assert (decided.level, decided.event, decided.again) == (case.level, case.event, False)


def test_every_end_has_a_rule_and_every_rule_is_tried() -> None:
    tried = {case.end for case in CASES.values()}

    assert set(RULES) == set(End)
    # These are decided by the proof and by the count.
    assert set(End) - tried == {End.PROVEN, End.UNPROVEN, End.DRIFTED}


@pytest.mark.parametrize("outcome", get_args(answers.Outcome))
def test_an_outcome_says_something_about_the_list_or_about_the_call(
    outcome: type[answers.Outcome],
) -> None:
    about_the_call = {End.LIMITED, End.TOKEN, End.OUTAGE, End.STOPPED}

    end = end_of(object.__new__(outcome))

    assert (end in about_the_call) == issubclass(outcome, answers.ABOUT_THE_CALL)


@pytest.mark.parametrize("error", [ClaimLost("x"), DatabaseTimeout("x"), DatabaseRefused("x")])
def test_whatever_the_database_refuses_is_not_the_lists_fault(error: Exception) -> None:
    settlement = decide_by(error).settlement

    assert end_of(error) is End.DATABASE
    assert (settlement.status, settlement.error_count) == (Status.PENDING, 2)


# Failures in a row


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        (0, 300),
        (1, 300),
        (2, 600),
        (3, 1200),
        (4, 2400),
        (5, 4800),
        (8, 38_400),
        (9, 76_800),
        (10, DAY),
        (11, DAY),
        (100, DAY),
        (10_000, DAY),
    ],
)
def test_the_pause_after_a_failure_doubles_up_to_a_day(failures: int, seconds: float) -> None:
    assert ending.failed_pause(failures) == seconds


LASTING = [answers.Garbage("x"), QueryFailed("x"), RuntimeError("x"), make_page([1])]


@pytest.mark.parametrize("why", LASTING)
@pytest.mark.parametrize(
    ("failures_before", "max_errors", "next_retry_at", "notes"),
    [
        (0, 8, NOW + 300, None),
        (6, 8, NOW + 19_200, None),
        (7, 8, None, "given up after 8 failures; reprocess it to try again"),
        (8, 8, None, "given up after 9 failures; reprocess it to try again"),
        (0, 1, None, "given up after 1 failures; reprocess it to try again"),
    ],
)
def test_the_last_of_so_many_failures_in_a_row_is_given_up(
    why: Why,
    failures_before: int,
    max_errors: int,
    next_retry_at: float | None,
    notes: str | None,
) -> None:
    settlement = decide_by(why, claim_of(failures_before), max_errors).settlement

    assert settlement.status is Status.FAILED
    assert (settlement.next_retry_at, settlement.notes, settlement.error_count) == (
        next_retry_at,
        notes,
        failures_before + 1,
    )


@pytest.mark.parametrize("why", LASTING)
def test_a_complete_list_that_cannot_be_read_anew_is_not_given_up(why: Why) -> None:
    settlement = decide_by(why, claim_of(errors=99, former=FORMER)).settlement

    assert (settlement.status, settlement.next_retry_at) == (Status.COMPLETED, NOW + DAY)
    assert settlement.notes is None


@pytest.mark.parametrize(
    ("failures_before", "pause_seconds"), [(0, 300), (7, 38_400), (8, 76_800), (99, DAY)]
)
def test_what_may_pass_is_tried_again_however_often_it_failed(
    failures_before: int, pause_seconds: float
) -> None:
    settlement = decide_by(answers.Transient("x"), claim_of(failures_before)).settlement

    assert (settlement.next_retry_at, settlement.notes, settlement.error_count) == (
        NOW + pause_seconds,
        None,
        failures_before + 1,
    )


@pytest.mark.parametrize(
    ("failures_before", "pause_seconds"),
    [(0, 60), (1, 60), (2, 60), (3, 300), (4, 600), (99, DAY)],
)
def test_a_withheld_list_is_asked_for_soon_three_times_and_then_more_seldom(
    failures_before: int, pause_seconds: float
) -> None:
    settlement = decide_by(WITHHELD, claim_of(failures_before)).settlement

    assert settlement.next_retry_at == NOW + pause_seconds
    assert settlement.error_count == failures_before + 1


def test_a_repository_that_is_gone_is_looked_at_again_however_often_it_was_gone() -> None:
    settlement = decide_by(answers.Gone("deleted", "Not Found"), claim_of(errors=99)).settlement

    assert settlement.next_retry_at == NOW + WEEK


@pytest.mark.parametrize("why", [case.why for case in CASES.values() if not RULES[case.end].counts])
def test_what_is_nobodys_failure_counts_none(why: Why) -> None:
    assert decide_by(why, claim_of(errors=7)).settlement.error_count == 7


# Texts


@pytest.mark.parametrize("text", ["x" * 5000, "gho_" + "y" * 4000])
@pytest.mark.parametrize("error", [QueryFailed, DatabaseUnavailable])
def test_what_the_database_says_is_kept_short(error: type[Exception], text: str) -> None:
    last_error = decide_by(error(text)).settlement.last_error

    assert last_error is not None
    assert len(last_error) == 500
    assert last_error.startswith("the database")


def test_the_text_of_a_defect_reaches_no_row() -> None:
    settlement = decide_by(ValueError("https://x:gho_secret@host")).settlement

    assert settlement.last_error == (
        "gitstars met a defect of its own (ValueError); the log has it"
    )


def test_an_end_without_a_reason_tells_none() -> None:
    assert reasons.explain(Finished()) is None
    assert reasons.explain(answers.Stopped()) is None


# Ends that the proof and the count decide


def test_a_completed_repository_has_no_failures_any_more() -> None:
    progress = Progress({"version": 1, "kind": "refresh"}, 9, 9, 900, 898, 2)

    decided = ending.complete(progress)

    settlement = Settlement(Status.COMPLETED, progress=progress, error_count=0)
    assert decided == Ending(settlement, logging.INFO, "repo.completed")


@pytest.mark.parametrize(
    ("notes", "text"),
    [
        ({}, None),
        ({"ghosts": 0, "churn": 0, "unstarred": 0}, None),
        ({"ghosts": 24, "churn": 0, "unstarred": 0}, "ghosts 24"),
        ({"ghosts": 24, "churn": 1, "unstarred": 3}, "ghosts 24, churn 1, unstarred 3"),
    ],
)
def test_what_was_tolerated_is_noted(notes: dict[str, int], text: str | None) -> None:
    assert ending.complete(Progress(), **notes).settlement.notes == text


def test_a_list_that_a_refresh_cannot_mend_is_begun_anew_at_once() -> None:
    decided = ending.decide_drifted(850, claim_of(errors=1, former=FORMER))

    notes = "850 stars do not fit the stored ones: the whole list is read again"
    settlement = Settlement(Status.PENDING, notes=notes, error_count=1, progress=Progress())
    assert decided == Ending(settlement, logging.INFO, "repo.released", again=True)


UNPROVEN = "880 stars were listed while the count is 900"


def test_an_unproven_list_is_begun_anew_after_a_pause_in_another_generation() -> None:
    decided = ending.decide_unproven(UNPROVEN, claim_of(generation=6), NOW, max_errors=8)

    settlement = Settlement(
        Status.FAILED,
        f"not proven complete: {UNPROVEN}",
        NOW + 1200,
        error_count=3,
        progress=Progress(),
        generation=7,
    )
    assert decided == Ending(settlement, logging.WARNING, "repo.unproven")


def test_a_list_that_stays_unproven_is_given_up_too() -> None:
    settlement = ending.decide_unproven(UNPROVEN, claim_of(errors=7), NOW, 8).settlement

    assert (settlement.status, settlement.next_retry_at, settlement.error_count) == (
        Status.FAILED,
        None,
        8,
    )
    assert settlement.notes == "given up after 8 failures; reprocess it to try again"


def test_a_complete_list_of_which_a_new_reading_proves_nothing_stays_complete() -> None:
    decided = ending.decide_unproven(UNPROVEN, claim_of(former=FORMER), NOW, max_errors=8)

    settlement = decided.settlement
    assert (settlement.status, settlement.restores) == (Status.COMPLETED, True)
    assert (settlement.progress, settlement.generation) == (None, None)
    assert settlement.last_error == f"not proven complete: {UNPROVEN}"
    assert (settlement.next_retry_at, decided.again) == (NOW + 1200, False)


# The table in the docs


def test_the_table_has_a_line_for_every_end() -> None:
    lines = list(ending.describe())

    assert len(lines) == 2 + len(End)
    assert {line.count("|") for line in lines} == {6}


def test_the_docs_have_the_table_of_endings_as_it_is_followed() -> None:
    assert "\n".join(ending.describe()) in ARCHITECTURE.read_text()
