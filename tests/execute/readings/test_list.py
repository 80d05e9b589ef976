"""A whole list on its way: what is asked next, what each answer changes, and what ends it."""

import pytest

from gitstars.errors import ClaimLost, DatabaseUnavailable
from gitstars.execute.asks import Ask, RecordAsk
from gitstars.execute.reading import (
    PAUSE_CAP_SECONDS,
    TRIES,
    Finished,
    Moment,
    StorePage,
    Why,
)
from gitstars.execute.readings.list import ListReading
from gitstars.execute.readings.means import Phase
from gitstars.fetch import answers
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.listing.protocol import PageAsk
from gitstars.model import Progress, Repository, Resource, Stargazer
from tests.execute.making import (
    MONOTONIC,
    NOW,
    answer,
    ask_and_answer,
    make_claim,
    make_list,
    make_page,
    make_record,
    users,
)

RECORD = RecordAsk(5)
#: The first page by cursors, from either end; two stars are a page.
FIRST, NEWEST = (
    GraphAsk("o/r", 2, None, newest_first=False),
    GraphAsk("o/r", 2, None, newest_first=True),
)
TRANSIENT = answers.Transient("HTTP 502: Bad Gateway")
#: A list that is read from both of its ends.
LONG = Progress(total_stargazers=50_000)


def page_ask(number: int) -> PageAsk:
    return PageAsk(number, 2)


def pages(*numbers: int) -> list[Ask]:
    return [page_ask(number) for number in numbers]


def number_page(number: int, last_page: int = 5) -> answers.Page:
    """A full page of the list by page numbers."""
    return make_page([2 * number - 1, 2 * number], has_next=number < last_page, last_page=last_page)


def listing_by_numbers(stars: int = 10, last_page: int = 5, pages_ahead: int = 1) -> ListReading:
    """A list by page numbers whose first page was read and stored."""
    reading = make_list(pages_ahead=pages_ahead)
    ask_and_answer(reading, RECORD, make_record(stars))
    for _ in ask_and_answer(reading, page_ask(1), number_page(1, last_page)):
        reading.stored()
    return reading


def store_all(reading: ListReading) -> None:
    """The writer tells that all pages are durable."""
    while reading.unstored:
        reading.stored()


# What is asked next


def test_by_page_numbers_the_repository_itself_is_asked_for_first() -> None:
    assert make_list(pages_ahead=5).asks() == (RECORD,)


def test_a_repository_without_a_known_id_is_asked_for_by_its_name() -> None:
    reading = make_list(claim=make_claim(github_id=None))

    assert reading.asks() == (RecordAsk("o/r"),)


def test_by_cursors_the_first_page_is_asked_for_at_once() -> None:
    assert make_list(by_cursors=True).asks() == [FIRST]


def test_after_the_count_the_first_page_goes_out_alone() -> None:
    reading = make_list(pages_ahead=5)

    ask_and_answer(reading, RECORD, make_record(stars=10))

    assert reading.phase is Phase.LIST
    assert reading.asks() == pages(1)


@pytest.mark.parametrize("version", [{}, {"version": 1}])
def test_a_list_goes_on_where_it_stood(version: dict[str, int]) -> None:
    cursor = {**version, "kind": "rest", "next_page": 4, "page_size": 2}
    reading = make_list(claim=make_claim(progress=Progress(cursor, 3, 5, 10, 6)), pages_ahead=5)

    ask_and_answer(reading, RECORD, make_record(stars=10))

    assert reading.has_begun
    assert reading.asks() == pages(4, 5)
    assert reading.progress.processed == 6


@pytest.mark.parametrize(
    "cursor",
    [
        {"version": 99, "kind": "rest", "next_page": 4, "page_size": 2},
        {"kind": "rest", "next_page": "four"},
        {"kind": "sideways"},
        {"nonsense": [1, 2]},
    ],
)
@pytest.mark.parametrize("by_cursors", [False, True])
def test_a_list_whose_cursor_cannot_be_read_begins_anew(
    cursor: dict[str, object], by_cursors: bool
) -> None:
    claim = make_claim(progress=Progress(cursor, 3, 5, 10, 6))

    reading = make_list(by_cursors, claim)
    if not by_cursors:
        ask_and_answer(reading, RECORD, make_record(stars=10))

    assert reading.asks() == ([FIRST] if by_cursors else pages(1))
    assert (reading.progress.processed, reading.progress.last_page) == (0, 0)


