"""Which call goes out next over both budgets, and with which lists a query is filled."""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitstars.execute.asks import Ask, CountsAsk, OwnAsk, RecordAsk, WeeksAsk, resource_of
from gitstars.execute.queries import Queries
from gitstars.execute.readings.counts import CountsReading, group_states
from gitstars.execute.readings.history import HistoryReading
from gitstars.execute.readings.list import ListReading
from gitstars.execute.readings.own import OwnReading, Wanted
from gitstars.execute.schedule import OTHER_CALLS, Call, Offer, Room, next_call
from gitstars.fetch import answers
from gitstars.fetch.graphql import GraphAsk, estimate_cost
from gitstars.fetch.listing.protocol import PageAsk
from gitstars.model import Priority, Progress, Resource, Status, Task
from gitstars.store.history import StoredHistory
from gitstars.store.starred import RepositoryState
from tests.execute.making import (
    answer,
    ask_and_answer,
    make_claim,
    make_job,
    make_list,
    make_page,
    make_record,
)

BOTH = frozenset({Resource.CORE, Resource.GRAPHQL})


def make_room(**changes: Any) -> Room:
    """Room for everything, a query of three lists, unless told otherwise."""
    usual: dict[str, Any] = {
        "open": BOTH,
        "calls": 8,
        "others": 2,
        "width": 3.0,
        "most_lists": 100,
        "is_filling": False,
    }
    return Room(**(usual | changes))


def by_cursors(*names: str, priority: int = Priority.EXISTING) -> list[Offer]:
    """Lists that ask for their first page by cursors."""
    return [
        Offer(reading, reading.asks())
        for reading in (make_list(True, make_claim(name), priority=priority) for name in names)
    ]


def by_numbers(name: str, priority: int = Priority.EXISTING) -> Offer:
    """A list that asks for the repository itself."""
    reading = make_list(False, make_claim(name), priority=priority)
    return Offer(reading, reading.asks())


def history(name: str, priority: int = Priority.HISTORY) -> Offer:
    reading = HistoryReading(make_job(Task.HISTORY, name, priority), StoredHistory(), True)
    return Offer(reading, reading.asks())


def counts(*names: str, priority: int = Priority.REFRESH, by_query: bool = True) -> Offer:
    states = [RepositoryState(make_claim(name).repository, Status.COMPLETED) for name in names]
    job = make_job(Task.COUNTS, "all", priority)
    reading = CountsReading(job, group_states(states, by_query), by_query)
    return Offer(reading, reading.asks())


def own(priority: int = Priority.OWN) -> Offer:
    wanted = Wanted("ann", frozenset({"owned"}), private=False)
    reading = OwnReading(make_job(Task.OWN, "all", priority), wanted)
    return Offer(reading, reading.asks())


def names(call: Call | None) -> list[str]:
    return [] if call is None else [reading.job.repository.full_name for reading, _ in call.items]


# Queries over lists


@pytest.mark.parametrize("is_filling", [True, False])
@pytest.mark.parametrize(
    ("width", "expected"), [(1, ["o/a"]), (2, ["o/a", "o/b"]), (3, ["o/a", "o/b", "o/c"])]
)
def test_a_query_goes_out_when_it_is_full(
    width: int, expected: list[str], is_filling: bool
) -> None:
    room = make_room(width=width, is_filling=is_filling)

    assert names(next_call(by_cursors("o/a", "o/b", "o/c"), room)) == expected


def test_a_query_asks_for_a_page_of_each_list() -> None:
    call = next_call(by_cursors("o/a", "o/b"), make_room(width=2))

    assert call is not None
    assert call.is_query
    assert [ask for _, ask in call.items] == [
        GraphAsk("o/a", 2, None, False),
        GraphAsk("o/b", 2, None, False),
    ]


def test_both_ends_of_a_long_list_share_a_query() -> None:
    long = make_list(True, make_claim("o/long", Progress(total_stargazers=50_000)))

    call = next_call([Offer(long, long.asks())], make_room(width=2, is_filling=True))

    assert call is not None
    assert [ask for _, ask in call.items] == [
        GraphAsk("o/long", 2, None, False),
        GraphAsk("o/long", 2, None, True),
    ]


