"""``gitstars reprocess``: collects a repository again, and waits for it where asked."""

import click
import gevent

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES, AdminClient, with_client
from gitstars.errors import GitstarsError
from gitstars.model import Status

#: How often the repository is looked at while waiting (seconds).
LOOK_SECONDS = 0.5
UNSETTLED = (Status.PENDING, Status.PROCESSING)


@click.command(short_help="Collect a repository again.", epilog=EXIT_CODES)
@click.argument("name", metavar="REPO")
@with_client
@click.option(
    "--force", is_flag=True, help="Even if it is complete and fresh, or GitHub refused it."
)
@click.option(
    "--wait",
    is_flag=True,
    help="Wait until it is settled; 1 is the exit code when it did not end completed.",
)
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
def reprocess(client: AdminClient, name: str, force: bool, wait: bool, as_json: bool) -> None:
    """Queue REPO (owner/name, its address, record id or GitHub's number) to be collected again,
    ahead of what waits.
    """
    path = client.repository_path(name)
    answer = client.post(f"{path}/reprocess", api.Requested, api.Force(force))
    if not wait:
        if as_json:
            show.print_json(answer)
        else:
            click.echo(f"{answer.repo.full_name} is queued")
        return
    settled = _await_settled(client, path)
    if as_json:
        show.print_json(settled)
    elif settled.status == Status.COMPLETED:
        stored = settled.processed_stargazers
        click.echo(f"{settled.full_name}: {settled.status}, {stored:,} stars stored")
    if settled.status != Status.COMPLETED:
        raise GitstarsError(
            f"{settled.full_name} ended {settled.status}: {settled.reason or 'no reason is known'}"
        )


def _await_settled(client: AdminClient, path: str) -> api.RepositoryDetails:
    """The repository once it is settled; one that waits for its budget counts as settled when
    that is more than a minute away.
    """
    while True:
        known = client.get(path, api.RepositoryDetails)
        is_waiting = (
            known.status is Status.RATE_LIMITED
            and known.next_retry_at is not None
            and show.seconds_away(known.next_retry_at) < 60
        )
        if known.status not in UNSETTLED and not is_waiting:
            return known
        gevent.sleep(LOOK_SECONDS)
