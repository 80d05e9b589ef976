"""``gitstars queue``: what waits."""

import sys

import click

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES, AdminClient, with_client
from gitstars.errors import UserMistake


@click.group(
    short_help="Show what waits, or clear it.", invoke_without_command=True, epilog=EXIT_CODES
)
@with_client
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@click.pass_context
def queue(context: click.Context, client: AdminClient, as_json: bool) -> None:
    """Show what waits: by priority and account, and the head of the queue; `queue clear` drops
    it.
    """
    context.obj = client
    if context.invoked_subcommand is not None:
        return
    answer = client.get("/queue", api.Queue)
    if as_json:
        show.print_json(answer)
        return
    if show.is_terminal():
        priorities = ", ".join(
            f"{name} {count:,}" for name, count in answer.by_priority.items() if count
        )
        click.echo(f"{answer.depth:,} waiting" + (f" ({priorities})" if priorities else ""))
    rows = [(job.repo, job.priority, job.stars, job.user) for job in answer.head]
    if rows or not show.is_terminal():
        show.print_table(("repository", "priority", "stars", "account"), rows)


@queue.command(epilog=EXIT_CODES)
@with_client
@click.option("--yes", is_flag=True, help="Do not ask.")
def clear(client: AdminClient, yes: bool) -> None:
    """Drop what waits.

    The repositories stay pending in the database and are found again by the next scan.
    """
    if not yes:
        if not sys.stdin.isatty():
            raise UserMistake("nobody can be asked here; give --yes to drop what waits")
        click.confirm("Drop what waits?", abort=True)
    answer = client.post("/queue/clear", api.Cleared)
    click.echo(f"{answer.dropped:,} repositories left the queue; they stay pending")
