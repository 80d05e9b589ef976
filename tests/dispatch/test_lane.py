"""The order of a lane, that a repository waits in it once a task, and what its operations cost."""

import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitstars.dispatch.lane import LARGE_STARS, Lane
from gitstars.model import Job, Priority, Task
from tests.dispatch.making import make_account, make_job

ACCOUNT = make_account(1)


def job(
    name: str,
    stars: int = 0,
    priority: int = Priority.EXISTING,
    force: bool = False,
    task: Task = Task.LIST,
) -> Job:
    return make_job(1, name, stars, priority, force, task)


def keys(*jobs: Job | None) -> list[str]:
    return [one.repository.key for one in jobs if one is not None]


# Order


@given(st.lists(st.tuples(st.sampled_from([0, 5, 10]), st.integers(0, 5))))
def test_jobs_come_out_by_priority_then_stars_then_arrival(kinds: list[tuple[int, int]]) -> None:
    lane = Lane(ACCOUNT)
    for arrival, (priority, stars) in enumerate(kinds):
        lane.put(job(f"r/{arrival}", stars, priority), arrival)

    taken = [lane.take() for _ in kinds]

    expected = sorted((priority, stars, arrival) for arrival, (priority, stars) in enumerate(kinds))
    assert keys(*taken) == [f"r/{arrival}" for _, _, arrival in expected]
    assert lane.take() is None


@given(
    st.lists(st.tuples(st.sampled_from(list(Task)), st.sampled_from([0, 10]), st.integers(0, 3)))
)
def test_all_kinds_of_work_come_out_in_one_order(kinds: list[tuple[Task, int, int]]) -> None:
    lane = Lane(ACCOUNT)
    for arrival, (task, priority, stars) in enumerate(kinds):
        lane.put(job(f"r/{arrival}", stars, priority, task=task), arrival)
    in_order = [entry.job for entry in lane.entries()]

    taken = [lane.take() for _ in kinds]

    assert taken == in_order
    assert [lane.count(task) for task in Task] == [0] * len(Task)


def test_only_the_kinds_that_are_asked_for_are_taken() -> None:
    lane = Lane(ACCOUNT)
    lane.put(job("a/history", priority=0, task=Task.HISTORY), 1)
    lane.put(job("a/counts", priority=5, task=Task.COUNTS), 2)
    lane.put(job("a/list", priority=10), 3)

    lists = lane.take({Task.LIST})
    others = lane.take({Task.COUNTS, Task.OWN})

    assert keys(lists, others) == ["a/list", "a/counts"]
    assert lane.take({Task.LIST, Task.OWN}) is None
    assert (len(lane), lane.count(Task.HISTORY), lane.count(Task.LIST)) == (1, 1, 0)


def test_nothing_is_taken_when_no_kind_may_be() -> None:
    lane = Lane(ACCOUNT)
    lane.put(job("a/list"), 1)

    assert lane.take(()) is None
    assert len(lane) == 1


def test_the_most_urgent_priority_is_that_of_any_kind() -> None:
    lane = Lane(ACCOUNT)
    before = lane.first_priority()
    lane.put(job("a/list", priority=10), 1)
    lane.put(job("a/history", priority=5, task=Task.HISTORY), 2)
    both = lane.first_priority()
    lane.take({Task.HISTORY})

    assert (before, both, lane.first_priority()) == (None, 5, 10)


def test_the_jobs_of_a_kind_are_told_in_the_order_of_arrival() -> None:
    lane = Lane(ACCOUNT)
    lane.put(job("a/late", 1), 1)
    lane.put(job("a/history", task=Task.HISTORY), 2)
    lane.put(job("a/early", 9, priority=0), 3)
    lane.put(job("a/late", 1, priority=5), 4)

    assert keys(*lane.jobs(Task.LIST)) == ["a/early", "a/late"]
    assert lane.oldest_arrival == 2


def test_the_head_and_the_priorities_of_what_waits_are_told() -> None:
    lane = Lane(ACCOUNT)
    for arrival, (stars, priority) in enumerate([(30, 10), (10, 10), (5, 20)]):
        lane.put(job(f"a/{stars}", stars, priority), arrival)

    assert [entry.stars for entry in lane.head(2)] == [10, 30]
    assert lane.count_by_priority() == Counter({10: 2, 20: 1})


