"""Lanes and their bounds, and which of them a worker is given next."""

from collections import Counter
from time import monotonic
from typing import Any

import gevent
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitstars.dispatch.dispatcher import (
    LANE_BOUND,
    LEAST_BOUND,
    SECONDS_A_PRIORITY,
    Dispatcher,
)
from gitstars.dispatch.lane import Lane
from gitstars.model import Priority, Task
from tests.dispatch.making import HandTime, make_account, make_job
from tests.waiting import PATIENCE_SECONDS


@pytest.fixture
def time() -> HandTime:
    return HandTime()


def make_dispatcher(time: HandTime, *user_ids: int, bound: int = 100_000) -> Dispatcher:
    """Lanes of these users, without jobs."""
    dispatcher = Dispatcher(bound, time)
    for user_id in user_ids:
        dispatcher.open_lane(make_account(user_id))
    return dispatcher


def take(dispatcher: Dispatcher) -> int | None:
    """Whose lane a worker is given now."""
    lane = dispatcher.take_lane(timeout=0)
    return None if lane is None else lane.user_id


def give_back(dispatcher: Dispatcher, user_id: int, wait_seconds: float = 0.0) -> None:
    lane = dispatcher.lane(user_id)
    assert lane is not None
    dispatcher.give_back(lane, wait_seconds)


# Jobs and lanes


def test_a_job_without_a_lane_is_refused(time: HandTime) -> None:
    assert not Dispatcher().put(make_job(1, "a/b"))
    assert not make_dispatcher(time, 2).has_room(1)


def test_a_job_wakes_only_the_lane_of_its_user(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 10, 20)
    for lane in dispatcher.lanes():
        lane.wake.clear()

    dispatcher.put(make_job(20, "a/b"))

    assert [lane.wake.is_set() for lane in dispatcher.lanes()] == [False, True]


def test_a_job_that_waits_already_is_not_counted_as_added(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1)

    added = [dispatcher.put(make_job(1, "a/b")) for _ in range(2)]

    assert (added, len(dispatcher)) == ([True, False], 1)


def test_a_changed_token_is_noticed_and_kept(time: HandTime) -> None:
    dispatcher = Dispatcher(monotonic=time)

    assert dispatcher.open_lane(make_account(1, "old"))
    assert not dispatcher.open_lane(make_account(1, "old"))
    assert dispatcher.open_lane(make_account(1, "new"))
    lane = dispatcher.lane(1)
    assert lane is not None
    assert lane.account.token == "new"


def test_a_closed_lane_drops_its_jobs_and_tells_who_serves_it(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1)
    dispatcher.put(make_job(1, "a/b"))
    lane = dispatcher.take_lane(0)
    assert lane is not None
    lane.wake.clear()

    dropped = dispatcher.close_lane(1)

    assert [job.repository.key for job in dropped] == ["a/b"]
    assert (len(dispatcher), dispatcher.lane(1), take(dispatcher)) == (0, None, None)
    assert (lane.is_closed, lane.wake.is_set()) == (True, True)


def test_closing_a_lane_that_is_not_there_drops_nothing(time: HandTime) -> None:
    assert make_dispatcher(time, 1).close_lane(2) == []


def test_a_closed_lane_that_is_given_back_is_not_the_new_one_of_that_user(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1)
    dispatcher.put(make_job(1, "a/b"))
    old = dispatcher.take_lane(0)
    assert old is not None
    dispatcher.close_lane(1)
    dispatcher.open_lane(make_account(1, "new"))
    dispatcher.put(make_job(1, "a/c"))
    new = dispatcher.take_lane(0)

    dispatcher.give_back(old)

    assert new is dispatcher.lane(1)
    assert new is not old
    assert take(dispatcher) is None


def test_what_a_lane_waited_with_before_it_was_closed_is_forgotten(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1, 2)
    dispatcher.put(make_job(1, "a/b", priority=0))
    dispatcher.close_lane(1)
    dispatcher.open_lane(make_account(1))
    dispatcher.put(make_job(2, "a/c", priority=5))
    dispatcher.put(make_job(1, "a/d", priority=10))

    assert [take(dispatcher) for _ in range(3)] == [2, 1, None]


