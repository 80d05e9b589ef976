"""The weekly star history of a repository, as GitHub counts it: by days of US Pacific time, and
only stars that are still there.
"""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any

from gitstars.simulator.world import LiveRepository

DAY_SECONDS = 86_400
WEEK_SECONDS = 7 * DAY_SECONDS
#: Pacific standard time is so far behind UTC, and daylight saving time an hour less (seconds).
STANDARD_SECONDS, SAVED_SECONDS = 8 * 3600, 3600
#: 1970-01-01 was a Thursday, and weeks begin on Sunday.
THURSDAY = 4


def list_weeks(live: LiveRepository, now: float) -> Sequence[int]:
    """The Sundays of the history, newest first: each week from the creation to the present one.

    A Sunday is stamped as if its midnight were one of UTC (epoch seconds). Stars that a control
    route added may lie after ``now``; then the history goes on to the last of them.
    """
    listed = live.listed
    last = listed.source.time(listed.number(len(listed) - 1)) if len(listed) else 0
    first_sunday = _sunday(pacific_day(int(live.repository.created.timestamp())))
    last_sunday = _sunday(pacific_day(max(int(now), last)))
    return range(last_sunday * DAY_SECONDS, first_sunday * DAY_SECONDS - 1, -WEEK_SECONDS)


def show_week(live: LiveRepository, week: int) -> dict[str, Any]:
    """The row of one week: the days from Sunday on, and their sum. Days to come are zeros."""
    first = week // DAY_SECONDS
    before = [live.listed.count_before(pacific_midnight(first + day)) for day in range(8)]
    days = [later - earlier for earlier, later in pairwise(before)]
    return {"week": week, "total": sum(days), "days": days}


def pacific_midnight(day: int) -> int:
    """When a day (days since 1970-01-01) begins in US Pacific time (epoch seconds)."""
    year = date.fromordinal(_EPOCH_ORDINAL + day).year
    begins, ends = _daylight_days(year)
    # The clocks change at two in the morning, so the midnight before is still of the old time.
    saved = SAVED_SECONDS if begins < day <= ends else 0
    return day * DAY_SECONDS + STANDARD_SECONDS - saved


def pacific_day(at: int) -> int:
    """The day (days since 1970-01-01) in US Pacific time of a moment (epoch seconds)."""
    day = (at - STANDARD_SECONDS) // DAY_SECONDS
    return day + 1 if pacific_midnight(day + 1) <= at else day


_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


@lru_cache(64)
def _daylight_days(year: int) -> tuple[int, int]:
    """The days on which daylight saving time begins and ends, by the rule of 2007."""
    march, november = (date(year, month, 1).toordinal() - _EPOCH_ORDINAL for month in (3, 11))
    return _next_sunday(march) + 7, _next_sunday(november)


def _sunday(day: int) -> int:
    """The Sunday on which the week around ``day`` begins."""
    return day - (day + THURSDAY) % 7


def _next_sunday(day: int) -> int:
    """The first Sunday that is not before ``day``."""
    return day + -(day + THURSDAY) % 7
