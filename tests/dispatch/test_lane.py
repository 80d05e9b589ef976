"""The order of a lane, and that a repository waits in it once."""

from hypothesis import given
from hypothesis import strategies as st

from gitstars.dispatch.lane import Lane
from gitstars.model import Account, Job, Priority, Repository

ACCOUNT = Account(key="a", user_id=1, login="ann", token="t")


def make_job(
    name: str, stars: int = 0, priority: int = Priority.EXISTING, force: bool = False
) -> Job:
    return Job(1, Repository(name, name, None, stars), priority, force)


@given(st.lists(st.tuples(st.sampled_from([0, 5, 10]), st.integers(0, 5))))
def test_jobs_come_out_by_priority_then_stars_then_arrival(kinds: list[tuple[int, int]]) -> None:
    lane = Lane(ACCOUNT)
    for arrival, (priority, stars) in enumerate(kinds):
        lane.put(make_job(f"r/{arrival}", stars, priority), arrival)

    taken = [lane.take() for _ in kinds]

    expected = sorted((priority, stars, arrival) for arrival, (priority, stars) in enumerate(kinds))
    assert [job.repository.key for job in taken if job] == [
        f"r/{arrival}" for _, _, arrival in expected
    ]
    assert lane.take() is None


def test_a_repository_waits_once() -> None:
    lane = Lane(ACCOUNT)

    assert lane.put(make_job("a/b"), 1)
    assert not lane.put(make_job("a/b"), 2)
    assert len(lane) == 1


def test_a_better_priority_moves_a_waiting_repository_forward() -> None:
    lane = Lane(ACCOUNT)
    lane.put(make_job("a/late", 5), 1)
    lane.put(make_job("a/other", 1), 2)

    assert not lane.put(make_job("a/late", 5, Priority.REQUESTED, force=True), 3)

    first = lane.take()
    assert first is not None
    assert (first.repository.key, first.force) == ("a/late", True)
    assert len(lane) == 1


def test_the_largest_giant_of_the_first_priority_can_be_taken() -> None:
    lane = Lane(ACCOUNT)
    for arrival, (name, stars, priority) in enumerate(
        [("a/1", 5, 10), ("a/2", 1200, 10), ("a/3", 9000, 10), ("a/4", 99_999, 20)]
    ):
        lane.put(make_job(name, stars, priority), arrival)

    giants = [lane.take_giant(), lane.take_giant()]

    assert [giant.repository.key for giant in giants if giant] == ["a/3", "a/2"]
    assert lane.take_giant() is None
    taken = [lane.take() for _ in range(3)]
    assert [job.repository.key for job in taken if job] == ["a/1", "a/4"]


def test_clearing_returns_what_waited() -> None:
    lane = Lane(ACCOUNT)
    lane.put(make_job("a/1", 9), 1)
    lane.put(make_job("a/2", 3), 2)

    assert [job.repository.key for job in lane.clear()] == ["a/2", "a/1"]
    assert lane.take() is None
