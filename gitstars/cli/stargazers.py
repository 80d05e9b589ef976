"""``gitstars stargazers``: who starred a repository."""

import click

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES
from gitstars.cli.reader import Reader, with_reader, with_wanted_stars

COLUMNS = ("login", "id", "starred", "found gone")


@click.command(short_help="List who starred a repository, newest first.", epilog=EXIT_CODES)
@click.argument("name", metavar="REPO")
@with_reader
@with_wanted_stars("Those whose star was found gone instead.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON list.")
@click.option("--csv", "as_csv", is_flag=True, help="As comma-separated values.")
def stargazers(
    reader: Reader, name: str, wanted: api.StargazersQuery, as_json: bool, as_csv: bool
) -> None:
    """List who starred REPO and when, newest first, as far as it is stored. Names are for the
    operator of this server: do not publish them.
    """
    found = reader.stargazers(name, wanted).stargazers
    if as_json:
        show.print_json(found)
        return
    rows = [(star.login, str(star.user_id), star.starred_at, star.unstarred_at) for star in found]
    (show.print_csv if as_csv else show.print_table)(COLUMNS, rows)