def test_clearing_drops_the_jobs_of_everybody_or_of_some(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1, 2, 3)
    for user_id in (1, 2, 3):
        dispatcher.put(make_job(user_id, f"a/{user_id}"))

    of_one = dispatcher.clear([2, 99])
    of_all = dispatcher.clear()

    assert [job.user_id for job in of_one] == [2]
    assert [job.user_id for job in of_all] == [1, 3]
    assert (len(dispatcher), take(dispatcher)) == (0, None)


def test_the_head_is_ordered_over_all_lanes(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1, 2)
    for user_id, stars in ((1, 30), (2, 10), (1, 5)):
        dispatcher.put(make_job(user_id, f"a/{stars}", stars))

    assert [entry.stars for entry in dispatcher.head(2)] == [5, 10]


def test_jobs_of_the_same_moment_keep_the_order_in_which_they_came(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1)
    for name in ("a/first", "a/second", "a/third"):
        dispatcher.put(make_job(1, name))

    names = [entry.job.repository.key for entry in dispatcher.head(3)]
    assert names == ["a/first", "a/second", "a/third"]


def test_the_time_is_told_since_which_the_oldest_job_waits(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1, 2)
    before = dispatcher.oldest_at
    dispatcher.put(make_job(2, "a/old"))
    time.seconds += 60
    dispatcher.put(make_job(1, "a/young"))

    assert before is None
    assert dispatcher.oldest_at == pytest.approx(1000.0)


# Bounds


def test_a_lane_is_bounded_and_takes_more_once_something_was_taken(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1, bound=LEAST_BOUND)

    accepted = [dispatcher.put(make_job(1, f"a/{n}")) for n in range(LEAST_BOUND + 1)]

    assert accepted == [True] * LEAST_BOUND + [False]
    assert (len(dispatcher), dispatcher.is_full) == (LEAST_BOUND, True)
    assert not dispatcher.has_room(1)
    lane = dispatcher.lane(1)
    assert lane is not None
    lane.take()
    assert dispatcher.has_room(1)
    assert dispatcher.put(make_job(1, "a/new"))


def test_a_full_lane_shuts_nobody_else_out(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, *range(1000))
    for number in range(200):
        dispatcher.put(make_job(7, f"a/{number}"))

    assert not dispatcher.has_room(7)
    assert all(dispatcher.put(make_job(user_id, "a/1")) for user_id in range(1000) if user_id != 7)


def test_what_waits_in_a_full_lane_may_become_more_urgent(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1, 2, bound=LEAST_BOUND)
    for number in range(LEAST_BOUND):
        dispatcher.put(make_job(1, f"a/{number}", priority=Priority.REFRESH))
    dispatcher.put(make_job(2, "a/b", priority=Priority.EXISTING))

    dispatcher.put(make_job(1, "a/1", priority=Priority.REQUESTED))

    assert [take(dispatcher) for _ in range(2)] == [1, 2]


def test_a_lane_full_of_histories_takes_lists(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1, bound=LEAST_BOUND)
    for number in range(LEAST_BOUND):
        dispatcher.put(make_job(1, f"a/{number}", task=Task.HISTORY))

    assert not dispatcher.put(make_job(1, "a/new", task=Task.HISTORY))
    assert (dispatcher.has_room(1, Task.HISTORY), dispatcher.has_room(1)) == (False, True)
    assert not dispatcher.is_full
    assert dispatcher.put(make_job(1, "a/new"))


@pytest.mark.parametrize(
    ("lanes", "bound"),
    [(0, LANE_BOUND), (10, LANE_BOUND), (100, 1000), (1000, 100), (5000, LEAST_BOUND)],
)
def test_the_memory_is_shared_among_the_lanes(time: HandTime, lanes: int, bound: int) -> None:
    assert make_dispatcher(time, *range(lanes)).lane_bound == bound


def test_a_lane_that_is_closed_leaves_its_share_to_the_others(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, *range(20))
    before = dispatcher.lane_bound
    for user_id in range(10):
        dispatcher.close_lane(user_id)

    assert (before, dispatcher.lane_bound) == (5000, LANE_BOUND)


def test_what_was_taken_and_could_not_start_goes_back_whatever_the_bound(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1, bound=LEAST_BOUND)
    for number in range(LEAST_BOUND):
        dispatcher.put(make_job(1, f"a/{number}"))
    lane = dispatcher.take_lane(0)
    assert lane is not None
    lane.wake.clear()

    dispatcher.put_back(make_job(1, "a/taken"))
    dispatcher.put_back(make_job(9, "a/nobody's"))

    assert (len(dispatcher), lane.wake.is_set()) == (LEAST_BOUND + 1, False)