# Each repository once


def test_a_repository_waits_once() -> None:
    lane = Lane(ACCOUNT)

    assert lane.put(job("a/b"), 1)
    assert not lane.put(job("a/b"), 2)
    assert len(lane) == 1


def test_a_repository_waits_once_for_each_kind_of_work() -> None:
    lane = Lane(ACCOUNT)

    assert lane.put(job("a/b"), 1)
    assert lane.put(job("a/b", task=Task.HISTORY), 2)
    assert len(lane) == 2


def test_a_better_priority_moves_a_waiting_repository_forward() -> None:
    lane = Lane(ACCOUNT)
    lane.put(job("a/late", 5), 1)
    lane.put(job("a/other", 1), 2)

    assert not lane.put(job("a/late", 5, Priority.REQUESTED, force=True), 3)

    first = lane.take()
    assert first is not None
    assert (first.repository.key, first.force) == ("a/late", True)
    assert (len(lane), lane.count(Task.LIST)) == (1, 1)


@pytest.mark.parametrize(
    ("waiting", "put"),
    [((10, False), (20, True)), ((20, True), (10, False)), ((10, True), (20, False))],
)
def test_what_is_put_twice_keeps_the_better_priority_and_stays_forced(
    waiting: tuple[int, bool], put: tuple[int, bool]
) -> None:
    lane = Lane(ACCOUNT)

    for arrival, (priority, force) in enumerate([waiting, put]):
        lane.put(job("a/b", priority=priority, force=force), arrival)

    taken = lane.take()
    assert taken is not None
    assert (taken.priority, taken.force) == (10, True)
    assert lane.take() is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["put", "take", "large", "clear"]),
            st.integers(0, 6),
            st.sampled_from([0, 5, 10]),
            st.sampled_from([1, LARGE_STARS + 1, LARGE_STARS + 9]),
            st.sampled_from([Task.LIST, Task.HISTORY]),
        )
    )
)
def test_a_lane_behaves_as_a_sorted_list_of_what_waits(steps: list[tuple[Any, ...]]) -> None:
    lane, model = Lane(ACCOUNT), dict[Any, tuple[int, int, int]]()

    for arrival, (action, number, priority, stars, task) in enumerate(steps):
        if action == "put":
            # A repository has one number of stars, whatever is asked of it.
            one = job(f"r/{number}", stars if number % 2 else 1, priority, task=task)
            is_better = one.key not in model or priority < model[one.key][0]
            assert lane.put(one, arrival) == (one.key not in model)
            if is_better:
                model[one.key] = (priority, one.repository.stars, arrival)
        elif action == "take":
            taken = lane.take()
            first = min(model, key=lambda key: model[key], default=None)
            assert (None if taken is None else taken.key) == first
            model.pop(first, None)
        elif action == "large":
            taken = lane.take_large()
            lists = {key: value for key, value in model.items() if key[0] is Task.LIST}
            best = min((value[0] for value in lists.values()), default=None)
            large = {
                key: (-value[1], value[2])
                for key, value in lists.items()
                if value[1] > LARGE_STARS and value[0] == best
            }
            largest = min(large, key=lambda key: large[key], default=None)
            assert (None if taken is None else taken.key) == largest
            model.pop(largest, None)
        else:
            assert {one.key for one in lane.clear()} == set(model)
            model.clear()
        assert len(lane) == len(model)
        assert lane.first_priority() == min((value[0] for value in model.values()), default=None)


# Large lists


def test_the_largest_list_of_the_first_priority_can_be_taken() -> None:
    lane = Lane(ACCOUNT)
    for arrival, (name, stars, priority) in enumerate(
        [("a/1", 5, 10), ("a/2", 1200, 10), ("a/3", 9000, 10), ("a/4", 99_999, 20)]
    ):
        lane.put(job(name, stars, priority), arrival)

    large = [lane.take_large(), lane.take_large()]

    assert keys(*large) == ["a/3", "a/2"]
    assert lane.take_large() is None
    assert keys(*(lane.take() for _ in range(3))) == ["a/1", "a/4"]


