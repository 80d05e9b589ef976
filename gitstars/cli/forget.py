"""``gitstars forget``: a person who asked for it is forgotten."""

import sys

import click

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES
from gitstars.cli.desk import Desk, with_desk
from gitstars.errors import UserMistake


@click.command(short_help="Delete what is stored of a person, for good.", epilog=EXIT_CODES)
@click.argument("login", metavar="LOGIN|ID")
@with_desk
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
def forget(desk: Desk, login: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Forget the person with this login or numeric GitHub id: the record and all its stars go, each
    star counts like that of a deleted user from then on, and a salted hash keeps the person from
    being stored again. Only a sign-in of that person ends it.
    """
    would = desk.forget(api.ForgetWish(login, dry_run=True))
    name = would.login or str(would.user_id)
    stars = f"{would.stars:,} star{'' if would.stars == 1 else 's'}"
    what = f"the record, and {stars} of {show.count_of_repositories(would.repositories)}"
    if would.login is None:
        what = "nothing: this id was not met yet, and is kept from being stored"
    if not dry_run and not yes:
        if not sys.stdin.isatty():
            raise UserMistake(f"nobody can be asked here; give --yes to forget {name}")
        click.confirm(f"Forget {name} for good? What goes is {what}.", abort=True)
    if not dry_run:
        # By its id: the login may be another person's by now.
        would = desk.forget(api.ForgetWish(str(would.user_id)))
    if as_json:
        show.print_json(would)
    elif dry_run:
        click.echo(f"{name} would be forgotten; what goes is {what}")
    else:
        click.echo(f"{name} is forgotten; what went is {what}")