@pytest.mark.parametrize(("is_filling", "expected"), [(True, []), (False, ["o/a", "o/b"])])
def test_a_query_that_is_not_full_waits_for_lists_that_can_be_taken_up(
    is_filling: bool, expected: list[str]
) -> None:
    call = next_call(by_cursors("o/a", "o/b"), make_room(is_filling=is_filling))

    assert names(call) == expected


@pytest.mark.parametrize("is_first", [True, False])
def test_a_query_that_is_not_full_waits_for_lists_that_will_ask_more(is_first: bool) -> None:
    (waiting,) = by_cursors("o/waiting")
    busy = Offer(make_list(True, make_claim("o/busy")), (), brings_more=True)

    call = next_call([busy, waiting] if is_first else [waiting, busy], make_room())

    assert call is None


@pytest.mark.parametrize("other", [history("o/h"), counts("o/c"), own()])
def test_a_query_that_is_not_full_waits_for_no_work_that_cannot_fill_it(other: Offer) -> None:
    busy = Offer(other.reading, ())

    assert names(next_call([busy, *by_cursors("o/a")], make_room())) == ["o/a"]


def test_a_full_query_waits_for_nothing() -> None:
    busy = Offer(make_list(True, make_claim("o/busy")), (), brings_more=True)

    call = next_call([busy, *by_cursors("o/a", "o/b")], make_room(width=2, is_filling=True))

    assert names(call) == ["o/a", "o/b"]


def test_the_most_urgent_lists_fill_a_query_first() -> None:
    offers = [
        *by_cursors("o/refresh", priority=Priority.REFRESH),
        *by_cursors("o/existing"),
        *by_cursors("o/new", priority=Priority.NEW_ACCOUNT),
    ]

    assert names(next_call(offers, make_room(width=2))) == ["o/new", "o/existing"]


@pytest.mark.parametrize(
    ("weight", "width", "most_lists", "expected"),
    [
        (0.3, 1, 100, 3),
        (0.3, 3, 100, 10),
        (0.3, 3, 8, 8),
        (0.5, 1, 100, 2),
        (1.0, 1, 100, 1),
        (1.0, 4, 2, 2),
        (0.3, 30, 12, 12),
    ],
)
def test_a_query_takes_more_lists_of_those_that_will_probably_be_refused(
    weight: float, width: float, most_lists: int, expected: int
) -> None:
    offers = [
        Offer(offer.reading, offer.asks, weight)
        for offer in by_cursors(*(f"o/{number}" for number in range(12)))
    ]

    call = next_call(offers, make_room(width=width, most_lists=most_lists))

    assert len(names(call)) == expected


def test_lists_that_are_sure_to_be_given_leave_room_for_fewer_others() -> None:
    (sure,) = by_cursors("o/sure")
    unsure = [
        Offer(offer.reading, offer.asks, 0.5)
        for offer in by_cursors(*(f"o/{number}" for number in range(9)))
    ]

    call = next_call([sure, *unsure], make_room(width=3))

    assert names(call) == ["o/sure", "o/0", "o/1", "o/2", "o/3"]


def test_a_list_that_counts_more_than_a_query_holds_goes_out_alone() -> None:
    (offer, other) = by_cursors("o/a", "o/b")

    call = next_call([Offer(offer.reading, offer.asks, 1.0), other], make_room(width=0.5))

    assert names(call) == ["o/a"]


# Calls of their own


def test_a_call_that_is_no_query_goes_out_alone_and_at_once() -> None:
    offers = [*by_cursors("o/a"), by_numbers("o/b"), by_numbers("o/c")]

    call = next_call(offers, make_room(is_filling=True))

    assert call is not None
    assert (names(call), call.items[0][1], call.is_query) == (["o/b"], RecordAsk(5), False)


@pytest.mark.parametrize(
    ("open_resources", "expected"),
    [
        (BOTH, ["o/numbers"]),
        (frozenset({Resource.CORE}), ["o/numbers"]),
        (frozenset({Resource.GRAPHQL}), ["o/cursors"]),
        (frozenset[Resource](), []),
    ],
)
def test_nothing_is_asked_of_a_budget_that_is_closed(
    open_resources: frozenset[Resource], expected: list[str]
) -> None:
    offers = [*by_cursors("o/cursors"), by_numbers("o/numbers")]

    assert names(next_call(offers, make_room(open=open_resources, width=1))) == expected


