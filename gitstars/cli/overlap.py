"""``gitstars overlap``: how many people star several repositories."""

import click

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES
from gitstars.cli.reader import Reader, with_reader
from gitstars.errors import UserMistake

COLUMNS = ("repository", "and", "shared", "jaccard")


@click.command(short_help="Count the people who star two repositories.", epilog=EXIT_CODES)
@click.argument("names", metavar="REPO REPO...", nargs=-1, required=True)
@with_reader
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@click.option("--csv", "as_csv", is_flag=True, help="As comma-separated values.")
def overlap(reader: Reader, names: tuple[str, ...], as_json: bool, as_csv: bool) -> None:
    """Compare repositories pair by pair, as far as their stars are stored: how many people starred
    both, and that divided by how many starred at least one of the two (Jaccard).
    """
    fewest, most = api.FEWEST_COMPARED, api.MOST_COMPARED
    if not fewest <= len(names) <= most:
        raise UserMistake(f"overlap takes {fewest} to {most} repositories, got {len(names)}")
    found = reader.overlap(names)
    if as_json:
        show.print_json(found)
        return
    rows = [(one.first, one.second, one.shared, f"{one.jaccard:.4f}") for one in found.overlaps]
    (show.print_csv if as_csv else show.print_table)(COLUMNS, rows)
