"""What every outcome means for the repository that met it: its status, whether it goes again,
and when.
"""

import logging

import pytest

from gitstars.errors import QueryFailed
from gitstars.execute import verdict
from gitstars.execute.verdict import Verdict
from gitstars.fetch import answers
from gitstars.model import Claim, Progress, Repository, Resource, Settlement, Status

#: 2026-09-21T14:13:20Z.
NOW = 1_790_000_000.0
HOUR, DAY, WEEK = 3600.0, 86_400.0, 604_800.0
REFUSED = answers.Refused("permission", "You may not", answers.Metadata(5, "o/r", 300))


def make_claim(error_count: int = 2, generation: int = 0) -> Claim:
    """A claim on a list that was read up to its third page."""
    progress = Progress({"kind": "rest", "next_page": 4}, 3, 9, 900, 300)
    return Claim(
        "row",
        Repository("o/r", "o/r", 5, 900),
        "me",
        progress,
        error_count,
        generation=generation,
    )


#: Of a repository that failed twice in a row. None of these settlements has a progress: what is
#: stored stays.
JUDGED: list[tuple[str, answers.Outcome | Exception, Verdict]] = [
    (
        "the REST budget is spent",
        answers.BudgetSpent(Resource.CORE, NOW + HOUR),
        Verdict(
            Settlement(
                Status.RATE_LIMITED,
                "the core budget is spent until 2026-09-21T15:13:20Z",
                NOW + HOUR,
                error_count=2,
            ),
            logging.INFO,
            "repo.waiting",
            again=True,
        ),
    ),
    (
        "the GraphQL budget is spent",
        answers.BudgetSpent(Resource.GRAPHQL, NOW + 1),
        Verdict(
            Settlement(
                Status.RATE_LIMITED,
                "the graphql budget is spent until 2026-09-21T14:13:21Z",
                NOW + 1,
                error_count=2,
            ),
            logging.INFO,
            "repo.waiting",
            again=True,
        ),
    ),
    (
        "a secondary limit",
        answers.SecondaryLimit(NOW + 60, "Please wait"),
        Verdict(
            Settlement(
                Status.RATE_LIMITED,
                "GitHub asks to slow down until 2026-09-21T14:14:20Z: Please wait",
                NOW + 60,
                error_count=2,
            ),
            logging.INFO,
            "repo.waiting",
            again=True,
        ),
    ),
    (
        "refused",
        REFUSED,
        Verdict(
            Settlement(
                Status.RESTRICTED,
                "GitHub refuses the list (permission): You may not",
                error_count=2,
            ),
            logging.INFO,
            "repo.refused",
            again=False,
            refused=REFUSED,
        ),
    ),
    (
        "deleted",
        answers.Gone("deleted", "Not Found"),
        Verdict(
            Settlement(Status.FAILED, "deleted: Not Found", NOW + WEEK, error_count=3),
            logging.INFO,
            "repo.gone",
            again=False,
        ),
    ),
    (
        "blocked",
        answers.Gone("blocked", "Repository access blocked"),
        Verdict(
            Settlement(
                Status.FAILED, "blocked: Repository access blocked", NOW + WEEK, error_count=3
            ),
            logging.INFO,
            "repo.gone",
            again=False,
        ),
    ),
    (
        "the token is rejected",
        answers.BadToken("Bad credentials"),
        Verdict(
            Settlement(
                Status.PENDING, "GitHub rejects the account's token: Bad credentials", error_count=2
            ),
            logging.WARNING,
            "repo.released",
            again=False,
        ),
    ),
    (
        "stopping",
        answers.Stopped(),
        Verdict(
            Settlement(Status.PENDING, error_count=2), logging.DEBUG, "repo.released", again=True
        ),
    ),
    (
        "the wall",
        answers.PaginationWall("pagination is limited"),
        Verdict(
            Settlement(
                Status.PAGINATION_LIMITED,
                "pagination is limited",
                NOW + WEEK,
                notes="the REST list ends at 40,000 stars",
                error_count=2,
            ),
            logging.WARNING,
            "repo.pagination_limited",
            again=False,
        ),
    ),
    (
        "trouble that may pass",
        answers.Transient("HTTP 502: Bad Gateway"),
        Verdict(
            Settlement(
                Status.FAILED, "transient: HTTP 502: Bad Gateway", NOW + 1200, error_count=3
            ),
            logging.WARNING,
            "repo.failed",
            again=False,
        ),
    ),
    (
        "an answer of another shape",
        answers.Garbage("no JSON"),
        Verdict(
            Settlement(Status.FAILED, "garbage: no JSON", NOW + 1200, error_count=3),
            logging.WARNING,
            "repo.failed",
            again=False,
        ),
    ),
    (
        "the database rejects a page",
        QueryFailed("Expected a datetime"),
        Verdict(
            Settlement(
                Status.FAILED,
                "the database rejects a page: Expected a datetime",
                NOW + 1200,
                error_count=3,
            ),
            logging.WARNING,
            "repo.failed",
            again=False,
        ),
    ),
    (
        "an outcome that ends no collection",
        answers.Missing("Not Found"),
        Verdict(
            Settlement(
                Status.FAILED,
                "unexpected answer: Missing(text='Not Found')",
                NOW + 1200,
                error_count=3,
            ),
            logging.WARNING,
            "repo.failed",
            again=False,
        ),
    ),
    (
        "an exception",
        RuntimeError("boom"),
        Verdict(
            Settlement(
                Status.FAILED, "unexpected answer: RuntimeError('boom')", NOW + 1200, error_count=3
            ),
            logging.WARNING,
            "repo.failed",
            again=False,
        ),
    ),
]


