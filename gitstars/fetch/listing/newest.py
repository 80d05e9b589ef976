"""What to ask next of a completed repository's list: the newest stars first, until a run of
known ones.

Pages become ready oldest first once the known run is reached, so that a crash in between leaves no
gap among the stored stars.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from gitstars.fetch.answers import Page
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.listing.page_size import PageSize
from gitstars.fetch.listing.protocol import ListAsk, PageAsk, Ready
from gitstars.model import Progress, Stargazer

#: So many known stars in a row, the oldest of a page, tell that all before them are known as well.
OVERLAP_STARS = 20
#: More new stars than this many full pages have are read as a whole list would be.
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
    #: The new stars of each page, and how many stars it was asked for; newest page first.
    _pages: list[tuple[tuple[Stargazer, ...], int]] = field(default_factory=list)
    _asked: ListAsk | None = None
    _size: PageSize = field(init=False)

    def __post_init__(self) -> None:
        self._size = PageSize(self.page_size)

    def asks(self, most: int = 1) -> list[ListAsk]:
        """The next page, older than those before."""
        if self.is_done or self._asked is not None or most < 1:
            return []
        if self.last_page is None:
            return [GraphAsk(self.full_name, self._size.now, self._after, newest_first=True)]
        return [PageAsk(self.last_page, self.page_size)]

    def start(self, ask: ListAsk) -> None:
        self._asked = ask

    def give_up(self, ask: ListAsk) -> None:
        if ask == self._asked:
            self._asked = None

    def narrow(self) -> bool:
        """Pages by number stay as they are."""
        return self.last_page is None and self._size.narrow()

    def progress_for_pages(self, per_page: int) -> Progress | None:
        """The old list's: nothing is stored before the known stars are reached."""
        return self.progress if self.last_page is None else None

    def accept(self, ask: ListAsk, page: Page, known: Collection[int] = ()) -> list[Ready]:
        """Take in an answer, of whose users ``known`` are stored; the new pages, oldest first,
        once there are no more.
        """
        if self._asked not in (None, ask) or isinstance(ask, PageAsk) == (self.last_page is None):
            return []
        self._asked = None
        self._size.add_good_page()
        newest_first = sorted(page.stargazers, key=lambda star: star.starred_at, reverse=True)
        new = tuple(star for star in newest_first if star.github_id not in known)
        per_page = ask.first if isinstance(ask, GraphAsk) else ask.per_page
        self._pages.append((new, per_page))
        run = min(OVERLAP_STARS, per_page)
        oldest = newest_first[-run:]
        is_known = len(oldest) == run and all(star.github_id in known for star in oldest)
        if self.last_page is None:
            is_end = not page.has_next or page.end_cursor in (None, self._after)
            self._after = page.end_cursor
        else:
            is_end = self.last_page == 1
            self.last_page -= 1
        is_much = sum(size for _, size in self._pages) >= MOST_PAGES * self.page_size
        self.is_too_long = is_much and not (is_known or is_end)
        self.is_done = is_known or is_end or self.is_too_long
        return self._flush() if self.is_done and not self.is_too_long else []

    def _flush(self) -> list[Ready]:
        ready = []
        for stargazers, _ in reversed(self._pages):
            self.progress = replace(
                self.progress, processed=self.progress.processed + len(stargazers)
            )
            if stargazers:
                ready.append(Ready(stargazers, self.progress))
        return ready
