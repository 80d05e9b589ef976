"""One repository on its way: what is asked next, what each answer changes, and what ends it."""

from collections.abc import Iterable
from typing import Any

import pytest
from gevent.event import AsyncResult

from gitstars.errors import ClaimLost, DatabaseUnavailable
from gitstars.execute.collection import Ask, Collection, CountAsk, Phase
from gitstars.fetch import answers
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.listing.protocol import PageAsk, Ready
from gitstars.fetch.listing.rest import RestListing
from gitstars.model import Claim, Job, PageWrite, Progress, Repository, Resource, Stargazer

COUNT = CountAsk()
#: The first page by cursors, from either end.
FIRST, NEWEST = (
    GraphAsk("o/r", 2, None, newest_first=False),
    GraphAsk("o/r", 2, None, newest_first=True),
)
TRANSIENT = answers.Transient("HTTP 502: Bad Gateway")


def make_collection(
    has_graph: bool = False,
    progress: Progress | None = None,
    github_id: int | None = 5,
    generation: int = 0,
    **settings: Any,
) -> Collection:
    """A repository that was just claimed; two stars are a page."""
    repository = Repository("o/r", "o/r", github_id, 10)
    claim = Claim("row", repository, "me", progress or Progress(), generation=generation)
    return Collection(
        Job(1, repository),
        claim,
        has_graph,
        **({"may_collect_private": False, "page_size": 2} | settings),
    )


def make_record(
    stars: int = 10, github_id: int = 5, full_name: str = "o/r", **rest: Any
) -> answers.Metadata:
    return answers.Metadata(github_id, full_name, stars, **rest)


def make_page(numbers: Iterable[int], has_next: bool = True, **rest: Any) -> answers.Page:
    """The stars of these users, who starred in the order of their numbers."""
    stars = tuple(
        Stargazer(
            n, f"user-{n}", "", "", f"2020-01-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z"
        )
        for n in numbers
    )
    return answers.Page(stars, 0, has_next, **rest)


def number_page(number: int, last_page: int = 5) -> answers.Page:
    """A full page of the list by page numbers."""
    return make_page([2 * number - 1, 2 * number], has_next=number < last_page, last_page=last_page)


def to_ask(collection: Collection, ask: Ask | int) -> Ask:
    """A page by its number, as it is asked for."""
    return PageAsk(ask, collection.page_size) if isinstance(ask, int) else ask


def asks(collection: Collection, pages_ahead: int) -> list[Ask | int]:
    """What may be asked for; pages by number are shown as their numbers."""
    return [ask.number if isinstance(ask, PageAsk) else ask for ask in collection.asks(pages_ahead)]


def answer(
    collection: Collection,
    ask: Ask | int,
    outcome: answers.Outcome,
    known: frozenset[int] = frozenset(),
) -> list[Ready]:
    """``ask`` comes back, after it went out."""
    ready = collection.accept(to_ask(collection, ask), outcome, known)
    collection.in_flight -= 1
    return ready


def ask_and_answer(
    collection: Collection,
    ask: Ask | int,
    outcome: answers.Outcome,
    known: frozenset[int] = frozenset(),
) -> list[Ready]:
    """``ask`` goes out and comes back; it has to be one of those that may go out."""
    assert ask in asks(collection, 1)
    collection.start(to_ask(collection, ask))
    return answer(collection, ask, outcome, known)


def be_writing(collection: Collection, pages: int = 1) -> None:
    """So many pages are with the writer and not durable yet."""
    for _ in range(pages):
        collection.writes.append((AsyncResult(), PageWrite(collection.claim, (), Progress())))


def listing_by_numbers(stars: int = 10, last_page: int = 5) -> Collection:
    """A list by page numbers whose first page was read."""
    collection = make_collection()
    ask_and_answer(collection, COUNT, make_record(stars))
    ask_and_answer(collection, 1, number_page(1, last_page))
    return collection


def users(ready: Iterable[Ready]) -> list[list[int]]:
    return [[user.github_id for user in one.stargazers] for one in ready]


# What is asked next


def test_by_page_numbers_the_repository_itself_is_asked_for_first() -> None:
    assert make_collection().asks(5) == [COUNT]


def test_by_cursors_the_first_page_is_asked_for_at_once() -> None:
    assert make_collection(has_graph=True).asks(5) == [FIRST]


