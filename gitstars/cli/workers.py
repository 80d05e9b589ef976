"""``gitstars workers``: the workers, and their number."""

import click

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES, AdminClient, with_client


@click.group(
    short_help="Show the workers, or set their number.",
    invoke_without_command=True,
    epilog=EXIT_CODES,
)
@with_client
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@click.pass_context
def workers(context: click.Context, client: AdminClient, as_json: bool) -> None:
    """Show the workers and what each is doing; `workers scale N` sets their number."""
    context.obj = client
    if context.invoked_subcommand is not None:
        return
    answer = client.get("/workers", api.Workers)
    if as_json:
        show.print_json(answer)
        return
    rows = [
        (
            worker.number,
            worker.state,
            worker.users,
            len(worker.repositories),
            ", ".join(worker.repositories[:3]),
        )
        for worker in answer.workers
    ]
    show.print_table(("worker", "state", "accounts", "open", "repositories"), rows)


@workers.command(epilog=EXIT_CODES)
@with_client
@click.argument("count", type=click.IntRange(1, 1000), metavar="N")
def scale(client: AdminClient, count: int) -> None:
    """Run N workers until told otherwise; busy ones retire at their next page."""
    answer = client.post("/workers/scale", api.Scaled, api.Scale(count=count))
    click.echo(f"{answer.count} workers from now on, also after a restart")
