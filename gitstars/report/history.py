"""The one history of a repository, whatever is known of it: from its own stars where the list was
read, else from the weekly history that GitHub tells everybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gitstars.model import Status
from gitstars.report.points import Per, Point, add_up, count_days
from gitstars.store import overview, star_counts, star_days
from gitstars.store.database import Database
from gitstars.store.repositories import RepositoryView
from gitstars.store.star_counts import DayCount

#: Where the figures come from: every star with its time, the counts of weeks, or nothing yet.
Source = Literal["stars", "weeks", "none"]

#: What has to stand beside the figures.
EXACT = (
    "every star of the list, by UTC days; what was given and taken back before the list was first "
    "read is not known"
)
WEEKLY = "days not in UTC, only stars still there"
PARTIAL = "the list is not read to its end: {stored:,} of {total:,} stars"
NOTHING = "nothing is stored of this repository yet"


@dataclass(frozen=True, slots=True)
class History:
    """``is_exact``: every star is known with its time. Periods in which nothing happened have no
    point. ``counts`` are what GitHub told on the days on which it was asked, whatever the source.
    """

    source: Source
    is_exact: bool
    note: str
    points: Sequence[Point]
    counts: Sequence[DayCount] = ()


def read_history(database: Database, view: RepositoryView, per: Per = "day") -> History:
    """The history of a repository. Raises DatabaseError."""
    counts = star_counts.read(database, view.key)
    return replace(_read_source(database, view, per), counts=tuple(counts))


def _read_source(database: Database, view: RepositoryView, per: Per) -> History:
    was_read = view.status == Status.COMPLETED or view.completed_at is not None
    added, removed = star_days.read_days(database, view.key, view.github_id)
    if was_read and added:
        ghosts = f"; {view.ghosts:,} stars of deleted users have no date" if view.ghosts else ""
        return History("stars", True, EXACT + ghosts, add_up(added, removed, per))
    weeks = overview.read_weeks(database, view.key)
    if weeks:
        return History("weeks", False, WEEKLY, add_up(count_days(weeks), {}, per))
    if added:
        stored, total = added.total(), max(added.total(), view.total_stargazers or view.stars)
        note = PARTIAL.format(stored=stored, total=total)
        return History("stars", False, note, add_up(added, removed, per))
    return History("none", False, NOTHING, ())