def test_what_goes_back_to_a_lane_that_nobody_serves_comes_in_its_time(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1)
    dispatcher.put(make_job(1, "a/b"))
    lane = dispatcher.take_lane(0)
    assert lane is not None
    taken = lane.take()
    assert taken is not None
    dispatcher.give_back(lane, 60)

    dispatcher.put_back(taken)

    at_once = take(dispatcher)
    time.seconds += 60
    assert (at_once, take(dispatcher)) == (None, 1)


# Which lane comes next


def test_no_lane_comes_while_none_has_work(time: HandTime) -> None:
    assert take(make_dispatcher(time, 1, 2)) is None


def test_the_lane_with_the_most_urgent_job_comes_first(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1, 2, 3)
    dispatcher.put(make_job(1, "a/1", priority=Priority.HISTORY))
    dispatcher.put(make_job(2, "a/2", priority=Priority.NEW_ACCOUNT))
    dispatcher.put(make_job(3, "a/3", priority=Priority.EXISTING))

    assert [take(dispatcher) for _ in range(4)] == [2, 3, 1, None]


def test_lanes_of_the_same_urgency_come_in_the_order_in_which_they_began_to_wait(
    time: HandTime,
) -> None:
    dispatcher = make_dispatcher(time, 1, 2, 3)
    for user_id in (3, 1, 2):
        dispatcher.put(make_job(user_id, "a/b"))
        time.seconds += 0.001

    assert [take(dispatcher) for _ in range(3)] == [3, 1, 2]


def test_a_more_urgent_job_moves_a_waiting_lane_ahead(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1, 2)
    dispatcher.put(make_job(1, "a/1", priority=10))
    time.seconds += 1
    dispatcher.put(make_job(2, "a/2", priority=20))

    dispatcher.put(make_job(2, "a/3", priority=Priority.REQUESTED))

    assert [take(dispatcher) for _ in range(3)] == [2, 1, None]


def test_a_less_urgent_job_does_not_move_a_waiting_lane(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1, 2)
    dispatcher.put(make_job(1, "a/1", priority=10))
    dispatcher.put(make_job(2, "a/2", priority=10))

    dispatcher.put(make_job(1, "a/3", priority=30))

    assert [take(dispatcher) for _ in range(3)] == [1, 2, None]


def test_a_lane_whose_urgent_job_is_gone_comes_once_all_the_same(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1)
    dispatcher.put(make_job(1, "a/1", priority=10))
    dispatcher.put(make_job(1, "a/2", priority=5))
    lane = dispatcher.lane(1)
    assert lane is not None
    lane.take()

    assert [take(dispatcher) for _ in range(2)] == [1, None]


def test_a_lane_that_has_waited_long_comes_before_more_urgent_ones(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1, 2, 3)
    dispatcher.put(make_job(1, "a/1", priority=Priority.HISTORY))
    time.seconds += (Priority.HISTORY - Priority.EXISTING) * SECONDS_A_PRIORITY - 1
    dispatcher.put(make_job(2, "a/2", priority=Priority.EXISTING))
    time.seconds += 2
    dispatcher.put(make_job(3, "a/3", priority=Priority.EXISTING))

    assert [take(dispatcher) for _ in range(3)] == [2, 1, 3]


def test_a_lane_that_is_held_is_given_to_nobody_else(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1)
    dispatcher.put(make_job(1, "a/1"))
    assert take(dispatcher) == 1

    dispatcher.put(make_job(1, "a/2", priority=0))
    dispatcher.wake(1)
    dispatcher.wake_all()

    assert (take(dispatcher), dispatcher.waiting) == (None, 0)


def test_who_serves_a_lane_is_told_of_news(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1)
    dispatcher.put(make_job(1, "a/1"))
    lane = dispatcher.take_lane(0)
    assert lane is not None
    told = []

    for action in (
        lambda: dispatcher.put(make_job(1, "a/2")),
        lambda: dispatcher.open_lane(make_account(1, "new")),
        lambda: dispatcher.wake(1),
        dispatcher.wake_all,
    ):
        lane.wake.clear()
        action()
        told.append(lane.wake.is_set())

    assert told == [True] * 4


def test_a_lane_that_is_given_back_with_work_waits_behind_the_others(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1, 2)
    for user_id in (1, 2):
        dispatcher.put(make_job(user_id, "a/b"))
    assert take(dispatcher) == 1
    time.seconds += 30

    give_back(dispatcher, 1)

    assert [take(dispatcher) for _ in range(3)] == [2, 1, None]


