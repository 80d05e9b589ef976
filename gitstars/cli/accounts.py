"""``gitstars accounts``: the accounts, their access and their budgets."""

from typing import Any

import click

from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES, AdminClient, with_client

COLUMNS = (
    "account",
    "id",
    "repositories",
    "settled",
    "REST left",
    "GraphQL left",
    "resets",
    "reason",
)


@click.command(short_help="List accounts, their access and their budgets.", epilog=EXIT_CODES)
@with_client
@click.option("--json", "as_json", is_flag=True, help="As a JSON list.")
def accounts(client: AdminClient, as_json: bool) -> None:
    """List the accounts with their progress and budgets, and why one is out."""
    listed: list[dict[str, Any]] = client.get("/accounts")["accounts"]
    if as_json:
        show.print_json(listed)
        return
    show.print_table(COLUMNS, [account_row(account) for account in listed])


def account_row(account: dict[str, Any]) -> tuple[Any, ...]:
    """One account under ``COLUMNS``."""
    budgets = account["budgets"]
    resets = [budget["reset_at"] for budget in budgets.values() if budget["reset_at"]]
    repositories = account["repositories"]
    return (
        account["login"],
        str(account["user_id"]),
        repositories["total"],
        repositories["settled"],
        *(budgets[name]["remaining"] if name in budgets else None for name in ("core", "graphql")),
        show.away(min(resets)) if resets else None,
        account["reason"],
    )
