"""``gitstars export``: the stored stars as a file."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import click

from gitstars import api, naming
from gitstars.cli.admin_client import EXIT_CODES, AdminClient, with_client
from gitstars.cli.desk import is_answering
from gitstars.clock import midnight
from gitstars.config import load
from gitstars.errors import GitstarsError

#: So many lines between two words on progress.
TELL_LINES = 20_000


@click.command(short_help="Write the stored stars to a file.", epilog=EXIT_CODES)
@click.argument("what", type=click.Choice(["stars"]), metavar="stars")
@click.argument("names", metavar="[REPO]...", nargs=-1)
@with_client
@click.option("--format", "kind", type=click.Choice(["csv", "jsonl"]), default="csv")
@click.option("--output", required=True, metavar="FILE", help="Where to; - is standard output.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Only stars that were given on this UTC day or later.",
)
@click.option("--include-unstarred", is_flag=True, help="Also stars that were found gone.")
@click.pass_context
def export(
    context: click.Context,
    client: AdminClient,
    what: str,
    names: tuple[str, ...],
    kind: Any,
    output: str,
    since: datetime | None,
    include_unstarred: bool,
) -> None:
    """Write who starred REPO and when, or all stored stars, to a file: through the running server,
    else from the configured database. Names are for the operator of this server: do not publish
    them.

    \b
    gitstars export stars acme/engine --output stars.csv
    gitstars export stars --format jsonl --include-unstarred --output - | gzip > stars.jsonl.gz
    """
    settings = load(context.params["config"]).config
    host = naming.web_host(settings.github.api_url)
    read = [naming.read_repository(name, host) for name in names]
    if is_answering(client, context.params["url"] is None):
        query = api.ExportQuery(
            repos=",".join(read),
            format=kind,
            since=None if since is None else since.date(),
            include_unstarred=include_unstarred,
        )
        write(output, client.download(f"/export/{what}", query))
        return
    # The database's packages are loaded only where they are needed.
    from gitstars.cli.export_direct import export_directly

    begin = None if since is None else midnight(since.date())
    with export_directly(settings, read, kind, begin, include_unstarred) as lines:
        write(output, lines)


def write(output: str, blocks: Iterable[bytes]) -> None:
    """Put all of it there, whole or not at all; standard output takes it as it comes."""
    if output == "-":
        for block in blocks:
            sys.stdout.buffer.write(block)
        sys.stdout.buffer.flush()
        return
    with whole_file(Path(output)) as file:
        lines, told = 0, 0
        for block in blocks:
            file.write(block)
            lines += block.count(b"\n")
            if sys.stderr.isatty() and lines - told >= TELL_LINES:
                told = lines
                click.echo(f"\r{lines:,} lines", nl=False, err=True)
    if told:
        click.echo("\r", nl=False, err=True)
    click.echo(f"{output}: {lines:,} lines")


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that gets its name when all is written. Raises GitstarsError."""
    fresh = path.with_name(f".{path.name}.part")
    try:
        with fresh.open("wb") as file:
            yield file
        fresh.replace(path)
    except OSError as error:
        raise GitstarsError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        if fresh.is_file():
            fresh.unlink()
