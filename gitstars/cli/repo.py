"""``gitstars repo``: everything known about one repository, and why it is in its state."""

from typing import Any

import click

from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES, AdminClient, repository_path, with_client


@click.command(short_help="Show everything known about one repository.", epilog=EXIT_CODES)
@click.argument("name", metavar="REPO")
@with_client
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
def repo(client: AdminClient, name: str, as_json: bool) -> None:
    """Show everything known about REPO (owner/name, record id or GitHub's number), and why it is
    in the state that it is in.
    """
    known = client.get(repository_path(name))
    if as_json:
        show.print_json(known)
        return
    show.print_facts(describe(known))
    access = known.get("access") or []
    if access:
        click.echo()
        columns = ("account", "may list", "face", "reason", "checked", "again")
        rows = [
            (
                a["login"],
                a["may_list"],
                a["face"],
                a["text"],
                show.away(a["checked_at"]),
                show.away(a["look_again_at"]),
            )
            for a in access
        ]
        show.print_table(columns, rows)


def describe(known: dict[str, Any]) -> list[tuple[str, Any]]:
    """The facts worth a line each, in the order of interest."""
    stored, total = known["processed_stargazers"], known["total_stargazers"]
    again = known["next_retry_at"]
    return [
        ("repository", known["full_name"]),
        ("status", known["status"]),
        ("why", known["reason"]),
        ("notes", known["notes"]),
        ("stars stored", f"{stored or 0:,}" + (f" of {total:,}" if total is not None else "")),
        ("ghosts", known["ghosts"] or None),
        (
            "page",
            f"{known['last_page'] or 0} of {known['total_pages'] or '?'}"
            if known["last_page"]
            else None,
        ),
        ("tried again", f"{again} ({show.away(again)})" if again else None),
        ("failures", known["error_count"] or None),
        ("claimed by", known["claimed_by"]),
        ("started", known["started_at"]),
        ("completed", known["completed_at"]),
        ("GitHub's id", str(known["github_id"])),
        ("record", known["id"]),
    ]
