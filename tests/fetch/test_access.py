"""Whom to try a list with, and when to look again at one that was refused."""

from dataclasses import dataclass
from typing import Any

import pytest

from gitstars.fetch.access import choose_user, is_due, look_again_at, next_look_at

NOW = 1_790_000_000.0


@dataclass(frozen=True)
class Row:
    user_id: int
    may_list: bool | None = None
    look_again_at: float | None = None
    refusals: int = 0


@pytest.mark.parametrize(("refusals", "days"), [(0, 1), (1, 7), (2, 7), (50, 7)])
def test_after_a_refusal_one_looks_again_after_a_day_then_each_week(
    refusals: int, days: int
) -> None:
    assert look_again_at(refusals, NOW) == NOW + days * 86_400


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (Row(1, True), True),
        (Row(1, True, NOW + 60), True),
        (Row(1, None), True),
        (Row(1, None, NOW + 60), True),
        (Row(1, False, NOW + 1), False),
        (Row(1, False, NOW), True),
        (Row(1, False, NOW - 60), True),
        (Row(1, False, None), True),
    ],
)
def test_a_user_is_due_unless_refused_until_later(row: Row, expected: bool) -> None:
    assert is_due(row, NOW) is expected


MAY, UNTRIED, AGAIN, WAITS = (True, None), (None, None), (False, NOW - 1), (False, NOW + 1)


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        ({}, None),
        ({1: WAITS}, None),
        ({1: WAITS, 2: WAITS}, None),
        ({1: AGAIN, 2: UNTRIED, 3: MAY}, 3),
        ({1: AGAIN, 2: UNTRIED}, 2),
        ({1: WAITS, 2: AGAIN}, 2),
        ({1: WAITS, 2: UNTRIED}, 2),
        ({3: MAY, 2: MAY, 1: AGAIN}, 2),
        ({9: UNTRIED, 4: UNTRIED}, 4),
        ({9: AGAIN, 4: AGAIN}, 4),
        ({9: (*AGAIN, 1), 4: (*AGAIN, 3)}, 9),
        ({9: (*AGAIN, 3), 4: (*AGAIN, 3)}, 4),
        ({9: (*UNTRIED, 0), 4: (*MAY, 7)}, 4),
        ({9: (*MAY, 0), 4: (*MAY, 7)}, 4),
    ],
)
def test_the_list_is_tried_with_whoever_is_most_likely_to_get_it(
    rows: dict[int, tuple[Any, ...]], chosen: int | None
) -> None:
    known = [Row(user_id, *what) for user_id, what in rows.items()]

    row = choose_user(known, NOW)

    assert (row.user_id if row else None) == chosen


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], None),
        ([Row(1, False, NOW + 60)], NOW + 60),
        ([Row(1, False, NOW + 90), Row(2, False, NOW + 60), Row(3, False, NOW + 120)], NOW + 60),
        ([Row(1, False, NOW + 60), Row(2, True)], NOW),
        ([Row(1, False, NOW + 60), Row(2, None)], NOW),
        ([Row(1, False, NOW + 60), Row(2, False, None)], NOW),
        ([Row(1, False, NOW - 600)], NOW),
        ([Row(1, None, NOW + 600)], NOW),
    ],
)
def test_a_list_is_looked_at_again_when_the_first_may_try(
    rows: list[Row], expected: float | None
) -> None:
    assert next_look_at(rows, NOW) == expected
