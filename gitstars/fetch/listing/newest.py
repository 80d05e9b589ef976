"""What to ask next of a completed repository's list: the newest stars first, until a run of
known ones; pure.

Pages become ready oldest first once the known run is reached, so that a crash in between leaves no
gap among the stored stars.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from gitstars.fetch.answers import Page
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.listing.rest import Ready
from gitstars.model import Progress, Stargazer

#: So many known stars in a row, the oldest of a page, tell that all before them are known as well.
OVERLAP_STARS = 20
#: More new pages than this are read as a whole list would be.
MOST_PAGES = 20


@dataclass(slots=True)
class NewestListing:
    """The new stars since ``progress``, whose numbers they are added to.

    ``last_page`` is that of the REST list; None: by cursors.
    """

    full_name: str
    progress: Progress
    last_page: int | None = None
    page_size: int = 100
    is_done: bool = False
    #: More is new than a refresh reads.
    is_too_long: bool = False
    _after: str | None = None
    _pages: list[tuple[Stargazer, ...]] = field(default_factory=list)
    _is_asked: bool = False

    def asks(self, most: int = 1) -> list[GraphAsk | int]:
        """The next page, older than those before."""
        if self.is_done or self._is_asked or most < 1:
            return []
        if self.last_page is None:
            return [GraphAsk(self.full_name, self.page_size, self._after, newest_first=True)]
        return [self.last_page]

    def start(self, ask: GraphAsk | int) -> None:
        """``ask`` was asked for."""
        self._is_asked = True

    def give_up(self, ask: GraphAsk | int) -> None:
        """No answer came; the page may be asked for again."""
        self._is_asked = False

    def accept(self, ask: GraphAsk | int, page: Page, known: Collection[int]) -> list[Ready]:
        """Take in an answer, of whose users ``known`` are stored; the new pages, oldest first,
        once there are no more.
        """
        self._is_asked = False
        newest_first = sorted(page.stargazers, key=lambda star: star.starred_at, reverse=True)
        self._pages.append(tuple(star for star in newest_first if star.github_id not in known))
        run = min(OVERLAP_STARS, self.page_size)
        oldest = newest_first[-run:]
        is_known = len(oldest) == run and all(star.github_id in known for star in oldest)
        if self.last_page is None:
            is_end = not page.has_next or page.end_cursor in (None, self._after)
            self._after = page.end_cursor
        else:
            is_end = self.last_page == 1
            self.last_page -= 1
        self.is_too_long = not (is_known or is_end) and len(self._pages) >= MOST_PAGES
        self.is_done = is_known or is_end or self.is_too_long
        return self._flush() if self.is_done and not self.is_too_long else []

    def _flush(self) -> list[Ready]:
        ready = []
        for stargazers in reversed(self._pages):
            self.progress = replace(
                self.progress, processed=self.progress.processed + len(stargazers)
            )
            if stargazers:
                ready.append(Ready(stargazers, self.progress))
        return ready
