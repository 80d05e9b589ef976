"""``gitstars serve``: reads the configuration, sets up logging and hands over to the composition
root.
"""

import click

from gitstars import log
from gitstars.cli.options import with_config
from gitstars.config import LoadedConfig

#: ``--wait-for-db`` without a number (seconds).
USUAL_WAIT_SECONDS = 60


@click.command(short_help="Collect stargazers until stopped.")
@with_config
@click.option(
    "--wait-for-db",
    type=click.IntRange(0, 86_400),
    is_flag=False,
    flag_value=USUAL_WAIT_SECONDS,
    default=0,
    metavar="[SECONDS]",
    help=(
        f"Try for this long to reach the database at the start; {USUAL_WAIT_SECONDS} without a "
        "number."
    ),
)
def serve(loaded: LoadedConfig, wait_for_db: int) -> int:
    """Collect the stargazers of every account's repositories until stopped by Ctrl+C or SIGTERM."""
    log.configure(loaded.config.log)
    # Here, because the whole engine comes with it, and a mistake in the configuration should not
    # wait for that.
    from gitstars.app import serve_forever

    return serve_forever(loaded.config, float(wait_for_db))
