"""``gitstars stargazers``: who starred a repository."""

from datetime import datetime

import click

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES
from gitstars.cli.reader import Reader, with_reader

COLUMNS = ("login", "id", "starred", "found gone")


@click.command(short_help="List who starred a repository, newest first.", epilog=EXIT_CODES)
@click.argument("name", metavar="REPO")
@with_reader
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Not before this UTC day.",
)
@click.option("--unstarred", is_flag=True, help="Those whose star was found gone instead.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="As a JSON list.")
@click.option("--csv", "as_csv", is_flag=True, help="As comma-separated values.")
def stargazers(
    reader: Reader,
    name: str,
    since: datetime | None,
    unstarred: bool,
    limit: int,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List who starred REPO and when, newest first, as far as it is stored. Names are for the
    operator of this server: do not publish them.
    """
    wanted = api.StargazersQuery(None if since is None else since.date(), unstarred, limit)
    found = reader.stargazers(name, wanted).stargazers
    if as_json:
        show.print_json(found)
        return
    rows = [(star.login, str(star.user_id), star.starred_at, star.unstarred_at) for star in found]
    (show.print_csv if as_csv else show.print_table)(COLUMNS, rows)