def test_a_lane_that_is_given_back_without_work_comes_with_its_next_job(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1)
    dispatcher.put(make_job(1, "a/1"))
    lane = dispatcher.take_lane(0)
    assert lane is not None
    lane.take()
    dispatcher.give_back(lane)
    before = take(dispatcher)

    dispatcher.put(make_job(1, "a/2"))

    assert (before, take(dispatcher)) == (None, 1)


def test_a_lane_whose_jobs_are_gone_when_its_turn_comes_is_left_out(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1, 2)
    dispatcher.put(make_job(1, "a/1"))
    dispatcher.put(make_job(2, "a/2"))
    dispatcher.clear([1])

    taken = take(dispatcher)
    dispatcher.put(make_job(1, "a/3"))

    assert (taken, take(dispatcher)) == (2, 1)


def test_the_lanes_that_wait_for_a_worker_are_counted(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1, 2, 3)
    for user_id in (1, 2):
        for priority in (20, 10):
            dispatcher.put(make_job(user_id, f"a/{priority}", priority=priority))
    before = dispatcher.waiting
    take(dispatcher)

    assert (before, dispatcher.waiting) == (2, 1)


# Lanes that wait for a time


def test_a_lane_that_has_to_wait_comes_when_its_time_has_come(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1)
    dispatcher.put(make_job(1, "a/1"))
    take(dispatcher)
    give_back(dispatcher, 1, wait_seconds=60)
    at_once = take(dispatcher)
    time.seconds += 59.9
    a_little_early = take(dispatcher)
    time.seconds += 0.1

    assert (at_once, a_little_early, take(dispatcher)) == (None, None, 1)


def test_a_new_job_does_not_end_the_wait_of_its_lane(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1)
    dispatcher.put(make_job(1, "a/1"))
    take(dispatcher)
    give_back(dispatcher, 1, wait_seconds=60)

    dispatcher.put(make_job(1, "a/2", priority=0))

    assert (take(dispatcher), dispatcher.waiting) == (None, 0)
    time.seconds += 60
    assert take(dispatcher) == 1


def test_work_that_has_not_to_wait_ends_the_wait_of_its_lane(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1)
    dispatcher.put(make_job(1, "a/1", task=Task.HISTORY))
    lane = dispatcher.take_lane(0)
    assert lane is not None
    dispatcher.give_back(lane, 3600, stuck=frozenset({Task.HISTORY, Task.OWN}))

    dispatcher.put(make_job(1, "a/2", task=Task.HISTORY))
    after_a_history = take(dispatcher)
    dispatcher.put(make_job(1, "a/2"))

    assert (after_a_history, take(dispatcher)) == (None, 1)


def test_work_that_waits_already_ends_no_wait(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1)
    dispatcher.put(make_job(1, "a/1"))
    lane = dispatcher.take_lane(0)
    assert lane is not None
    dispatcher.give_back(lane, 3600, stuck=frozenset({Task.HISTORY}))

    dispatcher.put(make_job(1, "a/1"))

    assert take(dispatcher) is None


def test_a_lane_that_got_its_work_while_it_waits_comes_in_its_time(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1)
    dispatcher.put(make_job(1, "a/1"))
    lane = dispatcher.take_lane(0)
    assert lane is not None
    lane.take()
    dispatcher.give_back(lane, 60)
    dispatcher.put(make_job(1, "a/2"))
    at_once = take(dispatcher)
    time.seconds += 60

    assert (at_once, take(dispatcher)) == (None, 1)


@pytest.mark.parametrize("how", ["wake", "wake all", "another token"])
def test_a_wait_is_ended_by_whoever_knows_better(time: HandTime, how: str) -> None:
    dispatcher = make_dispatcher(time, 1)
    dispatcher.put(make_job(1, "a/1"))
    take(dispatcher)
    give_back(dispatcher, 1, wait_seconds=3600)

    match how:
        case "wake":
            dispatcher.wake(1)
        case "wake all":
            dispatcher.wake_all()
        case _:
            dispatcher.open_lane(make_account(1, "new"))

    assert take(dispatcher) == 1


def test_the_same_token_ends_no_wait(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1)
    dispatcher.put(make_job(1, "a/1"))
    take(dispatcher)
    give_back(dispatcher, 1, wait_seconds=3600)

    dispatcher.open_lane(make_account(1))

    assert take(dispatcher) is None


