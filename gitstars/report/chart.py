"""A chart of star histories as one small SVG, for light and dark pages. Pure.

No script and no address of anybody: a README may show it as a picture.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from math import ceil, floor, log10

from gitstars.report.points import Point

#: The picture, and the room around the lines for labels (pixels of its own coordinates).
WIDTH, HEIGHT = 800, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 160, 54, 44
#: Characters of a name that fit beside the lines.
LONGEST_NAME = 19
#: A line has one point for so many pixels at most: more cannot be seen.
STEP = 3
#: Ticks of the two axes, about.
Y_TICKS, X_TICKS = 5, 7
#: Lines in one chart; colours that differ also for people who see few of them (Okabe and Ito,
#: "Color Universal Design", 2008), as they stand on white and on black.
COLOURS = (
    ("#0072b2", "#56b4e9"),
    ("#d55e00", "#e69f00"),
    ("#009e73", "#2ed6a3"),
    ("#a3487f", "#cc79a7"),
    ("#6b6b6b", "#c8c8c8"),
    ("#8a7a00", "#f0e442"),
)
MOST_LINES = len(COLOURS)
FONT = "-apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its name, its points oldest first, and what has to be said of its figures."""

    name: str
    points: Sequence[Point]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """``is_log``: each tenfold number of stars is as far above the one before. ``is_aligned``: the
    days are counted from the first star of each line (``points.align``).
    """

    is_log: bool = False
    is_aligned: bool = False


def draw(lines: Sequence[Line], title: str = "Star history", scale: Scale = Scale()) -> str:
    """The chart of up to ``MOST_LINES`` lines that have a point each at least."""
    first = min(line.points[0].day for line in lines)
    last = max(line.points[-1].day for line in lines)
    last = max(last, first + timedelta(days=1))
    highest = max(point.total for line in lines for point in line.points)
    top = nice_above(max(1, highest))
    if scale.is_log:
        top = 10 ** max(1, ceil(log10(max(1, highest))))
    frame = _Frame(first, last, top, scale)
    told = "; ".join(f"{line.name}: {say_stars(line.points[-1].total)}" for line in lines)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img" aria-labelledby="t d"><title id="t">{escape(title)}</title>'
        f'<desc id="d">{escape(told)}</desc>{_style(len(lines))}',
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
        f'<text class="title" x="{LEFT}" y="30">{escape(title)}</text>',
        *_draw_y(frame),
        *_draw_x(frame),
        *(_draw_line(frame, number, line) for number, line in enumerate(lines)),
        *_draw_names(frame, lines),
        *_draw_note(lines),
        "</svg>",
    ]
    return "".join(parts) + "\n"


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a day and a number of stars lie."""

    first: date
    last: date
    top: int
    scale: Scale

    def x(self, day: date) -> float:
        part = (day - self.first).days / (self.last - self.first).days
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def y(self, stars: float) -> float:
        part = stars / self.top
        if self.scale.is_log:
            part = log10(max(1.0, stars)) / log10(self.top)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)

    @property
    def y_ticks(self) -> list[int]:
        if self.scale.is_log:
            return [10**power for power in range(round(log10(self.top)) + 1)]
        return list(range(0, self.top + 1, nice_step(self.top, Y_TICKS)))

    @property
    def x_ticks(self) -> list[tuple[date, str]]:
        ticks = span_ticks if self.scale.is_aligned else day_ticks
        return ticks(self.first, self.last)


def nice_step(most: float, ticks: int) -> int:
    """A step of 1, 2 or 5 times a power of ten that makes about so many ticks."""
    rough = max(1.0, most / ticks)
    power = 10 ** floor(log10(rough))
    return int(next(step for step in (1, 2, 5, 10) if step * power >= rough) * power)


def nice_above(most: int) -> int:
    """The first tick that is not below ``most``."""
    step = nice_step(most, Y_TICKS)
    return -(-most // step) * step


def thin(points: Sequence[Point], frame_days: int) -> list[Point]:
    """The last point of each ``STEP`` pixels, and the first of all."""
    width = max(1.0, frame_days / ((WIDTH - LEFT - RIGHT) / STEP))
    kept: dict[int, Point] = {}
    for point in points:
        kept[int((point.day - points[0].day).days / width)] = point
    return [points[0], *(point for point in kept.values() if point != points[0])]


def day_ticks(first: date, last: date) -> list[tuple[date, str]]:
    """Days of the axis with their labels: years, months, or days, whatever fits."""
    days = (last - first).days
    months = [date(n // 12, n % 12 + 1, 1) for n in _months(first, last)]
    for step in (1, 2, 3, 6, 12, 24, 60, 120):
        chosen = [day for day in months if (day.year * 12 + day.month - 1) % step == 0]
        if 2 <= len(chosen) <= X_TICKS + 2:
            form = "%Y" if step >= 12 else "%b %Y"
            return [(day, day.strftime(form)) for day in chosen]
    step_days = max(1, -(-days // X_TICKS))
    chosen = [first + timedelta(days=n) for n in range(0, days + 1, step_days)]
    return [(day, day.strftime("%d %b %Y")) for day in chosen[:: max(1, len(chosen) // 4)]]


def span_ticks(first: date, last: date) -> list[tuple[date, str]]:
    """Spans since ``first`` with their labels: days, months of a twelfth of a year, or years."""
    days = max(1, (last - first).days)
    sizes = ((365.25, "year"), (365.25 / 12, "month"))
    size, name = next((one for one in sizes if days / one[0] >= 2), (1.0, "day"))
    counts = range(0, int(days / size) + 1, nice_step(days / size, X_TICKS))
    return [
        (first + timedelta(days=round(n * size)), f"{n} {name}{'' if n == 1 else 's'}")
        for n in counts
    ]


def say_stars(stars: int) -> str:
    """A number of stars in words: 1 star, 1,284 stars."""
    return f"{stars:,} star{'' if stars == 1 else 's'}"


def short(stars: int) -> str:
    """A number of stars as an axis shows it: 950, 1.5k, 40k, 2M."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if stars >= size:
            return f"{stars / size:.1f}".removesuffix(".0") + letter
    return str(stars)


