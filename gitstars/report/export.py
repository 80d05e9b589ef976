"""Stars as lines of a file, CSV or JSON, one after the other: what is in memory does not grow with
what is stored. Where the lines go is left to others.
"""

import csv
import io
import itertools
import json
from collections.abc import Collection, Iterator
from typing import Any, Literal

from gitstars.clock import show_time
from gitstars.errors import NotKnown
from gitstars.store import exports, repositories
from gitstars.store.database import Database

Format = Literal["csv", "jsonl"]
#: The columns of a star, in their order.
COLUMNS = ("user_id", "login", "repo_id", "repo", "starred_at", "unstarred_at")
#: A spreadsheet takes a cell that begins so for a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def export_stars(
    database: Database,
    names: Collection[str],
    kind: Format,
    since: float | None = None,
    include_unstarred: bool = False,
) -> Iterator[str]:
    """The lines of an export: stars of these repositories, or of all, that were given not before
    ``since`` (epoch seconds). Raises NotKnown before the first line; DatabaseError at any.
    """
    keys = {_find(database, name) for name in names}
    return _write(database, keys, kind, since, include_unstarred)


def _write(
    database: Database, keys: set[Any], kind: Format, since: float | None, include_unstarred: bool
) -> Iterator[str]:
    if kind == "csv":
        yield write_cells(COLUMNS)
    for star in exports.read_stars(database):
        if (
            (keys and star.repo_key not in keys)
            or (since is not None and star.starred_at < since)
            or (star.unstarred_at is not None and not include_unstarred)
        ):
            continue
        gone = None if star.unstarred_at is None else show_time(star.unstarred_at)
        values = (
            star.user_id,
            star.login,
            star.repo_id,
            star.full_name,
            show_time(star.starred_at),
            gone,
        )
        if kind == "csv":
            yield write_cells(values)
        else:
            row = dict(zip(COLUMNS, values, strict=True))
            yield json.dumps(row, ensure_ascii=False) + "\n"


def write_cells(values: Collection[Any]) -> str:
    """A line of CSV as RFC 4180 has it. A text that a spreadsheet would take for a formula gets a
    ``'`` in front.
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(map(_make_harmless, values))
    return line.getvalue()


def _make_harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULAS) else value


def batched(lines: Iterator[str], most: int) -> Iterator[list[str]]:
    """The lines, so many at a time."""
    while part := list(itertools.islice(lines, most)):
        yield part


def _find(database: Database, name: str) -> Any:
    view = repositories.find(database, name)
    if view is None:
        raise NotKnown(f"no repository is known by the name {name}")
    return view.key
