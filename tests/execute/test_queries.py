"""How wide one account's queries are, and how long the next one waits."""

import pytest

from gitstars.execute.queries import MOST_LISTS, REFUSED_WEIGHT, Queries
from gitstars.fetch.width import Width

# GitHub's processor time


@pytest.mark.parametrize(("in_flight", "wait_seconds"), [(0, 0.0), (1, 0.0), (2, None)])
def test_two_queries_are_in_flight_at_once(in_flight: int, wait_seconds: float | None) -> None:
    queries = Queries()
    for _ in range(in_flight):
        queries.start()

    assert queries.wait_seconds(1000.0) == wait_seconds


def test_a_query_that_ended_makes_room_for_one_other() -> None:
    queries = Queries()
    queries.start()
    queries.start()

    queries.end(1000.0, 3.0)
    after_one_ended = queries.wait_seconds(1000.0)
    queries.start()

    assert (after_one_ended, queries.wait_seconds(1000.0)) == (0.0, None)


@pytest.mark.parametrize(
    ("ended", "now", "wait_seconds"),
    [
        ([(1000.0, 49.9)], 1000.0, 0.0),
        ([(1000.0, 50.0)], 1000.0, 60.0),
        ([(1000.0, 50.0)], 1045.0, 15.0),
        ([(1000.0, 50.0)], 1059.0, 1.0),
        ([(1000.0, 50.0)], 1060.0, 0.0),
        ([(1000.0, 20.0), (1010.0, 20.0), (1020.0, 20.0)], 1030.0, 30.0),
        ([(1000.0, 20.0), (1010.0, 20.0), (1020.0, 20.0)], 1060.0, 0.0),
        ([(1000.0, 5.0), (1010.0, 60.0)], 1020.0, 40.0),
        ([(1000.0, 5.0), (1010.0, 60.0)], 1060.0, 10.0),
    ],
)
def test_fifty_seconds_of_query_time_are_used_in_a_minute(
    ended: list[tuple[float, float]], now: float, wait_seconds: float
) -> None:
    queries = Queries()
    for at, seconds in ended:
        queries.start()
        queries.end(at, seconds)

    assert queries.wait_seconds(now) == wait_seconds


def test_what_ended_a_minute_ago_is_forgotten() -> None:
    queries = Queries()
    for at in range(10_000):
        queries.start()
        queries.end(float(at), 0.001)
        queries.wait_seconds(float(at))

    assert len(queries._spent) <= 60


# Width


def test_a_good_query_widens_the_next_one_and_a_failed_one_halves_it() -> None:
    queries = Queries()
    widths = [queries.width.aliases]

    for weight, seconds, has_failed in ((10, 1.0, False), (16, 1.0, False), (25, 9.0, True)):
        queries.learn(weight, seconds, has_failed, now=1000.0, chance=0.0)
        widths.append(queries.width.aliases)

    assert widths == [10, 16, 25, 12]


def test_failures_narrow_a_query_until_one_list_stands_alone() -> None:
    queries, asked = Queries(), []

    for _ in range(6):
        weight = queries.width.aliases
        asked.append(weight)
        queries.learn(weight, 0.1, True, now=1000.0, chance=0.0)

    assert asked == [10, 5, 2, 1, 1, 1]


def test_the_width_is_learnt_from_what_the_lists_of_a_query_counted() -> None:
    queries = Queries(width=Width(30))

    # A hundred lists that are refused cost as much as thirty that are given.
    queries.learn(100 * REFUSED_WEIGHT, 2.0, False, now=1000.0, chance=0.0)

    assert queries.width.aliases == 30


@pytest.mark.parametrize(
    ("failures", "chance", "pause"),
    [
        (1, 0.0, 0.125),
        (1, 1.0, 0.25),
        (2, 0.0, 0.25),
        (3, 1.0, 1.0),
        (7, 1.0, 16.0),
        (8, 1.0, 20.0),
        (200, 0.0, 10.0),
    ],
)
def test_after_queries_that_failed_in_a_row_the_next_one_waits_longer(
    failures: int, chance: float, pause: float
) -> None:
    queries = Queries()
    for _ in range(failures):
        queries.learn(1, 0.1, True, now=1000.0, chance=chance)

    assert queries.wait_seconds(1000.0) == pytest.approx(pause)
    assert queries.wait_seconds(1000.0 + pause) == 0.0


def test_a_good_query_ends_the_waiting() -> None:
    queries = Queries()
    for _ in range(5):
        queries.learn(1, 0.1, True, now=1000.0, chance=1.0)

    queries.learn(1, 0.1, False, now=1000.0, chance=1.0)
    after_a_good_one = queries.wait_seconds(1000.0)
    queries.learn(1, 0.1, True, now=1000.0, chance=1.0)

    assert (after_a_good_one, queries.wait_seconds(1000.0)) == (0.0, 0.25)


# What an unknown list counts


def test_the_first_queries_take_every_list_for_one_that_is_given() -> None:
    queries = Queries()

    assert (queries.unknown_weight, queries.most_lists) == (1.0, 10)


def test_where_lists_are_refused_the_next_queries_hold_more_of_them() -> None:
    queries, most = Queries(width=Width(30)), []

    for _ in range(5):
        most.append(queries.most_lists)
        queries.learn_given(asked=10, given=0)

    assert most == [30, 46, 63, 77, 87]


def test_a_query_never_asks_for_more_lists_than_one_point_pays_for() -> None:
    queries = Queries(width=Width(30), given=0.0)

    assert queries.most_lists <= MOST_LISTS == 100


def test_where_lists_are_given_again_they_count_more_again() -> None:
    queries = Queries(width=Width(30), given=0.0)

    queries.learn_given(asked=4, given=2)

    assert queries.given == 0.25
    assert queries.unknown_weight == pytest.approx(0.475)


def test_a_query_without_unknown_lists_tells_nothing_of_them() -> None:
    queries = Queries(given=0.5)

    queries.learn_given(asked=0, given=0)

    assert queries.given == 0.5


def test_the_narrowest_query_still_asks_for_one_list() -> None:
    assert Queries(width=Width(1)).most_lists == 1
