"""A list by page numbers: what to ask next, and when it has ended.

Lists by cursors are ``graph``'s.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeGuard

from gitstars.fetch.answers import Page
from gitstars.fetch.listing.cursor import Edge, PageCursor, find_edge, read_cursor, write_cursor
from gitstars.fetch.listing.protocol import ListAsk, PageAsk, Ready
from gitstars.model import Progress, Stargazer

#: Where REST ends a list, whatever its length (pages; 40,000 stars by hundreds).
WALL_PAGES = 400


@dataclass(slots=True)
class RestListing:
    """The REST list by page numbers, oldest first.

    Pages may be asked out of order; they become ready in order.

    ``progress`` is where the claim stands, with the repository's present count as
    ``total_stargazers``; a cursor of another page size, of a list by cursors, or one that cannot be
    read begins anew. The end is a page without a next one; except at GitHub's wall, where the count
    tells that there is more and the next page is asked for all the same, to be answered by
    PaginationWall. At any point a list by cursors can take over.
    """

    progress: Progress
    page_size: int = 100
    is_done: bool = False
    _cursor: PageCursor = field(init=False)
    _asked: set[int] = field(default_factory=set)
    _early: dict[int, Page] = field(default_factory=dict)

    def __post_init__(self) -> None:
        cursor = read_cursor(self.progress.cursor)
        if isinstance(cursor, PageCursor) and cursor.page_size == self.page_size:
            self._cursor = cursor
        else:
            self._cursor = PageCursor(1, self.page_size)
            self.progress = Progress(total_stargazers=self.progress.total_stargazers)

    @property
    def early_pages(self) -> int:
        """Pages that came before their turn."""
        return len(self._early)

    @property
    def next_page(self) -> int:
        """The first page that is not ready yet, counted from 1."""
        return self._cursor.next_page

    def asks(self, most: int) -> list[ListAsk]:
        """Up to ``most`` pages to ask for now; one alone until the list's length is known."""
        if self.is_done:
            return []
        until = max(self.progress.total_pages or 0, self.next_page)
        wanted = (
            PageAsk(page, self.page_size)
            for page in range(self.next_page, until + 1)
            if page not in self._asked and page not in self._early
        )
        return [page for page, _ in zip(wanted, range(most), strict=False)]

    def start(self, ask: ListAsk) -> None:
        if self._is_mine(ask):
            self._asked.add(ask.number)

    def give_up(self, ask: ListAsk) -> None:
        if self._is_mine(ask):
            self._asked.discard(ask.number)

    def accept(self, ask: ListAsk, page: Page, known: Collection[int] = ()) -> list[Ready]:
        """Take in an answer; the pages that became ready, in order."""
        if not self._is_mine(ask):
            return []
        self._asked.discard(ask.number)
        self._early[ask.number] = page
        return list(self._advance())

    def narrow(self) -> bool:
        """False: pages of another size have other numbers."""
        return False

    def progress_for_pages(self, per_page: int) -> Progress:
        """Where it stands; anew with another page size."""
        if per_page == self.page_size:
            return self.progress
        return Progress(total_stargazers=self.progress.total_stargazers)

    def _is_mine(self, ask: ListAsk) -> TypeGuard[PageAsk]:
        return isinstance(ask, PageAsk) and ask.per_page == self.page_size

    def _advance(self) -> Iterator[Ready]:
        while not self.is_done and (page := self._early.pop(self.next_page, None)) is not None:
            number, before = self.next_page, self.progress
            stargazers, ghosts = _leave_out(page, self._cursor.edge, self._cursor.overlap)
            edge = find_edge(page, self._cursor.edge)
            self._cursor = PageCursor(number + 1, self.page_size, edge)
            self.progress = replace(
                before,
                cursor=write_cursor(self._cursor),
                last_page=number,
                total_pages=page.last_page or max(number, before.total_pages or 0),
                processed=before.processed + len(stargazers),
                ghosts=before.ghosts + ghosts,
            )
            is_wall = (
                number == WALL_PAGES and (before.total_stargazers or 0) > number * self.page_size
            )
            self.is_done = not page.has_next and not is_wall
            yield Ready(stargazers, self.progress)


def _leave_out(page: Page, edge: Edge | None, overlap: int) -> tuple[tuple[Stargazer, ...], int]:
    """The stars, and the number of ghosts, of a page of which ``overlap`` entries were read
    already; the edge tells which of the users these are.
    """
    if edge is None or not overlap:
        return page.stargazers, page.ghosts
    stargazers = tuple(
        star
        for star in page.stargazers
        if star.starred_at > edge.at
        or (star.starred_at == edge.at and star.github_id not in edge.ids)
    )
    read_before = sum(at <= edge.at for at in page.ghost_times)
    left_out = len(page.stargazers) - len(stargazers)
    return stargazers, page.ghosts - min(read_before, max(0, overlap - left_out))
