"""Cursors as they are stored: what this version wrote, what the one before wrote, and whatever
somebody else left there.
"""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitstars.fetch.answers import Page
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.listing.cursor import (
    CompleteCursor,
    Edge,
    EndPosition,
    EndsCursor,
    ListCursor,
    PageCursor,
    is_unreadable,
    read_cursor,
    write_cursor,
)
from gitstars.fetch.listing.graph import GraphListing
from gitstars.fetch.listing.newest import NewestListing
from gitstars.fetch.listing.protocol import Listing, PageAsk
from gitstars.fetch.listing.rest import RestListing
from gitstars.model import Progress, Stargazer

AT = "2020-01-02T03:04:05Z"
EDGE = Edge(AT, frozenset({7, 3, 12}), 2)
END = EndPosition(True, AT, frozenset({7}), 0, "Y3Vyc29y")

MOMENTS = st.sampled_from([AT, "2026-11-26T00:00:00Z"])
IDS = st.frozensets(st.integers(1, 2**62), max_size=4)
EDGES = st.builds(Edge, MOMENTS, IDS, st.integers(0, 9))
ENDS = st.builds(
    EndPosition,
    st.booleans(),
    MOMENTS,
    IDS,
    st.integers(0, 9),
    st.none() | st.text(min_size=1, max_size=40),
)
CURSORS: st.SearchStrategy[ListCursor] = st.one_of(
    st.builds(
        PageCursor,
        st.integers(1, 500),
        st.integers(1, 100),
        st.none() | EDGES,
        st.integers(0, 99),
    ),
    st.builds(EndsCursor, st.none() | ENDS, st.none() | ENDS, st.none() | EDGES),
    st.just(CompleteCursor()),
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text()
    | st.sampled_from(["rest", "graph", "refresh", AT, "1"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    [
        *("version", "kind", "next_page", "page_size", "edge", "overlap", "front", "back"),
        *("newest", "after", "is_open", "at", "ids", "ghosts", ""),
    ]
)
#: Arbitrary JSON, and objects that look like a cursor at first sight.
ANYTHING = JSON | st.dictionaries(NAMES, JSON | st.dictionaries(NAMES, JSON, max_size=5))


@given(cursor=CURSORS)
def test_a_cursor_is_read_as_it_was_written(cursor: ListCursor) -> None:
    stored = json.loads(json.dumps(write_cursor(cursor)))

    assert read_cursor(stored) == cursor
    assert not is_unreadable(stored)


def test_a_stored_cursor_is_plain_values_with_a_version() -> None:
    assert write_cursor(PageCursor(3, 100, EDGE)) == {
        "version": 1,
        "kind": "rest",
        "next_page": 3,
        "page_size": 100,
        "edge": {"at": AT, "ids": [3, 7, 12], "ghosts": 2},
        "overlap": 0,
    }
    assert write_cursor(EndsCursor(END)) == {
        "version": 1,
        "kind": "graph",
        "front": {"is_open": True, "at": AT, "ids": [7], "ghosts": 0, "after": "Y3Vyc29y"},
        "back": None,
        "newest": None,
    }
    assert write_cursor(CompleteCursor()) == {"version": 1, "kind": "refresh"}


@pytest.mark.parametrize(
    ("stored", "cursor"),
    [
        ({"kind": "rest", "next_page": 3, "page_size": 100}, PageCursor(3, 100)),
        (
            {
                "kind": "rest",
                "next_page": 3,
                "page_size": 100,
                "edge": {"at": AT, "ids": [3, 7, 12], "ghosts": 2},
            },
            PageCursor(3, 100, EDGE),
        ),
        (
            {
                "kind": "graph",
                "front": {"after": "Y3Vyc29y", "is_open": True, "at": AT, "ids": [7], "ghosts": 0},
                "back": None,
            },
            EndsCursor(END),
        ),
        ({"kind": "refresh"}, CompleteCursor()),
    ],
)
def test_a_cursor_of_the_version_before_is_understood(
    stored: dict[str, Any], cursor: ListCursor
) -> None:
    assert read_cursor(stored) == cursor


NESTED: Any = {"kind": "graph"}
for _ in range(5000):
    NESTED = {"kind": "graph", "front": NESTED}

UNREADABLE: list[Any] = [
    {"version": 2, "kind": "refresh"},
    {"version": "1", "kind": "refresh"},
    {"version": True, "kind": "refresh"},
    {"version": -1, "kind": "refresh"},
    {"version": None, "kind": "refresh"},
    {"version": 1},
    {"version": 1, "kind": "backwards"},
    {"version": 1, "kind": ["rest"]},
    {"version": 1, "kind": "rest"},
    {"version": 1, "kind": "rest", "next_page": 0, "page_size": 100},
    {"version": 1, "kind": "rest", "next_page": -3, "page_size": 100},
    {"version": 1, "kind": "rest", "next_page": 10**30, "page_size": 100},
    {"version": 1, "kind": "rest", "next_page": "3", "page_size": 100},
    {"version": 1, "kind": "rest", "next_page": 2.5, "page_size": 100},
    {"version": 1, "kind": "rest", "next_page": math.nan, "page_size": 100},
    {"version": 1, "kind": "rest", "next_page": 3, "page_size": 101},
    {"version": 1, "kind": "rest", "next_page": 3, "page_size": 100, "edge": 7},
    {"version": 1, "kind": "rest", "next_page": 3, "page_size": 100, "edge": {"at": AT}},
    {
        "version": 1,
        "kind": "rest",
        "next_page": 3,
        "page_size": 100,
        "edge": {"at": "yesterday", "ids": [], "ghosts": 0},
    },
    {"version": 1, "kind": "graph", "front": [], "back": None},
    {"version": 1, "kind": "graph", "front": {"after": 7}, "back": None},
    {
        "version": 1,
        "kind": "graph",
        "back": {"is_open": True, "at": AT, "ids": ["7"], "ghosts": 0, "after": "c"},
    },
    {"page": 7},
    {"": 1},
    {7: 1},
    ["rest", 3],
    "page 3",
    12,
    NESTED,
]


@pytest.mark.parametrize("stored", UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_cursor_that_this_version_cannot_read_is_told_and_begins_anew(stored: Any) -> None:
    assert read_cursor(stored) is None
    assert is_unreadable(stored)
    assert RestListing(at(stored)).asks(9) == [PageAsk(1)]
    assert GraphListing("o/r", at(stored)).asks(1) == [GraphAsk("o/r")]


@pytest.mark.parametrize("stored", [{}, None, [], ""])
def test_no_cursor_is_the_beginning_and_nothing_to_tell(stored: Any) -> None:
    assert read_cursor(stored) is None
    assert not is_unreadable(stored)


#: The first stars of a list, one of them a ghost's.
PAGE = Page(
    tuple(Stargazer(number, "x", "", "", AT) for number in range(1, 10)),
    1,
    True,
    end_cursor="c",
    total=900,
    ghost_times=(AT,),
)


@settings(max_examples=300, deadline=None)
@given(stored=ANYTHING | CURSORS.map(write_cursor))
def test_no_cursor_whatever_stops_a_listing(stored: Any) -> None:
    listings: list[Listing] = [
        RestListing(at(stored)),
        GraphListing("o/r", at(stored)),
        NewestListing("o/r", at(stored)),
    ]

    for listing in listings:
        (ask,) = listing.asks(1)
        listing.start(ask)
        for ready in listing.accept(ask, PAGE):
            assert read_cursor(ready.progress.cursor) is not None
    assert read_cursor(stored) is not None or is_unreadable(stored) == bool(stored)


def at(stored: Any) -> Progress:
    """A progress with this cursor, as the store reads it."""
    return Progress(stored, 2, 9, 900, processed=190, ghosts=10)
