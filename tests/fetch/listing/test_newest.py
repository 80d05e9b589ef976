"""The newest stars of a complete list, read until a run of known ones."""

from collections.abc import Iterable

import pytest

from gitstars.fetch.answers import Page
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.listing.newest import NewestListing
from gitstars.fetch.listing.protocol import ListAsk, PageAsk, Ready
from gitstars.model import Progress, Stargazer

#: A complete list of 500 stars, by users 1 to 500, of whom 3 more are ghosts.
COMPLETE = Progress({"kind": "refresh"}, 6, 6, 503, 500, 3)
STORED = frozenset(range(1, 501))


def star(number: int) -> Stargazer:
    """The star of user ``number``; they starred in the order of their numbers."""
    return Stargazer(
        number,
        f"user-{number}",
        "",
        "",
        f"2020-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z",
    )


def make_page(numbers: Iterable[int], has_next: bool = True, cursor: str | None = None) -> Page:
    return Page(tuple(map(star, numbers)), 0, has_next, end_cursor=cursor)


def read(
    listing: NewestListing, pages: Iterable[Page], known: frozenset[int] = STORED
) -> tuple[list[ListAsk], list[Ready]]:
    """Answer what the listing asks with these pages; what it asked, and what was ready after the
    last.
    """
    asked, ready = list[ListAsk](), list[Ready]()
    for page in pages:
        assert ready == []
        (ask,) = listing.asks()
        listing.start(ask)
        asked.append(ask)
        ready = listing.accept(ask, page, known)
    return asked, ready


def users(ready: Iterable[Ready]) -> list[set[int]]:
    return [{user.github_id for user in one.stargazers} for one in ready]


def test_by_page_numbers_it_goes_from_the_last_page_to_the_first() -> None:
    listing = NewestListing("o/r", Progress(), last_page=3)

    asked, _ = read(listing, [make_page([7]), make_page([5, 6]), make_page([1, 2])], frozenset())

    assert asked == [PageAsk(3), PageAsk(2), PageAsk(1)]
    assert (listing.is_done, listing.is_too_long) == (True, False)


def test_by_cursors_it_goes_from_the_newest_star_on() -> None:
    listing = NewestListing("o/r", Progress(), page_size=50)

    asked, _ = read(
        listing,
        [make_page([9], cursor="c1"), make_page([8], cursor="c2"), make_page([7], has_next=False)],
        frozenset(),
    )

    assert asked == [
        GraphAsk("o/r", 50, None, True),
        GraphAsk("o/r", 50, "c1", True),
        GraphAsk("o/r", 50, "c2", True),
    ]
    assert (listing.is_done, listing.is_too_long) == (True, False)


@pytest.mark.parametrize("last_page", [3, None], ids=["by page numbers", "by cursors"])
def test_one_page_is_asked_for_at_a_time(last_page: int | None) -> None:
    listing = NewestListing("o/r", COMPLETE, last_page)

    before = listing.asks(5)
    listing.start(before[0])

    assert len(before) == 1
    assert listing.asks(5) == []


def test_where_there_is_no_room_nothing_is_asked() -> None:
    assert NewestListing("o/r", COMPLETE, 3).asks(0) == []


def test_a_page_that_was_not_answered_is_asked_for_again() -> None:
    listing = NewestListing("o/r", COMPLETE, 3)
    listing.start(PageAsk(3))

    listing.give_up(PageAsk(3))

    assert listing.asks() == [PageAsk(3)]


@pytest.mark.parametrize("last_page", [6, None], ids=["by page numbers", "by cursors"])
@pytest.mark.parametrize(
    ("numbers", "is_done"),
    [
        (range(481, 511), True),
        (range(482, 512), False),
        (range(481, 501), True),
        (range(482, 501), False),
        ([*range(461, 480), 600, *range(480, 501)], True),
        (range(501, 561), False),
        ([], False),
    ],
    ids=[
        "20 known before 10 new ones",
        "19 known before 11 new ones",
        "20 known and nothing else",
        "19 known and nothing else",
        "40 known, the newest is new",
        "only new ones",
        "nothing at all",
    ],
)
def test_it_ends_at_twenty_known_stars_in_a_row(
    numbers: Iterable[int], is_done: bool, last_page: int | None
) -> None:
    listing = NewestListing("o/r", COMPLETE, last_page)

    read(listing, [make_page(numbers, cursor="c1")])

    assert listing.is_done is is_done


@pytest.mark.parametrize("unknown", [1, 10, 20])
def test_a_star_that_is_not_known_breaks_the_run(unknown: int) -> None:
    listing = NewestListing("o/r", COMPLETE, last_page=6)

    read(listing, [make_page(range(1, 101))], STORED - {unknown})

    assert not listing.is_done


def test_the_order_of_a_page_does_not_matter() -> None:
    listing = NewestListing("o/r", COMPLETE, last_page=6)

    read(listing, [make_page([*range(510, 500, -1), *range(481, 501)])])

    assert listing.is_done


