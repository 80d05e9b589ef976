"""What the demo shows: progress bars on a terminal, lines elsewhere, and a summary at the end."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import click
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from gitstars.cli import show

#: Pause between lines where there is no terminal (seconds).
LINE_SECONDS = 2.0
REASONS = """
SELECT status, last_error AS reason, count() AS total FROM repo_processing_status GROUP BY status,
    last_error
"""
RESTRICTED_TEXT = (
    "restricted: GitHub shows this list only to people who may push to the repository; gitstars "
    "keeps its count and its weekly history"
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """One reading. ``rest`` and ``graphql`` are the points left and the limit of an hour, over
    all accounts. ``problem``: why nothing moves, where the server does not work.
    """

    settled: int
    stars: int
    stars_per_second: float
    rest: tuple[int, int]
    graphql: tuple[int, int]
    problem: str = ""


class _Database(Protocol):
    def run(self, query: str) -> list[list[dict[str, object]]]: ...


class _GitHub(Protocol):
    def control(self, method: str, path: str) -> dict[str, dict[str, int]]: ...


class LineShow:
    """A line every other second."""

    def __init__(self, repositories: int, stars: int) -> None:
        self._repositories = repositories
        self._due = 0.0

    def __enter__(self) -> "LineShow":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def say(self, sentence: str) -> None:
        click.echo(sentence)

    def update(self, numbers: Numbers, *, is_last: bool = False) -> None:
        """Show ``numbers`` when a line is due."""
        if time.monotonic() < self._due and not is_last:
            return
        self._due = time.monotonic() + LINE_SECONDS
        click.echo(
            f"repositories {numbers.settled}/{self._repositories}, stars {numbers.stars:,} "
            f"({numbers.stars_per_second:,.0f}/s), "
            f"points left: REST {numbers.rest[0]:,}/{numbers.rest[1]:,}, "
            f"GraphQL {numbers.graphql[0]:,}/{numbers.graphql[1]:,}"
            f"{f'; {numbers.problem}' if numbers.problem else ''}"
        )


class TerminalShow:
    """Four bars: repositories settled, stars stored, points left of both budgets."""

    def __init__(self, repositories: int, stars: int) -> None:
        self._progress = Progress(
            TextColumn("{task.description:19}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f}{task.fields[note]}"),
            auto_refresh=False,
        )
        self._repositories = self._add("repositories", repositories)
        self._stars = self._add("stars", stars)
        self._rest = self._add("REST points left", 1)
        self._graphql = self._add("GraphQL points left", 1)

    def _add(self, name: str, total: int) -> TaskID:
        return self._progress.add_task(name, total=total, note="")

    def __enter__(self) -> "TerminalShow":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def say(self, sentence: str) -> None:
        self._progress.console.print(sentence, highlight=False)

    def update(self, numbers: Numbers, *, is_last: bool = False) -> None:
        """Show ``numbers``."""
        self._progress.update(self._repositories, completed=numbers.settled)
        self._progress.update(
            self._stars,
            completed=numbers.stars,
            note=f" {numbers.problem or f'at {numbers.stars_per_second:,.0f} a second'}",
        )
        for bar, (left, limit) in ((self._rest, numbers.rest), (self._graphql, numbers.graphql)):
            self._progress.update(bar, completed=left, total=limit)
        self._progress.refresh()


def group_reasons(rows: Sequence[tuple[str, int, str]]) -> list[tuple[str, int, str]]:
    """(status, repositories, reason), the most frequent reason of a status first; reasons that
    differ in numbers only count as one.
    """
    groups: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for status, total, reason in rows:
        groups.setdefault((status, re.sub(r"\d[\d,]*", "N", reason)), []).append((total, reason))
    joined = [
        (
            status,
            sum(total for total, _ in members),
            members[0][1] if len(members) == 1 else pattern,
        )
        for (status, pattern), members in groups.items()
    ]
    return sorted(joined, key=lambda row: (row[0], -row[1], row[2]))


def print_summary(
    database: _Database, github: _GitHub, totals: Mapping[str, int], elapsed: float
) -> None:
    """The repositories by status and reason, and the totals."""
    users = database.run("SELECT count() AS total FROM github_user GROUP ALL")[0][0]["total"]
    requests = sum(github.control("GET", "/log")["counters"].values())
    rows = group_reasons(
        [
            (str(row["status"]), int(str(row["total"])), str(row["reason"] or ""))
            for row in database.run(REASONS)[0]
        ]
    )
    click.echo()
    if show.is_terminal():
        show.print_table(("status", "repositories", "reason"), rows)
    else:
        for status, total, reason in rows:
            click.echo(f"{status:18} {total:>5}  {reason}".rstrip())
    if any(status == "restricted" for status, _, _ in rows):
        weeks = database.run("SELECT count() AS total FROM star_history GROUP ALL")[0]
        stored = int(str(weeks[0]["total"])) if weeks else 0
        click.echo(f"\n{RESTRICTED_TEXT} ({stored:,} weeks stored).")
    pages = totals["pages.stored"]
    found = database.run(
        "SELECT math::sum(ghosts ?? 0) AS total FROM repo_processing_status GROUP ALL"
    )[0]
    ghosts = int(str(found[0]["total"])) if found else 0
    nameless = f" (and {ghosts:,} of deleted users, who have no name)" if ghosts else ""
    click.echo(
        f"\n{totals['stars.stored']:,} stars of {users:,} users{nameless} stored in "
        f"{elapsed:.1f} s, "
        f"{requests:,} requests: "
        f"{pages:,} pages, {pages / elapsed:,.0f} pages/s, "
        f"{totals['stars.stored'] / elapsed:,.0f} stars/s"
    )


def say_next(folder: Path, *, keep_running: bool) -> None:
    """Where the database is, and the three commands that one tries next."""
    # The data are made by packages that help alone does not need.
    from gitstars.cli.demo_data import GIANT

    name = show.program()
    click.echo(f"\nThe database: {folder / 'stars.db'}  (what happened: {folder / 'gitstars.log'})")
    if keep_running:
        commands = {"stats": "what it does and has stored"}
        click.echo("Try in another terminal:")
    else:
        commands = {"demo --keep-running": "the same, and it stays up for the others"}
        click.echo("Try next:")
    commands["repos --status restricted"] = "which lists GitHub refuses, and why"
    commands[f"chart {GIANT} --output stars.svg"] = "a star history as a picture"
    width = max(map(len, commands))
    for command, what in commands.items():
        click.echo(f"  {name} {command:{width}}  {what}")
    if keep_running:
        click.echo("Ctrl+C stops it.")
