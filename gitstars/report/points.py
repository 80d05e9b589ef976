"""Counts of stars by day, week or month, and how they add up. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from gitstars.model import Week

Per = Literal["day", "week", "month"]


@dataclass(frozen=True, slots=True)
class Point:
    """A day, week (from its Sunday) or month by its first day: stars that came, that were found
    gone, and how many there were at its end.
    """

    day: date
    added: int
    removed: int
    total: int


def add_up(added: Mapping[str, int], removed: Mapping[str, int], per: Per) -> list[Point]:
    """The points of a history from counts by day (2026-11-24), oldest first. Pure."""
    came, went = _group(added, per), _group(removed, per)
    points, total = [], 0
    for day in sorted(came.keys() | went.keys()):
        total += came[day] - went[day]
        points.append(Point(day, came[day], went[day], total))
    return points


def count_days(weeks: Iterable[Week]) -> Counter[str]:
    """The stars of each of GitHub's days, without the days of none. Pure."""
    counts: Counter[str] = Counter()
    for week in weeks:
        sunday = datetime.fromtimestamp(week.week, tz=UTC).date()
        for number, stars in enumerate(week.days):
            if stars:
                counts[(sunday + timedelta(days=number)).isoformat()] += stars
    return counts


def first_day(day: date, per: Per) -> date:
    """The first day of the period in which a day lies; a week begins with its Sunday, as GitHub's
    do. Pure.
    """
    match per:
        case "day":
            return day
        case "week":
            return day - timedelta(days=(day.weekday() + 1) % 7)
        case "month":
            return day.replace(day=1)


def _group(counts: Mapping[str, int], per: Per) -> Counter[date]:
    grouped: Counter[date] = Counter()
    for day, stars in counts.items():
        grouped[first_day(date.fromisoformat(day), per)] += stars
    return grouped