def test_a_sweep_of_a_complete_list_begins_anew() -> None:
    complete = Progress({"version": 1, "kind": "refresh"}, 3, 3, 300, 300)
    by_numbers = make_list(claim=make_claim(progress=complete))
    by_cursors = make_list(True, make_claim(progress=complete))
    ask_and_answer(by_numbers, RECORD, make_record(stars=310))

    assert by_numbers.asks() == pages(1)
    assert by_cursors.asks() == [FIRST]
    assert (by_numbers.progress.processed, by_cursors.progress.processed) == (0, 0)


def test_the_pages_of_a_whole_list_belong_to_the_next_generation() -> None:
    reading = make_list(True, make_claim(generation=6))

    (page,) = ask_and_answer(reading, FIRST, make_page([1, 2], end_cursor="c"))

    assert isinstance(page, StorePage)
    assert (reading.generation, page.write.generation) == (7, 7)


def test_after_the_last_page_the_count_is_asked_for_again() -> None:
    reading = listing_by_numbers(stars=4, last_page=2)

    ask_and_answer(reading, page_ask(2), number_page(2, last_page=2))

    assert reading.phase is Phase.RECORD_AGAIN
    assert reading.asks() == (RECORD,)
    assert reading.ended_by is None


def test_after_the_second_count_nothing_is_asked_any_more() -> None:
    reading = listing_by_numbers(stars=4, last_page=2)
    ask_and_answer(reading, page_ask(2), number_page(2, last_page=2))

    ask_and_answer(reading, RECORD, make_record(stars=5))

    assert reading.asks() == ()
    assert reading.ended_by == Finished()
    assert (reading.seen.count_before, reading.seen.count_after) == (4, 5)


@pytest.mark.parametrize(
    ("stars", "page", "phase"),
    [
        (2, make_page([1, 2], has_next=False), Phase.DONE),
        (1, make_page([1], has_next=False), Phase.DONE),
        (0, make_page([], has_next=False), Phase.DONE),
        (3, make_page([1, 2], has_next=False), Phase.RECORD_AGAIN),
        (1, make_page([1, 2], has_next=False), Phase.RECORD_AGAIN),
        (2, answers.Page((), 2, False, ghost_times=("2020-01-01T00:00:00Z",) * 2), Phase.DONE),
        (2, answers.Page((), 1, False, ghost_times=("2020-01-01T00:00:00Z",)), Phase.RECORD_AGAIN),
    ],
)
def test_a_list_of_one_page_is_counted_again_only_when_it_does_not_agree(
    stars: int, page: answers.Page, phase: Phase
) -> None:
    reading = make_list()
    ask_and_answer(reading, RECORD, make_record(stars))

    ask_and_answer(reading, page_ask(1), page)

    assert reading.phase is phase
    assert (reading.ended_by == Finished()) == (phase is Phase.DONE)


def test_a_list_by_cursors_is_counted_by_its_own_pages() -> None:
    reading = make_list(by_cursors=True)
    second = GraphAsk("o/r", 2, "c2")

    ask_and_answer(
        reading, FIRST, make_page([1, 2], end_cursor="c2", repository=make_record(stars=3))
    )
    store_all(reading)
    ask_and_answer(
        reading,
        second,
        make_page([3], has_next=False, end_cursor="c3", repository=make_record(stars=4)),
    )

    assert (reading.phase, reading.ended_by) == (Phase.DONE, Finished())
    assert (reading.seen.count_before, reading.seen.count_after) == (3, 4)
    assert reading.progress.processed == 3


@pytest.mark.parametrize(("by_cursors", "ask"), [(False, RECORD), (True, FIRST)])
def test_what_is_on_its_way_is_not_asked_for_twice(by_cursors: bool, ask: Ask) -> None:
    reading = make_list(by_cursors)

    reading.start(ask)

    assert list(reading.asks()) == []
    assert reading.in_flight == 1


@pytest.mark.parametrize(("by_cursors", "ask"), [(False, RECORD), (True, FIRST)])
def test_what_a_call_said_nothing_about_is_asked_again(by_cursors: bool, ask: Ask) -> None:
    reading = make_list(by_cursors)
    reading.start(ask)

    reading.give_up(ask)

    assert list(reading.asks()) == [ask]
    assert (reading.in_flight, reading.attempts.failures, reading.ended_by) == (0, 0, None)


@pytest.mark.parametrize("by_cursors", [False, True])
def test_what_has_ended_asks_nothing(by_cursors: bool) -> None:
    reading = make_list(by_cursors)

    reading.end(answers.Stopped())

    assert reading.asks() == ()


