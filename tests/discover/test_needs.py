"""What a repository needs now: by its status, what the database says, and whose account asks."""

from collections import Counter

import pytest

from gitstars.discover.needs import Rules, choose_historian, find_needs
from gitstars.model import Priority, Repository, Status, Task
from gitstars.store.starred import RepositoryState

NOW = 1_790_000_000.0
DAY = 86_400.0
#: A count or a complete list holds for a day; no histories.
PLAIN = Rules(fresh_seconds=DAY, history="none", include=frozenset({"starred"}))
ME, OTHER = 1, 2
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
REFUSED = frozenset({ME})

#: Status, and what is due for an account that was not refused.
CLAIMABLE: list[tuple[Status | None, Needs]] = [
    (None, LIST),
    (Status.PENDING, LIST),
    (Status.PROCESSING, LIST),
    (Status.RATE_LIMITED, LIST),
    (Status.RESTRICTED, LIST),
    (Status.COMPLETED, COUNTS),
    (Status.FAILED, AGAIN),
    (Status.PAGINATION_LIMITED, AGAIN),
]


@pytest.mark.parametrize("refused", [frozenset(), frozenset({OTHER})])
@pytest.mark.parametrize(("status", "expected"), CLAIMABLE)
def test_what_may_be_claimed_is_due_for_an_account_that_was_not_refused(
    status: Status | None, expected: Needs, refused: frozenset[int]
) -> None:
    state = RepositoryState(REPOSITORY, status, may_claim=True, refused=refused)

    assert list(find_needs(state, ME, NOW, PLAIN, GIVEN)) == expected


@pytest.mark.parametrize("status", [row[0] for row in CLAIMABLE])
@pytest.mark.parametrize(("may_claim", "refused"), [(False, frozenset()), (True, REFUSED)])
def test_nothing_is_due_for_who_was_refused_or_where_the_rule_says_no(
    status: Status | None, may_claim: bool, refused: frozenset[int]
) -> None:
    state = RepositoryState(REPOSITORY, status, may_claim=may_claim, refused=refused)

    assert list(find_needs(state, ME, NOW, PLAIN, GIVEN)) == NOTHING


def test_a_complete_list_that_an_operator_asked_for_is_read_and_not_only_counted() -> None:
    state = RepositoryState(REPOSITORY, Status.COMPLETED, is_requested=True)

    assert list(find_needs(state, ME, NOW, PLAIN)) == [(Task.LIST, Priority.REQUESTED)]


def test_a_list_that_the_account_may_not_read_is_counted_when_its_count_is_too_old() -> None:
    refused = RepositoryState(REPOSITORY, Status.RESTRICTED, is_count_due=True, refused=REFUSED)

    assert list(find_needs(refused, ME, NOW, PLAIN)) == COUNTS
    assert list(find_needs(refused, OTHER, NOW, PLAIN)) == [(Task.LIST, Priority.EXISTING)]


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
        (PRIVATE, Status.COMPLETED, "all", NOTHING),
        (REPOSITORY, None, "all", NOTHING),
        (REPOSITORY, Status.PENDING, "all", NOTHING),
        (REPOSITORY, Status.PROCESSING, "all", NOTHING),
        (REPOSITORY, Status.RATE_LIMITED, "all", NOTHING),
        (REPOSITORY, Status.FAILED, "all", NOTHING),
        (REPOSITORY, Status.PAGINATION_LIMITED, "all", NOTHING),
    ],
)
def test_a_history_is_read_of_the_repositories_that_are_to_have_one(
    repository: Repository, status: Status | None, wanted: str, expected: Needs
) -> None:
    state = RepositoryState(repository, status, may_claim=False)
    rules = Rules(DAY, wanted, frozenset({"starred"}))

    assert list(find_needs(state, ME, NOW, rules)) == expected
    assert list(find_needs(state, ME, NOW, rules, is_historian=False)) == NOTHING


@pytest.mark.parametrize("status", [Status.RESTRICTED, Status.COMPLETED])
@pytest.mark.parametrize(
    ("history_at", "is_due"),
    [(None, True), (NOW - DAY, True), (NOW - DAY + 1, False), (NOW, False)],
)
def test_a_history_is_looked_at_daily(
    status: Status, history_at: float | None, is_due: bool
) -> None:
    state = RepositoryState(REPOSITORY, status, may_claim=False, history_at=history_at)
    rules = Rules(DAY, "all", frozenset({"starred"}))

    assert list(find_needs(state, ME, NOW, rules)) == (HISTORY if is_due else NOTHING)


def test_a_list_and_a_history_may_be_due_at_once() -> None:
    rules = Rules(DAY, "all", frozenset({"starred"}))
    state = RepositoryState(REPOSITORY, Status.RESTRICTED)

    assert list(find_needs(state, ME, NOW, rules, GIVEN)) == [*LIST, *HISTORY]


def test_one_account_asks_for_a_history_and_only_its_own_are_handed_over_when_it_goes() -> None:
    users = list(range(1, 11))
    keys = [f"o/r-{n}" for n in range(1000)]

    before = {key: choose_historian(key, users) for key in keys}
    after = {key: choose_historian(key, [user for user in users if user != 3]) for key in keys}

    counts = Counter(before.values())
    assert counts.keys() == set(users)
    assert max(counts.values()) < 2 * min(counts.values())
    assert {key for key in keys if before[key] != after[key]} == {
        key for key in keys if before[key] == 3
    }
    assert choose_historian("o/r", []) is None
