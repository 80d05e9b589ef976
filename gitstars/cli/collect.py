"""``gitstars collect``: repositories are read once, without a server and without an account."""

import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec
from gevent.event import Event
from rich.console import Console

from gitstars import log, naming
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES
from gitstars.cli.options import with_config
from gitstars.config import LoadedConfig, token_of_environment
from gitstars.errors import UserMistake
from gitstars.interrupts import on_interrupts
from gitstars.redaction import register_secret

if TYPE_CHECKING:
    from gitstars.once import Collected, Once

COLUMNS = ("repository", "status", "stars", "stored", "in its history", "reason")
#: Pause between looks at how far it is (seconds).
LOOK_SECONDS = 0.3


@click.command(short_help="Collect repositories once, without a server.", epilog=EXIT_CODES)
@click.argument("names", metavar="REPO...", nargs=-1, required=True)
@with_config
@click.option("--token-stdin", is_flag=True, help="Read the token from standard input.")
@click.option("--no-token", is_flag=True, help="Use none: weekly histories alone.")
@click.option(
    "--max-minutes",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="End after so many minutes; the next run goes on where this one stood.",
)
@click.option("--verbose", is_flag=True, help="Say what happens.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON list.")
def collect(
    loaded: LoadedConfig,
    names: tuple[str, ...],
    token_stdin: bool,
    no_token: bool,
    max_minutes: float | None,
    verbose: bool,
    as_json: bool,
) -> int:
    """Read the stars of each REPO to their end, store them in the configured database, and end:
    for cron and for workflows. The token is that of GITHUB_TOKEN or GH_TOKEN and is stored nowhere.
    Where it may not list the stargazers, and without a token, the weekly history is read, which
    GitHub shows to everybody (without a token 60 calls an hour).

    Exits with 0 when each list is complete or has its history instead, with 1 otherwise.

    \b
    gh auth token | gitstars collect acme/engine --token-stdin
    gitstars collect torvalds/linux --no-token
    """
    host = naming.web_host(loaded.config.github.api_url)
    read = list(dict.fromkeys(naming.read_repository(name, host) for name in names))
    for name in read:
        if not naming.is_name(name):
            raise UserMistake(f"{name!r} is no name of a repository; give it as owner/name")
    token = find_token(token_stdin, no_token)
    level = loaded.config.log.level if verbose else "error"
    log.configure(msgspec.structs.replace(loaded.config.log, level=level))
    # Here, because the whole engine comes with it.
    from gitstars.once import Once

    ends_at = None if max_minutes is None else time.monotonic() + 60 * max_minutes
    once = Once(loaded.config, token)
    asked = Event()
    on_interrupts(asked.set, lambda: os._exit(130))
    try:
        once.start(read)
        found = follow(once, asked, ends_at)
    finally:
        once.stop()
    if as_json:
        show.print_json([as_object(one) for one in found])
    else:
        show.print_table(COLUMNS, [as_row(one) for one in found])
    if asked.is_set():
        click.echo("stopped; the next run goes on where this one stood", err=True)
        return 130
    return 0 if all(one.is_done for one in found) else 1


def find_token(from_stdin: bool, without: bool) -> str | None:
    """The token that is used; None: none. Raises UserMistake."""
    if from_stdin and without:
        raise UserMistake("give either --token-stdin or --no-token")
    if without:
        return None
    if from_stdin:
        token = sys.stdin.read(10_000)
    else:
        try:
            token = token_of_environment()
        except UserMistake:
            click.echo(
                "no token is given (GITHUB_TOKEN, GH_TOKEN, --token-stdin): weekly histories alone "
                "are read",
                err=True,
            )
            return None
    register_secret(token.strip())
    return token


def follow(once: "Once", asked: Event, ends_at: float | None) -> "list[Collected]":
    """Wait until everything is read, somebody asks for the end, or the time is over; how far it
    came.
    """
    with Console(stderr=True).status("asking GitHub") as status:
        while True:
            is_late = ends_at is not None and time.monotonic() >= ends_at
            is_last = once.is_over or asked.is_set() or is_late
            found = list(once.look())
            if is_last:
                return found
            status.update(describe(found, once.waits))
            asked.wait(LOOK_SECONDS)


def describe(found: "Sequence[Collected]", waits: str | None) -> str:
    """How far it is, one line."""
    done = sum(one.is_done for one in found)
    stored = sum(one.stored for one in found)
    weekly = sum(one.weekly_stars for one in found)
    text = f"{done} of {len(found)} done, {stored:,} stars and {weekly:,} of histories stored"
    return f"{text}; waits: {waits}" if waits else text


def as_row(one: "Collected") -> tuple[object, ...]:
    """A row under ``COLUMNS``."""
    status = "not found" if one.status is None else one.status.value
    weekly = one.weekly_stars if one.has_history or one.weekly_stars else None
    return (one.name, status, one.stars, one.stored, weekly, one.reason)


def as_object(one: "Collected") -> dict[str, object]:
    """The same for programs."""
    return {
        "full_name": one.name,
        "status": one.status,
        "reason": one.reason,
        "stars": one.stars,
        "stored": one.stored,
        "history_stars": one.weekly_stars,
        "has_history": one.has_history,
        "is_done": one.is_done,
    }