def test_the_budget_of_the_next_call_is_that_of_the_pages_or_of_the_repository_itself() -> None:
    at_the_count, by_numbers, by_cursors = make_list(), listing_by_numbers(), make_list(True)
    suspicious = make_list(by_cursors=True)
    ask_and_answer(suspicious, FIRST, answers.Missing("Not Found"))

    needed = [reading.needed for reading in (at_the_count, by_numbers, by_cursors, suspicious)]

    assert needed == [Resource.CORE, Resource.CORE, Resource.GRAPHQL, Resource.CORE]


# Pages on their way


@pytest.mark.parametrize(
    ("pages_ahead", "in_flight", "unstored", "expected"),
    [
        (1, [], 0, [2]),
        (1, [2], 0, []),
        (1, [], 1, []),
        (3, [], 0, [2, 3, 4]),
        (3, [2], 0, [3, 4]),
        (3, [2, 3], 0, [4]),
        (3, [2, 3, 4], 0, []),
        (3, [], 1, [2, 3]),
        (3, [], 3, []),
        (3, [2], 1, [3]),
        (3, [2, 3], 1, []),
        (3, [2, 3], 4, []),
        (100, [], 0, [2, 3, 4, 5]),
        (100, [3], 0, [2, 4, 5]),
    ],
)
def test_no_more_pages_than_allowed_are_asked_for_and_not_durable_yet(
    pages_ahead: int, in_flight: list[int], unstored: int, expected: list[int]
) -> None:
    reading = listing_by_numbers(last_page=5, pages_ahead=pages_ahead)
    for number in in_flight:
        reading.start(page_ask(number))
    reading.unstored = unstored

    assert reading.asks() == pages(*expected)


def test_a_page_that_came_before_its_turn_counts_as_on_its_way() -> None:
    reading = listing_by_numbers(last_page=5, pages_ahead=2)
    for number in (2, 3):
        reading.start(page_ask(number))

    answer(reading, page_ask(3), number_page(3))

    assert reading.asks() == []


def test_pages_become_ready_in_their_order() -> None:
    reading = listing_by_numbers(last_page=5, pages_ahead=5)
    for number in (2, 3, 4):
        reading.start(page_ask(number))

    fourth = answer(reading, page_ask(4), number_page(4))
    second = answer(reading, page_ask(2), number_page(2))
    third = answer(reading, page_ask(3), number_page(3))

    assert [users(ready) for ready in (fourth, second, third)] == [[], [[3, 4]], [[5, 6], [7, 8]]]
    assert reading.unstored == 3


@pytest.mark.parametrize(
    ("progress", "in_flight", "unstored", "expected"),
    [
        (None, [], 0, [FIRST]),
        (None, [FIRST], 0, []),
        (None, [], 1, []),
        (LONG, [], 0, [FIRST, NEWEST]),
        (LONG, [FIRST], 0, [NEWEST]),
        (LONG, [NEWEST], 0, [FIRST]),
        (LONG, [FIRST, NEWEST], 0, []),
        (LONG, [FIRST], 1, []),
        (LONG, [], 1, []),
    ],
)
@pytest.mark.parametrize("pages_ahead", [1, 50])
def test_a_list_by_cursors_goes_on_from_stored_pages_one_at_each_end(
    progress: Progress | None,
    in_flight: list[GraphAsk],
    unstored: int,
    expected: list[GraphAsk],
    pages_ahead: int,
) -> None:
    reading = make_list(True, make_claim(progress=progress), pages_ahead=pages_ahead)
    for ask in in_flight:
        reading.start(ask)
    reading.unstored = unstored

    assert reading.asks() == expected


# Pages that arrive after the end


@pytest.mark.parametrize(
    ("ended_by", "is_ready"),
    [
        (answers.Stopped(), True),
        (answers.BudgetSpent(Resource.CORE, 0.0), True),
        (answers.SecondaryLimit(0.0, "Wait"), True),
        (answers.BadToken("Bad credentials"), True),
        (answers.Outage("refused", 0.0, 1.0), True),
        (DatabaseUnavailable("gone"), False),
        (ClaimLost("somebody else's"), False),
        (answers.Refused("permission", "no"), False),
        (answers.Withheld("no"), False),
        (answers.Gone("deleted", "Not Found"), False),
        (answers.Garbage("no JSON"), False),
    ],
)
def test_a_page_that_comes_after_the_end_is_stored_unless_the_end_speaks_against_it(
    ended_by: Why, is_ready: bool
) -> None:
    reading = listing_by_numbers()
    reading.start(page_ask(2))
    reading.end(ended_by)

    ready = answer(reading, page_ask(2), number_page(2))

    assert users(ready) == ([[3, 4]] if is_ready else [])
    assert reading.progress.processed == (4 if is_ready else 2)
    assert reading.ended_by is ended_by
    assert reading.asks() == ()