def test_after_the_count_the_first_page_goes_out_alone() -> None:
    collection = make_collection()

    ask_and_answer(collection, COUNT, make_record(stars=10))

    assert collection.phase is Phase.LIST
    assert asks(collection, 5) == [1]


def test_a_list_goes_on_where_it_stood() -> None:
    collection = make_collection(
        progress=Progress({"kind": "rest", "next_page": 4, "page_size": 2}, 3, 5, 10, 6)
    )

    ask_and_answer(collection, COUNT, make_record(stars=10))

    assert asks(collection, 5) == [4, 5]
    assert collection.progress.processed == 6


def test_after_the_last_page_the_count_is_asked_for_again() -> None:
    collection = listing_by_numbers(stars=4, last_page=2)

    ask_and_answer(collection, 2, number_page(2, last_page=2))

    assert collection.phase is Phase.RECOUNT
    assert asks(collection, 5) == [COUNT]
    assert not collection.is_finished


def test_after_the_second_count_nothing_is_asked_any_more() -> None:
    collection = listing_by_numbers(stars=4, last_page=2)
    ask_and_answer(collection, 2, number_page(2, last_page=2))

    ask_and_answer(collection, COUNT, make_record(stars=5))

    assert asks(collection, 5) == []
    assert collection.is_finished
    assert (collection.count_before, collection.count_after, collection.ended_by) == (4, 5, None)


@pytest.mark.parametrize(
    ("stars", "page", "phase"),
    [
        (2, make_page([1, 2], has_next=False), Phase.DONE),
        (1, make_page([1], has_next=False), Phase.DONE),
        (0, make_page([], has_next=False), Phase.DONE),
        (3, make_page([1, 2], has_next=False), Phase.RECOUNT),
        (1, make_page([1, 2], has_next=False), Phase.RECOUNT),
        (2, answers.Page((), 2, False, ghost_times=("2020-01-01T00:00:00Z",) * 2), Phase.DONE),
        (2, answers.Page((), 1, False, ghost_times=("2020-01-01T00:00:00Z",)), Phase.RECOUNT),
    ],
)
def test_a_list_of_one_page_is_counted_again_only_when_it_does_not_agree(
    stars: int, page: answers.Page, phase: Phase
) -> None:
    collection = make_collection()
    ask_and_answer(collection, COUNT, make_record(stars))

    ask_and_answer(collection, 1, page)

    assert collection.phase is phase


def test_a_list_by_cursors_is_counted_by_its_own_pages() -> None:
    collection = make_collection(has_graph=True)
    second = GraphAsk("o/r", 2, "c2")

    ask_and_answer(
        collection, FIRST, make_page([1, 2], end_cursor="c2", repository=make_record(stars=3))
    )
    ask_and_answer(
        collection,
        second,
        make_page([3], has_next=False, end_cursor="c3", repository=make_record(stars=4)),
    )

    assert (collection.phase, collection.is_finished) == (Phase.DONE, True)
    assert (collection.count_before, collection.count_after) == (3, 4)
    assert collection.progress.processed == 3


@pytest.mark.parametrize(("has_graph", "ask"), [(False, COUNT), (True, FIRST)])
def test_what_is_on_its_way_is_not_asked_for_twice(has_graph: bool, ask: Ask) -> None:
    collection = make_collection(has_graph)

    collection.start(to_ask(collection, ask))

    assert asks(collection, 5) == []
    assert collection.is_busy


def test_a_collection_is_busy_while_a_page_of_it_is_being_stored() -> None:
    collection = make_collection()
    before = collection.is_busy

    be_writing(collection)

    assert (before, collection.is_busy) == (False, True)


@pytest.mark.parametrize("has_graph", [False, True])
def test_what_has_ended_asks_nothing(has_graph: bool) -> None:
    collection = make_collection(has_graph)

    collection.end(answers.Stopped())

    assert asks(collection, 5) == []
    assert collection.is_finished


@pytest.mark.parametrize("has_graph", [False, True])
def test_what_is_being_settled_asks_nothing(has_graph: bool) -> None:
    collection = make_collection(has_graph)

    collection.is_settling = True

    assert asks(collection, 5) == []
    assert collection.is_busy


