"""What a repository needs now, by its status, what is known of the account's access to it, and
the time.
"""

import pytest

from gitstars.discover.needs import Rules, judge_needs
from gitstars.model import Priority, Repository, Status, Task
from gitstars.store.access import AccessRow
from gitstars.store.starred import RepositoryState

NOW = 1_790_000_000.0
HOUR, DAY, WEEK = 3600.0, 86_400.0, 604_800.0
#: A count or a complete list holds for a day; no histories.
PLAIN = Rules(fresh_seconds=DAY, history="none", include=frozenset({"starred"}))
#: What the tests give as the priority of lists that were never read to their end: that of a new
#: account's.
GIVEN = 0

Needs = list[tuple[Task, int]]
LIST: Needs = [(Task.LIST, 0)]
AGAIN: Needs = [(Task.LIST, 20)]
COUNTS: Needs = [(Task.COUNTS, 20)]
HISTORY: Needs = [(Task.HISTORY, 30)]
NOTHING: Needs = []

REPOSITORY = Repository("o/r", "o/r", 5, 300)
PRIVATE = Repository("o/r", "o/r", 5, 300, is_private=True)


def make_access(may_list: bool | None, look_again_at: float | None = None) -> AccessRow:
    return AccessRow(1, "o/r", may_list, look_again_at=look_again_at)


REFUSED = make_access(False, NOW + 1)

#: Status, when it comes back by itself, what is due for an account that was not refused, and for
#: one that was.
BY_TIME: list[tuple[Status | None, float | None, Needs, Needs]] = [
    (None, None, LIST, NOTHING),
    (Status.PENDING, None, LIST, NOTHING),
    (Status.PENDING, NOW + HOUR, LIST, NOTHING),
    (Status.PROCESSING, None, LIST, NOTHING),
    (Status.PROCESSING, NOW + HOUR, LIST, NOTHING),
    (Status.RATE_LIMITED, None, LIST, NOTHING),
    (Status.RATE_LIMITED, NOW, LIST, NOTHING),
    (Status.RATE_LIMITED, NOW + 1, NOTHING, NOTHING),
    (Status.COMPLETED, NOW - HOUR, COUNTS, NOTHING),
    (Status.COMPLETED, NOW, COUNTS, NOTHING),
    (Status.COMPLETED, NOW + 1, NOTHING, NOTHING),
    (Status.RESTRICTED, None, LIST, COUNTS),
    (Status.RESTRICTED, NOW, LIST, COUNTS),
    (Status.RESTRICTED, NOW + HOUR, LIST, COUNTS),
    (Status.FAILED, None, NOTHING, NOTHING),
    (Status.FAILED, NOW, AGAIN, NOTHING),
    (Status.FAILED, NOW + 1, NOTHING, NOTHING),
    (Status.PAGINATION_LIMITED, None, NOTHING, NOTHING),
    (Status.PAGINATION_LIMITED, NOW, AGAIN, NOTHING),
    (Status.PAGINATION_LIMITED, NOW + 1, NOTHING, NOTHING),
]


@pytest.mark.parametrize(
    "access",
    [
        None,
        make_access(None),
        make_access(None, NOW + 1),
        make_access(True),
        make_access(True, NOW + 1),
        make_access(False),
        make_access(False, NOW),
    ],
)
@pytest.mark.parametrize(("status", "next_retry_at", "expected"), [row[:3] for row in BY_TIME])
def test_an_account_that_may_try_has_its_needs_in_each_status(
    status: Status | None, next_retry_at: float | None, expected: Needs, access: AccessRow | None
) -> None:
    state = RepositoryState(REPOSITORY, status, next_retry_at)

    assert list(judge_needs(state, access, NOW, PLAIN, GIVEN)) == expected


@pytest.mark.parametrize(
    ("status", "next_retry_at", "expected"), [(row[0], row[1], row[3]) for row in BY_TIME]
)
def test_an_account_that_was_refused_needs_no_list_in_any_status(
    status: Status | None, next_retry_at: float | None, expected: Needs
) -> None:
    state = RepositoryState(REPOSITORY, status, next_retry_at)

    assert list(judge_needs(state, REFUSED, NOW, PLAIN, GIVEN)) == expected


@pytest.mark.parametrize(
    "status", [None, Status.PENDING, Status.PROCESSING, Status.RATE_LIMITED, Status.RESTRICTED]
)
def test_a_list_that_was_never_read_to_its_end_has_the_priority_of_its_account(
    status: Status | None,
) -> None:
    state = RepositoryState(REPOSITORY, status)

    assert list(judge_needs(state, None, NOW, PLAIN, Priority.NEW_ACCOUNT)) == [(Task.LIST, 0)]
    assert list(judge_needs(state, None, NOW, PLAIN)) == [(Task.LIST, 10)]