def test_pages_that_come_after_the_end_are_stored_in_their_order() -> None:
    reading = listing_by_numbers(pages_ahead=3)
    reading.start(page_ask(2))
    reading.start(page_ask(3))
    reading.end(answers.Stopped())

    third = answer(reading, page_ask(3), number_page(3))
    second = answer(reading, page_ask(2), number_page(2))

    assert (users(third), users(second)) == ([], [[3, 4], [5, 6]])


def test_the_other_end_of_a_list_that_was_read_to_its_end_brings_nothing() -> None:
    reading = make_list(True, make_claim(progress=LONG))
    reading.start(FIRST)
    reading.start(NEWEST)
    short = make_page([1, 2], has_next=False, end_cursor="c", repository=make_record(2))
    answer(reading, FIRST, short)

    late = answer(reading, NEWEST, short)

    assert users(late) == []
    assert (reading.ended_by, reading.progress.processed) == (Finished(), 2)


# Names and ids


def test_githubs_id_name_and_count_win() -> None:
    reading = make_list(claim=make_claim(github_id=None))

    ask_and_answer(
        reading,
        RecordAsk("o/r"),
        make_record(stars=12, github_id=77, full_name="new/name"),
    )

    assert reading.claim.repository == Repository("o/r", "new/name", 77, 12)
    assert (reading.key, reading.full_name, reading.seen.count_before) == ("o/r", "new/name", 12)


def test_the_stars_of_another_repository_that_took_the_name_are_not_stored() -> None:
    reading = make_list(by_cursors=True)

    ready = ask_and_answer(
        reading, FIRST, make_page([1, 2], end_cursor="c", repository=make_record(github_id=9))
    )

    assert ready == ()
    assert reading.claim.repository.github_id == 5
    assert (reading.ended_by, reading.seen.count_before) == (None, None)


def test_where_another_repository_took_the_name_its_own_record_is_asked_for() -> None:
    reading = make_list(by_cursors=True)
    ask_and_answer(reading, FIRST, make_page([1, 2], repository=make_record(github_id=9)))
    needed = reading.needed

    ask_and_answer(reading, RECORD, make_record(stars=12, full_name="new/name"))

    assert needed is Resource.CORE
    assert reading.asks() == [GraphAsk("new/name", 2)]
    assert reading.seen.count_before == 12


def test_a_name_that_stays_another_repositorys_is_not_asked_for_for_ever() -> None:
    reading = make_list(by_cursors=True)
    for _ in range(2):
        ask_and_answer(reading, FIRST, make_page([1, 2], repository=make_record(github_id=9)))
        if reading.ended_by is None:
            ask_and_answer(reading, RECORD, make_record(stars=12))

    assert isinstance(reading.ended_by, answers.Transient)
    assert "o/r" in reading.ended_by.text


def test_a_page_of_the_same_repository_under_a_new_name_is_its_own() -> None:
    reading = make_list(by_cursors=True)

    ready = ask_and_answer(
        reading,
        FIRST,
        make_page([1, 2], end_cursor="c", repository=make_record(full_name="new/name")),
    )

    assert users(ready) == [[1, 2]]
    assert reading.full_name == "new/name"


def test_a_repository_without_a_known_id_takes_that_of_its_first_page() -> None:
    reading = make_list(True, make_claim(github_id=None))

    ready = ask_and_answer(
        reading, FIRST, make_page([1, 2], end_cursor="c", repository=make_record(github_id=9))
    )

    assert users(ready) == [[1, 2]]
    assert reading.claim.repository.github_id == 9


# Refusals and absences

UNEXPLAINED: list[answers.Refused | answers.Withheld] = [
    answers.Refused("permission", "You may not", accepted_permissions="contents=write"),
    answers.Withheld("the list is missing"),
]


@pytest.mark.parametrize("outcome", UNEXPLAINED)
def test_a_refusal_without_the_repositorys_record_asks_for_it(
    outcome: answers.Refused | answers.Withheld,
) -> None:
    reading = make_list(by_cursors=True)

    ask_and_answer(reading, FIRST, outcome)
    asked = list(reading.asks())
    ask_and_answer(reading, RECORD, make_record(stars=12))

    assert asked == [RECORD]
    assert type(reading.ended_by) is type(outcome)
    assert isinstance(reading.ended_by, answers.Refused | answers.Withheld)
    assert (reading.ended_by.text, reading.ended_by.repository) == (
        outcome.text,
        make_record(stars=12),
    )
    assert reading.claim.repository.stars == 12


