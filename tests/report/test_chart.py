"""The picture of star histories: small, valid, and true to the numbers."""

import re
from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitstars.report.chart import (
    COLOURS,
    HEIGHT,
    MOST_LINES,
    WIDTH,
    Line,
    Scale,
    day_ticks,
    draw,
    nice_above,
    nice_step,
    short,
    span_ticks,
    thin,
)
from gitstars.report.points import ALIGNED, Point, add_together, add_up, align, begin_at

SVG = "{http://www.w3.org/2000/svg}"


def line(name: str, start: date, days: int, each: int = 1, note: str = "") -> Line:
    """A repository that got so many stars each day."""
    counts = {(start + timedelta(days=n)).isoformat(): each for n in range(days)}
    return Line(name, add_up(counts, {}, "day"), note)


def texts(picture: str) -> list[str]:
    return [found.text or "" for found in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def test_a_chart_says_who_it_is_about_and_ends_with_the_true_numbers() -> None:
    lines = [line("acme/engine", date(2016, 1, 1), 3000), line("acme/<b>&co", date(2020, 1, 1), 9)]

    root = ElementTree.fromstring(draw(lines, "Ours & theirs"))

    assert root.findtext(f"{SVG}title") == "Ours & theirs"
    assert root.findtext(f"{SVG}desc") == "acme/engine: 3,000 stars; acme/<b>&co: 9 stars"
    assert root.attrib["role"] == "img"
    shown = texts(draw(lines))
    assert {"acme/engine", "3,000 stars", "acme/<b>&co", "9 stars"} <= set(shown)
    assert len(list(root.iter(f"{SVG}path"))) >= len(lines)


def test_a_chart_of_many_years_is_small_and_has_no_script_and_no_address() -> None:
    lines = [line(f"acme/repo-{n}", date(2008, 1, n + 1), 6700, n + 1) for n in range(MOST_LINES)]

    picture = draw(lines)

    assert len(picture.encode()) < 30_000
    assert "<script" not in picture
    assert re.findall(r"https?://[^\"]+", picture) == ["http://www.w3.org/2000/svg"]
    assert "prefers-color-scheme:dark" in picture
    assert all(colour in picture for pair in COLOURS for colour in pair)


def test_what_is_not_exact_is_said_once() -> None:
    note = "days not in UTC, only stars still there"
    lines = [line(f"acme/{n}", date(2020, 1, 1), 30, note=note) for n in range(3)]

    assert texts(draw(lines)).count(note) == 1


def test_names_at_the_same_height_do_not_touch() -> None:
    lines = [line(f"acme/{n}", date(2020, 1, 1), 30) for n in range(MOST_LINES)]

    root = ElementTree.fromstring(draw(lines))

    names = [t for t in root.iter(f"{SVG}text") if t.attrib.get("class", "").startswith("name")]
    heights = sorted(float(name.attrib["y"]) for name in names)
    assert all(after - before >= 31 for before, after in pairwise(heights))
    assert heights[0] > 0
    assert heights[-1] < HEIGHT


def test_one_star_is_a_chart() -> None:
    picture = draw([line("ada/notes", date(2026, 11, 26), 1)])

    assert "1 star" in " ".join(texts(picture))


@pytest.mark.parametrize(
    ("most", "step"), [(1, 1), (5, 1), (6, 2), (24, 5), (100, 20), (28_744, 10_000)]
)
def test_steps_are_round(most: int, step: int) -> None:
    assert nice_step(most, 5) == step
    assert nice_above(most) >= most
    assert nice_above(most) % step == 0


@pytest.mark.parametrize(
    ("stars", "shown"), [(0, "0"), (950, "950"), (1500, "1.5k"), (40_000, "40k"), (2_000_000, "2M")]
)
def test_numbers_are_short(stars: int, shown: str) -> None:
    assert short(stars) == shown


@given(st.dates(date(2008, 1, 1), date(2026, 1, 1)), st.integers(1, 7000))
def test_every_span_has_some_ticks_within_it(first: date, days: int) -> None:
    last = first + timedelta(days=days)

    ticks = day_ticks(first, last)

    assert 1 <= len(ticks) <= 10
    assert all(first <= day <= last for day, _ in ticks)
    assert len({label for _, label in ticks}) == len(ticks)


@given(st.lists(st.integers(0, 6000), min_size=1, unique=True), st.integers(1, 6000))
def test_thinning_keeps_the_first_and_the_last_point(days: list[int], frame: int) -> None:
    start = date(2010, 1, 1)
    points = [Point(start + timedelta(days=n), 1, 0, n) for n in sorted(days)]

    kept = thin(points, frame)

    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert [point.day for point in kept] == sorted({point.day for point in kept})
    assert WIDTH > 0


def heights(picture: str) -> list[float]:
    """Where the lines of the grid lie, from the bottom up."""
    return [float(y) for y in re.findall(r'class="grid" d="M\d+ ([\d.]+)H', picture)]


def paths(picture: str) -> list[str]:
    return re.findall(r'class="line l\d" d="([^"]+)"', picture)


def test_a_logarithmic_axis_has_tenfold_steps_equally_far_apart() -> None:
    picture = draw([line("acme/engine", date(2016, 1, 1), 3000)], scale=Scale(is_log=True))

    assert {"1", "10", "100", "1k", "10k"} <= set(texts(picture))
    steps = [below - above for below, above in pairwise(heights(picture))]
    assert len(steps) == 4
    assert max(steps) - min(steps) < 0.2


@pytest.mark.parametrize("stars", [0, 1, 2, 9, 10, 11, 10**7])
def test_every_number_has_a_place_on_a_logarithmic_axis(stars: int) -> None:
    points = [Point(date(2020, 1, 1), stars, 0, stars), Point(date(2020, 1, 9), 0, 0, stars)]

    picture = draw([Line("acme/engine", points)], scale=Scale(is_log=True))

    (path,) = re.findall(r'class="line l0" d="M([^"]+)"', picture)
    places = [float(y) for y in re.findall(r"[\d.]+ ([\d.]+)", path)]
    assert all(0 < y < HEIGHT for y in places)


def test_aligned_lines_begin_together_and_tell_spans() -> None:
    old, young = line("acme/old", date(2016, 1, 1), 1500), line("acme/new", date(2024, 6, 1), 400)
    aligned = [Line(one.name, align(one.points)) for one in (old, young)]

    assert [one.points[0].day for one in aligned] == [ALIGNED, ALIGNED]
    assert [one.points[-1].total for one in aligned] == [1500, 400]
    shown = texts(draw(aligned, scale=Scale(is_aligned=True)))
    assert {"0 years", "1 year", "4 years"} <= set(shown)
    picture = draw(aligned, scale=Scale(is_aligned=True))
    ends = [float(re.findall(r"[\d.]+ [\d.]+", path)[-1].split()[0]) for path in paths(picture)]
    assert ends[1] < ends[0] / 2, "a younger one ends where its life so far ends"


@given(st.integers(0, 20_000))
def test_every_span_has_ticks_within_it(days: int) -> None:
    first, last = date(2001, 1, 1), date(2001, 1, 1) + timedelta(days=days)

    ticks = span_ticks(first, last)

    assert 1 <= len(ticks) <= 12
    assert all(first <= day <= max(last, first + timedelta(days=1)) for day, _ in ticks)


def test_a_chart_that_begins_later_begins_with_what_there_was() -> None:
    points = line("acme/engine", date(2024, 1, 1), 10).points

    assert begin_at(points, date(2024, 1, 8)) == points[7:]
    assert begin_at(points, date(2023, 1, 1)) == points
    assert begin_at(points, date(2024, 2, 1)) == [Point(date(2024, 2, 1), 0, 0, 10)]
    assert begin_at([], date(2024, 2, 1)) == []


def test_several_histories_add_up_day_by_day() -> None:
    one = add_up({"2024-01-01": 3, "2024-01-03": 1}, {"2024-01-04": 2}, "day")
    two = add_up({"2024-01-02": 5, "2024-01-03": 1}, {}, "day")

    together = add_together([one, two])

    assert [(point.day.day, point.total) for point in together] == [(1, 3), (2, 8), (3, 10), (4, 8)]
    assert together[-1].removed == 2
    assert add_together([]) == []
