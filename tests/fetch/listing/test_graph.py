"""A list by cursors goes on where it stood, also when it stood at its end."""

from gitstars.fetch.answers import Page
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.listing.graph import GraphListing
from gitstars.fetch.listing.rest import RestListing
from gitstars.model import Progress, Stargazer


def make_page(*numbers: int, cursor: str | None, has_next: bool) -> Page:
    stars = tuple(Stargazer(n, f"user-{n}", "", "", f"2020-01-01T00:00:{n:02}Z") for n in numbers)
    return Page(stars, 0, has_next, end_cursor=cursor, total=3)


def test_a_list_that_was_cut_off_at_its_end_finds_the_end_again() -> None:
    listing = GraphListing("o/r", Progress())
    listing.accept(listing.asks()[0], make_page(1, 2, 3, cursor="c3", has_next=False))
    for _ in range(2):
        listing = GraphListing("o/r", listing.progress)
        (ask,) = listing.asks()
        assert isinstance(ask, GraphAsk)

        listing.accept(ask, make_page(cursor=None, has_next=False))

        assert ask.after == "c3"
        assert listing.is_done
        assert listing.progress.processed == 3


def test_a_list_by_page_numbers_begins_anew_where_cursors_stood() -> None:
    listing = GraphListing("o/r", Progress())
    listing.accept(listing.asks()[0], make_page(1, 2, cursor="c2", has_next=True))

    assert RestListing(listing.progress).next_page == 1
    assert RestListing(listing.progress).progress.processed == 0


def test_ghosts_without_a_time_are_counted_and_end_no_list() -> None:
    listing = GraphListing("o/r", Progress(total_stargazers=50_000))
    front, back = listing.asks()
    listing.accept(front, make_page(1, 2, cursor="c2", has_next=True))

    ready = listing.accept(back, Page((), 3, True, end_cursor="c9", total=50_000))

    assert not listing.is_done
    assert [(one.stargazers, one.progress.ghosts) for one in ready] == [((), 3)]