def test_what_a_fine_grained_token_lacks_is_kept_with_the_refusal() -> None:
    reading = make_list(by_cursors=True)

    ask_and_answer(reading, FIRST, UNEXPLAINED[0])
    ask_and_answer(reading, RECORD, make_record(stars=12))

    assert isinstance(reading.ended_by, answers.Refused)
    assert reading.ended_by.accepted_permissions == "contents=write"


@pytest.mark.parametrize(
    "outcome",
    [
        answers.Refused("empty", "0 of 12 stars", make_record(stars=12)),
        answers.Withheld("0 of 12 stars", make_record(stars=12)),
    ],
)
def test_a_refusal_with_the_record_ends_it_at_once(outcome: answers.Outcome) -> None:
    reading = make_list(by_cursors=True)

    ready = ask_and_answer(reading, FIRST, outcome)

    assert list(ready) == []
    assert reading.ended_by == outcome
    assert reading.claim.repository.stars == 12


def test_a_refusal_after_the_record_was_read_is_completed_with_it() -> None:
    reading = make_list()
    ask_and_answer(reading, RECORD, make_record(stars=12))

    ask_and_answer(reading, page_ask(1), answers.Refused("permission", "You may not"))

    assert reading.ended_by == answers.Refused("permission", "You may not", make_record(stars=12))


def test_a_refusal_of_the_record_itself_ends_it() -> None:
    reading = make_list()

    ask_and_answer(reading, RECORD, answers.Refused("sso", "Single sign-on"))

    assert reading.ended_by == answers.Refused("sso", "Single sign-on")


@pytest.mark.parametrize(
    ("permission", "may_token_list", "is_refused"),
    [
        (None, True, True),
        ("READ", True, True),
        ("TRIAGE", True, True),
        ("WRITE", False, True),
        ("ADMIN", False, True),
        ("WRITE", True, False),
        ("WRITE", None, False),
        ("ADMIN", None, False),
    ],
)
@pytest.mark.parametrize("by_cursors", [True, False])
def test_a_missing_list_of_a_repository_that_is_there_is_refused_or_withheld(
    permission: str | None, may_token_list: bool | None, is_refused: bool, by_cursors: bool
) -> None:
    reading = make_list(by_cursors, may_token_list=may_token_list)
    record = make_record(stars=12, permission=permission)
    if not by_cursors:
        ask_and_answer(reading, RECORD, record)

    ask_and_answer(reading, FIRST if by_cursors else page_ask(1), answers.Missing("Not Found"))
    asked = list(reading.asks())
    ask_and_answer(reading, RECORD, record)

    assert asked == [RECORD]
    if is_refused:
        assert isinstance(reading.ended_by, answers.Refused)
        assert (reading.ended_by.face, reading.ended_by.repository) == ("not_found", record)
    else:
        assert isinstance(reading.ended_by, answers.Withheld)
        assert reading.ended_by.repository == record
    assert reading.claim.repository.stars == 12


def test_a_missing_list_of_a_missing_repository_is_deleted() -> None:
    reading = make_list(by_cursors=True)

    ask_and_answer(reading, FIRST, answers.Missing("Not Found"))
    ask_and_answer(reading, RECORD, answers.Missing("Not Found at all"))

    assert reading.ended_by == answers.Gone("deleted", "Not Found at all")


def test_a_missing_repository_is_deleted() -> None:
    reading = make_list()

    ask_and_answer(reading, RECORD, answers.Missing("Not Found"))

    assert reading.ended_by == answers.Gone("deleted", "Not Found")


@pytest.mark.parametrize("outcome", [answers.Missing("Not Found"), *UNEXPLAINED])
def test_the_record_that_tells_is_asked_for_when_nothing_else_is_on_its_way(
    outcome: answers.Outcome,
) -> None:
    reading = make_list(True, make_claim(progress=LONG))
    reading.start(FIRST)
    reading.start(NEWEST)

    answer(reading, FIRST, outcome)
    before = list(reading.asks())
    answer(reading, NEWEST, outcome)

    assert before == []
    assert list(reading.asks()) == [RECORD]


