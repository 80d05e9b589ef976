"""``gitstars follow``: repositories that are wanted without a star."""

from collections.abc import Callable
from typing import Any

import click

from gitstars import api, naming
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES
from gitstars.cli.desk import Desk, with_desk
from gitstars.config import load
from gitstars.errors import GitstarsError

COLUMNS = ("followed", "repositories", "with the account", "since")
WHAT = "OWNER/REPO|URL|OWNER"


@click.command(short_help="Collect repositories that nobody starred.", epilog=EXIT_CODES)
@click.argument("names", metavar=f"[{WHAT}]...", nargs=-1)
@with_desk
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@click.pass_context
def follow(context: click.Context, desk: Desk, names: tuple[str, ...], as_json: bool) -> None:
    """Collect repositories that no account here starred; an owner stands for all of its public
    repositories, also those to come. Their stargazers are listed with the account that may do so;
    where none may, their count and weekly history are collected. Without a name: list what is
    followed.
    """
    if not names:
        known = desk.list_follows()
        if as_json:
            show.print_json(known)
        elif not known.follows:
            click.echo("nothing is followed; `gitstars follow OWNER/REPO` begins that")
        else:
            rows = [(f.name, f.repositories, f.login, f.followed_at) for f in known.follows]
            show.print_table(COLUMNS, rows)
        return
    each(context, names, desk.follow, as_json, lambda done: tell(done, desk.is_running))


def each(
    context: click.Context,
    names: tuple[str, ...],
    do: Callable[[str], Any],
    as_json: bool,
    describe: Callable[[Any], str],
) -> None:
    """Do it with every name; what failed is told, and the exit code is 1 then."""
    host = naming.web_host(load(context.params["config"]).config.github.api_url)
    read = [naming.read_followed(name, host) for name in names]
    failures = 0
    for name in dict.fromkeys(read):
        try:
            done = do(name)
        except GitstarsError as error:
            failures += 1
            click.echo(f"{name}: {error}", err=True)
            continue
        if as_json:
            show.print_json(done)
        else:
            click.echo(describe(done))
    if failures:
        context.exit(1)


def tell(done: api.Followed, is_running: bool) -> str:
    """What became of one wish to follow."""
    state = "is followed" if done.is_new else "was followed already"
    when = "" if is_running else "; `gitstars serve` collects it"
    if done.kind == "repository":
        return f"{done.name} {state}, with the account of {done.login}{when}"
    amount = show.count_of_repositories(done.repositories, "public ")
    return f"{done.name} {state}, with the account of {done.login}: {amount}{when}"
