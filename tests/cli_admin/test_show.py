"""Numbers, times and tables in words."""

import csv
import io
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from gitstars.cli import show
from gitstars.cli.demo_show import group_reasons
from gitstars.clock import show_duration, show_time


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (45.4, "45 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (3601, "1 h"),
        (86_400 * 3 + 4 * 3600 + 59, "3 d 4 h"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert show_duration(seconds) == words


@given(st.integers(min_value=0, max_value=10**9))
def test_a_duration_is_never_longer_than_what_it_tells_of(seconds: int) -> None:
    sizes = {"d": 86_400, "h": 3600, "min": 60, "s": 1}

    words = show_duration(seconds).split()
    told = sum(
        int(amount) * sizes[unit] for amount, unit in zip(words[::2], words[1::2], strict=True)
    )

    assert told <= seconds < told + max(1, sizes[words[-1]]) * 60


def test_a_moment_is_told_by_its_distance() -> None:
    now = time.time()

    assert show.away(None) == ""
    assert show.away(show_time(now + 3600.9)).startswith(("in 1 h", "in 59 min"))
    assert show.away(show_time(now - 120)).endswith(" ago")


@pytest.mark.parametrize(
    ("value", "text", "field"),
    [
        (None, "", ""),
        (True, "yes", "true"),
        (1234567, "1,234,567", "1234567"),
        (2.0, "2.0", "2.0"),
        (["a", 1], "a, 1", '["a", 1]'),
        ("two\nlines\tand a tab", "two\nlines\tand a tab", "two lines and a tab"),
    ],
)
def test_a_cell_is_written_for_people_and_for_programs(
    value: object, text: str, field: str
) -> None:
    assert show.as_text(value) == text
    assert show.as_field(value) == field


def test_a_table_in_a_pipe_is_tab_separated_under_a_heading(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show.print_table(("name", "stars"), [("acme/engine", 1234), ("tab\there", None)])

    assert capsys.readouterr().out == "name\tstars\nacme/engine\t1234\ntab here\t\n"


@given(st.lists(st.tuples(st.text(), st.integers() | st.none())))
def test_csv_is_read_back_as_it_was_written(rows: list[tuple[str, int | None]]) -> None:
    written = io.StringIO()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", written)
        show.print_csv(("name", "stars"), rows)

    read = list(csv.reader(io.StringIO(written.getvalue())))
    assert read == [["name", "stars"], *([show.as_field(cell) for cell in row] for row in rows)]


def test_json_keeps_what_is_not_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    show.print_json({"name": "ø/★"})

    out = capsys.readouterr().out
    assert json.loads(out) == {"name": "ø/★"}
    assert "★" in out


def test_reasons_that_differ_in_numbers_only_are_told_as_one() -> None:
    rows = [
        ("restricted", 1, "the list is empty while the repository has 25 stars"),
        ("restricted", 1, "the list is empty while the repository has 1,174 stars"),
        ("restricted", 5, "permission"),
        ("failed", 1, "41500 stars"),
        ("completed", 9, ""),
    ]

    assert group_reasons(rows) == [
        ("completed", 9, ""),
        ("failed", 1, "41500 stars"),
        ("restricted", 5, "permission"),
        ("restricted", 2, "the list is empty while the repository has N stars"),
    ]


@pytest.mark.parametrize("width", [120, 80, 60])
def test_no_word_is_broken_on_a_narrow_terminal(width: int) -> None:
    columns = ("repository", "status", "stars", "reason", "again")
    reason = "GitHub refuses the list (empty): the list is empty while it has 640 stars"
    rows = [
        ("acme/anvil", "restricted", 640, reason, "in 23 h 59 min"),
        ("ada/a-rather-long-name-of-thirty", "completed", 1284, None, "in 5 h"),
    ]
    console = Console(file=io.StringIO(), width=width, highlight=False)

    console.print(show.rich_table(columns, rows, width))

    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert max(map(len, shown.splitlines())) <= width
    words = {word for row in rows for word in str(row[3]).split() if row[3]}
    assert words | {"acme/anvil", "restricted", "ada/a-rather-long-name-of-thirty"} <= set(
        shown.split()
    )