@pytest.mark.parametrize(
    "stage", ["at the first count", "after a missing list", "at the second count"]
)
def test_a_disabled_repository_is_gone(stage: str) -> None:
    reading = make_list(by_cursors=stage == "after a missing list")
    if stage == "after a missing list":
        ask_and_answer(reading, FIRST, answers.Missing("Not Found"))
    elif stage == "at the second count":
        ask_and_answer(reading, RECORD, make_record(stars=9))
        ask_and_answer(reading, page_ask(1), make_page([1, 2], has_next=False))

    ask_and_answer(reading, RECORD, make_record(is_disabled=True))

    assert isinstance(reading.ended_by, answers.Gone)
    assert reading.ended_by.reason == "disabled"


# An empty first page


@pytest.mark.parametrize(
    ("stars", "page", "is_refused"),
    [
        (12, make_page([], has_next=False), True),
        (1, make_page([], has_next=False), True),
        (12, make_page([], has_next=True), True),
        (0, make_page([], has_next=False), False),
        (12, make_page([1], has_next=False), False),
        (12, answers.Page((), 1, False, ghost_times=("2020-01-01T00:00:00Z",)), False),
    ],
)
def test_an_empty_first_page_of_a_starred_repository_is_a_refusal(
    stars: int, page: answers.Page, is_refused: bool
) -> None:
    reading = make_list()
    ask_and_answer(reading, RECORD, make_record(stars))

    ready = ask_and_answer(reading, page_ask(1), page)

    assert isinstance(reading.ended_by, answers.Refused) == is_refused
    assert (list(ready) == []) == is_refused


@pytest.mark.parametrize(
    ("permission", "may_token_list", "is_refused"),
    [(None, True, True), ("READ", None, True), ("WRITE", False, True), ("WRITE", None, False)],
)
def test_an_empty_first_page_is_refused_or_withheld_with_the_count_of_the_record(
    permission: str | None, may_token_list: bool | None, is_refused: bool
) -> None:
    reading = make_list(may_token_list=may_token_list)
    record = make_record(stars=12, permission=permission)
    ask_and_answer(reading, RECORD, record)

    ask_and_answer(reading, page_ask(1), make_page([], has_next=False))

    kind = answers.Refused if is_refused else answers.Withheld
    assert isinstance(reading.ended_by, kind)
    assert isinstance(reading.ended_by, answers.Refused | answers.Withheld)
    assert reading.ended_by.repository == record
    assert not isinstance(reading.ended_by, answers.Refused) or reading.ended_by.face == "empty"


def test_a_later_empty_page_is_the_end_of_the_list() -> None:
    reading = listing_by_numbers(stars=4, last_page=2)

    ready = ask_and_answer(reading, page_ask(2), make_page([], has_next=False))

    assert users(ready) == [[]]
    assert (reading.ended_by, reading.phase) == (None, Phase.RECORD_AGAIN)


# The pagination wall

AT_THE_WALL = Progress(
    {
        "version": 1,
        "kind": "rest",
        "next_page": 401,
        "page_size": 100,
        "edge": {"at": "2020-01-01T00:00:00Z", "ids": [7], "ghosts": 0},
    },
    400,
    400,
    45_000,
    39_999,
    1,
)
NEWEST_HUNDRED = GraphAsk("o/r", 100, None, newest_first=True)


def test_the_wall_ends_a_list_by_page_numbers() -> None:
    reading = make_list(claim=make_claim(progress=AT_THE_WALL), page_size=100)
    ask_and_answer(reading, RECORD, make_record(stars=45_000))

    ask_and_answer(reading, PageAsk(401), answers.PaginationWall("pagination is limited"))

    assert reading.ended_by == answers.PaginationWall("pagination is limited")
    assert reading.progress == AT_THE_WALL


def test_a_list_that_stood_at_the_wall_is_read_by_cursors_from_its_other_end() -> None:
    reading = make_list(True, make_claim(progress=AT_THE_WALL), page_size=100)

    assert reading.asks() == [NEWEST_HUNDRED]
    assert (reading.progress.processed, reading.progress.ghosts) == (39_999, 1)


# Trouble


def fail_until_it_ends(reading: ListReading, outcome: answers.Outcome = TRANSIENT) -> list[Ask]:
    """Whatever is asked fails, until the reading ends; what was asked."""
    asked: list[Ask] = []
    while reading.ended_by is None:
        (ask,) = reading.asks()
        asked.append(ask)
        ask_and_answer(reading, ask, outcome)
        assert len(asked) < 50
    return asked


@pytest.mark.parametrize("outcome", [TRANSIENT, answers.Garbage("no JSON")])
def test_a_page_by_number_is_asked_for_several_times(outcome: answers.Outcome) -> None:
    reading = listing_by_numbers()

    asked = fail_until_it_ends(reading, outcome)

    assert asked == pages(2) * TRIES
    assert reading.ended_by == outcome