def test_a_collection_is_not_finished_while_a_call_of_it_is_in_flight() -> None:
    collection = make_collection()
    collection.start(to_ask(collection, COUNT))

    collection.end(answers.Stopped())
    before = collection.is_finished
    collection.in_flight -= 1

    assert (before, collection.is_finished) == (False, True)


def test_the_budget_of_the_next_call_is_that_of_the_pages_or_of_the_repository_itself() -> None:
    at_the_count, by_numbers, by_cursors = (
        make_collection(),
        listing_by_numbers(),
        make_collection(has_graph=True),
    )
    suspicious = make_collection(has_graph=True)
    ask_and_answer(suspicious, FIRST, answers.Missing("Not Found"))

    needed = [
        collection.needed for collection in (at_the_count, by_numbers, by_cursors, suspicious)
    ]

    assert needed == [Resource.CORE, Resource.CORE, Resource.GRAPHQL, Resource.CORE]


# Pages on their way


@pytest.mark.parametrize(
    ("pages_ahead", "in_flight", "writing", "expected"),
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
    pages_ahead: int, in_flight: list[int], writing: int, expected: list[int]
) -> None:
    collection = listing_by_numbers(last_page=5)
    for number in in_flight:
        collection.start(to_ask(collection, number))
    be_writing(collection, writing)

    assert asks(collection, pages_ahead) == expected


def test_pages_become_ready_in_their_order() -> None:
    collection = listing_by_numbers(last_page=5)
    for number in (2, 3, 4):
        collection.start(to_ask(collection, number))

    fourth = answer(collection, 4, number_page(4))
    second = answer(collection, 2, number_page(2))
    third = answer(collection, 3, number_page(3))

    assert [users(ready) for ready in (fourth, second, third)] == [[], [[3, 4]], [[5, 6], [7, 8]]]


LONG = Progress(total_stargazers=50_000)


@pytest.mark.parametrize(
    ("progress", "in_flight", "writing", "expected"),
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
    writing: int,
    expected: list[GraphAsk],
    pages_ahead: int,
) -> None:
    collection = make_collection(has_graph=True, progress=progress)
    for ask in in_flight:
        collection.start(to_ask(collection, ask))
    be_writing(collection, writing)

    assert asks(collection, pages_ahead) == expected


# Pages that arrive after the end


@pytest.mark.parametrize(
    ("ended_by", "is_ready"),
    [
        (answers.Stopped(), True),
        (answers.BudgetSpent(Resource.CORE, 0.0), True),
        (answers.SecondaryLimit(0.0, "Wait"), True),
        (answers.BadToken("Bad credentials"), True),
        (DatabaseUnavailable("gone"), False),
        (ClaimLost("somebody else's"), False),
        (answers.Refused("permission", "no"), False),
        (answers.Gone("deleted", "Not Found"), False),
        (answers.Garbage("no JSON"), False),
    ],
)
def test_a_page_that_comes_after_the_end_is_stored_unless_the_end_speaks_against_it(
    ended_by: answers.Outcome | Exception, is_ready: bool
) -> None:
    collection = listing_by_numbers()
    collection.start(to_ask(collection, 2))
    collection.end(ended_by)

    ready = answer(collection, 2, number_page(2))

    assert users(ready) == ([[3, 4]] if is_ready else [])
    assert collection.progress.processed == (4 if is_ready else 2)
    assert collection.ended_by is ended_by
    assert asks(collection, 5) == []


def test_pages_that_come_after_the_end_are_stored_in_their_order() -> None:
    collection = listing_by_numbers()
    collection.start(to_ask(collection, 2))
    collection.start(to_ask(collection, 3))
    collection.end(answers.Stopped())

    third = answer(collection, 3, number_page(3))
    second = answer(collection, 2, number_page(2))

    assert (users(third), users(second)) == ([], [[3, 4], [5, 6]])


# Names and ids


def test_githubs_id_name_and_count_win() -> None:
    collection = make_collection(github_id=None)

    ask_and_answer(collection, COUNT, make_record(stars=12, github_id=77, full_name="new/name"))

    assert collection.claim.repository == Repository("o/r", "new/name", 77, 12)
    assert (collection.key, collection.full_name, collection.count_before) == (
        "o/r",
        "new/name",
        12,
    )