@pytest.mark.parametrize(("stars", "is_large"), [(LARGE_STARS, False), (LARGE_STARS + 1, True)])
def test_a_large_list_has_more_stars_than_a_list_that_ends_soon(stars: int, is_large: bool) -> None:
    lane = Lane(ACCOUNT)
    lane.put(job("a/b", stars), 1)

    assert (lane.take_large() is not None) == is_large


def test_only_a_list_is_a_large_list() -> None:
    lane = Lane(ACCOUNT)
    lane.put(job("a/b", 90_000, task=Task.HISTORY), 1)

    assert lane.take_large() is None
    assert len(lane) == 1


def test_a_more_urgent_history_does_not_hold_a_large_list_back() -> None:
    lane = Lane(ACCOUNT)
    lane.put(job("a/history", priority=0, task=Task.HISTORY), 1)
    lane.put(job("a/large", 5000), 2)

    assert keys(lane.take_large()) == ["a/large"]


def test_clearing_returns_what_waited() -> None:
    lane = Lane(ACCOUNT)
    lane.put(job("a/1", 9), 1)
    lane.put(job("a/2", 3), 2)
    lane.put(job("a/3", 5000), 3)

    assert keys(*lane.clear()) == ["a/2", "a/1", "a/3"]
    assert (lane.take(), lane.take_large(), len(lane)) == (None, None, 0)
    assert (lane.count(Task.LIST), lane.first_priority()) == (0, None)


# Cost


class Priced(int):
    """A priority that counts how often it is compared."""

    compared = 0

    def _count(self) -> None:
        Priced.compared += 1

    def __lt__(self, other: int) -> bool:
        self._count()
        return int.__lt__(self, other)

    def __le__(self, other: int) -> bool:
        self._count()
        return int.__le__(self, other)

    def __eq__(self, other: object) -> bool:
        self._count()
        return int.__eq__(self, other)

    __hash__ = int.__hash__


def measure(work: Callable[[], object]) -> int:
    """The comparisons of priorities, and the calls of functions, that ``work`` needs together."""
    called = 0

    def count(_: Any, event: str, __: Any) -> None:
        nonlocal called
        called += event in ("call", "c_call")

    before = Priced.compared
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return Priced.compared - before + called


def fill(waiting: int) -> Lane:
    """A lane of half lists and half histories."""
    lane = Lane(ACCOUNT)
    for number in range(waiting):
        task = Task.LIST if number % 2 else Task.HISTORY
        # Spread without chance, so that the heaps are no sorted lists.
        stars, priority = number * 7919 % 5000, Priced(number * 104_729 % 30)
        lane.put(job(f"a/{number}", stars, priority, task=task), number)
    return lane


OPERATIONS: dict[str, Callable[[Lane], object]] = {
    "put": lambda lane: lane.put(job("a/new", 3, Priced(7)), 10**6),
    "put what waits": lambda lane: lane.put(job("a/19", 3, Priced(29)), 10**6),
    "move forward": lambda lane: lane.put(job("a/1", 3, Priced(-1)), 10**6),
    "take": lambda lane: lane.take(),
    "take a kind": lambda lane: lane.take({Task.HISTORY}),
    "take a large list": lambda lane: lane.take_large(),
    "first priority": lambda lane: lane.first_priority(),
    "count": lambda lane: lane.count(Task.LIST),
    "length": len,
    "holds": lambda lane: lane.holds(job("a/1")),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_on_20_000_jobs_costs_little_more_than_on_200(name: str) -> None:
    few, many = fill(200), fill(20_000)

    costs = [measure(partial(OPERATIONS[name], lane)) for lane in (few, many)]

    # A heap of a hundred times as many entries is seven levels deeper; a level costs up to two
    # comparisons of entries, and an entry up to three comparisons.
    assert costs[1] <= costs[0] + 7 * 2 * 3 + 10


def test_taking_20_000_jobs_out_costs_logarithmic_work_a_job() -> None:
    lane = fill(20_000)

    cost = measure(lambda: [lane.take() for _ in range(20_000)])

    assert len(lane) == 0
    assert cost / 20_000 < 150
