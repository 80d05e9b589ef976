"""What is shown of a repository's weekly history."""

import pytest

from gitstars.model import Week
from gitstars.supervise.views import days_begun

#: A Sunday at 00:00, as if its days were those of UTC (epoch seconds).
SUNDAY = 1_789_862_400
HOUR, DAY = 3600, 86_400
QUIET = (0, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("days", "now", "shown"),
    [
        pytest.param(QUIET, SUNDAY, [], id="has not begun everywhere"),
        pytest.param(QUIET, SUNDAY + 12 * HOUR, [0], id="Sunday, everywhere"),
        pytest.param((2, *QUIET[1:]), SUNDAY + HOUR, [2], id="Sunday, where it has stars"),
        pytest.param((2, 0, 3, 0, 0, 0, 0), SUNDAY + 2 * DAY, [2, 0, 3], id="a day of no stars"),
        pytest.param((2, 0, 3, 0, 0, 0, 0), SUNDAY + 4 * DAY, [2, 0, 3, 0], id="Wednesday"),
        pytest.param(QUIET, SUNDAY + 7 * DAY, [0] * 7, id="a week of no stars that is over"),
    ],
)
def test_days_to_come_are_not_shown_as_zeros(
    days: tuple[int, ...], now: float, shown: list[int]
) -> None:
    assert days_begun(Week(SUNDAY, sum(days), days), now) == shown