@pytest.mark.parametrize("outcome", [TRANSIENT, answers.Garbage("no JSON")])
def test_the_repository_itself_is_asked_for_several_times(outcome: answers.Outcome) -> None:
    reading = make_list()

    asked = fail_until_it_ends(reading, outcome)

    assert asked == [RECORD] * TRIES
    assert reading.ended_by == outcome


def test_a_page_by_cursors_is_asked_for_with_fewer_stars_and_then_by_number() -> None:
    reading = make_list(by_cursors=True, page_size=100)

    asked = fail_until_it_ends(reading)

    sizes = [ask.first for ask in asked if isinstance(ask, GraphAsk)]
    assert sizes == [100, 50, 25, 10]
    assert asked[4:] == [RECORD] * TRIES
    assert reading.ended_by == TRANSIENT


def test_a_list_that_goes_on_by_number_begins_with_the_count_and_goes_on_where_it_stood() -> None:
    reading = make_list(True, make_claim(stars=30), page_size=10)
    ask_and_answer(
        reading,
        GraphAsk("o/r", 10),
        make_page(range(1, 11), end_cursor="c", repository=make_record(30)),
    )
    store_all(reading)

    ask_and_answer(reading, GraphAsk("o/r", 10, "c"), TRANSIENT)
    needed = reading.needed
    ask_and_answer(reading, RECORD, make_record(stars=31))

    assert needed is Resource.CORE
    assert reading.asks() == [PageAsk(2, 10)]
    assert (reading.progress.processed, reading.seen.count_before) == (10, 31)


def test_a_list_whose_page_is_not_durable_yet_does_not_change_its_way() -> None:
    reading = make_list(True, make_claim(progress=LONG), page_size=10)
    for ask in list(reading.asks()):
        reading.start(ask)
    first, newest = GraphAsk("o/r", 10), GraphAsk("o/r", 10, newest_first=True)
    answer(reading, first, make_page(range(1, 11), end_cursor="c", repository=make_record(50_000)))

    answer(reading, newest, TRANSIENT)

    assert reading.means.by_cursors
    assert (reading.unstored, reading.ended_by) == (1, None)


def test_a_list_beyond_the_wall_stays_with_cursors_however_often_they_fail() -> None:
    claim = make_claim(progress=AT_THE_WALL, stars=45_000)
    reading = make_list(True, claim, page_size=100)

    asked = fail_until_it_ends(reading)

    assert all(isinstance(ask, GraphAsk) for ask in asked)
    assert reading.ended_by == TRANSIENT


def test_what_failed_is_asked_again_after_a_pause_that_doubles() -> None:
    reading, pauses, monotonic = listing_by_numbers(), [], MONOTONIC
    for _ in range(TRIES - 1):
        ask_and_answer(reading, page_ask(2), TRANSIENT, at=Moment(NOW, monotonic, chance=0.5))
        pauses.append(reading.attempts.not_before - monotonic)
        monotonic += 100

    assert pauses == [0.375, 0.75, 1.5, 3.0, 6.0]
    assert max(pauses) <= PAUSE_CAP_SECONDS


def test_a_page_that_comes_wipes_the_failures_before_it_away() -> None:
    reading = listing_by_numbers()
    for _ in range(TRIES - 1):
        ask_and_answer(reading, page_ask(2), TRANSIENT)

    ask_and_answer(reading, page_ask(2), number_page(2))
    store_all(reading)
    not_before = reading.attempts.not_before
    for _ in range(TRIES - 1):
        ask_and_answer(reading, page_ask(3), TRANSIENT)

    assert (not_before, reading.ended_by) == (0.0, None)
    assert reading.asks() == pages(3)


@pytest.mark.parametrize("ask", [RECORD, page_ask(2)], ids=["the repository itself", "a page"])
@pytest.mark.parametrize(
    "outcome",
    [
        answers.Gone("blocked", "Repository access blocked"),
        answers.RouteMissing(),
        answers.NotModified(),
        answers.Identity(1, "ann", None),
    ],
)
def test_every_other_answer_ends_it(ask: Ask, outcome: answers.Outcome) -> None:
    reading = make_list() if isinstance(ask, RecordAsk) else listing_by_numbers()

    ready = ask_and_answer(reading, ask, outcome)

    assert list(ready) == []
    assert reading.ended_by == outcome
    assert reading.in_flight == 0


