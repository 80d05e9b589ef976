"""The rule for the number of workers."""

import pytest

from gitstars.supervise.scaling import Load, ScaleOverride, decide_count


def load(waiting: int = 0, idle: int = 0, cpu: float = 10.0, memory: float = 10.0) -> Load:
    return Load(waiting, idle, cpu, memory)


@pytest.mark.parametrize(
    ("count", "given", "expected"),
    [
        (50, load(waiting=100), 55),
        (5, load(waiting=100), 6),
        (996, load(waiting=2000), 1000),
        (1000, load(waiting=2000), 1000),
        (50, load(waiting=100, cpu=79.9), 55),
        (50, load(waiting=100, cpu=80.0), 50),
        (50, load(waiting=100, memory=84.9), 55),
        (50, load(waiting=100, memory=85.0), 50),
        (50, load(waiting=2), 52),
        (50, load(waiting=6, idle=4), 52),
        (50, load(waiting=4, idle=4), 50),
        (50, load(idle=50), 45),
        (50, load(idle=50, cpu=100.0, memory=100.0), 45),
        (50, load(idle=2), 48),
        (50, load(idle=0), 50),
        (6, load(idle=6), 5),
        (5, load(idle=5), 5),
        (2, load(), 5),
    ],
)
def test_a_tenth_more_while_accounts_wait_and_the_machine_has_room_and_a_tenth_less_when_idle(
    count: int, given: Load, expected: int
) -> None:
    assert decide_count(count, initial=5, maximum=1000, load=given) == expected


@pytest.mark.parametrize(
    ("count", "override", "expected"),
    [
        (50, ScaleOverride.exactly(7), 7),
        (7, ScaleOverride.exactly(7), 7),
        (2, ScaleOverride.exactly(7), 7),
        (50, ScaleOverride(10, 52), 52),
        (50, ScaleOverride(60, 80), 60),
        (50, ScaleOverride(2000, 3000), 1000),
        (50, ScaleOverride.exactly(1), 1),
    ],
)
def test_an_override_sets_the_bounds(count: int, override: ScaleOverride, expected: int) -> None:
    assert (
        decide_count(count, initial=5, maximum=1000, load=load(waiting=99), override=override)
        == expected
    )


def test_under_an_override_idle_workers_go_below_the_initial_number() -> None:
    assert (
        decide_count(5, initial=5, maximum=1000, load=load(idle=5), override=ScaleOverride(2, 9))
        == 4
    )
