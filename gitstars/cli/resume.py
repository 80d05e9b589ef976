"""``gitstars resume``: ends a pause."""

import click

from gitstars import api
from gitstars.cli.admin_client import EXIT_CODES, AdminClient, with_client


@click.command(short_help="Go on after a pause.", epilog=EXIT_CODES)
@with_client
def resume(client: AdminClient) -> None:
    """Go on where gitstars pause stopped."""
    client.post("/resume", api.Paused)
    click.echo("collecting goes on")
