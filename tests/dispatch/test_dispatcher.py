"""Lanes, bounds and the hand-over of users between workers."""

from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.model import Account, Job, Repository


def account(user_id: int, token: str = "t") -> Account:
    return Account(key=f"a{user_id}", user_id=user_id, login=f"u{user_id}", token=token)


def job(user_id: int, name: str, stars: int = 0) -> Job:
    return Job(user_id, Repository(name, name, None, stars))


def test_a_job_wakes_only_the_worker_of_its_user() -> None:
    dispatcher = Dispatcher()
    first, second = dispatcher.join(1), dispatcher.join(2)
    dispatcher.open_lane(account(10))
    dispatcher.open_lane(account(20))
    first.clear()
    second.clear()

    dispatcher.put(job(20, "a/b"))

    assert (first.is_set(), second.is_set()) == (False, True)


def test_a_job_without_a_lane_is_refused() -> None:
    assert not Dispatcher().put(job(1, "a/b"))


def test_the_queue_is_bounded_and_counts_what_waits() -> None:
    dispatcher = Dispatcher(bound=2)
    dispatcher.open_lane(account(1))

    accepted = [dispatcher.put(job(1, f"a/{n}")) for n in range(3)]

    assert accepted == [True, True, False]
    assert (len(dispatcher), dispatcher.is_full) == (2, True)
    dispatcher.take(1)
    assert dispatcher.put(job(1, "a/9"))


def test_a_changed_token_is_noticed_and_kept() -> None:
    dispatcher = Dispatcher()

    assert dispatcher.open_lane(account(1, "old"))
    assert not dispatcher.open_lane(account(1, "old"))
    assert dispatcher.open_lane(account(1, "new"))
    lane = dispatcher.lane(1)
    assert lane is not None
    assert lane.account.token == "new"


def test_a_leaving_worker_hands_its_users_over_once_it_released_them() -> None:
    dispatcher = Dispatcher()
    dispatcher.join(1)
    dispatcher.open_lane(account(10))
    dispatcher.join(2)

    dispatcher.close(1)
    assert dispatcher.users_of(1) == [10]
    assert dispatcher.users_of(2) == []

    dispatcher.release(10)
    assert dispatcher.users_of(2) == [10]


def test_a_worker_that_died_leaves_its_users_to_the_others() -> None:
    dispatcher = Dispatcher()
    dispatcher.join(1)
    for user_id in (10, 20, 30):
        dispatcher.open_lane(account(user_id))
    dispatcher.join(2)

    dispatcher.leave(1)

    assert dispatcher.users_of(2) == [10, 20, 30]


def test_a_closed_lane_drops_its_jobs() -> None:
    dispatcher = Dispatcher()
    dispatcher.open_lane(account(1))
    dispatcher.put(job(1, "a/b"))

    dropped = dispatcher.close_lane(1)

    assert [j.repository.key for j in dropped] == ["a/b"]
    assert (len(dispatcher), dispatcher.take(1)) == (0, None)


def test_the_head_is_ordered_over_all_lanes() -> None:
    dispatcher = Dispatcher()
    for user_id, stars in ((1, 30), (2, 10), (1, 5)):
        dispatcher.open_lane(account(user_id))
        dispatcher.put(job(user_id, f"a/{stars}", stars))

    assert [entry.stars for entry in dispatcher.head(2)] == [5, 10]
