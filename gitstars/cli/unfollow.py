"""``gitstars unfollow``: the end of ``gitstars follow``."""

import click

from gitstars.cli.admin_client import EXIT_CODES
from gitstars.cli.desk import Desk, with_desk
from gitstars.cli.follow import WHAT, each


@click.command(short_help="Follow repositories or owners no more.", epilog=EXIT_CODES)
@click.argument("names", metavar=f"{WHAT}...", nargs=-1, required=True)
@with_desk
@click.option("--json", "as_json", is_flag=True, help="As JSON objects.")
@click.pass_context
def unfollow(context: click.Context, desk: Desk, names: tuple[str, ...], as_json: bool) -> None:
    """Follow repositories or owners no more. What nobody stars or follows is not collected any
    further; what is stored stays.
    """
    each(
        context,
        names,
        desk.unfollow,
        as_json,
        lambda done: f"{done.name} is followed no more; what is stored stays",
    )
