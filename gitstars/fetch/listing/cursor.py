"""Where a list goes on after a pause: typed values, and the form in which they are stored.

``docs/database.md`` describes the stored form field by field. It carries a version; what was
written without one is version 0, which has the same fields. A cursor that this version does not
understand reads as None: the list begins anew.
"""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from gitstars.fetch.answers import Page
from gitstars.fetch.decode import Amount, Moment, PositiveId

#: The version that is written; this and the ones before it are understood.
VERSION = 1

PageNumber = Annotated[int, Meta(ge=1, le=1_000_000)]
PerPage = Annotated[int, Meta(ge=1, le=100)]
#: GitHub's cursors have about 40 characters.
GraphCursor = Annotated[str, Meta(min_length=1, max_length=1000)]


class Edge(Struct, frozen=True):
    """Where a part of a list that was read ends: the time of its last star, and who starred at
    just that time (``ghosts`` is the number of those whose user is gone).

    The list is in the order of time, so it is plain on which side of the edge every star at
    another time is.
    """

    at: Moment
    ids: frozenset[PositiveId]
    ghosts: Amount


class EndPosition(Struct, frozen=True):
    """One end of a list by cursors: ``after`` is the cursor behind what was read from here (None:
    REST read it), the edge is where that ends. Not ``is_open``: nothing is read from here any more.
    """

    is_open: bool
    at: Moment
    ids: frozenset[PositiveId]
    ghosts: Amount
    after: GraphCursor | None = None

    @property
    def edge(self) -> Edge:
        return Edge(self.at, self.ids, self.ghosts)


class PageCursor(Struct, frozen=True, tag_field="kind", tag="rest"):
    """A list by page numbers: the page to ask for next, and the edge of what was read.

    ``overlap`` entries of the next page were read already, by cursors.
    """

    next_page: PageNumber
    page_size: PerPage
    edge: Edge | None = None
    overlap: Amount = 0


class EndsCursor(Struct, frozen=True, tag_field="kind", tag="graph"):
    """A list by cursors: how far it was read from the oldest star (``front``) and from the newest
    one (``back``); None: nothing was read from there.

    ``newest`` is the newest star that was read, and who starred with it: what is newer came later.
    """

    front: EndPosition | None = None
    back: EndPosition | None = None
    newest: Edge | None = None


class CompleteCursor(Struct, frozen=True, tag_field="kind", tag="refresh"):
    """The list was read to its end and proven; only what is new is read."""


ListCursor = PageCursor | EndsCursor | CompleteCursor


def read_cursor(stored: object) -> ListCursor | None:
    """The cursor in its typed form; None: there is none, or it cannot be understood."""
    if not isinstance(stored, Mapping) or not stored:
        return None
    fields = dict(stored)
    version = fields.pop("version", 0)
    if type(version) is not int or not 0 <= version <= VERSION:
        return None
    try:
        cursor: ListCursor = msgspec.convert(fields, type=ListCursor)
    except (msgspec.MsgspecError, RecursionError, TypeError, ValueError):
        return None
    return cursor


def is_unreadable(stored: object) -> bool:
    """Whether there is a cursor that this version does not understand."""
    return bool(stored) and read_cursor(stored) is None


def write_cursor(cursor: ListCursor) -> dict[str, object]:
    """The cursor as plain values, as it is stored."""
    fields: dict[str, object] = msgspec.to_builtins(cursor, order="sorted")
    return {"version": VERSION, **fields}


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
