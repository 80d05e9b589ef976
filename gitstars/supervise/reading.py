"""The stars of repositories as they are answered: history, stargazers and exports."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from gitstars import api
from gitstars.clock import midnight
from gitstars.errors import NotKnown
from gitstars.report.export import Wanted, export
from gitstars.report.history import read_history
from gitstars.report.sharing import find_overlaps, find_similar
from gitstars.store import repositories, stargazers
from gitstars.store.database import Database
from gitstars.store.exports import in_parts
from gitstars.store.repositories import RepositoryView
from gitstars.supervise.views import show_history, show_star_of_user, show_stargazer

#: Lines of an export that are handed on at once.
EXPORT_LINES = 500


class StarReader:
    """A repository is named by its record id, ``owner/name`` or number. Methods raise NotKnown and
    DatabaseError.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, name: str) -> RepositoryView:
        """What is stored about its collecting."""
        return repositories.require(self._database, name)

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

    def user(self, who: str, wanted: api.StargazersQuery) -> api.UserStars:
        """What a person, named by login or GitHub id, starred of all that is stored."""
        person = stargazers.find_person(self._database, who)
        if person is None:
            raise NotKnown(f"no star of {who} is stored")
        since = None if wanted.since is None else midnight(wanted.since)
        found = stargazers.read_starred(
            self._database, person, wanted.limit, since, wanted.unstarred
        )
        return api.UserStars(
            user_id=person.user_id,
            login=person.login,
            stars=[show_star_of_user(star) for star in found],
        )

    def similar(self, name: str, wanted: api.SimilarQuery) -> api.SimilarRepositories:
        """Repositories with the same stargazers."""
        view = self.find(name)
        found = find_similar(self._database, view, wanted.limit)
        return api.SimilarRepositories(
            full_name=view.full_name,
            similar=[api.SimilarRepository(**asdict(one)) for one in found],
        )

    def overlap(self, names: Sequence[str]) -> api.Overlaps:
        """How many people star both of each two of these repositories."""
        found = find_overlaps(self._database, [self.find(name) for name in names])
        return api.Overlaps(overlaps=[api.RepositoryOverlap(**asdict(one)) for one in found])

    def export(self, what: api.Export, wanted: api.ExportQuery) -> Iterator[bytes]:
        """An export as a file, piece by piece. Raises NotKnown before the first."""
        names = [name for name in wanted.repos.split(",") if name.strip()]
        since = None if wanted.since is None else midnight(wanted.since)
        part = Wanted(names, since, wanted.include_unstarred)
        lines = export(self._database, what, wanted.format, part)
        return ("".join(some).encode() for some in in_parts(lines, EXPORT_LINES))
