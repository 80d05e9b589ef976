"""``gitstars stats``: what a running server has done and is doing, once or live."""

from typing import Any

import click
import gevent
import msgspec
from rich.console import Console, Group
from rich.live import Live

from gitstars import api
from gitstars.cli import accounts, show
from gitstars.cli.admin_client import EXIT_CODES, AdminClient, with_client
from gitstars.clock import show_duration

#: Pause between two readings of ``--watch`` (seconds).
WATCH_SECONDS = 1.0


@click.command(short_help="Show what a running server has done and is doing.", epilog=EXIT_CODES)
@with_client
@click.option(
    "--watch", is_flag=True, help="Again every second until Ctrl+C; a line each in a pipe."
)
@click.option("--json", "as_json", is_flag=True, help="As a JSON object; with --watch one a line.")
def stats(client: AdminClient, watch: bool, as_json: bool) -> None:
    """Show health, speed, repositories, queue, workers and accounts."""
    if watch:
        try:
            _watch(client, as_json)
        except KeyboardInterrupt:
            click.echo()
        return
    reading = client.get("/stats", api.Stats)
    if as_json:
        show.print_json(reading)
        return
    show.print_facts(describe(reading))
    listed = client.get("/accounts", api.Accounts).accounts
    if listed:
        click.echo()
        show.print_table(accounts.COLUMNS, [accounts.account_row(account) for account in listed])


def _watch(client: AdminClient, as_json: bool) -> None:
    if as_json or not show.is_terminal():
        while True:
            reading = client.get("/stats", api.Stats)
            line = msgspec.json.encode(reading).decode() if as_json else one_line(reading)
            click.echo(line)
            gevent.sleep(WATCH_SECONDS)
    console = Console(highlight=False)
    with Live(console=console, auto_refresh=False, screen=False) as live:
        while True:
            live.update(_screen(client, console.width), refresh=True)
            gevent.sleep(WATCH_SECONDS)


def _screen(client: AdminClient, width: int) -> Group:
    listed = client.get("/accounts", api.Accounts).accounts
    rows = [accounts.account_row(account) for account in listed]
    return Group(
        show.facts_table(describe(client.get("/stats", api.Stats))),
        "",
        show.rich_table(accounts.COLUMNS, rows, width),
    )


def describe(reading: api.Stats) -> list[tuple[str, Any]]:
    """The facts of ``GET /stats`` that deserve a line."""
    statuses = ", ".join(
        f"{count:,} {name}" for name, count in reading.repositories.items() if count
    )
    resources, workers = reading.resources, reading.workers
    return [
        ("state", "paused" if reading.paused else reading.status),
        ("because", "; ".join(reading.reasons)),
        ("gitstars", f"{reading.version}, up {show_duration(reading.uptime_seconds)}"),
        (
            "stars",
            f"{_describe_kept(reading.stars_kept)} in the database, "
            f"{reading.totals.stars_stored:,} written since the start, "
            f"{reading.rates.stars_per_second:,.0f} a second now",
        ),
        ("repositories", statuses),
        ("queue", _describe_queue(reading.queue)),
        ("workers", f"{workers.count} ({workers.busy} busy, {workers.replaced} replaced)"),
        ("GitHub", _describe_github(reading.github)),
        ("database", _describe_database(reading.database)),
        ("process", f"{resources.cpu_percent:.0f} % of a core, {resources.memory_mb:,.0f} MB"),
    ]


def _describe_kept(stars: int | None) -> str:
    return "not counted yet" if stars is None else f"{stars:,}"


def _describe_queue(queue: api.QueueState) -> str:
    oldest = queue.oldest_seconds
    waits = f", the oldest for {show_duration(oldest)}" if oldest else ""
    return f"{queue.depth:,} waiting{waits}"


def _describe_github(github: api.GitHubState) -> str:
    if not github.reachable:
        return f"no answer since {github.since} ({github.error})"
    missing = [name for name in ("graphql", "history") if not getattr(github.routes, name)]
    return "answers" + (f"; not used on this server: {', '.join(missing)}" if missing else "")


def _describe_database(database: api.DatabaseState) -> str:
    state = f", {database.latency_ms:.1f} ms" if database.reachable else ": not reachable"
    return database.address + state


def one_line(reading: api.Stats) -> str:
    """A reading for a log: what moves."""
    settled = reading.repositories.get("completed", 0)
    return (
        f"{'paused' if reading.paused else reading.status}: "
        f"{reading.totals.stars_stored:,} stars written since the start, "
        f"{reading.rates.stars_per_second:,.0f}/s, {settled:,} repositories completed, "
        f"{reading.queue.depth:,} waiting"
    )
