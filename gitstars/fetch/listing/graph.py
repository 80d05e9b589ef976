"""A list by cursors, read from one end or from both: what to ask next, and when it has ended.

From both ends the list has ended when a page from one holds a star beyond the other's edge. What
both ends saw is counted once: at the other end's edge by the users' ids (and ghosts by their
number), beyond it by the time.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from gitstars.fetch.answers import Page
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.listing.cursor import (
    Edge,
    EndPosition,
    EndsCursor,
    PageCursor,
    find_edge,
    read_cursor,
    write_cursor,
)
from gitstars.fetch.listing.growth import MOST_STARS, Growth
from gitstars.fetch.listing.page_size import PageSize
from gitstars.fetch.listing.protocol import ListAsk, Ready
from gitstars.fetch.listing.rest import WALL_PAGES
from gitstars.model import Progress, Stargazer

#: A longer list (pages) is read from both ends at once: half the time, for one page more, and for
#: three pages asked again after a kill.
BOTH_ENDS_ABOVE_PAGES = 400


@dataclass(slots=True)
class _End:
    """One end of the list: ``after`` is the cursor behind what was read from here, ``edge``
    where that ends (None: nothing was read).
    """

    newest_first: bool
    is_open: bool = True
    after: str | None = None
    edge: Edge | None = None

    def position(self) -> EndPosition | None:
        """As a part of a cursor."""
        if self.edge is None:
            return None
        return EndPosition(self.is_open, self.edge.at, self.edge.ids, self.edge.ghosts, self.after)

    def restore(self, position: EndPosition | None) -> None:
        if position is not None:
            self.edge, self.after, self.is_open = position.edge, position.after, position.is_open

    def is_beyond(self, at: str) -> bool:
        """Whether a star at this time lies past the edge, seen from the other end: inside of
        what was read from here.
        """
        return self.edge is not None and (
            at > self.edge.at if self.newest_first else at < self.edge.at
        )


@dataclass(slots=True)
class GraphListing:
    """A list by cursors; the pages of each end come in their order, the ends in any.

    ``progress`` is where the claim stands. A cursor of a list by page numbers is taken over: what
    it read is the front, and the rest is read from the newest star on. Any other cursor begins
    anew. A list that goes on and was begun from the newest star reads first what came since.
    """

    full_name: str
    progress: Progress
    page_size: int = 100
    is_done: bool = False
    most_new_stars: int = MOST_STARS
    _front: _End = field(default_factory=lambda: _End(newest_first=False))
    _back: _End = field(default_factory=lambda: _End(newest_first=True))
    #: The newest star that was read; None: not known.
    _newest: Edge | None = None
    _growth: Growth | None = None
    _size: PageSize = field(init=False)
    #: Direction and cursor of the pages that are on their way.
    _asked: set[tuple[bool, str | None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._size = PageSize(self.page_size)
        match read_cursor(self.progress.cursor):
            case EndsCursor(front=front, back=back, newest=newest) if front or back:
                self._front.restore(front)
                self._back.restore(back)
                self._newest = newest
                # A back end that did not get past one second cannot tell what is newer.
                if newest is not None and back is not None and back.at < newest.at:
                    self._growth = Growth(newest, self.most_new_stars)
            case PageCursor(edge=Edge() as edge):
                self._front.edge, self._front.is_open = edge, False
            case _:
                self._begin_anew()

    def asks(self, most: int = 2) -> list[ListAsk]:
        """Up to ``most`` pages to ask for now: the next one of each end that is worth reading
        from.
        """
        if self.is_done:
            return []
        if self._growth is not None:
            wanted = [(True, self._growth.after)]
        else:
            ends = [self._front] if self._front.is_open else []
            ends += [self._back] if self._is_back_wanted() else []
            wanted = [(end.newest_first, end.after) for end in ends]
        asks: list[ListAsk] = [
            GraphAsk(self.full_name, self._size.now, after, newest_first)
            for newest_first, after in wanted
            if (newest_first, after) not in self._asked
        ]
        return asks[:most]

    def start(self, ask: ListAsk) -> None:
        if isinstance(ask, GraphAsk):
            self._asked.add((ask.newest_first, ask.after))

    def give_up(self, ask: ListAsk) -> None:
        if isinstance(ask, GraphAsk):
            self._asked.discard((ask.newest_first, ask.after))

    def narrow(self) -> bool:
        return self._size.narrow()

    def accept(self, ask: ListAsk, page: Page, known: Collection[int] = ()) -> list[Ready]:
        """Take in an answer; the page without what the other end read already.

        None comes after the end.
        """
        if self.is_done or not isinstance(ask, GraphAsk):
            return []
        self._asked.discard((ask.newest_first, ask.after))
        self._size.add_good_page()
        if self._growth is not None:
            return self._accept_growth(self._growth, page)
        end, other = (self._back, self._front) if ask.newest_first else (self._front, self._back)
        stargazers, ghosts = _leave_out(page, end, other)
        times = (*(star.starred_at for star in page.stargazers), *page.ghost_times)
        # A cursor that leads nowhere would be asked for ever; that the list is not whole, its
        # length will tell.
        is_end = not page.has_next or page.end_cursor in (None, ask.after)
        self.is_done = is_end or any(other.is_beyond(at) for at in times)
        if ask.newest_first:
            self._newest = _find_newest(page, self._newest, is_first=end.edge is None)
        # An empty last page has no cursor: after a kill the end is found again from the one before.
        end.after, end.edge = (
            page.end_cursor or end.after,
            find_edge(page, end.edge, ask.newest_first),
        )
        return [self._make_ready(stargazers, ghosts, page.total)]

    def progress_for_pages(self, per_page: int) -> Progress | None:
        """Where page numbers go on: behind what was read from the oldest star, else anew."""
        total = self.progress.total_stargazers
        read = self.progress.processed + self.progress.ghosts
        wall = WALL_PAGES * per_page
        if (total or 0) > wall and (not self._front.is_open or read >= wall):
            return None
        if self._back.edge is not None or self._front.edge is None:
            return Progress(total_stargazers=total)
        number, overlap = divmod(read, per_page)
        cursor = PageCursor(number + 1, per_page, self._front.edge, overlap)
        pages = max(number + 1, math.ceil((total or 0) / per_page))
        return replace(
            self.progress, cursor=write_cursor(cursor), last_page=number, total_pages=pages
        )

    def _begin_anew(self) -> None:
        self.progress = Progress(total_stargazers=self.progress.total_stargazers)
        self._front, self._back = _End(newest_first=False), _End(newest_first=True)
        self._newest = self._growth = None

    def _is_back_wanted(self) -> bool:
        if not self._front.is_open or self._back.edge is not None:
            return True
        read = self.progress.processed + self.progress.ghosts
        left = (self.progress.total_stargazers or 0) - read
        return left > BOTH_ENDS_ABOVE_PAGES * self.page_size

    def _accept_growth(self, growth: Growth, page: Page) -> list[Ready]:
        growth.add(page)
        if growth.is_too_long:
            self._begin_anew()
        if not growth.is_met or growth.is_too_long:
            return []
        self._growth, ready = None, []
        for new in growth.new_pages():
            if new.stargazers or new.ghosts:
                self._newest = find_edge(new, self._newest)
                ready.append(self._make_ready(new.stargazers, new.ghosts, page.total))
        return ready

    def _make_ready(
        self, stargazers: tuple[Stargazer, ...], ghosts: int, total_now: int | None
    ) -> Ready:
        before = self.progress
        total = before.total_stargazers if before.total_stargazers is not None else total_now
        cursor = EndsCursor(self._front.position(), self._back.position(), self._newest)
        self.progress = replace(
            before,
            cursor=write_cursor(cursor),
            last_page=before.last_page + 1,
            total_pages=max(before.last_page + 1, math.ceil((total or 0) / self.page_size)),
            total_stargazers=total,
            processed=before.processed + len(stargazers),
            ghosts=before.ghosts + ghosts,
        )
        return Ready(stargazers, self.progress)


def _find_newest(page: Page, newest: Edge | None, is_first: bool) -> Edge | None:
    """The newest star after a ``page`` of the back end; the first of its pages begins with it,
    and those after may hold others of the same second.
    """
    if newest is None:
        return find_edge(page, None) if is_first else None
    ids = frozenset(star.github_id for star in page.stargazers if star.starred_at == newest.at)
    return Edge(newest.at, newest.ids | ids, newest.ghosts + page.ghost_times.count(newest.at))


def _leave_out(page: Page, end: _End, other: _End) -> tuple[tuple[Stargazer, ...], int]:
    """The stars, and the number of ghosts, of a page from ``end`` that were not read from the
    ``other`` end.
    """
    edge = other.edge
    if edge is None:
        return page.stargazers, page.ghosts
    stargazers = tuple(
        star
        for star in page.stargazers
        if not other.is_beyond(star.starred_at)
        and not (star.starred_at == edge.at and star.github_id in edge.ids)
    )
    here = page.ghost_times.count(edge.at)
    inside = sum(not other.is_beyond(at) for at in page.ghost_times) - here
    seen = end.edge.ghosts if end.edge is not None and end.edge.at == edge.at else 0
    inside += page.ghosts - len(page.ghost_times)
    return stargazers, inside + max(seen + here, edge.ghosts) - max(seen, edge.ghosts)
