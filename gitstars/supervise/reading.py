"""The stars of one repository as they are answered: history and stargazers."""

from gitstars import api
from gitstars.clock import midnight
from gitstars.errors import NotKnown
from gitstars.report.history import read_history
from gitstars.store import repositories, stargazers
from gitstars.store.database import Database
from gitstars.store.repositories import RepositoryView
from gitstars.supervise.views import show_history, show_stargazer


class StarReader:
    """A repository is named by its record id, ``owner/name`` or number. Methods raise NotKnown and
    DatabaseError.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, name: str) -> RepositoryView:
        """What is stored about its collecting."""
        view = repositories.find(self._database, name)
        if view is None:
            raise NotKnown(f"no repository is known by the name {name}")
        return view

    def history(self, name: str, per: api.Per) -> api.StarHistory:
        """How its stars came and went."""
        view = self.find(name)
        return show_history(view.full_name, per, read_history(self._database, view, per))

    def stargazers(self, name: str, wanted: api.StargazersQuery) -> api.Stargazers:
        """Who starred it, as far as that is stored."""
        view = self.find(name)
        since = None if wanted.since is None else midnight(wanted.since)
        found = stargazers.read_newest(
            self._database, view.key, wanted.limit, since, wanted.unstarred
        )
        return api.Stargazers(
            full_name=view.full_name, stargazers=[show_stargazer(star) for star in found]
        )
