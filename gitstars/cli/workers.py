"""``gitstars workers``: the workers, and their number."""

import click

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES, AdminClient, with_client
from gitstars.errors import UserMistake

#: As many as the admin API takes.
MOST_WORKERS = 1000


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
@click.argument("count", metavar="N|auto")
def scale(client: AdminClient, count: str) -> None:
    """Run N workers until told otherwise; busy ones retire at their next page. With `auto` the load
    decides again.
    """
    if count.lower() == "auto":
        answer = client.post("/workers/scale", api.Scaled, api.Scale(automatic=True))
        click.echo(f"the load decides again; {show.count_of(answer.count, 'worker')} now")
        return
    if not count.isdecimal() or not 1 <= int(count) <= MOST_WORKERS:
        raise UserMistake(f"workers scale takes 1 to {MOST_WORKERS}, or auto, got {count!r}")
    answer = client.post("/workers/scale", api.Scaled, api.Scale(count=int(count)))
    click.echo(f"{show.count_of(answer.count, 'worker')} from now on, also after a restart")