@pytest.mark.parametrize(
    ("outcome", "expected"), [row[1:] for row in JUDGED], ids=[row[0] for row in JUDGED]
)
def test_every_outcome_has_its_verdict(
    outcome: answers.Outcome | Exception, expected: Verdict
) -> None:
    assert verdict.judge(outcome, make_claim(), NOW, max_errors=8) == expected


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
    ],
)
def test_the_pause_after_a_failure_doubles_up_to_a_day(failures: int, seconds: float) -> None:
    assert verdict.failed_pause(failures) == seconds


@pytest.mark.parametrize("outcome", [answers.Garbage("x"), QueryFailed("x"), RuntimeError("x")])
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
    outcome: answers.Outcome | Exception,
    failures_before: int,
    max_errors: int,
    next_retry_at: float | None,
    notes: str | None,
) -> None:
    settlement = verdict.judge(outcome, make_claim(failures_before), NOW, max_errors).settlement

    assert settlement.status is Status.FAILED
    assert (settlement.next_retry_at, settlement.notes, settlement.error_count) == (
        next_retry_at,
        notes,
        failures_before + 1,
    )


@pytest.mark.parametrize(
    ("failures_before", "pause_seconds"), [(0, 300), (7, 38_400), (8, 76_800), (99, DAY)]
)
def test_what_may_pass_is_tried_again_however_often_it_failed(
    failures_before: int, pause_seconds: float
) -> None:
    settlement = verdict.judge(
        answers.Transient("x"), make_claim(failures_before), NOW, max_errors=8
    ).settlement

    assert (settlement.next_retry_at, settlement.notes, settlement.error_count) == (
        NOW + pause_seconds,
        None,
        failures_before + 1,
    )


def test_a_repository_that_is_gone_is_looked_at_again_however_often_it_was_gone() -> None:
    settlement = verdict.judge(
        answers.Gone("deleted", "Not Found"), make_claim(error_count=99), NOW, max_errors=8
    ).settlement

    assert settlement.next_retry_at == NOW + WEEK


@pytest.mark.parametrize(
    ("outcome", "beginning"),
    [
        (RuntimeError("x" * 5000), "unexpected answer: RuntimeError('xxx"),
        (QueryFailed("x" * 5000), "the database rejects a page: xxx"),
    ],
)
def test_what_an_exception_says_is_kept_short(outcome: Exception, beginning: str) -> None:
    settlement = verdict.judge(outcome, make_claim(), NOW, max_errors=8).settlement

    assert settlement.last_error is not None
    assert len(settlement.last_error) == 500
    assert settlement.last_error.startswith(beginning)


@pytest.mark.parametrize("again", [True, False])
def test_a_claim_given_back_is_pending_with_its_cursor_and_its_failures(again: bool) -> None:
    decided = verdict.release(make_claim(error_count=4), again=again)

    assert decided == Verdict(
        Settlement(Status.PENDING, error_count=4), logging.DEBUG, "repo.released", again=again
    )


def test_a_completed_repository_has_no_failures_any_more() -> None:
    progress = Progress({"kind": "refresh"}, 9, 9, 900, 898, 2)

    decided = verdict.completed(make_claim(error_count=5), progress)

    assert decided == Verdict(
        Settlement(Status.COMPLETED, progress=progress, error_count=0),
        logging.INFO,
        "repo.completed",
        again=False,
    )


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
    assert verdict.completed(make_claim(), Progress(), **notes).settlement.notes == text


def test_a_list_that_a_refresh_cannot_mend_is_begun_anew_at_once() -> None:
    decided = verdict.read_whole(make_claim(error_count=1), 850)

    notes = "850 stars do not fit the stored ones: the whole list is read again"
    settlement = Settlement(Status.PENDING, notes=notes, error_count=1, progress=Progress())
    assert decided == Verdict(settlement, logging.INFO, "repo.released", again=True)


def test_an_unproven_list_is_begun_anew_after_a_pause_in_another_generation() -> None:
    decided = verdict.unproven(
        make_claim(generation=6), "880 stars were listed while the count is 900", NOW, max_errors=8
    )

    why = "not proven complete: 880 stars were listed while the count is 900"
    settlement = Settlement(
        Status.FAILED, why, NOW + 1200, error_count=3, progress=Progress(), generation=7
    )
    assert decided == Verdict(settlement, logging.WARNING, "repo.unproven", again=False)


def test_a_list_that_stays_unproven_is_given_up_too() -> None:
    settlement = verdict.unproven(
        make_claim(error_count=7), "too few", NOW, max_errors=8
    ).settlement

    assert (settlement.status, settlement.next_retry_at, settlement.error_count) == (
        Status.FAILED,
        None,
        8,
    )
    assert settlement.notes == "given up after 8 failures; reprocess it to try again"
