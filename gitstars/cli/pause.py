"""``gitstars pause``: stops collecting at the next page."""

import click

from gitstars import api
from gitstars.cli.admin_client import EXIT_CODES, AdminClient, with_client


@click.command(short_help="Stop collecting at the next page.", epilog=EXIT_CODES)
@with_client
def pause(client: AdminClient) -> None:
    """Stop collecting at the next page.

    New accounts are still seen, and a restart does not end the pause; gitstars resume does.
    """
    client.post("/pause", api.Paused)
    click.echo("paused: workers stop at the next page; gitstars resume goes on")