@pytest.mark.parametrize(
    ("has_next", "cursor"), [(False, "c1"), (True, None)], ids=["no next page", "no cursor"]
)
def test_a_list_by_cursors_ends_where_there_is_nothing_to_go_on_from(
    has_next: bool, cursor: str | None
) -> None:
    listing = NewestListing("o/r", COMPLETE)

    _, ready = read(listing, [make_page([600], has_next, cursor)])

    assert listing.is_done
    assert users(ready) == [{600}]


def test_a_cursor_that_leads_nowhere_is_the_end() -> None:
    listing = NewestListing("o/r", COMPLETE)

    read(listing, [make_page([601], cursor="c1"), make_page([600], cursor="c1")])

    assert (listing.is_done, listing.is_too_long) == (True, False)


@pytest.mark.parametrize("last_page", [8, None], ids=["by page numbers", "by cursors"])
def test_new_pages_become_ready_oldest_first_once_the_known_run_is_reached(
    last_page: int | None,
) -> None:
    listing = NewestListing("o/r", COMPLETE, last_page)
    pages = [
        make_page(range(611, 613), cursor="c1"),
        make_page(range(511, 611), cursor="c2"),
        make_page(range(411, 511), cursor="c3"),
    ]

    _, ready = read(listing, pages)

    assert users(ready) == [set(range(501, 511)), set(range(511, 611)), {611, 612}]


def test_each_ready_page_has_the_progress_that_holds_once_it_is_stored() -> None:
    listing = NewestListing("o/r", COMPLETE, last_page=8)

    _, ready = read(
        listing,
        [make_page(range(611, 613)), make_page(range(511, 611)), make_page(range(411, 511))],
    )

    assert [one.progress for one in ready] == [
        Progress({"kind": "refresh"}, 6, 6, 503, processed, 3) for processed in (510, 610, 612)
    ]
    assert listing.progress == ready[-1].progress


def test_known_stars_are_not_stored_again() -> None:
    listing = NewestListing("o/r", COMPLETE, last_page=6)

    _, ready = read(listing, [make_page([*range(401, 495), 700, *range(495, 501)])])

    assert users(ready) == [{700}]


def test_where_nothing_is_new_nothing_is_ready() -> None:
    listing = NewestListing("o/r", COMPLETE, last_page=6)

    _, ready = read(listing, [make_page(range(401, 501))])

    assert listing.is_done
    assert ready == []
    assert listing.progress == COMPLETE


def test_after_the_end_nothing_is_asked() -> None:
    listing = NewestListing("o/r", COMPLETE, last_page=6)

    read(listing, [make_page(range(401, 501))])

    assert listing.asks() == []


def new_pages(count: int) -> list[Page]:
    """So many pages of 100 new stars each, newest first."""
    return [
        make_page(range(10_000 - 100 * number, 10_100 - 100 * number), cursor=f"c{number}")
        for number in range(count)
    ]


@pytest.mark.parametrize("last_page", [90, None], ids=["by page numbers", "by cursors"])
def test_after_twenty_new_pages_it_is_too_long(last_page: int | None) -> None:
    listing = NewestListing("o/r", COMPLETE, last_page)

    _, ready = read(listing, new_pages(19))
    after_nineteen = (listing.is_done, listing.is_too_long)
    _, ready = read(listing, [make_page(range(5000, 5100), cursor="c20")])

    assert after_nineteen == (False, False)
    assert (listing.is_done, listing.is_too_long) == (True, True)
    assert ready == []
    assert listing.progress == COMPLETE


@pytest.mark.parametrize(
    ("last_page", "twentieth"),
    [
        (90, make_page(range(401, 501), cursor="c20")),
        (None, make_page(range(401, 501), cursor="c20")),
        (20, make_page([600])),
        (None, make_page([600], has_next=False)),
    ],
    ids=["known, by page numbers", "known, by cursors", "the first page", "no next page"],
)
def test_what_ends_with_the_twentieth_page_is_not_too_long(
    last_page: int | None, twentieth: Page
) -> None:
    listing = NewestListing("o/r", COMPLETE, last_page)

    _, ready = read(listing, [*new_pages(19), twentieth])

    assert (listing.is_done, listing.is_too_long) == (True, False)
    assert ready[-1].progress.processed >= 500 + 1900


def test_a_refresh_with_short_pages_ends_at_known_stars() -> None:
    listing = NewestListing(
        "o/r", Progress(total_stargazers=1000, processed=999), last_page=100, page_size=10
    )
    for number in range(100, 0, -1):
        if listing.is_done:
            break
        page = Page(
            tuple(
                Stargazer(n, "x", "", "", f"2020-01-01T00:{n // 60:02}:{n % 60:02}Z")
                for n in range(number * 10 - 9, number * 10 + 1)
            ),
            0,
            True,
        )
        listing.accept(PageAsk(number, 10), page, range(1, 1000))

    assert not listing.is_too_long
