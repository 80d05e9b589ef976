"""``gitstars chart``: the star histories of repositories as one picture."""

import datetime
import sys
from pathlib import Path

import click

from gitstars.cli.admin_client import EXIT_CODES
from gitstars.cli.reader import Reader, with_reader
from gitstars.errors import GitstarsError, UserMistake
from gitstars.report.chart import MOST_LINES, Line, draw
from gitstars.report.points import Point


@click.command(short_help="Draw the star history of repositories.", epilog=EXIT_CODES)
@click.argument("names", metavar="REPO...", nargs=-1, required=True)
@with_reader
@click.option(
    "--output",
    metavar="FILE.svg",
    required=True,
    help="Where the picture goes; - is standard output.",
)
@click.option("--title", default="Star history", show_default=True, help="What stands above it.")
def chart(reader: Reader, names: tuple[str, ...], output: str, title: str) -> None:
    """Draw the star history of each REPO as one SVG picture, for light and dark pages: from every
    star where the list was read, else from the weekly counts that GitHub tells everybody.

    \b
    gitstars chart acme/engine acme/tools --output stars.svg
    """
    if len(names) > MOST_LINES:
        raise UserMistake(f"a chart has {MOST_LINES} repositories at most, got {len(names)}")
    if output != "-" and not output.lower().endswith(".svg"):
        raise UserMistake(f"--output takes a file that ends with .svg, or -, got {output}")
    lines = [line for name in dict.fromkeys(names) if (line := read_line(reader, name))]
    if not lines:
        raise GitstarsError("nothing is stored of these repositories yet, so nothing is drawn")
    picture = draw(lines, title)
    if output == "-":
        sys.stdout.write(picture)
        return
    write(Path(output), picture)
    click.echo(f"{output}: {', '.join(line.name for line in lines)}")


def read_line(reader: Reader, name: str) -> Line | None:
    """The line of a repository; None, and a sentence, where nothing is stored of it."""
    found = reader.history(name, "day")
    if not found.points:
        click.echo(f"{found.full_name} is left out: {found.note}", err=True)
        return None
    points = [
        Point(datetime.date.fromisoformat(point.day), point.added, point.removed, point.total)
        for point in found.points
    ]
    return Line(
        found.full_name, points, "" if found.is_exact else f"{found.full_name}: {found.note}"
    )


def write(path: Path, picture: str) -> None:
    """Put the picture there, whole or not at all. Raises GitstarsError."""
    fresh = path.with_name(f".{path.name}.part")
    try:
        fresh.write_text(picture, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True) if fresh.is_file() else None
        raise GitstarsError(f"{path} cannot be written: {error.strerror}") from error
