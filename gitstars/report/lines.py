"""The lines of a chart, arranged as is wished. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from gitstars.report.chart import Line
from gitstars.report.points import Point, add_together, align, begin_at


@dataclass(frozen=True, slots=True)
class Arrangement:
    """``since``: the first UTC day; ``is_aligned``: days are counted from the first star of each
    line; ``is_sum``: one line of all repositories together.
    """

    since: date | None = None
    is_aligned: bool = False
    is_sum: bool = False


def make_line(full_name: str, points: Sequence[Point], is_exact: bool, note: str) -> Line:
    """The line of a repository; what has to be said of figures that are not exact stands below."""
    return Line(full_name, points, "" if is_exact else f"{full_name}: {note}")


def arrange(lines: Sequence[Line], wish: Arrangement) -> list[Line]:
    """The lines together, from a day on, side by side; without empty ones."""
    found = list(lines)
    if wish.is_sum:
        notes = "; ".join(line.note for line in lines if line.note)
        name = lines[0].name if len(lines) == 1 else f"{len(lines)} repositories"
        found = [Line(name, add_together(line.points for line in lines), notes)]
    if wish.since is not None:
        found = [replace(line, points=begin_at(line.points, wish.since)) for line in found]
    found = [line for line in found if line.points]
    if not wish.is_aligned:
        return found
    return [replace(line, points=align(line.points)) for line in found]
