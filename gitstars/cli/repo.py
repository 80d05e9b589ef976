"""``gitstars repo``: everything known about one repository, and why it is in its state."""

from collections.abc import Sequence
from typing import Any

import click

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES, AdminClient, with_client

ACCESS_COLUMNS = ("account", "may list", "face", "GitHub said", "lacks", "checked", "asked again")
WEEK_COLUMNS = ("week of", "stars", "days, Sunday first")
#: Weeks of the history that are shown, the newest.
WEEKS_SHOWN = 8


@click.command(short_help="Show everything known about one repository.", epilog=EXIT_CODES)
@click.argument("name", metavar="REPO")
@with_client
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
def repo(client: AdminClient, name: str, as_json: bool) -> None:
    """Show everything known about REPO (owner/name, its address, record id or GitHub's number),
    and why it is in the state that it is in.
    """
    known = client.get(client.repository_path(name), api.RepositoryDetails)
    if as_json:
        show.print_json(known)
        return
    show.print_facts(describe(known))
    if known.access:
        click.echo()
        show.print_table(ACCESS_COLUMNS, [access_row(row) for row in known.access])
        for row in known.access:
            if row.advice:
                click.echo(f"{row.login}: {row.advice}")
    if known.history:
        click.echo()
        click.echo(describe_history(known.history))
        rows = [week_row(week) for week in known.history[-WEEKS_SHOWN:]]
        show.print_table(WEEK_COLUMNS, rows)


def describe(known: api.RepositoryDetails) -> list[tuple[str, Any]]:
    """The facts worth a line each, in the order of interest."""
    total, again = known.total_stargazers, known.next_retry_at
    stored = f"{known.processed_stargazers:,}" + (f" of {total:,}" if total is not None else "")
    return [
        ("repository", known.full_name),
        ("status", known.status.value),
        ("why", known.reason),
        ("waits", known.obstacle),
        ("notes", known.notes),
        ("stars stored", stored),
        ("ghosts", known.ghosts or None),
        (
            "page",
            f"{known.last_page} of {known.total_pages or '?'}" if known.last_page else None,
        ),
        ("tried again", f"{again} ({show.away(again)})" if again else None),
        ("failures", known.error_count or None),
        ("claimed by", known.claimed_by),
        ("started", known.started_at),
        ("completed", known.completed_at),
        ("GitHub's id", None if known.github_id is None else str(known.github_id)),
        ("record", known.id),
    ]


def access_row(row: api.Access) -> tuple[Any, ...]:
    """One account's access under ``ACCESS_COLUMNS``."""
    return (
        row.login,
        row.may_list,
        row.face,
        row.text,
        row.accepted_permissions,
        show.away(row.checked_at),
        show.away(row.look_again_at),
    )


def describe_history(weeks: Sequence[api.Week]) -> str:
    """What the weekly history says, and what it does not."""
    total = sum(week.total for week in weeks)
    span = "1 week" if len(weeks) == 1 else f"{len(weeks):,} weeks"
    return f"history: {total:,} stars in {span} ({api.HISTORY_NOTE})"


def week_row(week: api.Week) -> tuple[str, int, str]:
    """One week under ``WEEK_COLUMNS``; days to come are not there."""
    return week.week[:10], week.total, " ".join(map(str, week.days))
