"""``gitstars accounts add``, ``token``, ``sync`` and ``remove``: what changes accounts."""

import re
import sys

import click
import gevent
from rich.console import Console

from gitstars import api
from gitstars.cli import show
from gitstars.cli.admin_client import EXIT_CODES
from gitstars.cli.desk import Desk, with_desk
from gitstars.config import token_of_environment
from gitstars.errors import UserMistake

#: ``--every``: hours or days.
EVERY = re.compile(r"(?P<number>[0-9]{1,4}) ?(?P<unit>h|d)")

token_options = (
    click.option("--token-stdin", is_flag=True, help="Read the token from standard input."),
    click.option("--from-env", is_flag=True, help="Take the token from GITHUB_TOKEN, or GH_TOKEN."),
)


@click.command(short_help="Sign a person in with a token.", epilog=EXIT_CODES)
@with_desk
@token_options[0]
@token_options[1]
@click.option("--login", "by_login", is_flag=True, help="Sign in through GitHub's page.")
@click.option("--no-wait", is_flag=True, help="Do not wait until the stars are listed.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
def add(
    desk: Desk, token_stdin: bool, from_env: bool, by_login: bool, no_wait: bool, as_json: bool
) -> None:
    """Sign a person in: GitHub is asked whose the token is, and what that person starred, owns or
    collaborates on is collected from then on.

    \b
    The token is asked for and never shown. Other ways to give it:
      gh auth token | gitstars accounts add --token-stdin
      GITHUB_TOKEN=… gitstars accounts add --from-env
      gitstars accounts add --login       (where github.client_id is set)
    """
    if by_login and (token_stdin or from_env):
        raise UserMistake("give one of --login, --token-stdin and --from-env")
    signed_in = log_in(desk) if by_login else desk.add(read_token(token_stdin, from_env))
    if as_json:
        show.print_json(signed_in)
        return
    tell(desk, signed_in, not no_wait)


def tell(desk: Desk, signed_in: api.SignedIn, is_followed: bool) -> None:
    """Say what became of a sign-in, and what will come of it."""
    name = f"{signed_in.login} ({signed_in.user_id})"
    if signed_in.state == "web":
        click.echo(
            f"the web application keeps the account of {name}, which stays as it is; "
            f"`gitstars accounts sync {signed_in.login} --every 6h` keeps its stars in step"
        )
        return
    click.echo(f"{name} {'is signed in' if signed_in.state == 'new' else 'has a new token'}")
    if signed_in.may_list is False:
        click.echo(
            "the token has neither the scope public_repo nor repo: GitHub refuses it the "
            "stargazers of its own repositories too; both scopes include write access"
        )
    if is_followed:
        click.echo(sum_up(follow(desk, signed_in.user_id), signed_in.login))
    if not desk.is_running:
        click.echo("no server runs now; `gitstars serve` collects")


@click.command(short_help="Give an account another token.", epilog=EXIT_CODES)
@with_desk
@click.argument("login")
@token_options[0]
@token_options[1]
def token(desk: Desk, login: str, token_stdin: bool, from_env: bool) -> None:
    """Give the account of LOGIN another token of the same person; what was refused to the former
    one is tried again.
    """
    user_id, _ = desk.find(login)
    signed_in = desk.replace_token(user_id, read_token(token_stdin, from_env))
    click.echo(f"{signed_in.login} ({user_id}) has a new token")


@click.command(short_help="List an account's stars now, or regularly.", epilog=EXIT_CODES)
@with_desk
@click.argument("login")
@click.option("--every", metavar="6h|off", help="How often from now on: hours, days (1d), or off.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
def sync(desk: Desk, login: str, every: str | None, as_json: bool) -> None:
    """List what LOGIN starred now, or from now on regularly. New stars are collected; what is
    starred no more is not collected further, and what is stored stays.
    """
    wish = read_wish(every)
    user_id, login = desk.find(login)
    kept = desk.sync(user_id, wish)
    if as_json:
        show.print_json(kept)
    elif kept.every_hours is None:
        click.echo(f"the stars of {login} are not listed any more; they stay as they are")
    else:
        when = "now" if desk.is_running else "when `gitstars serve` runs"
        click.echo(f"the stars of {login} are listed {when}, and every {kept.every_hours:g} h")


@click.command(short_help="Remove an account.", epilog=EXIT_CODES)
@with_desk
@click.argument("login")
@click.option(
    "--delete-data/--keep-data",
    help="Also delete what the account brought: its stars, and what it may list.",
)
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
def remove(
    desk: Desk, login: str, delete_data: bool, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Remove the account of LOGIN with its token. What was collected from repositories stays;
    `--delete-data` deletes the account's own stars too, unless another account brought them.
    """
    user_id, login = desk.find(login)
    gone = desk.remove(user_id, api.RemoveQuery(delete_data, dry_run=True))
    told = f"{gone.stars:,} stars and {gone.access:,} rows of what it may list"
    if dry_run:
        click.echo(f"with --delete-data these rows of {login} would go: {told}")
        return
    if not yes:
        if not sys.stdin.isatty():
            raise UserMistake(f"nobody can be asked here; give --yes to remove {login}")
        fate = f"{told} go with it" if delete_data else "what it brought stays"
        click.confirm(f"Remove the account of {login}? {fate}.", abort=True)
    gone = desk.remove(user_id, api.RemoveQuery(delete_data))
    if as_json:
        show.print_json(gone)
    else:
        fate = f"{told} went with it" if delete_data else "what it brought stays"
        click.echo(f"the account of {login} is removed; {fate}")


def read_token(from_stdin: bool, from_env: bool) -> str:
    """The token that the user gives, never from the command line. Raises UserMistake."""
    if from_stdin and from_env:
        raise UserMistake("give either --token-stdin or --from-env")
    if from_stdin:
        return sys.stdin.read(10_000)
    if from_env:
        return token_of_environment()
    if not sys.stdin.isatty():
        raise UserMistake(
            "nobody can be asked for the token here; give it with --token-stdin or --from-env"
        )
    given: str = click.prompt("Token of GitHub", hide_input=True, prompt_suffix=" (not shown): ")
    return given


def log_in(desk: Desk) -> api.SignedIn:
    """Sign a person in through GitHub's page. Raises TokenUnusable where that person said no, or
    was too late.
    """
    login = desk.begin_login()
    click.echo(f"open {login.verification_uri} and enter the code {login.user_code}", err=True)
    pause = login.interval_seconds
    with Console(stderr=True).status("waiting until the code is entered"):
        while True:
            gevent.sleep(pause)
            told = desk.finish_login(login.device_code)
            if told.signed_in is not None:
                return told.signed_in
            pause += told.slower_seconds


def read_wish(every: str | None) -> api.SyncWish:
    """What ``--every`` wishes. Raises UserMistake."""
    if every is None:
        return api.SyncWish()
    if every.strip().lower() == "off":
        return api.SyncWish(off=True)
    found = EVERY.fullmatch(every.strip().lower())
    hours = int(found["number"]) * (24 if found["unit"] == "d" else 1) if found else 0
    if not 1 <= hours <= 720:
        raise UserMistake(f"--every takes 1h to 720h, days such as 1d, or off, got {every!r}")
    return api.SyncWish(hours=hours)


def follow(desk: Desk, user_id: int) -> api.Sync:
    """Wait until what the account starred, owns or may push to is listed."""
    with Console(stderr=True).status("its stars are being listed") as status:
        return desk.list_stars(
            user_id, lambda found: status.update(f"its stars are being listed: {found:,} so far")
        )


def sum_up(kept: api.Sync, login: str) -> str:
    """What will come of the account's repositories, why, and what would change it."""
    own = "what" if kept.own is None else f"{show.count_of_repositories(kept.own)} that"
    verb = "are" if kept.own not in (None, 1) else "is"
    return (
        f"{own} {login} owns or may push to {verb} collected in full\n"
        f"{show.count_of_repositories(kept.starred or 0, 'starred ')}: GitHub gives the count and "
        "weekly history, and lists the stargazers only to people who may push; an account of such "
        "a person would change that\n"
        f"`gitstars repos` shows all of them, `gitstars accounts {login}` how far it is"
    )