def test_waking_somebody_without_a_lane_or_without_work_does_nothing(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1)

    dispatcher.wake(1)
    dispatcher.wake(99)
    dispatcher.wake_all()

    assert (take(dispatcher), dispatcher.waiting) == (None, 0)


def test_a_wait_that_was_ended_does_not_count_for_the_next_one(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1)
    dispatcher.put(make_job(1, "a/1"))
    take(dispatcher)
    give_back(dispatcher, 1, wait_seconds=10)
    dispatcher.wake(1)
    assert take(dispatcher) == 1
    give_back(dispatcher, 1, wait_seconds=20)
    time.seconds += 10
    at_the_first_time = take(dispatcher)
    time.seconds += 10

    assert (at_the_first_time, take(dispatcher)) == (None, 1)


def test_the_lane_whose_time_comes_first_comes_first(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, 1, 2, 3)
    for user_id, seconds in ((1, 30), (2, 10), (3, 20)):
        dispatcher.put(make_job(user_id, "a/b"))
        assert take(dispatcher) == user_id
        give_back(dispatcher, user_id, wait_seconds=seconds)

    order = []
    for _ in range(3):
        time.seconds += 10
        order.append(take(dispatcher))

    assert order == [2, 3, 1]


def test_a_worker_that_waits_for_a_lane_gets_it_with_the_first_job() -> None:
    dispatcher = Dispatcher()
    dispatcher.open_lane(make_account(1))
    waiting = gevent.spawn(dispatcher.take_lane, 60)
    gevent.sleep(0)

    dispatcher.put(make_job(1, "a/b"))

    lane = waiting.get(timeout=30)
    assert lane is not None
    assert lane.user_id == 1


def test_lanes_whose_time_comes_are_taken_one_after_the_other_by_all_who_wait() -> None:
    users = range(1, 6)
    dispatcher = Dispatcher()
    for user_id in users:
        dispatcher.open_lane(make_account(user_id))
        dispatcher.put(make_job(user_id, "a/b"))
        lane = dispatcher.take_lane(0)
        assert lane is not None
        dispatcher.give_back(lane, wait_seconds=0.02 * user_id)

    waiting = [gevent.spawn(dispatcher.take_lane, 600) for _ in users]
    gevent.joinall(waiting, timeout=PATIENCE_SECONDS / 4)

    assert {greenlet.value.user_id for greenlet in waiting if greenlet.value} == set(users)


def test_of_a_thousand_who_wait_a_job_wakes_one() -> None:
    looks = Counter[str]()

    def look() -> float:
        looks["clock"] += 1
        return monotonic()

    dispatcher = Dispatcher(monotonic=look)
    dispatcher.open_lane(make_account(1))
    waiting = [gevent.spawn(dispatcher.take_lane, 600) for _ in range(1000)]
    gevent.sleep(0)
    looks.clear()

    dispatcher.put(make_job(1, "a/b"))
    gevent.joinall(waiting, timeout=PATIENCE_SECONDS / 4, count=1)

    assert sum(greenlet.ready() for greenlet in waiting) == 1
    assert looks["clock"] < 50
    gevent.killall(waiting)


# Nobody starves


def serve_in_turn(
    dispatcher: Dispatcher, time: HandTime, workers: int, rounds: int, slice_seconds: float
) -> list[Counter[int]]:
    """Each round every worker takes a lane, serves it for a slice, and gives it back with work
    left; how often each user was served, by round.
    """
    served = []
    for _ in range(rounds):
        lanes: list[Lane] = []
        while len(lanes) < workers and (lane := dispatcher.take_lane(0)) is not None:
            lanes.append(lane)
        served.append(Counter(lane.user_id for lane in lanes))
        time.seconds += slice_seconds
        for lane in lanes:
            dispatcher.give_back(lane)
    return served


def test_3_000_accounts_on_1_000_workers_are_each_served_in_turn(time: HandTime) -> None:
    dispatcher = make_dispatcher(time, *range(3000))
    for user_id in range(3000):
        dispatcher.put(make_job(user_id, "a/1"))

    served = serve_in_turn(dispatcher, time, workers=1000, rounds=9, slice_seconds=30)

    for start in (0, 3, 6):
        assert sum(served[start : start + 3], Counter()) == Counter(range(3000))


