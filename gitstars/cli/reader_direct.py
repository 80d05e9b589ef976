"""Reads stored stars from the database, where no server runs."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from gitstars import api, naming
from gitstars.config import Config
from gitstars.store import schema
from gitstars.store.database import Database
from gitstars.supervise.reading import StarReader


class DirectReader:
    """Reads the database that this process has opened."""

    def __init__(self, database: Database, host: str) -> None:
        self._stars = StarReader(database)
        self._host = host

    def history(self, name: str, per: api.Per) -> api.StarHistory:
        return self._stars.history(naming.read_repository(name, self._host), per)

    def stargazers(self, name: str, wanted: api.StargazersQuery) -> api.Stargazers:
        return self._stars.stargazers(naming.read_repository(name, self._host), wanted)

    def user(self, who: str, wanted: api.StargazersQuery) -> api.UserStars:
        return self._stars.user(who, wanted)

    def similar(self, name: str, wanted: api.SimilarQuery) -> api.SimilarRepositories:
        return self._stars.similar(naming.read_repository(name, self._host), wanted)

    def overlap(self, names: Sequence[str]) -> api.Overlaps:
        return self._stars.overlap([naming.read_repository(name, self._host) for name in names])

    def export(self, what: api.Export, wanted: api.ExportQuery) -> Iterable[bytes]:
        return self._stars.export(what, wanted)


@contextmanager
def open_directly(settings: Config, host: str) -> Iterator[DirectReader]:
    """The configured database, open meanwhile. Raises DatabaseError, also where a server has it."""
    with schema.opened(settings.database) as database:
        yield DirectReader(database, host)