def test_the_stars_of_another_repository_that_took_the_name_are_not_stored() -> None:
    collection = make_collection(has_graph=True, github_id=5)

    ready = ask_and_answer(
        collection, FIRST, make_page([1, 2], end_cursor="c", repository=make_record(github_id=9))
    )

    assert ready == []
    assert collection.claim.repository.github_id == 5
    assert (collection.ended_by, collection.count_before) == (None, None)


def test_where_another_repository_took_the_name_its_own_record_is_asked_for() -> None:
    collection = make_collection(has_graph=True, github_id=5)
    ask_and_answer(collection, FIRST, make_page([1, 2], repository=make_record(github_id=9)))
    needed = collection.needed

    ask_and_answer(collection, COUNT, make_record(stars=12, github_id=5, full_name="new/name"))

    assert needed is Resource.CORE
    assert asks(collection, 5) == [GraphAsk("new/name", 2)]
    assert collection.count_before == 12


def test_a_page_of_the_same_repository_under_a_new_name_is_its_own() -> None:
    collection = make_collection(has_graph=True, github_id=5)

    ready = ask_and_answer(
        collection,
        FIRST,
        make_page(
            [1, 2], end_cursor="c", repository=make_record(github_id=5, full_name="new/name")
        ),
    )

    assert users(ready) == [[1, 2]]
    assert collection.full_name == "new/name"


def test_a_repository_without_a_known_id_takes_that_of_its_first_page() -> None:
    collection = make_collection(has_graph=True, github_id=None)

    ready = ask_and_answer(
        collection, FIRST, make_page([1, 2], end_cursor="c", repository=make_record(github_id=9))
    )

    assert users(ready) == [[1, 2]]
    assert collection.claim.repository.github_id == 9


# Refusals and absences


def test_a_refusal_without_the_repositorys_record_asks_for_it() -> None:
    collection = make_collection(has_graph=True)

    ask_and_answer(collection, FIRST, answers.Refused("permission", "You may not"))
    asked = asks(collection, 5)
    ask_and_answer(collection, COUNT, make_record(stars=12))

    assert asked == [COUNT]
    assert collection.ended_by == answers.Refused(
        "permission", "You may not", make_record(stars=12)
    )
    assert collection.claim.repository.stars == 12


def test_a_refusal_with_the_record_ends_it_at_once() -> None:
    collection = make_collection(has_graph=True)

    ask_and_answer(
        collection, FIRST, answers.Refused("permission", "You may not", make_record(stars=12))
    )

    assert collection.ended_by == answers.Refused(
        "permission", "You may not", make_record(stars=12)
    )
    assert collection.claim.repository.stars == 12


def test_a_refusal_after_the_record_was_read_is_completed_with_it() -> None:
    collection = make_collection()
    ask_and_answer(collection, COUNT, make_record(stars=12))

    ask_and_answer(collection, 1, answers.Refused("permission", "You may not"))

    assert collection.ended_by == answers.Refused(
        "permission", "You may not", make_record(stars=12)
    )


def test_a_refusal_of_the_record_itself_ends_it() -> None:
    collection = make_collection()

    ask_and_answer(collection, COUNT, answers.Refused("sso", "Single sign-on"))

    assert collection.ended_by == answers.Refused("sso", "Single sign-on")


def test_a_missing_list_of_a_repository_that_is_there_is_a_refusal() -> None:
    collection = make_collection(has_graph=True)

    ask_and_answer(collection, FIRST, answers.Missing("Not Found"))
    asked = asks(collection, 5)
    ask_and_answer(collection, COUNT, make_record(stars=12))

    assert asked == [COUNT]
    assert isinstance(collection.ended_by, answers.Refused)
    assert (collection.ended_by.face, collection.ended_by.repository) == (
        "not_found",
        make_record(stars=12),
    )
    assert collection.claim.repository.stars == 12


def test_a_missing_list_of_a_missing_repository_is_deleted() -> None:
    collection = make_collection(has_graph=True)

    ask_and_answer(collection, FIRST, answers.Missing("Not Found"))
    ask_and_answer(collection, COUNT, answers.Missing("Not Found at all"))

    assert collection.ended_by == answers.Gone("deleted", "Not Found at all")


def test_a_missing_repository_is_deleted() -> None:
    collection = make_collection()

    ask_and_answer(collection, COUNT, answers.Missing("Not Found"))

    assert collection.ended_by == answers.Gone("deleted", "Not Found")


