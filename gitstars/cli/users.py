"""``gitstars users``: what a person starred."""

import click

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES
from gitstars.cli.reader import Reader, with_reader, with_wanted_stars

COLUMNS = ("repository", "starred", "found gone")


@click.command(short_help="List what a person starred, newest first.", epilog=EXIT_CODES)
@click.argument("login")
@with_reader
@with_wanted_stars("Stars that were found gone instead.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@click.option("--csv", "as_csv", is_flag=True, help="As comma-separated values.")
def users(
    reader: Reader, login: str, wanted: api.StargazersQuery, as_json: bool, as_csv: bool
) -> None:
    """List what the person LOGIN (or a numeric GitHub id) starred of all repositories whose stars
    are stored, newest first. It is for the operator of this server: do not publish it.
    """
    found = reader.user(login, wanted)
    if as_json:
        show.print_json(found)
        return
    rows = [(star.full_name, star.starred_at, star.unstarred_at) for star in found.stars]
    (show.print_csv if as_csv else show.print_table)(COLUMNS, rows)