@pytest.mark.parametrize(
    ("ask", "outcome"),
    [(RECORD, number_page(1)), (page_ask(2), make_record())],
    ids=["a page for the repository", "the repository for a page"],
)
def test_an_answer_to_something_else_ends_it(ask: Ask, outcome: answers.Outcome) -> None:
    reading = make_list() if ask == RECORD else listing_by_numbers()

    ready = ask_and_answer(reading, ask, outcome)

    assert list(ready) == []
    assert reading.ended_by == outcome


def test_the_first_reason_to_end_is_the_one_that_counts() -> None:
    reading = make_list()
    first = answers.BudgetSpent(Resource.CORE, 1.0)

    reading.end(first)
    reading.end(answers.Stopped())
    reading.end(DatabaseUnavailable("gone"))

    assert reading.ended_by is first


# Another way while GraphQL is slow


def test_a_list_of_which_nothing_was_read_can_go_on_by_page_numbers() -> None:
    reading = make_list(by_cursors=True)

    changed = reading.read_by_pages()

    assert (changed, reading.has_begun) == (True, False)
    assert list(reading.asks()) == [RECORD]
    assert reading.needed is Resource.CORE


def test_a_list_whose_page_is_on_its_way_cannot_change_its_way() -> None:
    reading = make_list(by_cursors=True)
    reading.start(FIRST)

    assert not reading.read_by_pages()
    assert not make_list(by_cursors=False).read_by_pages()


def test_a_list_that_was_begun_goes_on_by_page_numbers_where_it_stood() -> None:
    reading = make_list(True, make_claim(stars=30), page_size=10)
    first = GraphAsk("o/r", 10)
    ask_and_answer(
        reading, first, make_page(range(1, 11), end_cursor="c", repository=make_record(30))
    )
    not_durable = reading.read_by_pages(may_begin_anew=False)
    store_all(reading)

    changed = reading.read_by_pages(may_begin_anew=False)
    ask_and_answer(reading, RECORD, make_record(stars=30))

    assert (not_durable, changed) == (False, True)
    assert (list(reading.asks()), reading.progress.processed) == ([PageAsk(2, 10)], 10)


def test_a_list_that_was_read_from_both_ends_changes_its_way_only_where_it_has_to() -> None:
    reading = make_list(True, make_claim(progress=LONG), page_size=10)
    first, newest = GraphAsk("o/r", 10), GraphAsk("o/r", 10, newest_first=True)
    for ask, numbers in ((first, range(1, 11)), (newest, range(50_000, 49_990, -1))):
        page = make_page(numbers, end_cursor="c", repository=make_record(50_000))
        ask_and_answer(reading, ask, page)
        store_all(reading)

    assert not reading.read_by_pages(may_begin_anew=False)
    assert reading.means.by_cursors
    assert reading.read_by_pages()
    assert reading.progress.processed == 0


def test_a_list_that_has_ended_does_not_change_its_way() -> None:
    reading = make_list(by_cursors=True)
    reading.end(answers.Stopped())

    assert not reading.read_by_pages()


# Private repositories


@pytest.mark.parametrize("by_cursors", [False, True])
@pytest.mark.parametrize(("may_collect_private", "is_refused"), [(False, True), (True, False)])
def test_a_private_repository_is_collected_only_where_that_is_allowed(
    by_cursors: bool, may_collect_private: bool, is_refused: bool
) -> None:
    reading = make_list(by_cursors, may_collect_private=may_collect_private)
    record = make_record(stars=12, is_private=True)

    page = make_page([1, 2], end_cursor="c", repository=record)
    if by_cursors:
        ready = ask_and_answer(reading, FIRST, page)
    else:
        ready = ask_and_answer(reading, RECORD, record)
    store_all(reading)

    text = "private repositories are collected only with collect.private"
    assert (reading.ended_by == answers.Refused("private", text, record)) == is_refused
    assert users(ready) == ([[1, 2]] if by_cursors and not is_refused else [])
    assert (list(reading.asks()) == []) == is_refused


# What is stored


def test_a_page_is_stored_with_the_claim_and_the_progress_that_holds_then() -> None:
    reading = listing_by_numbers(stars=10)

    (effect,) = ask_and_answer(reading, page_ask(2), number_page(2))

    assert isinstance(effect, StorePage)
    write = effect.write
    assert write.claim is reading.claim
    assert write.stargazers[0] == Stargazer(3, "user-3", "", "", "2020-01-01T00:00:03Z")
    assert (write.progress.last_page, write.progress.processed) == (2, 4)
    assert write.progress.total_stargazers == 10
