"""What is stored as lines of a file, CSV or JSON, one after the other: what is in memory does not
grow with what is stored. Where the lines go is left to others.
"""

import csv
import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

import msgspec

from gitstars.clock import show_time
from gitstars.report.history import read_history
from gitstars.store import exports, repositories, star_counts
from gitstars.store.database import Database
from gitstars.store.exports import ExportedPerson, ExportedStar
from gitstars.store.repositories import RepositoryView

What = Literal["stars", "users", "repos", "history", "counts"]
Format = Literal["csv", "jsonl"]
#: The columns of each export, in their order.
COLUMNS: Mapping[What, Sequence[str]] = {
    "stars": ("user_id", "login", "repo_id", "repo", "starred_at", "unstarred_at"),
    "users": ("user_id", "login", "avatar_url", "profile_url"),
    "repos": (
        *("repo_id", "repo", "is_private", "stars", "status", "stored", "deleted_users"),
        *("completed_at", "reason"),
    ),
    "history": ("repo_id", "repo", "day", "came", "went", "stars", "is_exact"),
    "counts": ("repo_id", "repo", "day", "stars"),
}
#: A spreadsheet takes a cell that begins so for a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
#: Repositories that are looked up at once.
PAGE_REPOSITORIES = 5000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of what is stored: of these repositories, or of all; not before ``since`` (epoch
    seconds); with the stars that were found gone.
    """

    names: Collection[str] = ()
    since: float | None = None
    include_unstarred: bool = False

    @property
    def first_day(self) -> date | None:
        """The UTC day of ``since``."""
        return None if self.since is None else datetime.fromtimestamp(self.since, UTC).date()

    def holds(self, star: ExportedStar) -> bool:
        """Whether this one is; its repository was looked at before."""
        is_late = self.since is None or star.starred_at >= self.since
        return is_late and (self.include_unstarred or star.unstarred_at is None)


def export(database: Database, what: What, kind: Format, wanted: Wanted) -> Iterator[str]:
    """The lines of an export. Raises NotKnown before the first line; DatabaseError at any."""
    views = [repositories.require(database, name) for name in wanted.names]
    rows = _READERS[what](database, views, wanted)
    return _write_csv(what, rows) if kind == "csv" else _write_json(what, rows)


def _write_csv(what: What, rows: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    yield write_cells(COLUMNS[what])
    yield from map(write_cells, rows)


def _write_json(what: What, rows: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    columns, encode = COLUMNS[what], msgspec.json.Encoder().encode
    for row in rows:
        yield encode(dict(zip(columns, row, strict=True))).decode() + "\n"


def _read_stars(
    database: Database, views: Sequence[RepositoryView], wanted: Wanted
) -> Iterator[tuple[Any, ...]]:
    for star in _find_stars(database, views, wanted):
        yield (
            star.user_id,
            star.login,
            star.repo_id,
            star.full_name,
            show_time(star.starred_at),
            _show(star.unstarred_at),
        )


def _read_users(
    database: Database, views: Sequence[RepositoryView], wanted: Wanted
) -> Iterator[tuple[Any, ...]]:
    people: Iterator[ExportedPerson]
    if views or wanted.since is not None:
        stars = _find_stars(database, views, wanted)
        people = exports.find_people(database, (star.user_id for star in stars))
    else:
        people = exports.read_people(database)
    for person in people:
        yield (person.user_id, person.login, person.avatar_url, person.profile_url)


def _read_repositories(
    database: Database, views: Sequence[RepositoryView], wanted: Wanted
) -> Iterator[tuple[Any, ...]]:
    for view in _find_views(database, views):
        yield (
            view.github_id,
            view.full_name,
            view.is_private,
            view.stars_told,
            view.status,
            view.processed,
            view.ghosts,
            _show(view.completed_at),
            view.last_error or view.notes,
        )


def _read_history(
    database: Database, views: Sequence[RepositoryView], wanted: Wanted
) -> Iterator[tuple[Any, ...]]:
    since = wanted.first_day
    for view in _find_views(database, views):
        history = read_history(database, view)
        for point in history.points:
            if since is None or point.day >= since:
                yield (
                    view.github_id,
                    view.full_name,
                    point.day.isoformat(),
                    point.added,
                    point.removed,
                    point.total,
                    history.is_exact,
                )


def _read_counts(
    database: Database, views: Sequence[RepositoryView], wanted: Wanted
) -> Iterator[tuple[Any, ...]]:
    first = "" if wanted.first_day is None else wanted.first_day.isoformat()
    for view in _find_views(database, views):
        for count in star_counts.read(database, view.key):
            if count.day >= first:
                yield (view.github_id, view.full_name, count.day, count.stars)


_READERS: Mapping[
    What, Callable[[Database, Sequence[RepositoryView], Wanted], Iterator[tuple[Any, ...]]]
] = {
    "stars": _read_stars,
    "users": _read_users,
    "repos": _read_repositories,
    "history": _read_history,
    "counts": _read_counts,
}


def _find_stars(
    database: Database, views: Sequence[RepositoryView], wanted: Wanted
) -> Iterator[ExportedStar]:
    stars = exports.read_stars(database, {view.key for view in views})
    return (star for star in stars if wanted.holds(star))


def _find_views(database: Database, views: Sequence[RepositoryView]) -> Iterator[RepositoryView]:
    """These repositories, or all that were ever queued, by name."""
    if views:
        unique = {view.key: view for view in views}
        yield from sorted(unique.values(), key=lambda view: view.full_name)
        return
    offset, total = 0, 1
    while offset < total:
        page, total = repositories.list_repositories(
            database, limit=PAGE_REPOSITORIES, offset=offset
        )
        yield from page
        offset += PAGE_REPOSITORIES


def write_cells(values: Collection[Any]) -> str:
    """A line of CSV as RFC 4180 has it. A text that a spreadsheet would take for a formula gets a
    ``'`` in front; a truth is ``true`` or ``false``.
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(map(_make_harmless, values))
    return line.getvalue()


def _make_harmless(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULAS) else value


def _show(moment: float | None) -> str | None:
    return None if moment is None else show_time(moment)
