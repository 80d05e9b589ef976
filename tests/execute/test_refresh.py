"""When a completed repository comes back, and when the whole of its list is read."""

import pytest

from gitstars.execute.refresh import has_drifted, is_sweep_due, refresh_seconds
from gitstars.model import Claim, Progress, Repository

NOW = 1_790_000_000.0
HOUR, DAY = 3600.0, 86_400.0


@pytest.mark.parametrize(
    ("gained", "elapsed_seconds", "expected"),
    [
        (None, 0.0, 24 * HOUR),
        (None, 90 * DAY, 24 * HOUR),
        (100, 24 * HOUR, 24 * HOUR),
        (50, 24 * HOUR, 48 * HOUR),
        (200, 24 * HOUR, 12 * HOUR),
        (100, 12 * HOUR, 12 * HOUR),
        (25, 24 * HOUR, 96 * HOUR),
        (24, 24 * HOUR, 96 * HOUR),
        (1, 24 * HOUR, 96 * HOUR),
        (0, 24 * HOUR, 96 * HOUR),
        (-30, 24 * HOUR, 96 * HOUR),
        (400, 24 * HOUR, 6 * HOUR),
        (401, 24 * HOUR, 6 * HOUR),
        (100_000, 24 * HOUR, 6 * HOUR),
        (5, 0.0, 6 * HOUR),
    ],
)
def test_a_refresh_comes_when_a_page_of_new_stars_is_to_be_expected(
    gained: int | None, elapsed_seconds: float, expected: float
) -> None:
    assert refresh_seconds(24 * HOUR, gained, elapsed_seconds) == expected


@pytest.mark.parametrize(
    ("stars_listed", "stars_known", "swept_at", "is_due"),
    [
        (900, 900, None, True),
        (900, 900, NOW, False),
        (900, 900, NOW - 29 * DAY, False),
        (900, 900, NOW - 30 * DAY + 1, False),
        (900, 900, NOW - 30 * DAY, True),
        (900, 900, NOW - 31 * DAY, True),
        (100, 100, NOW, True),
        (101, 100, NOW, False),
        (100, 101, NOW, False),
        (None, 100, NOW, True),
        (None, 101, NOW, False),
        (0, 0, NOW, True),
    ],
)
def test_a_whole_list_is_read_where_it_is_short_or_was_long_ago(
    stars_listed: int | None, stars_known: int, swept_at: float | None, is_due: bool
) -> None:
    progress = Progress({"kind": "refresh"}, total_stargazers=stars_listed)
    claim = Claim(
        None,
        Repository("o/r", "o/r", 5, stars_known),
        "me",
        progress,
        lease_seconds=900.0,
        swept_at=swept_at,
    )

    assert is_sweep_due(claim, NOW, sweep_seconds=30 * DAY) is is_due


@pytest.mark.parametrize(
    ("count", "expected", "drifted"),
    [
        (0, 0, False),
        (0, 1, False),
        (0, 2, True),
        (10, 11, False),
        (10, 12, True),
        (10, 8, True),
        (400, 405, False),
        (400, 395, False),
        (400, 406, True),
        (400, 394, True),
        (40_000, 40_050, False),
        (40_000, 40_051, True),
        (4_000_000, 4_000_099, False),
        (4_000_000, 4_000_100, True),
    ],
)
def test_a_count_drifts_by_more_than_what_comes_and_goes(
    count: int, expected: int, drifted: bool
) -> None:
    assert has_drifted(count, expected) is drifted