@pytest.mark.parametrize(
    "outcome", [answers.Missing("Not Found"), answers.Refused("permission", "no")]
)
def test_the_record_that_tells_is_asked_for_when_nothing_else_is_on_its_way(
    outcome: answers.Outcome,
) -> None:
    collection = make_collection(has_graph=True, progress=LONG)
    collection.start(to_ask(collection, FIRST))
    collection.start(to_ask(collection, NEWEST))

    answer(collection, FIRST, outcome)
    before = asks(collection, 5)
    answer(collection, NEWEST, outcome)

    assert before == []
    assert asks(collection, 5) == [COUNT]


@pytest.mark.parametrize(
    "stage", ["at the first count", "after a missing list", "at the second count"]
)
def test_a_disabled_repository_is_gone(stage: str) -> None:
    collection = make_collection(has_graph=stage == "after a missing list")
    if stage == "after a missing list":
        ask_and_answer(collection, FIRST, answers.Missing("Not Found"))
    elif stage == "at the second count":
        ask_and_answer(collection, COUNT, make_record(stars=9))
        ask_and_answer(collection, 1, make_page([1, 2], has_next=False))

    ask_and_answer(collection, COUNT, make_record(is_disabled=True))

    assert isinstance(collection.ended_by, answers.Gone)
    assert collection.ended_by.reason == "disabled"


# An empty first page


@pytest.mark.parametrize(
    ("stars", "page", "is_refused"),
    [
        (12, make_page([], has_next=False), True),
        (1, make_page([], has_next=False), True),
        (0, make_page([], has_next=False), False),
        (12, make_page([], has_next=True), True),
        (12, make_page([1], has_next=True), False),
        (1, make_page([1], has_next=False), False),
        (12, make_page([1], has_next=False), False),
        (1, answers.Page((), 1, False, ghost_times=("2020-01-01T00:00:00Z",)), False),
    ],
)
def test_an_empty_first_page_of_a_starred_repository_is_a_refusal(
    stars: int, page: answers.Page, is_refused: bool
) -> None:
    collection = make_collection()
    ask_and_answer(collection, COUNT, make_record(stars))

    ready = ask_and_answer(collection, 1, page)

    assert (collection.ended_by is not None) == is_refused
    assert (ready == []) == is_refused


def test_an_empty_first_page_is_refused_with_the_count_of_the_record() -> None:
    collection = make_collection()
    ask_and_answer(collection, COUNT, make_record(stars=12))

    ask_and_answer(collection, 1, make_page([], has_next=False))

    assert isinstance(collection.ended_by, answers.Refused)
    assert (collection.ended_by.face, collection.ended_by.repository) == (
        "empty",
        make_record(stars=12),
    )


def test_a_later_empty_page_is_the_end_of_the_list() -> None:
    collection = listing_by_numbers(stars=4, last_page=2)

    ready = ask_and_answer(collection, 2, make_page([], has_next=False))

    assert users(ready) == [[]]
    assert (collection.ended_by, collection.phase) == (None, Phase.RECOUNT)


# The pagination wall

