"""What to ask next of a list by cursors, from one end or from both, and when it has ended: pure.

From both ends the list has ended when a page from one holds a star beyond the other's edge. What
both ends saw is counted once: at the other end's edge by the users' ids (and ghosts by their
number), beyond it by the time.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Any

from gitstars.fetch.answers import Page
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.listing.rest import Edge, Ready, find_edge, read_edge
from gitstars.model import Cursor, Progress, Stargazer

#: A longer list (stars) is read from both ends at once: half the time, for one page more, and for
#: two pages asked again after a kill.
BOTH_ENDS_ABOVE = 40_000


@dataclass(slots=True)
class _End:
    """One end of the list: ``after`` is the cursor behind what was read from here, ``edge``
    where that ends (None: nothing was read).
    """

    newest_first: bool
    is_open: bool = True
    after: str | None = None
    edge: Edge | None = None

    def dump(self) -> dict[str, Any] | None:
        return (
            None
            if self.edge is None
            else {"after": self.after, "is_open": self.is_open, **self.edge.dump()}
        )

    def restore(self, cursor: Cursor, name: str) -> None:
        self.edge = read_edge(cursor, name)
        if self.edge is not None:
            self.after, self.is_open = cursor[name].get("after"), cursor[name]["is_open"]

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
    anew.
    """

    full_name: str
    progress: Progress
    page_size: int = 100
    is_done: bool = False
    _front: _End = field(default_factory=lambda: _End(newest_first=False))
    _back: _End = field(default_factory=lambda: _End(newest_first=True))
    _asked: set[GraphAsk] = field(default_factory=set)

    def __post_init__(self) -> None:
        cursor = self.progress.cursor
        if cursor.get("kind") == "graph":
            self._front.restore(cursor, "front")
            self._back.restore(cursor, "back")
        elif cursor.get("kind") == "rest" and (edge := read_edge(cursor, "edge")) is not None:
            self._front.edge, self._front.is_open = edge, False
        else:
            self.progress = Progress(total_stargazers=self.progress.total_stargazers)

    def asks(self, most: int = 2) -> list[GraphAsk]:
        """Up to ``most`` pages to ask for now: the next one of each end that is worth reading
        from.
        """
        if self.is_done:
            return []
        left = (
            (self.progress.total_stargazers or 0) - self.progress.processed - self.progress.ghosts
        )
        is_back_wanted = (
            not self._front.is_open or self._back.edge is not None or left > BOTH_ENDS_ABOVE
        )
        ends = [
            end
            for end, is_wanted in ((self._front, self._front.is_open), (self._back, is_back_wanted))
            if is_wanted
        ]
        asks = (
            GraphAsk(self.full_name, self.page_size, end.after, end.newest_first) for end in ends
        )
        return [ask for ask in asks if ask not in self._asked][:most]

    def start(self, ask: GraphAsk) -> None:
        """``ask`` was asked for."""
        self._asked.add(ask)

    def give_up(self, ask: GraphAsk) -> None:
        """No answer came; the page may be asked for again."""
        self._asked.discard(ask)

    def accept(self, ask: GraphAsk, page: Page) -> list[Ready]:
        """Take in an answer; the page without what the other end read already.

        None comes after the end.
        """
        self._asked.discard(ask)
        if self.is_done:
            return []
        end, other = (self._back, self._front) if ask.newest_first else (self._front, self._back)
        stargazers, ghosts = _leave_out(page, end, other)
        times = (*(star.starred_at for star in page.stargazers), *page.ghost_times)
        # A cursor that leads nowhere would be asked for ever; that the list is not whole, its
        # length will tell.
        is_end = not page.has_next or page.end_cursor in (None, ask.after)
        self.is_done = is_end or any(other.is_beyond(at) for at in times)
        # An empty last page has no cursor: after a kill the end is found again from the one before.
        end.after, end.edge = (
            page.end_cursor or end.after,
            find_edge(page, end.edge, ask.newest_first),
        )
        before = self.progress
        total = before.total_stargazers if before.total_stargazers is not None else page.total
        self.progress = replace(
            before,
            cursor={"kind": "graph", "front": self._front.dump(), "back": self._back.dump()},
            last_page=before.last_page + 1,
            total_pages=max(before.last_page + 1, math.ceil((total or 0) / self.page_size)),
            total_stargazers=total,
            processed=before.processed + len(stargazers),
            ghosts=before.ghosts + ghosts,
        )
        return [Ready(stargazers, self.progress)]


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
    return stargazers, inside + max(seen + here, edge.ghosts) - max(seen, edge.ghosts)
