"""``gitstars export``: what is stored as a file."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import click

from gitstars import api, naming
from gitstars.cli.admin_client import EXIT_CODES
from gitstars.cli.files import whole_file
from gitstars.cli.options import since_option
from gitstars.cli.reader import Reader, with_reader
from gitstars.config import load

#: So many lines between two words on progress.
TELL_LINES = 20_000
#: The formats that the end of a file's name stands for.
ENDINGS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".db": "sqlite",
}


@click.command(short_help="Write what is stored to a file.", epilog=EXIT_CODES)
@click.argument("what", type=click.Choice(api.EXPORTS), metavar="|".join(api.EXPORTS))
@click.argument("names", metavar="[REPO]...", nargs=-1)
@with_reader
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "jsonl", "sqlite"]),
    help="By default what FILE ends with (.jsonl, .ndjson; .sqlite, .sqlite3, .db), else csv.",
)
@click.option("--output", required=True, metavar="FILE", help="Where to; - is standard output.")
@since_option("Only stars that were given on this UTC day or later, and days from it on.")
@click.option("--include-unstarred", is_flag=True, help="Also stars that were found gone.")
@click.pass_context
def export(
    context: click.Context,
    reader: Reader,
    what: api.Export,
    names: tuple[str, ...],
    kind: str | None,
    output: str,
    since: date | None,
    include_unstarred: bool,
) -> None:
    """Write what is stored of REPO, or of all repositories, to a file: through the running server,
    else from the configured database. Names are for the operator of this server: do not publish
    them.

    \b
    stars    who starred what and when
    users    the people behind the stars
    repos    the repositories with their states
    history  the stars of each repository by day, without names
    counts   how many stars GitHub told of each repository, day by day

    \b
    gitstars export stars acme/engine --output stars.csv
    gitstars export stars --include-unstarred --output stars.sqlite
    gitstars export history --format jsonl --output - | gzip > history.jsonl.gz
    """
    kind = kind or ENDINGS.get(Path(output).suffix.lower(), "csv")
    if kind == "sqlite" and output == "-":
        raise click.UsageError("a SQLite file cannot go to standard output: give --output a name")
    host = naming.web_host(load(context.params["config"]).config.github.api_url)
    wanted = api.ExportQuery(
        repos=",".join(naming.read_repository(name, host) for name in names),
        format="csv" if kind == "csv" else "jsonl",
        since=since,
        include_unstarred=include_unstarred,
    )
    unfitting = wanted.find_unfitting(what)
    if unfitting is not None:
        raise click.UsageError(unfitting)
    blocks = reader.export(what, wanted)
    if kind == "sqlite":
        save_sqlite(output, what, blocks)
    else:
        write(output, blocks, has_heading=kind == "csv")


def write(output: str, blocks: Iterable[bytes], has_heading: bool = True) -> None:
    """Put all of it there, whole or not at all; standard output takes it as it comes."""
    if output == "-":
        for block in blocks:
            sys.stdout.buffer.write(block)
        sys.stdout.buffer.flush()
        return
    with whole_file(Path(output)) as fresh, fresh.open("wb") as file:
        rows = -1 if has_heading else 0
        with _progress("rows") as tell:
            for block in blocks:
                file.write(block)
                rows += block.count(b"\n")
                tell(rows)
    click.echo(f"{output}: {rows:,} rows")


def save_sqlite(output: str, what: str, blocks: Iterable[bytes]) -> None:
    """Put all of it into a SQLite file there, whole or not at all."""
    # Only this export needs it.
    from gitstars.cli.export_sqlite import write_sqlite

    rows = 0
    with whole_file(Path(output)) as fresh, _progress("rows") as tell:
        for rows in write_sqlite(fresh, what, blocks):
            tell(rows)
    click.echo(f"{output}: {rows:,} rows")


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int], None]]:
    """A number that grows on a terminal, and is gone at the end."""
    told = 0

    def tell(number: int) -> None:
        nonlocal told
        if sys.stderr.isatty() and number - told >= TELL_LINES:
            told = number
            click.echo(f"\r{number:,} {what}", nl=False, err=True)

    try:
        yield tell
    finally:
        if told:
            click.echo("\r", nl=False, err=True)