AT_THE_WALL = Progress(
    {
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


def test_the_wall_ends_a_list_that_has_no_cursors() -> None:
    collection = make_collection(progress=AT_THE_WALL, page_size=100)
    ask_and_answer(collection, COUNT, make_record(stars=45_000))

    ask_and_answer(collection, 401, answers.PaginationWall("pagination is limited"))

    assert collection.ended_by == answers.PaginationWall("pagination is limited")
    assert collection.progress == AT_THE_WALL


def test_a_list_that_stood_at_the_wall_is_read_by_cursors_from_its_other_end() -> None:
    collection = make_collection(has_graph=True, progress=AT_THE_WALL, page_size=100)

    assert asks(collection, 5) == [NEWEST_HUNDRED]
    assert (collection.progress.processed, collection.progress.ghosts) == (39_999, 1)


def test_where_cursors_are_to_be_had_the_wall_hands_over_to_them() -> None:
    collection = make_collection(has_graph=True, progress=AT_THE_WALL, page_size=100)
    collection.listing = RestListing(AT_THE_WALL, 100)
    ask_and_answer(collection, 401, answers.PaginationWall("pagination is limited"))

    assert collection.ended_by is None
    assert asks(collection, 5) == [NEWEST_HUNDRED]
    assert (collection.progress.processed, collection.progress.ghosts) == (39_999, 1)


# Trouble


@pytest.mark.parametrize(
    ("has_graph", "ask"), [(False, 2), (True, FIRST)], ids=["by page numbers", "by cursors"]
)
def test_a_page_without_an_answer_is_asked_for_again(has_graph: bool, ask: Ask) -> None:
    collection = make_collection(has_graph=True) if has_graph else listing_by_numbers()

    for _ in range(5):
        ask_and_answer(collection, ask, TRANSIENT)

    assert collection.ended_by is None
    assert asks(collection, 1) == [ask]


@pytest.mark.parametrize(
    ("has_graph", "ask"), [(False, 2), (True, FIRST)], ids=["by page numbers", "by cursors"]
)
def test_a_page_that_is_never_answered_ends_it(has_graph: bool, ask: Ask) -> None:
    collection = make_collection(has_graph=True) if has_graph else listing_by_numbers()

    for _ in range(10):
        if collection.ended_by is None:
            ask_and_answer(collection, ask, TRANSIENT)

    assert collection.ended_by == TRANSIENT


def test_a_page_that_comes_wipes_the_failures_before_it_away() -> None:
    collection = listing_by_numbers()
    for _ in range(5):
        ask_and_answer(collection, 2, TRANSIENT)

    ask_and_answer(collection, 2, number_page(2))
    for _ in range(5):
        ask_and_answer(collection, 3, TRANSIENT)

    assert collection.ended_by is None
    assert asks(collection, 1) == [3]


def test_a_count_without_an_answer_ends_it() -> None:
    collection = make_collection()

    ask_and_answer(collection, COUNT, TRANSIENT)

    assert collection.ended_by == TRANSIENT


@pytest.mark.parametrize("ask", [COUNT, 2], ids=["the repository itself", "a page"])
@pytest.mark.parametrize(
    "outcome",
    [
        answers.Stopped(),
        answers.BudgetSpent(Resource.CORE, 0.0),
        answers.SecondaryLimit(0.0, "Wait"),
        answers.BadToken("Bad credentials"),
        answers.Gone("blocked", "Repository access blocked"),
        answers.Garbage("no JSON"),
        answers.RouteMissing(),
    ],
)
def test_every_other_answer_ends_it(ask: Ask, outcome: answers.Outcome) -> None:
    collection = make_collection() if isinstance(ask, CountAsk) else listing_by_numbers()

    ready = ask_and_answer(collection, ask, outcome)

    assert ready == []
    assert collection.ended_by == outcome
    assert collection.is_finished


def test_a_page_is_no_answer_to_the_question_for_the_repository() -> None:
    collection = make_collection()

    ready = ask_and_answer(collection, COUNT, number_page(1))

    assert ready == []
    assert collection.ended_by == number_page(1)


def test_the_first_reason_to_end_is_the_one_that_counts() -> None:
    collection = make_collection()
    first = answers.BudgetSpent(Resource.CORE, 1.0)

    collection.end(first)
    collection.end(answers.Stopped())
    collection.end(DatabaseUnavailable("gone"))

    assert collection.ended_by is first


# Private repositories


@pytest.mark.parametrize("has_graph", [False, True])
@pytest.mark.parametrize(("may_collect_private", "is_refused"), [(False, True), (True, False)])
def test_a_private_repository_is_collected_only_where_that_is_allowed(
    has_graph: bool, may_collect_private: bool, is_refused: bool
) -> None:
    collection = make_collection(has_graph, may_collect_private=may_collect_private)
    record = make_record(stars=12, is_private=True)

    if has_graph:
        ready = ask_and_answer(
            collection, FIRST, make_page([1, 2], end_cursor="c", repository=record)
        )
    else:
        ready = ask_and_answer(collection, COUNT, record)

    assert (
        isinstance(collection.ended_by, answers.Refused) and collection.ended_by.face == "private"
    ) == is_refused
    assert users(ready) == ([[1, 2]] if has_graph and not is_refused else [])
    assert (asks(collection, 5) == []) == is_refused


def test_the_refusal_of_a_private_repository_names_the_setting() -> None:
    collection = make_collection()
    record = make_record(is_private=True)

    ask_and_answer(collection, COUNT, record)

    text = "private repositories are collected only with collect.private"
    assert collection.ended_by == answers.Refused("private", text, record)


# Refreshes

REFRESH = Progress({"kind": "refresh"}, 3, 3, 300, 300)


@pytest.mark.parametrize(
    ("stars", "last_page"), [(0, 1), (1, 1), (100, 1), (101, 2), (300, 3), (301, 4)]
)
def test_a_refresh_by_page_numbers_begins_with_the_last_page_of_the_present_count(
    stars: int, last_page: int
) -> None:
    collection = make_collection(progress=REFRESH, is_refresh=True, page_size=100)

    ask_and_answer(collection, COUNT, make_record(stars))

    assert asks(collection, 5) == [last_page]


def test_a_refresh_by_cursors_begins_with_the_newest_star() -> None:
    collection = make_collection(has_graph=True, progress=REFRESH, is_refresh=True, page_size=100)

    assert asks(collection, 5) == [NEWEST_HUNDRED]


def test_a_refresh_ends_with_the_known_run_and_stores_what_is_new() -> None:
    collection = make_collection(has_graph=True, progress=REFRESH, is_refresh=True, page_size=100)
    page = make_page(range(302, 202, -1), end_cursor="c", repository=make_record(stars=302))

    ready = ask_and_answer(collection, NEWEST_HUNDRED, page, known=frozenset(range(1, 301)))

    assert users(ready) == [[302, 301]]
    assert collection.progress == Progress({"kind": "refresh"}, 3, 3, 300, 302)
    assert (collection.is_finished, collection.ended_by, collection.count_after) == (
        True,
        None,
        302,
    )


def test_a_refresh_by_page_numbers_is_not_counted_again() -> None:
    collection = make_collection(progress=REFRESH, is_refresh=True, page_size=100)
    ask_and_answer(collection, COUNT, make_record(stars=301))

    ask_and_answer(collection, 4, make_page([301], has_next=False), known=frozenset(range(1, 301)))
    ask_and_answer(collection, 3, make_page(range(201, 301)), known=frozenset(range(1, 301)))

    assert (collection.is_finished, collection.ended_by, collection.count_after) == (
        True,
        None,
        None,
    )
    assert collection.progress.processed == 301


@pytest.mark.parametrize("has_graph", [False, True])
def test_a_refresh_with_too_much_news_reads_the_whole_list(has_graph: bool) -> None:
    collection = make_collection(
        has_graph, progress=REFRESH, is_refresh=True, page_size=100, generation=6
    )
    if not has_graph:
        ask_and_answer(collection, COUNT, make_record(stars=9000))
    ready = list[Ready]()

    for turn in range(20):
        (ask,) = asks(collection, 1)
        page = make_page(range(9000 - 100 * turn, 8900 - 100 * turn, -1), end_cursor=f"c{turn}")
        if has_graph:
            page = answers.Page(
                page.stargazers, 0, True, end_cursor=f"c{turn}", repository=make_record(stars=9000)
            )
        ready += ask_and_answer(collection, ask, page)

    assert ready == []
    assert (collection.is_refresh, collection.generation, collection.ended_by) == (False, 7, None)
    assert asks(collection, 1) == ([GraphAsk("o/r", 100)] if has_graph else [1])
    assert collection.progress == Progress(total_stargazers=9000)


@pytest.mark.parametrize(("is_refresh", "generation"), [(False, 7), (True, None)])
def test_the_pages_of_a_sweep_belong_to_the_next_generation_and_those_of_a_refresh_to_none(
    is_refresh: bool, generation: int | None
) -> None:
    assert (
        make_collection(progress=REFRESH, is_refresh=is_refresh, generation=6).generation
        == generation
    )


def test_a_sweep_of_a_complete_list_begins_anew() -> None:
    by_numbers = make_collection(progress=REFRESH, page_size=100)
    by_cursors = make_collection(has_graph=True, progress=REFRESH, page_size=100)
    ask_and_answer(by_numbers, COUNT, make_record(stars=310))

    assert asks(by_numbers, 1) == [1]
    assert asks(by_cursors, 1) == [GraphAsk("o/r", 100)]
    assert (by_numbers.progress.processed, by_cursors.progress.processed) == (0, 0)
