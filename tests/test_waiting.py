"""Waits of the tests fail because nothing moves, not because a machine is slow."""

from collections.abc import Iterator
from itertools import count, repeat

import pytest

from tests.waiting import wait_until


def test_a_wait_in_which_nothing_moves_fails_and_says_what_was_waited_for() -> None:
    with pytest.raises(AssertionError, match=r"nothing moved for 0\.2 s; waited for: the moon"):
        wait_until(lambda: False, "the moon", still_seconds=0.2)


@pytest.mark.parametrize(
    ("signs", "is_in_time"), [(count(), True), (repeat(7), False)], ids=["moves", "stands"]
)
def test_a_wait_goes_on_while_something_moves(signs: Iterator[int], is_in_time: bool) -> None:
    looks = count()

    def is_true() -> bool:
        return next(looks) > 40

    try:
        wait_until(is_true, "the fortieth look", lambda: next(signs), still_seconds=0.2)
        came = True
    except AssertionError:
        came = False

    assert came == is_in_time
