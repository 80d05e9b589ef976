"""What may be shown to everybody: numbers of public repositories, never the name of a person."""

from dataclasses import dataclass

from gitstars.model import Status
from gitstars.report.history import History, read_history
from gitstars.store import repositories
from gitstars.store.database import Database


@dataclass(frozen=True, slots=True)
class PublicRepository:
    """``stars`` is the number that GitHub told last."""

    full_name: str
    stars: int
    history: History


class PublicReader:
    """Methods raise DatabaseError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, full_name: str) -> PublicRepository | None:
        """The repository; None: it is unknown, private, or not to be had at GitHub any more, which
        nobody is told apart.
        """
        view = repositories.find(self._database, full_name)
        if view is None or view.is_private or view.status in (None, Status.FAILED):
            return None
        history = read_history(self._database, view)
        return PublicRepository(view.full_name, view.stars_told, history)
