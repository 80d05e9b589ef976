"""How the commands show things: tables on a terminal, tab-separated lines or JSON in a pipe;
numbers and times in words.
"""

import csv
import json
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gitstars.clock import show_duration

#: Colours of the states, on a terminal.
STYLES = {
    "completed": "green",
    "processing": "cyan",
    "pending": "blue",
    "rate_limited": "yellow",
    "restricted": "magenta",
    "pagination_limited": "yellow",
    "failed": "red",
    "healthy": "green",
    "degraded": "yellow",
    "unhealthy": "red",
    "ok": "green",
    "warning": "yellow",
    "problem": "red",
}
#: A column that holds a longer text than this is wrapped between words; others stay whole.
LONG_TEXT = 30
#: The least width of a column that is wrapped: hardly any word is longer.
WRAPPED_WIDTH = 24
#: Between two columns.
GAP = 2


def is_terminal() -> bool:
    """Whether a person looks at standard output."""
    return sys.stdout is not None and sys.stdout.isatty()


def count_of(number: int, noun: str) -> str:
    """A number with its noun: 1 problem, 2 problems."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def count_of_repositories(number: int, kind: str = "") -> str:
    """1 repository, 2 starred repositories."""
    return f"{number:,} {kind}{'repository' if number == 1 else 'repositories'}"


def as_text(value: Any) -> str:
    """A cell: numbers with separators, nothing for None."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.1f}"
        case list() | tuple():
            return ", ".join(map(as_text, value))
        case _:
            return str(value)


def as_field(value: Any) -> str:
    """A cell for programs: no separators, on one line."""
    match value:
        case None:
            return ""
        case bool() | list() | tuple() | dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return " ".join(str(value).split())


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> None:
    """Rows under ``columns``: a table on a terminal, tab-separated lines with a heading in a
    pipe.
    """
    if not is_terminal():
        for row in [columns, *rows]:
            click.echo("\t".join(map(as_field, row)))
        return
    console = Console(highlight=False)
    console.print(rich_table(columns, rows, console.width, title))


def rich_table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], width: int, title: str = ""
) -> Table:
    """The rows as a table of rich for a terminal of ``width`` columns; numbers to the right, states
    in colour. Where that is too narrow for whole words, a block of lines for each row.
    """
    whole = [_whole_width(map(as_text, cells)) for cells in zip(columns, *rows, strict=True)]
    needed = sum(WRAPPED_WIDTH if one is None else one for one in whole)
    if needed + GAP * (len(columns) - 1) > width and rows:
        return _as_blocks(columns, rows, title)
    table = _begin(title)
    for position, column in enumerate(columns):
        is_number = any(isinstance(row[position], int | float) for row in rows)
        table.add_column(
            column,
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=whole[position] is not None,
        )
    for row in rows:
        table.add_row(*map(_styled, row))
    return table


def _whole_width(texts: Iterable[str]) -> int | None:
    """How wide a column of these is whose texts stay whole; None: it is wrapped between words."""
    texts = list(texts)
    if any(len(text) > LONG_TEXT and " " in text for text in texts):
        return None
    return max(map(len, texts))


def _as_blocks(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str) -> Table:
    """A line for each value that there is, and an empty line between two rows."""
    table = _begin(title)
    table.show_header = False
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        if table.row_count:
            table.add_row("", "")
        for column, cell in zip(columns, row, strict=True):
            if cell not in (None, ""):
                table.add_row(column, _styled(cell))
    return table


def _begin(title: str) -> Table:
    return Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        header_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, GAP, 0, 0),
    )


def _styled(cell: Any) -> Text:
    return Text(as_text(cell), STYLES.get(cell, "") if isinstance(cell, str) else "")


def print_facts(facts: Sequence[tuple[str, Any]]) -> None:
    """A line for each pair that has a value."""
    if is_terminal():
        Console(highlight=False).print(facts_table(facts))
        return
    for name, value in facts:
        if value not in (None, ""):
            click.echo(f"{name}\t{as_text(value)}")


def facts_table(facts: Sequence[tuple[str, Any]]) -> Table:
    """The pairs that have a value, as a table of rich."""
    return _as_blocks([name for name, _ in facts], [[value for _, value in facts]], "")


def print_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Rows as CSV with a heading."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([as_field(cell) for cell in row] for row in rows)


def print_json(value: Any) -> None:
    """A value, or an answer of the admin API, as indented JSON."""
    click.echo(json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=False))


def seconds_away(moment: str) -> float:
    """How far in the future an ISO 8601 time is; negative in the past."""
    return datetime.fromisoformat(moment).timestamp() - time.time()


def away(moment: str | None) -> str:
    """How far away an ISO 8601 time is: ``in 5 min``, ``3 h ago``; nothing for None."""
    if moment is None:
        return ""
    seconds = seconds_away(moment)
    return f"in {show_duration(seconds)}" if seconds >= 0 else f"{show_duration(-seconds)} ago"


def program() -> str:
    """How this program was called, for the commands that we tell to try next."""
    called = Path(sys.argv[0])
    if called.stem == "__main__":
        return f"{Path(sys.executable).name} -m gitstars"
    if shutil.which(called.name):
        return called.name
    return str(called)
