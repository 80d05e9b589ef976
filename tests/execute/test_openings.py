"""Which budgets an account's calls may use, as the ledger sees them at one moment."""

import pytest

from gitstars.execute.openings import IMPATIENT_SECONDS, LEAST_SECONDS, read_openings
from gitstars.fetch import answers
from gitstars.fetch.ledger import Blocked, Pause
from gitstars.model import Resource
from tests.execute.making import NOW

CORE, GRAPHQL = Resource.CORE, Resource.GRAPHQL
BOTH, REST_ALONE, NONE = frozenset({CORE, GRAPHQL}), frozenset({CORE}), frozenset[Resource]()
#: A pace or a wait that makes nobody impatient, and one that does.
SHORT, LONG = IMPATIENT_SECONDS, IMPATIENT_SECONDS + 0.1
HOUR = Blocked(NOW + 3600, "spent")
SOON = Blocked(NOW + 60, "secondary")


@pytest.mark.parametrize(
    ("core", "graphql", "query_wait", "is_open", "usable", "seconds"),
    [
        (None, None, 0.0, BOTH, BOTH, None),
        (None, None, None, REST_ALONE, BOTH, None),
        (None, None, 1.5, REST_ALONE, BOTH, 1.5),
        (Pause(0.7), None, 0.0, {GRAPHQL}, BOTH, 0.7),
        (None, Pause(0.7), 0.0, REST_ALONE, BOTH, 0.7),
        (Pause(0.7), Pause(0.4), 0.0, NONE, BOTH, 0.4),
        (Pause(0.7), None, 0.5, NONE, BOTH, 0.5),
        (Pause(0.7), None, None, NONE, BOTH, 0.7),
        (None, Pause(0.7), None, REST_ALONE, BOTH, 0.7),
        (HOUR, None, 0.0, {GRAPHQL}, {GRAPHQL}, 3600),
        (HOUR, None, None, NONE, {GRAPHQL}, 3600),
        (None, HOUR, 0.0, REST_ALONE, REST_ALONE, 3600),
        (None, HOUR, 5.0, REST_ALONE, REST_ALONE, 3600),
        (HOUR, SOON, 0.0, NONE, NONE, 60),
        (SOON, SOON, None, NONE, NONE, 60),
        (HOUR, Pause(2.0), 0.0, NONE, {GRAPHQL}, 2.0),
        (Pause(0.001), None, 0.0, {GRAPHQL}, BOTH, LEAST_SECONDS),
        (Blocked(NOW - 1, "spent"), None, 0.0, {GRAPHQL}, {GRAPHQL}, LEAST_SECONDS),
    ],
)
def test_a_call_waits_for_the_ledger_and_a_query_for_githubs_time_too(
    core: Pause | Blocked | None,
    graphql: Pause | Blocked | None,
    query_wait: float | None,
    is_open: frozenset[Resource],
    usable: frozenset[Resource],
    seconds: float | None,
) -> None:
    openings = read_openings({CORE: core, GRAPHQL: graphql}, query_wait, NOW)

    assert (openings.open, openings.usable, openings.seconds) == (is_open, usable, seconds)


@pytest.mark.parametrize(
    ("core", "is_open", "seconds"), [(None, REST_ALONE, None), (HOUR, NONE, 3600)]
)
def test_a_server_without_graphql_has_one_budget(
    core: Blocked | None, is_open: frozenset[Resource], seconds: float | None
) -> None:
    openings = read_openings({CORE: core}, 30.0, NOW)

    assert (openings.open, openings.seconds, openings.is_graphql_slow) == (is_open, seconds, False)
    assert openings.block(GRAPHQL) is None


@pytest.mark.parametrize(
    ("core", "graphql", "query_wait", "is_slow", "for_lists"),
    [
        (None, None, 0.0, False, BOTH),
        (None, Pause(SHORT), 0.0, False, BOTH),
        (None, Pause(LONG), 0.0, True, REST_ALONE),
        (None, None, SHORT, False, BOTH),
        (None, None, LONG, True, REST_ALONE),
        (None, None, None, False, BOTH),
        (None, Pause(LONG), None, True, REST_ALONE),
        # Where REST may not go out either, nothing is gained by it.
        (Pause(0.5), Pause(LONG), 0.0, True, BOTH),
        (HOUR, Pause(LONG), 0.0, True, {GRAPHQL}),
        (None, HOUR, LONG, False, REST_ALONE),
    ],
)
def test_rest_reads_on_while_graphqls_pace_makes_lists_wait(
    core: Pause | Blocked | None,
    graphql: Pause | Blocked | None,
    query_wait: float | None,
    is_slow: bool,
    for_lists: frozenset[Resource],
) -> None:
    openings = read_openings({CORE: core, GRAPHQL: graphql}, query_wait, NOW)

    assert (openings.is_graphql_slow, openings.for_lists) == (is_slow, for_lists)


def test_why_a_budget_is_not_usable_is_told() -> None:
    openings = read_openings({CORE: HOUR, GRAPHQL: SOON}, 0.0, NOW)

    assert openings.block(CORE) == answers.BudgetSpent(CORE, NOW + 3600)
    assert openings.block(GRAPHQL) == answers.SecondaryLimit(
        NOW + 60, "GitHub asked this user to pause"
    )


@pytest.mark.parametrize("obstacle", [None, Pause(60.0)])
def test_a_budget_that_only_has_a_pace_is_not_blocked(obstacle: Pause | None) -> None:
    assert read_openings({CORE: obstacle}, None, NOW).block(CORE) is None