@pytest.mark.parametrize(
    ("offer", "resource"),
    [
        (counts("o/c"), Resource.GRAPHQL),
        (counts("o/c", by_query=False), Resource.CORE),
        (history("o/h"), Resource.CORE),
        (own(), Resource.CORE),
    ],
    ids=["counts by a query", "counts by REST", "a history", "own repositories"],
)
def test_work_that_is_no_list_costs_its_own_budget_too(offer: Offer, resource: Resource) -> None:
    closed = next_call([offer], make_room(open=BOTH - {resource}))
    is_open = next_call([offer], make_room(open=frozenset({resource})))

    assert closed is None
    assert is_open is not None
    assert (is_open.resource, is_open.is_query) == (resource, False)


@pytest.mark.parametrize(
    ("ask", "resource"),
    [
        (RecordAsk(5), Resource.CORE),
        (PageAsk(7), Resource.CORE),
        (WeeksAsk(5, 1), Resource.CORE),
        (OwnAsk(1), Resource.CORE),
        (GraphAsk("o/a"), Resource.GRAPHQL),
        (CountsAsk(("o/a",)), Resource.GRAPHQL),
    ],
)
def test_a_call_costs_its_own_budget(ask: Ask, resource: Resource) -> None:
    assert Call(((make_list(), ask),)).resource is resource


def test_the_most_urgent_work_goes_first() -> None:
    offers = [
        history("o/history"),
        by_numbers("o/existing"),
        by_numbers("o/requested", priority=Priority.REQUESTED),
        own(Priority.EXISTING + 1),
    ]
    order = []

    while (call := next_call(offers, make_room())) is not None:
        (reading, _) = call.items[0]
        order += names(call)
        offers = [offer for offer in offers if offer.reading is not reading]

    assert order == ["o/requested", "o/existing", "all", "o/history"]


def test_without_anything_to_ask_there_is_no_call() -> None:
    (offer,) = by_cursors("o/ended")
    offer.reading.end(answers.Stopped())

    assert next_call([], make_room()) is None
    assert next_call([Offer(offer.reading, offer.reading.asks())], make_room()) is None


# Slots


def test_no_call_goes_out_while_all_places_are_taken() -> None:
    offers = [*by_cursors("o/a"), by_numbers("o/b"), history("o/c")]

    assert next_call(offers, make_room(calls=0)) is None


@pytest.mark.parametrize("other", [history("o/h", -1), counts("o/c", priority=-1), own(-1)])
def test_work_that_is_no_list_leaves_places_to_lists(other: Offer) -> None:
    offers = [other, by_numbers("o/list")]

    assert names(next_call(offers, make_room(others=1))) != ["o/list"]
    assert names(next_call(offers, make_room(others=0))) == ["o/list"]
    assert next_call([other], make_room(others=0)) is None


def test_lists_take_as_many_places_as_there_are() -> None:
    assert names(next_call([by_numbers("o/b")], make_room(calls=1, others=0))) == ["o/b"]
    assert names(next_call(by_cursors("o/a"), make_room(calls=1, others=0))) == ["o/a"]


def test_two_calls_are_in_flight_for_work_that_is_no_list() -> None:
    assert OTHER_CALLS == 2


# Properties

OFFERS = st.lists(
    st.tuples(
        st.sampled_from(["cursors", "numbers", "history", "counts", "own", "busy"]),
        st.sampled_from([-1, 5, 10, 20, 30]),
        st.sampled_from([0.3, 0.65, 1.0]),
    ),
    max_size=20,
)


def make_offer(kind: str, number: int, priority: int, weight: float) -> Offer:
    name = f"o/{number}"
    match kind:
        case "cursors":
            (offer,) = by_cursors(name, priority=priority)
            return Offer(offer.reading, offer.asks, weight)
        case "numbers":
            return by_numbers(name, priority)
        case "history":
            return history(name, priority)
        case "counts":
            return counts(name, priority=priority)
        case "own":
            return own(priority)
    return Offer(make_list(True, make_claim(name)), (), brings_more=True)


