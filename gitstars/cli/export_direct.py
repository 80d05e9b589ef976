"""Exports from the database, where no server runs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gitstars.config import Config
from gitstars.report.export import Format, export_stars
from gitstars.store import schema


@contextmanager
def export_directly(
    settings: Config,
    names: Sequence[str],
    kind: Format,
    since: float | None,
    include_unstarred: bool,
) -> Iterator[Iterator[bytes]]:
    """The export's lines, the database open meanwhile. Raises NotKnown and DatabaseError."""
    with schema.opened(settings.database) as database:
        lines = export_stars(database, names, kind, since, include_unstarred)
        yield (line.encode() for line in lines)
