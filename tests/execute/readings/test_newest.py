"""The newest stars of a complete list: where they begin, and when they end."""

import pytest

from gitstars.execute.asks import Ask, RecordAsk
from gitstars.execute.reading import (
    Finished,
)
from gitstars.fetch import answers
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.listing.newest import MOST_PAGES
from gitstars.fetch.listing.protocol import PageAsk
from gitstars.model import Progress, Resource
from tests.execute.making import (
    ask_and_answer,
    make_claim,
    make_list,
    make_newest,
    make_page,
    make_record,
    users,
)

RECORD = RecordAsk(5)
COMPLETE = Progress({"version": 1, "kind": "refresh"}, 3, 3, 300, 300)
NEWEST_HUNDRED = GraphAsk("o/r", 100, None, newest_first=True)
KNOWN = frozenset(range(1, 301))


@pytest.mark.parametrize(
    ("stars", "last_page"), [(0, 1), (1, 1), (100, 1), (101, 2), (300, 3), (301, 4)]
)
def test_by_page_numbers_it_begins_with_the_last_page_of_the_present_count(
    stars: int, last_page: int
) -> None:
    reading = make_newest(False, make_claim(progress=COMPLETE))

    ask_and_answer(reading, RECORD, make_record(stars))

    assert reading.asks() == [PageAsk(last_page)]


def test_by_cursors_it_begins_with_the_newest_star() -> None:
    reading = make_newest(True, make_claim(progress=COMPLETE))

    assert reading.asks() == [NEWEST_HUNDRED]
    assert reading.needed is Resource.GRAPHQL


@pytest.mark.parametrize("by_cursors", [True, False])
def test_it_wants_to_know_which_users_are_stored_and_a_whole_list_does_not(
    by_cursors: bool,
) -> None:
    assert make_newest(by_cursors, make_claim(progress=COMPLETE)).wants_known
    assert not make_list(by_cursors).wants_known


def test_its_pages_belong_to_no_whole_reading() -> None:
    assert make_newest(True, make_claim(progress=COMPLETE, generation=6)).generation is None


def test_it_ends_with_the_known_run_and_stores_what_is_new() -> None:
    reading = make_newest(True, make_claim(progress=COMPLETE))
    page = make_page(range(302, 202, -1), end_cursor="c", repository=make_record(stars=302))

    ready = ask_and_answer(reading, NEWEST_HUNDRED, page, known=KNOWN)

    assert users(ready) == [[302, 301]]
    assert (reading.progress.processed, reading.progress.cursor) == (302, COMPLETE.cursor)
    assert (reading.ended_by, reading.seen.count_after) == (Finished(), 302)
    assert not reading.is_too_long


def test_by_page_numbers_it_is_not_counted_again() -> None:
    reading = make_newest(False, make_claim(progress=COMPLETE))
    ask_and_answer(reading, RECORD, make_record(stars=301))

    ask_and_answer(reading, PageAsk(4), make_page([301], has_next=False), known=KNOWN)
    ask_and_answer(reading, PageAsk(3), make_page(range(201, 301)), known=KNOWN)

    assert (reading.ended_by, reading.seen.count_after) == (Finished(), None)
    assert (reading.progress.processed, reading.is_too_long) == (301, False)


@pytest.mark.parametrize("by_cursors", [False, True])
def test_too_much_news_stores_nothing_and_says_so(by_cursors: bool) -> None:
    reading = make_newest(by_cursors, make_claim(progress=COMPLETE, generation=6))
    if not by_cursors:
        ask_and_answer(reading, RECORD, make_record(stars=9000))
    stored: list[list[int]] = []

    asked = 0
    while reading.ended_by is None:
        (ask,) = reading.asks()
        page = make_page(
            range(9000 - 100 * asked, 8900 - 100 * asked, -1),
            end_cursor=f"c{asked}",
            repository=make_record(stars=9000) if by_cursors else None,
        )
        stored += users(ask_and_answer(reading, ask, page))
        asked += 1

    assert (asked, stored) == (MOST_PAGES, [])
    assert (reading.ended_by, reading.is_too_long) == (Finished(), True)
    assert reading.progress == COMPLETE if by_cursors else reading.progress.processed == 300


def test_pages_become_durable_only_once_the_known_run_is_reached() -> None:
    reading = make_newest(True, make_claim(progress=COMPLETE))
    first = make_page(range(450, 350, -1), end_cursor="c1", repository=make_record(450))
    second = make_page(range(350, 250, -1), end_cursor="c2", repository=make_record(450))

    before = ask_and_answer(reading, NEWEST_HUNDRED, first, known=KNOWN)
    after = ask_and_answer(reading, GraphAsk("o/r", 100, "c1", True), second, known=KNOWN)

    assert users(before) == []
    assert users(after) == [list(range(350, 300, -1)), list(range(450, 350, -1))]


@pytest.mark.parametrize(
    ("permission", "kind"),
    [(None, answers.Refused), ("READ", answers.Refused), ("WRITE", answers.Withheld)],
)
def test_an_empty_list_of_a_starred_repository_takes_no_star_back(
    permission: str | None, kind: type[answers.Outcome]
) -> None:
    reading = make_newest(False, make_claim(progress=COMPLETE))
    record = make_record(stars=40, permission=permission)
    ask_and_answer(reading, RECORD, record)

    ready = ask_and_answer(reading, PageAsk(1), make_page([], has_next=False), known=())

    assert list(ready) == []
    assert isinstance(reading.ended_by, kind)


@pytest.mark.parametrize(
    "outcome",
    [
        answers.Refused("empty", "0 of 300 stars", make_record(300)),
        answers.Withheld("0 of 300 stars", make_record(300)),
        answers.Gone("blocked", "blocked"),
    ],
)
def test_an_end_that_is_not_the_lists_keeps_what_was_known(outcome: answers.Outcome) -> None:
    reading = make_newest(True, make_claim(progress=COMPLETE))

    ready = ask_and_answer(reading, NEWEST_HUNDRED, outcome)

    assert list(ready) == []
    assert reading.ended_by == outcome
    assert reading.progress == COMPLETE


def test_a_page_that_fails_is_asked_for_with_fewer_stars_and_then_by_number() -> None:
    reading = make_newest(True, make_claim(progress=COMPLETE))
    asked: list[Ask] = []

    for _ in range(4):
        (ask,) = reading.asks()
        asked.append(ask)
        ask_and_answer(reading, ask, answers.Transient("HTTP 502"))

    assert [ask.first for ask in asked if isinstance(ask, GraphAsk)] == [100, 50, 25, 10]
    assert list(reading.asks()) == [RECORD]
    ask_and_answer(reading, RECORD, make_record(stars=301))
    assert reading.asks() == [PageAsk(4)]
