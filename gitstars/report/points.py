"""Counts of stars by day, week or month, and how they add up. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from gitstars.model import Week

Per = Literal["day", "week", "month"]
#: The first day of every history that is aligned with others.
ALIGNED = date(2001, 1, 1)


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


def add_together(histories: Iterable[Sequence[Point]]) -> list[Point]:
    """The points of several repositories as those of one. Pure."""
    added: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    for points in histories:
        for point in points:
            added[point.day.isoformat()] += point.added
            removed[point.day.isoformat()] += point.removed
    return add_up(added, removed, "day")


def begin_at(points: Sequence[Point], day: date) -> list[Point]:
    """The points from ``day`` on, of which the first has what there was before; none where nothing
    was there by the last one. Pure.
    """
    before = [point for point in points if point.day < day]
    later = [point for point in points if point.day >= day]
    if before and (not later or later[0].day > day):
        later.insert(0, Point(day, 0, 0, before[-1].total))
    return later


def align(points: Sequence[Point]) -> list[Point]:
    """The points with their days counted from ``ALIGNED``, on which the first one lies. Pure."""
    return [replace(point, day=ALIGNED + (point.day - points[0].day)) for point in points]


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
