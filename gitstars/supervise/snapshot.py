"""What the server tells of itself, gathered from all stages; how it is shown over HTTP is left to ``web``."""

from gevent.event import Event

from gitstars.execute.pool import WorkerPool
from gitstars.store.database import Database


class Snapshots:
    """Readings of the whole engine."""

    def __init__(self, database: Database, pool: WorkerPool, stop: Event) -> None:
        self._database = database
        self._pool = pool
        self._stop = stop

    @property
    def is_ready(self) -> bool:
        """The database is reachable, workers run, and nothing is stopping."""
        return self._database.is_up and self._pool.count > 0 and not self._stop.is_set()