@given(
    OFFERS,
    st.sets(st.sampled_from(list(Resource))),
    st.integers(0, 3),
    st.integers(0, 2),
    st.integers(1, 6),
    st.integers(1, 9),
    st.booleans(),
)
def test_a_call_keeps_within_its_room_and_is_missing_only_where_nothing_may_go(
    kinds: list[tuple[str, int, float]],
    is_open: set[Resource],
    calls: int,
    others: int,
    width: int,
    most_lists: int,
    is_filling: bool,
) -> None:
    offers = [make_offer(kind, at, rank, weight) for at, (kind, rank, weight) in enumerate(kinds)]
    room = Room(frozenset(is_open), calls, others, width, most_lists, is_filling)

    call = next_call(offers, room)

    if call is None:
        for offer in offers:
            is_list = offer.reading.job.task is Task.LIST
            alone = [ask for ask in offer.asks if not isinstance(ask, GraphAsk)]
            may_go = [ask for ask in alone if resource_of(ask) in is_open]
            assert not may_go or calls < 1 or not (is_list or others)
        return
    weights = {id(offer.reading): offer.weight for offer in offers}
    assert calls >= 1
    assert call.resource in is_open
    assert {resource_of(ask) for _, ask in call.items} == {call.resource}
    assert all(reading.job.task is Task.LIST for reading, _ in call.items) or others >= 1
    assert call.is_query or len(call.items) == 1
    if call.is_query and len(call.items) > 1:
        assert sum(weights[id(reading)] for reading, _ in call.items) <= width
        assert len(call.items) <= most_lists
    assert max(Counter(id(reading) for reading, _ in call.items).values()) <= 2


# Sorting an account's repositories


def sort_lists(lists: Sequence[ListReading], is_given: Sequence[bool]) -> tuple[int, int]:
    """Ask for all lists through queries as wide as these may be, with answers in half a second;
    the queries and the points that they cost.
    """
    queries, waiting = Queries(), deque(lists)
    given = {reading.full_name: yes for reading, yes in zip(lists, is_given, strict=True)}
    at_hand: list[ListReading] = []
    asked = points = 0
    while waiting or at_hand:
        while waiting and len(at_hand) < queries.most_lists:
            at_hand.append(waiting.popleft())
        offers = [
            Offer(reading, reading.asks(), 1.0 if reading.is_expected else queries.unknown_weight)
            for reading in at_hand
        ]
        room = make_room(
            width=queries.width.aliases, most_lists=queries.most_lists, is_filling=bool(waiting)
        )
        call = next_call(offers, room)
        assert call is not None
        weights = {id(offer.reading): offer.weight for offer in offers}
        asked, points = asked + 1, points + estimate_cost(len(call.items))
        for reading, ask in call.items:
            assert isinstance(reading, ListReading)
            reading.start(ask)
            name = reading.full_name
            refused = answers.Refused("empty", "nothing is listed", make_record(full_name=name))
            page = make_page([1], False, end_cursor="c", repository=make_record(1, full_name=name))
            answer(reading, ask, page if given[name] else refused)
        weight = sum(weights[id(reading)] for reading, _ in call.items)
        queries.learn(weight, 0.5, has_failed=False, now=0.0, chance=0.0)
        shown = sum(given[reading.job.repository.full_name] for reading, _ in call.items)
        queries.learn_given(len(call.items), shown)
        at_hand = [reading for reading in at_hand if reading.ended_by is None]
    return asked, points


def test_2_000_starred_repositories_are_sorted_within_30_points() -> None:
    lists = [make_list(True, make_claim(f"o/{number}")) for number in range(2000)]
    # Its own are spread among them.
    is_given = [number % 167 == 5 for number in range(2000)]

    queries, points = sort_lists(lists, is_given)

    assert sum(is_given) == 12
    assert queries <= points <= 30
    assert sum(isinstance(one.ended_by, answers.Refused) for one in lists) == 1988


def test_lists_that_are_all_given_are_asked_for_in_queries_that_github_answers_in_time() -> None:
    lists = [make_list(True, make_claim(f"o/{number}")) for number in range(300)]

    queries, _ = sort_lists(lists, [True] * 300)

    # Ten in the first, thirty at most in each of the others.
    assert 300 / 30 <= queries <= 14


def test_a_list_by_numbers_is_never_in_a_query() -> None:
    reading = make_list()
    ask_and_answer(reading, RecordAsk(5), make_record())

    call = next_call([Offer(reading, reading.asks()), *by_cursors("o/a")], make_room())

    assert call is not None
    assert [ask for _, ask in call.items] == [PageAsk(1, 2)]
