"""``gitstars accounts``: the accounts, their access and their budgets; of one, what it does and
what it waits for.
"""

from typing import Any

import click

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES, AdminClient, with_client
from gitstars.clock import show_duration
from gitstars.errors import NotKnown

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


@click.command(short_help="List accounts, or show what one does and waits for.", epilog=EXIT_CODES)
@click.argument("account", metavar="[LOGIN]", required=False)
@with_client
@click.option("--json", "as_json", is_flag=True, help="As a JSON list; of LOGIN as an object.")
def accounts(client: AdminClient, account: str | None, as_json: bool) -> None:
    """List the accounts with their progress and budgets, and why one is out.

    With LOGIN, or the numeric id of a user: what that account does, and what it waits for until
    when.
    """
    answer = client.get("/accounts", api.Accounts)
    listed = answer.accounts
    if account is not None:
        chosen = find_account(listed, account)
        if as_json:
            show.print_json(chosen)
        else:
            show.print_facts(describe(chosen))
        return
    if as_json:
        show.print_json(listed)
        return
    show.print_table(COLUMNS, [account_row(account) for account in listed])
    for row in answer.left_out:
        click.echo(f"{row.login or row.record_id} is left out: {row.reason}", err=True)


def find_account(listed: list[api.Account], name: str) -> api.Account:
    """The account of this login, in any case, or of this numeric id. Raises NotKnown."""
    for account in listed:
        if name.lower() in (account.login.lower(), str(account.user_id)):
            return account
    raise NotKnown(f"no account here has the login or id {name}; gitstars accounts lists them")


def account_row(account: api.Account) -> tuple[Any, ...]:
    """One account under ``COLUMNS``."""
    budgets = (account.budgets.core, account.budgets.graphql)
    resets = [budget.reset_at for budget in budgets if budget.reset_at]
    return (
        account.login,
        str(account.user_id),
        account.repositories.total,
        account.repositories.settled,
        *(budget.remaining for budget in budgets),
        show.away(min(resets)) if resets else None,
        account.reason,
    )


def describe(account: api.Account) -> list[tuple[str, Any]]:
    """The facts of one account: what it does, and why it does not move."""
    left = account.seconds_left
    progress = f"{account.repositories.settled:,} of {account.repositories.total:,} settled"
    return [
        ("account", account.login or "?"),
        ("id", str(account.user_id)),
        ("repositories", progress + (f", about {show_duration(left)} left" if left else "")),
        ("jobs waiting", account.repositories.waiting),
        ("may list", account.access.allowed),
        ("refused", account.access.refused),
        ("scopes", ", ".join(account.scopes) if account.scopes is not None else "unknown"),
        ("token", account.token.text or "is used"),
        ("out because", account.reason),
        *_describe_activity(account.activity),
        ("REST", _describe_budget(account.budgets.core)),
        ("GraphQL", _describe_budget(account.budgets.graphql)),
    ]


def _describe_activity(activity: api.Activity | None) -> list[tuple[str, Any]]:
    if activity is None:
        return [("served", "by no worker at present")]
    slots = [f"{kind} {count}" for kind, count in activity.slots.items()]
    until = activity.waits_until
    waits = activity.waits_for
    if waits is not None and until is not None:
        waits = f"{waits}, until {until} ({show.away(until)})"
    return [
        ("calls under way", ", ".join(slots) or "none"),
        ("reads", ", ".join(activity.open)),
        ("asks next", activity.next_ask),
        ("waits for", waits),
        ("last progress", show.away(activity.progressed_at)),
    ]


def _describe_budget(budget: api.Budget) -> str:
    left = budget.limit if budget.remaining is None else budget.remaining
    reset = f", full again {show.away(budget.reset_at)}" if budget.reset_at else ""
    return f"{left:,} of {budget.limit:,} left{reset}"
