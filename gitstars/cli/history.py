"""``gitstars history``: how the stars of a repository came and went."""

import click

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES
from gitstars.cli.reader import Reader, with_reader

COLUMNS = ("from", "came", "went", "stars")


@click.command(short_help="Show how the stars of a repository came and went.", epilog=EXIT_CODES)
@click.argument("name", metavar="REPO")
@with_reader
@click.option(
    "--per",
    type=click.Choice(["day", "week", "month"]),
    default="month",
    show_default=True,
    help="How fine; a week begins with its Sunday.",
)
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@click.option("--csv", "as_csv", is_flag=True, help="As comma-separated values.")
def history(reader: Reader, name: str, per: api.Per, as_json: bool, as_csv: bool) -> None:
    """Show how the stars of REPO came and went: from every star where its list was read, else from
    the weekly counts that GitHub tells everybody.
    """
    found = reader.history(name, per)
    if as_json:
        show.print_json(found)
        return
    rows = [(point.day, point.added, point.removed, point.total) for point in found.points]
    if as_csv:
        show.print_csv(COLUMNS, rows)
        return
    show.print_table(COLUMNS, rows)
    click.echo(f"{found.full_name}: {found.note}", err=not show.is_terminal())
