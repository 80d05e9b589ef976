"""``gitstars accounts``: the accounts, their access and their budgets; of one, what it does and
what it waits for. What changes them stands in ``accounts_change``.
"""

from typing import Any

import click

from gitstars import api
from gitstars.cli import accounts_change, show
from gitstars.cli.admin_client import EXIT_CODES, AdminClient, with_client
from gitstars.cli.desk import choose
from gitstars.clock import show_duration

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


class AccountCommands(click.Group):
    """A group in which ``accounts LOGIN`` is short for ``accounts show LOGIN``."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        is_login = bool(args) and args[0] not in self.commands and not args[0].startswith("-")
        return super().resolve_command(ctx, ["show", *args] if is_login else args)


@click.group(
    cls=AccountCommands,
    short_help="List accounts, add, change or remove one.",
    invoke_without_command=True,
    epilog=EXIT_CODES,
)
@with_client
@click.option("--json", "as_json", is_flag=True, help="As a JSON list.")
@click.pass_context
def accounts(context: click.Context, client: AdminClient, as_json: bool) -> None:
    """List the accounts with their progress and budgets, and why one is out; `accounts LOGIN`
    shows what one does and waits for.
    """
    context.obj = client
    if context.invoked_subcommand is not None:
        return
    answer = client.get("/accounts", api.Accounts)
    if as_json:
        show.print_json(answer.accounts)
        return
    show.print_table(COLUMNS, [account_row(account) for account in answer.accounts])
    for row in answer.left_out:
        click.echo(f"{row.login or row.record_id} is left out: {row.reason}", err=True)
    if not answer.accounts and not answer.left_out:
        click.echo(f"{api.NOBODY_HERE}: {api.SIGN_IN_ADVICE}", err=True)


@accounts.command("show", short_help="Show what an account does and waits for.", epilog=EXIT_CODES)
@with_client
@click.argument("login")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
def show_account(client: AdminClient, login: str, as_json: bool) -> None:
    """Show what the account of LOGIN, or with this numeric id, does, and what it waits for until
    when.
    """
    chosen = find_account(client.get("/accounts", api.Accounts).accounts, login)
    if as_json:
        show.print_json(chosen)
    else:
        show.print_facts(describe(chosen))


for command in (accounts_change.add, accounts_change.token, accounts_change.sync):
    accounts.add_command(command)
accounts.add_command(accounts_change.remove)


def find_account(listed: list[api.Account], name: str) -> api.Account:
    """The account of this login, in any case, or of this numeric id. Raises NotKnown."""
    user_id, _ = choose(name, [(account.user_id, account.login) for account in listed])
    return next(account for account in listed if account.user_id == user_id)


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
        ("stars", _describe_sync(account.sync)),
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


def _describe_sync(kept: api.Sync | None) -> str:
    if kept is None or kept.every_hours is None:
        return "written by the web application" if kept is None else "not listed any more"
    last = f"listed {show.away(kept.synced_at)}" if kept.synced_at else "not listed yet"
    again = f", again {show.away(kept.next_at)}" if kept.next_at else ""
    return f"{last}{again}, every {kept.every_hours:g} h"