def test_accounts_with_less_urgent_work_are_served_although_the_others_never_end(
    time: HandTime,
) -> None:
    dispatcher = make_dispatcher(time, *range(300))
    for user_id in range(300):
        priority = (Priority.NEW_ACCOUNT, Priority.EXISTING, Priority.HISTORY)[user_id % 3]
        dispatcher.put(make_job(user_id, "a/1", priority=priority))
    longest = (Priority.HISTORY - Priority.NEW_ACCOUNT) * SECONDS_A_PRIORITY

    # By then every lane of new accounts came a dozen times, though there is work for all workers.
    rounds = int(longest / 30) + 3
    served = sum(serve_in_turn(dispatcher, time, 100, rounds, slice_seconds=30), Counter())

    assert set(served) == set(range(300))
    by_urgency = [sum(served[user_id] for user_id in range(at, 300, 3)) for at in range(3)]
    assert by_urgency[0] > by_urgency[1] > by_urgency[2] > 0


def test_20_000_lanes_are_put_and_taken_without_a_look_at_all_of_them(
    time: HandTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatcher = make_dispatcher(time, *range(20_000))
    looks = Counter[str]()
    original = Lane.first_priority

    def counted(lane: Lane) -> int | None:
        looks["first_priority"] += 1
        return original(lane)

    monkeypatch.setattr(Lane, "first_priority", counted)
    for user_id in range(20_000):
        dispatcher.put(make_job(user_id, "a/1"))

    taken = [dispatcher.take_lane(0) for _ in range(20_000)]

    assert len({lane.user_id for lane in taken if lane}) == 20_000
    assert looks["first_priority"] <= 2 * 20_000


# Properties

USERS = st.integers(0, 4)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), USERS, st.sampled_from([-1, 0, 10, 30])),
        st.tuples(st.just("take"), USERS, st.just(0)),
        st.tuples(st.just("give back"), USERS, st.sampled_from([0, 0, 5, 50])),
        st.tuples(st.just("wake"), USERS, st.just(0)),
        st.tuples(st.just("pass"), USERS, st.sampled_from([1, 5, 40])),
        st.tuples(st.just("close"), USERS, st.just(0)),
        st.tuples(st.just("open"), USERS, st.just(0)),
        st.tuples(st.just("clear"), USERS, st.just(0)),
    ),
    max_size=60,
)


@settings(deadline=None)
@given(STEPS)
def test_whatever_happens_a_lane_with_work_comes_once_and_in_its_time(
    steps: list[tuple[str, int, Any]],
) -> None:
    time = HandTime()
    dispatcher = make_dispatcher(time, *range(5))
    held: dict[int, Lane] = {}
    not_before: dict[int, float] = {}
    names = iter(range(10_000))

    for action, user_id, value in steps:
        lane = dispatcher.lane(user_id)
        match action:
            case "put":
                dispatcher.put(make_job(user_id, f"a/{next(names)}", priority=value))
            case "take":
                taken = dispatcher.take_lane(0)
                able = {
                    lane.user_id
                    for lane in dispatcher.lanes()
                    if len(lane)
                    and lane.user_id not in held
                    and not_before.get(lane.user_id, 0) <= time.seconds
                }
                assert (taken is None) == (not able)
                if taken is not None:
                    assert taken.user_id in able
                    assert taken is dispatcher.lane(taken.user_id)
                    held[taken.user_id] = taken
            case "give back" if user_id in held:
                not_before[user_id] = time.seconds + value
                dispatcher.give_back(held.pop(user_id), value)
            case "wake":
                dispatcher.wake(user_id)
                not_before.pop(user_id, None)
            case "pass":
                time.seconds += value
            case "close":
                dispatcher.close_lane(user_id)
                closed = held.pop(user_id, None)
                not_before.pop(user_id, None)
                if closed is not None:
                    dispatcher.give_back(closed)
            case "open":
                dispatcher.open_lane(make_account(user_id))
            case "clear" if lane is not None:
                lane.clear()

    for user_id, lane in held.items():
        dispatcher.give_back(lane, 0)
        not_before.pop(user_id, None)
    time.seconds += 1000
    with_work = sorted(lane.user_id for lane in dispatcher.lanes() if len(lane))
    drained = [dispatcher.take_lane(0) for _ in with_work]
    assert sorted(lane.user_id for lane in drained if lane) == with_work
    assert dispatcher.take_lane(0) is None
