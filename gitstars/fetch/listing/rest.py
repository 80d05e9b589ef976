"""What to ask next of a list by page numbers, and when it has ended: pure.

Lists by cursors are ``graph``'s.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from gitstars.fetch.answers import Page
from gitstars.model import Cursor, Progress, Stargazer

#: Where REST ends a list, whatever its length (pages; 40,000 stars by hundreds).
WALL_PAGES = 400


@dataclass(frozen=True, slots=True)
class Ready:
    """A page whose turn has come, and the progress that holds once it is stored."""

    stargazers: tuple[Stargazer, ...]
    progress: Progress


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a part of a list that was read ends: the time of its last star, and who starred at
    just that time (``ghosts`` unnamed).

    The list is in the order of time, so of the stars at another time it is plain on which side of
    the edge they are.
    """

    at: str
    ids: frozenset[int]
    ghosts: int

    def dump(self) -> dict[str, Any]:
        """As plain values, for a cursor."""
        return {"at": self.at, "ids": sorted(self.ids), "ghosts": self.ghosts}


def read_edge(cursor: Cursor, name: str) -> Edge | None:
    """The edge that a cursor holds as ``name``."""
    row = cursor.get(name)
    return None if row is None else Edge(row["at"], frozenset(row["ids"]), row["ghosts"])


def find_edge(page: Page, before: Edge | None, newest_first: bool = False) -> Edge | None:
    """The edge after ``page``, which was read next after ``before``; None while nothing was
    read.
    """
    times = [star.starred_at for star in page.stargazers] + list(page.ghost_times)
    if not times:
        return before
    at = min(times) if newest_first else max(times)
    ids = frozenset(star.github_id for star in page.stargazers if star.starred_at == at)
    edge = Edge(at, ids, page.ghost_times.count(at))
    if before is None or before.at != at:
        return edge
    return Edge(at, edge.ids | before.ids, edge.ghosts + before.ghosts)


@dataclass(slots=True)
class RestListing:
    """The REST list by page numbers, oldest first.

    Pages may be asked out of order; they become ready in order.

    ``progress`` is where the claim stands, with the repository's present count as
    ``total_stargazers``; a cursor of another page size, or of a list by cursors, begins anew. The
    end is a page without a next one; except at GitHub's wall, where the count tells that there is
    more and the next page is asked for all the same, to be answered by PaginationWall. At any point
    a list by cursors can take over.
    """

    progress: Progress
    page_size: int = 100
    is_done: bool = False
    _asked: set[int] = field(default_factory=set)
    _early: dict[int, Page] = field(default_factory=dict)

    def __post_init__(self) -> None:
        cursor = self.progress.cursor
        if cursor and (
            cursor.get("kind") != "rest"
            or cursor.get("page_size", self.page_size) != self.page_size
        ):
            self.progress = Progress(total_stargazers=self.progress.total_stargazers)

    @property
    def early_pages(self) -> int:
        """Pages that came before their turn."""
        return len(self._early)

    @property
    def next_page(self) -> int:
        """The first page that is not ready yet, counted from 1."""
        return int(self.progress.cursor.get("next_page", 1))

    def asks(self, most: int) -> list[int]:
        """Up to ``most`` page numbers to ask for now; one alone until the list's length is
        known.
        """
        if self.is_done:
            return []
        until = max(self.progress.total_pages or 0, self.next_page)
        wanted = (
            page
            for page in range(self.next_page, until + 1)
            if page not in self._asked and page not in self._early
        )
        return [page for page, _ in zip(wanted, range(most), strict=False)]

    def start(self, page: int) -> None:
        """``page`` was asked for."""
        self._asked.add(page)

    def give_up(self, page: int) -> None:
        """No answer came; the page may be asked for again."""
        self._asked.discard(page)

    def accept(self, number: int, page: Page) -> list[Ready]:
        """Take in an answer; the pages that became ready, in order."""
        self._asked.discard(number)
        self._early[number] = page
        return list(self._advance())

    def _advance(self) -> Iterator[Ready]:
        while not self.is_done and (page := self._early.pop(self.next_page, None)) is not None:
            number, before = self.next_page, self.progress
            cursor: dict[str, Any] = {
                "kind": "rest",
                "next_page": number + 1,
                "page_size": self.page_size,
            }
            edge = find_edge(page, read_edge(before.cursor, "edge"))
            if edge is not None:
                cursor["edge"] = edge.dump()
            self.progress = replace(
                before,
                cursor=cursor,
                last_page=number,
                total_pages=page.last_page or max(number, before.total_pages or 0),
                processed=before.processed + len(page.stargazers),
                ghosts=before.ghosts + page.ghosts,
            )
            is_wall = (
                number == WALL_PAGES and (before.total_stargazers or 0) > number * self.page_size
            )
            self.is_done = not page.has_next and not is_wall
            yield Ready(page.stargazers, self.progress)
