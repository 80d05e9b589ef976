"""When a new account's list counts as written."""

import pytest

from gitstars.discover.stability import Readiness, Watch, decide_readiness, observe


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([(0, 10), (4.9, 10)], Readiness.WAIT),
        ([(0, 10), (5.0, 10)], Readiness.READY),
        ([(0, 10), (3, 20), (5, 20)], Readiness.WAIT),
        ([(0, 10), (3, 20), (8, 20)], Readiness.READY),
        ([(0, 0), (60, 0)], Readiness.WAIT),
        ([(0, 0), (120, 0)], Readiness.TIMED_OUT),
        ([(0, 1), (118, 2), (121, 2)], Readiness.TIMED_OUT),
    ],
)
def test_a_list_is_ready_when_its_count_stands_still_above_zero(
    readings: list[tuple[float, int]], expected: Readiness
) -> None:
    watch = Watch(started_at=0, count=readings[0][1], same_since=0)

    for now, count in readings[1:]:
        watch = observe(watch, count, now)

    assert (
        decide_readiness(watch, readings[-1][0], stable_seconds=5, timeout_seconds=120) is expected
    )
