"""``gitstars repos``: the repositories and their states."""

from typing import get_args

import click

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES, AdminClient, with_client
from gitstars.model import Status

COLUMNS = ("repository", "status", "stars", "stored", "reason", "tried again")
#: Rows asked for with one call.
PAGE_ROWS = 500


@click.command(short_help="List repositories and the state that they are in.", epilog=EXIT_CODES)
@with_client
@click.option(
    "--status",
    type=click.Choice([str(status) for status in Status]),
    help="Only those in this state.",
)
@click.option(
    "--sort",
    type=click.Choice(get_args(api.Sort)),
    metavar="ORDER",
    help="name, stars, status, errors, completed or retry; a minus turns it round: -stars.",
)
@click.option("--search", metavar="TEXT", help="Only those whose name contains TEXT.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help="At most so many; 50 on a terminal, all in a pipe.",
)
@click.option("--json", "as_json", is_flag=True, help="As a JSON list.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV.")
def repos(
    client: AdminClient,
    status: str | None,
    search: str | None,
    sort: str | None,
    limit: int | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List repositories: what is stored of each, and why it is in its state."""
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    wanted = limit or (50 if show.is_terminal() and not (as_json or as_csv) else None)
    found, total = _fetch(client, wanted, status=status, q=search, sort=sort)
    if as_json:
        show.print_json(found)
        return
    rows = [
        (
            row.full_name,
            row.status.value,
            row.total_stargazers,
            row.processed_stargazers,
            row.reason,
            row.next_retry_at,
        )
        for row in found
    ]
    if as_csv:
        show.print_csv(COLUMNS, rows)
        return
    if show.is_terminal():
        rows = [(*row[:-1], show.away(row[-1])) for row in rows]
    show.print_table(COLUMNS, rows)
    if show.is_terminal() and len(found) < total:
        click.echo(f"{len(found)} of {total:,}; --limit shows more")


def _fetch(
    client: AdminClient, wanted: int | None, **query: str | None
) -> tuple[list[api.Repository], int]:
    """The first ``wanted`` rows (None: all), read page by page, and how many there are."""
    found: list[api.Repository] = []
    while True:
        size = PAGE_ROWS if wanted is None else min(PAGE_ROWS, wanted - len(found))
        page = client.get("/repos", api.Repositories, **query, limit=size, offset=len(found))
        found += page.repos
        if len(page.repos) < size or len(found) == wanted:
            return found, page.total
