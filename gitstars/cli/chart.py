"""``gitstars chart``: the star histories of repositories as one picture."""

import datetime
import sys
from pathlib import Path

import click

from gitstars.cli.admin_client import EXIT_CODES
from gitstars.cli.files import whole_file
from gitstars.cli.options import since_option
from gitstars.cli.reader import Reader, with_reader
from gitstars.errors import GitstarsError, UserMistake
from gitstars.report.chart import MOST_LINES, Line, Scale, draw
from gitstars.report.lines import Arrangement, arrange, make_line
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
@since_option("Begin on this UTC day.")
@click.option("--align", "is_aligned", is_flag=True, help="Count days from each first star.")
@click.option("--log", "is_log", is_flag=True, help="Each tenfold number of stars as far apart.")
@click.option("--sum", "is_sum", is_flag=True, help="One line: all of them together.")
def chart(
    reader: Reader,
    names: tuple[str, ...],
    output: str,
    title: str,
    since: datetime.date | None,
    is_aligned: bool,
    is_log: bool,
    is_sum: bool,
) -> None:
    """Draw the star history of each REPO as one SVG picture, for light and dark pages: from every
    star where the list was read, else from the weekly counts that GitHub tells everybody.

    \b
    gitstars chart acme/engine acme/tools --output stars.svg
    gitstars chart acme/engine globex/atlas --align --log --output growth.svg
    gitstars chart acme/engine acme/tools acme/docs --sum --title "All of ACME" --output acme.svg
    """
    if len(names) > MOST_LINES and not is_sum:
        raise UserMistake(
            f"a chart has {MOST_LINES} lines at most, got {len(names)} repositories; --sum draws "
            "one line of all"
        )
    if output != "-" and not output.lower().endswith(".svg"):
        raise UserMistake(f"--output takes a file that ends with .svg, or -, got {output}")
    lines = [line for name in dict.fromkeys(names) if (line := read_line(reader, name))]
    if not lines:
        raise GitstarsError("nothing is stored of these repositories yet, so nothing is drawn")
    told = ", ".join(line.name for line in lines)
    lines = arrange(lines, Arrangement(since, is_aligned, is_sum))
    if not lines:
        raise GitstarsError(f"there was no star of {told} yet, so nothing is drawn")
    picture = draw(lines, title, Scale(is_log, is_aligned))
    if output == "-":
        sys.stdout.write(picture)
        return
    with whole_file(Path(output)) as fresh:
        fresh.write_text(picture, encoding="utf-8")
    click.echo(f"{output}: {told}")


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
    return make_line(found.full_name, points, found.is_exact, found.note)
