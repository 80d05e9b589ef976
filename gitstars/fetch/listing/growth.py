"""The stars that came while a list that is read from both ends was interrupted.

They lie above the newest star that was read before, so they are read first, from the newest star
down to that one. Their pages are stored oldest first once it is met, so that a crash in between
leaves no gap.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from gitstars.fetch.answers import Page
from gitstars.fetch.listing.cursor import Edge

#: More new stars than this are not kept in memory: the list is read from its beginning.
MOST_STARS = 20_000


@dataclass(slots=True)
class Growth:
    """The pages newer than ``known``, the newest star that was read and who starred with it."""

    known: Edge
    most_stars: int = MOST_STARS
    after: str | None = None
    is_met: bool = False
    _pages: list[Page] = field(default_factory=list)

    @property
    def is_too_long(self) -> bool:
        """There is more than is kept in memory."""
        return sum(len(page.stargazers) for page in self._pages) > self.most_stars

    def add(self, page: Page) -> None:
        """Take in the next page, older than those before."""
        self._pages.append(page)
        times = (*(star.starred_at for star in page.stargazers), *page.ghost_times)
        is_end = not page.has_next or page.end_cursor in (None, self.after)
        self.is_met = is_end or any(at < self.known.at for at in times)
        self.after = page.end_cursor

    def new_pages(self) -> Iterator[Page]:
        """What is new of each page, the oldest page first."""
        # Ghosts have no id: as many as are known are left out of those of the same second.
        known_ghosts = self.known.ghosts
        for page in reversed(self._pages):
            stargazers = tuple(
                star
                for star in page.stargazers
                if star.starred_at > self.known.at
                or (star.starred_at == self.known.at and star.github_id not in self.known.ids)
            )
            here = page.ghost_times.count(self.known.at)
            new_here = max(0, here - known_ghosts)
            known_ghosts = max(0, known_ghosts - here)
            times = tuple(at for at in page.ghost_times if at > self.known.at)
            times += (self.known.at,) * new_here
            ghosts = len(times) + page.ghosts - len(page.ghost_times)
            yield replace(page, stargazers=stargazers, ghosts=ghosts, ghost_times=times)