def _months(first: date, last: date) -> range:
    """Months since year 0 whose first day lies between these days."""
    begin = first.year * 12 + first.month - 1 + (first.day > 1)
    return range(begin, last.year * 12 + last.month)


def _style(lines: int) -> str:
    light = "".join(
        f".l{n}{{stroke:{COLOURS[n][0]}}}.n{n}{{fill:{COLOURS[n][0]}}}" for n in range(lines)
    )
    dark = "".join(
        f".l{n}{{stroke:{COLOURS[n][1]}}}.n{n}{{fill:{COLOURS[n][1]}}}" for n in range(lines)
    )
    return (
        f"<style>text{{font:13px {FONT};fill:#57606a}}.title{{font-size:18px;font-weight:600;"
        "fill:#1f2328}.page{fill:#fff}.grid{stroke:#d8dee4}.line{fill:none;stroke-width:2.5;"
        "stroke-linejoin:round;stroke-linecap:round}.name{font-weight:600}.note{font-size:11px}"
        f"{light}@media(prefers-color-scheme:dark){{text{{fill:#9198a1}}.title{{fill:#f0f6fc}}"
        f".page{{fill:#0d1117}}.grid{{stroke:#3d444d}}{dark}}}</style>"
    )


def _draw_y(frame: _Frame) -> Iterator[str]:
    for stars in frame.y_ticks:
        y = frame.y(stars)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{short(stars)}</text>'


def _draw_x(frame: _Frame) -> Iterator[str]:
    for day, label in frame.x_ticks:
        x = frame.x(day)
        yield f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{label}</text>'


def _draw_line(frame: _Frame, number: int, line: Line) -> str:
    kept = thin(line.points, (frame.last - frame.first).days)
    path = "L".join(f"{frame.x(p.day):.1f} {frame.y(max(0, p.total)):.1f}" for p in kept)
    # Of one that is younger than others nobody knows what its later years bring.
    end = "" if frame.scale.is_aligned else f"H{frame.x(frame.last):.1f}"
    return f'<path class="line l{number}" d="M{path}{end}"/>'


def _draw_names(frame: _Frame, lines: Sequence[Line]) -> Iterator[str]:
    """The name and number of each line at its end, moved apart where they would touch."""
    wanted = {n: frame.y(max(0, line.points[-1].total)) for n, line in enumerate(lines)}
    for number, y in _move_apart(wanted, 32).items():
        line, x = lines[number], WIDTH - RIGHT + 8
        name = escape(
            line.name if len(line.name) <= LONGEST_NAME else f"{line.name[: LONGEST_NAME - 1]}…"
        )
        yield f'<text class="name n{number}" x="{x}" y="{y:.1f}">{name}</text>'
        yield f'<text x="{x}" y="{y + 15:.1f}">{say_stars(line.points[-1].total)}</text>'


def _move_apart(wanted: Mapping[int, float], least: float) -> dict[int, float]:
    """These places, from the top down, at least so far apart and within the picture."""
    order = sorted(wanted, key=lambda number: wanted[number])
    placed: dict[int, float] = {}
    above = TOP - least
    for number in order:
        above = placed[number] = max(wanted[number], above + least)
    below = HEIGHT - BOTTOM - 15 + least
    for number in reversed(order):
        below = placed[number] = min(placed[number], below - least)
    return placed


def _draw_note(lines: Sequence[Line]) -> Iterator[str]:
    notes = list(dict.fromkeys(line.note for line in lines if line.note))
    if notes:
        text = escape("; ".join(notes))
        yield f'<text class="note" x="{LEFT}" y="{HEIGHT - 8}">{text}</text>'