@pytest.mark.parametrize(
    ("completed_at", "expected"),
    [(None, COUNTS), (NOW - DAY, COUNTS), (NOW - DAY + 1, NOTHING), (NOW, NOTHING)],
)
def test_a_complete_list_without_a_time_comes_back_when_it_is_not_fresh_any_more(
    completed_at: float | None, expected: Needs
) -> None:
    state = RepositoryState(REPOSITORY, Status.COMPLETED, completed_at=completed_at)

    assert list(judge_needs(state, None, NOW, PLAIN)) == expected


@pytest.mark.parametrize(
    ("counted_at", "expected"),
    [(None, COUNTS), (NOW - DAY, COUNTS), (NOW - DAY + 1, NOTHING), (NOW, NOTHING)],
)
def test_a_list_that_nobody_may_read_is_counted_when_its_count_is_too_old(
    counted_at: float | None, expected: Needs
) -> None:
    state = RepositoryState(REPOSITORY, Status.RESTRICTED, counted_at=counted_at)

    assert list(judge_needs(state, REFUSED, NOW, PLAIN)) == expected


def test_an_account_that_may_try_again_does_not_only_count() -> None:
    state = RepositoryState(REPOSITORY, Status.RESTRICTED, counted_at=NOW - WEEK)

    assert list(judge_needs(state, make_access(False, NOW), NOW, PLAIN)) == [(Task.LIST, 10)]


@pytest.mark.parametrize(
    ("repository", "status", "wanted", "expected"),
    [
        (REPOSITORY, Status.RESTRICTED, "none", NOTHING),
        (REPOSITORY, Status.RESTRICTED, "restricted", HISTORY),
        (REPOSITORY, Status.RESTRICTED, "all", HISTORY),
        (PRIVATE, Status.RESTRICTED, "restricted", NOTHING),
        (PRIVATE, Status.RESTRICTED, "all", NOTHING),
        (REPOSITORY, Status.COMPLETED, "none", NOTHING),
        (REPOSITORY, Status.COMPLETED, "restricted", NOTHING),
        (REPOSITORY, Status.COMPLETED, "all", HISTORY),
        (REPOSITORY, Status.PENDING, "all", NOTHING),
        (REPOSITORY, Status.PROCESSING, "all", NOTHING),
        (REPOSITORY, Status.RATE_LIMITED, "all", NOTHING),
        (REPOSITORY, Status.FAILED, "all", NOTHING),
        (REPOSITORY, Status.PAGINATION_LIMITED, "all", NOTHING),
    ],
)
def test_a_history_is_read_of_the_repositories_that_are_to_have_one(
    repository: Repository, status: Status, wanted: str, expected: Needs
) -> None:
    state = RepositoryState(repository, status, next_retry_at=NOW + HOUR, counted_at=NOW)
    rules = Rules(DAY, wanted, frozenset({"starred"}))

    assert list(judge_needs(state, REFUSED, NOW, rules)) == expected


@pytest.mark.parametrize("status", [Status.RESTRICTED, Status.COMPLETED])
@pytest.mark.parametrize(
    ("history_at", "is_due"),
    [(None, True), (NOW - DAY, True), (NOW - DAY + 1, False), (NOW, False)],
)
def test_a_history_is_looked_at_again_a_day_later(
    status: Status, history_at: float | None, is_due: bool
) -> None:
    state = RepositoryState(
        REPOSITORY, status, next_retry_at=NOW + HOUR, counted_at=NOW, history_at=history_at
    )
    rules = Rules(DAY, "all", frozenset({"starred"}))

    assert list(judge_needs(state, REFUSED, NOW, rules)) == (HISTORY if is_due else NOTHING)


@pytest.mark.parametrize(
    ("status", "access", "expected"),
    [
        (Status.RESTRICTED, REFUSED, [(Task.COUNTS, 20), (Task.HISTORY, 30)]),
        (Status.RESTRICTED, None, [(Task.LIST, 10), (Task.HISTORY, 30)]),
        (Status.COMPLETED, None, [(Task.COUNTS, 20), (Task.HISTORY, 30)]),
    ],
)
def test_several_things_may_be_due_at_once(
    status: Status, access: AccessRow | None, expected: Needs
) -> None:
    rules = Rules(DAY, "all", frozenset({"starred"}))

    assert list(judge_needs(RepositoryState(REPOSITORY, status), access, NOW, rules)) == expected


@pytest.mark.parametrize(("next_retry_at", "expected"), [(NOW, LIST), (NOW + 1, NOTHING)])
def test_a_complete_list_that_was_asked_for_is_read_and_not_only_counted(
    next_retry_at: float, expected: Needs
) -> None:
    state = RepositoryState(
        REPOSITORY, Status.COMPLETED, next_retry_at=next_retry_at, is_requested=True
    )

    assert list(judge_needs(state, None, NOW, PLAIN, GIVEN)) == expected
