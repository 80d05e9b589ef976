"""Which call goes out next, and how long queries wait for GitHub's processor time."""

import pytest
from gevent.event import AsyncResult

from gitstars.execute.collection import Ask, Collection, CountAsk
from gitstars.execute.plan import Call, QueryTime, next_call
from gitstars.fetch import answers
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.listing.protocol import PageAsk
from gitstars.model import Claim, Job, PageWrite, Progress, Repository, Resource

BOTH = frozenset({Resource.CORE, Resource.GRAPHQL})


def make_collection(name: str, has_graph: bool, total: int | None = None) -> Collection:
    """A list that was just claimed."""
    repository = Repository(name, name, 5, total or 0)
    claim = Claim(None, repository, "me", Progress(total_stargazers=total))
    return Collection(
        Job(1, repository), claim, has_graph, may_collect_private=False, page_size=100
    )


def by_cursors(*names: str) -> list[Collection]:
    """Lists that ask for their first page by cursors."""
    return [make_collection(name, has_graph=True) for name in names]


def by_numbers(name: str) -> Collection:
    """A list that asks for the repository itself."""
    return make_collection(name, has_graph=False)


def names(call: Call | None) -> list[str]:
    return [] if call is None else [collection.full_name for collection, _ in call.items]


@pytest.mark.parametrize("is_filling", [True, False])
@pytest.mark.parametrize(
    ("width", "expected"), [(1, ["o/a"]), (2, ["o/a", "o/b"]), (3, ["o/a", "o/b", "o/c"])]
)
def test_a_query_goes_out_when_its_aliases_are_filled(
    width: int, expected: list[str], is_filling: bool
) -> None:
    call = next_call(
        by_cursors("o/a", "o/b", "o/c"), BOTH, pages_ahead=1, width=width, is_filling=is_filling
    )

    assert names(call) == expected


def test_a_query_asks_for_a_page_of_each_list() -> None:
    call = next_call(by_cursors("o/a", "o/b"), BOTH, pages_ahead=1, width=2, is_filling=True)

    assert call is not None
    assert [ask for _, ask in call.items] == [
        GraphAsk("o/a", 100, None, False),
        GraphAsk("o/b", 100, None, False),
    ]


def test_both_ends_of_a_long_list_share_a_query() -> None:
    long = make_collection("o/long", has_graph=True, total=50_000)

    call = next_call([long], BOTH, pages_ahead=1, width=2, is_filling=True)

    assert call is not None
    assert [ask for _, ask in call.items] == [
        GraphAsk("o/long", 100, None, False),
        GraphAsk("o/long", 100, None, True),
    ]


@pytest.mark.parametrize(("is_filling", "expected"), [(True, []), (False, ["o/a", "o/b"])])
def test_a_query_that_is_not_filled_waits_for_what_can_be_claimed(
    is_filling: bool, expected: list[str]
) -> None:
    call = next_call(by_cursors("o/a", "o/b"), BOTH, pages_ahead=1, width=3, is_filling=is_filling)

    assert names(call) == expected


@pytest.mark.parametrize(
    "reason", ["a call is in flight", "a page is being stored", "it is being settled"]
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_query_that_is_not_filled_waits_for_what_is_under_way(
    reason: str, is_first: bool
) -> None:
    (waiting, busy) = by_cursors("o/waiting", "o/busy")
    match reason:
        case "a call is in flight":
            (ask,) = busy.asks(1)
            busy.start(ask)
        case "a page is being stored":
            busy.writes.append((AsyncResult(), PageWrite(busy.claim, (), Progress())))
        case _:
            busy.is_settling = True

    call = next_call(
        [busy, waiting] if is_first else [waiting, busy],
        BOTH,
        pages_ahead=1,
        width=2,
        is_filling=False,
    )

    assert call is None


def test_a_filled_query_waits_for_nothing() -> None:
    (busy, *others) = by_cursors("o/busy", "o/a", "o/b")
    busy.is_settling = True

    call = next_call([busy, *others], BOTH, pages_ahead=1, width=2, is_filling=True)

    assert names(call) == ["o/a", "o/b"]


def test_a_call_that_is_no_query_goes_out_alone_and_at_once() -> None:
    collections = [*by_cursors("o/a"), by_numbers("o/b"), by_numbers("o/c")]

    call = next_call(collections, BOTH, pages_ahead=1, width=3, is_filling=True)

    assert call is not None
    assert [(collection.full_name, ask) for collection, ask in call.items] == [("o/b", CountAsk())]


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
    collections = [*by_cursors("o/cursors"), by_numbers("o/numbers")]

    call = next_call(collections, open_resources, pages_ahead=1, width=1, is_filling=False)

    assert names(call) == expected


def test_without_anything_to_ask_there_is_no_call() -> None:
    (ended,) = by_cursors("o/ended")
    ended.end(answers.Stopped())

    assert next_call([], BOTH, pages_ahead=1, width=1, is_filling=False) is None
    assert next_call([ended], BOTH, pages_ahead=1, width=1, is_filling=False) is None


@pytest.mark.parametrize(("pages_ahead", "expected"), [(1, []), (2, ["o/numbers"])])
def test_so_many_pages_of_a_list_are_on_their_way_at_once(
    pages_ahead: int, expected: list[str]
) -> None:
    listed = by_numbers("o/numbers")
    listed.accept(CountAsk(), answers.Metadata(5, "o/numbers", 900))
    listed.accept(PageAsk(1), answers.Page((), 100, has_next=True, last_page=9))
    listed.start(PageAsk(2))

    call = next_call([listed], BOTH, pages_ahead=pages_ahead, width=1, is_filling=False)

    assert names(call) == expected


@pytest.mark.parametrize(
    ("ask", "resource"),
    [(CountAsk(), Resource.CORE), (PageAsk(7), Resource.CORE), (GraphAsk("o/a"), Resource.GRAPHQL)],
    ids=["the repository itself", "a page number", "a page by cursors"],
)
def test_a_call_costs_its_own_budget(ask: Ask, resource: Resource) -> None:
    assert Call(((by_numbers("o/a"), ask),)).resource is resource


@pytest.mark.parametrize(("in_flight", "wait_seconds"), [(0, 0.0), (1, 0.0), (2, None)])
def test_two_queries_are_in_flight_at_once(in_flight: int, wait_seconds: float | None) -> None:
    time = QueryTime()
    for _ in range(in_flight):
        time.start()

    assert time.wait_seconds(1000.0) == wait_seconds


def test_a_query_that_ended_makes_room() -> None:
    time = QueryTime()
    time.start()
    time.start()

    time.end(1000.0, 3.0)

    assert time.wait_seconds(1000.0) == 0.0


def test_a_query_that_ended_makes_room_for_one_other() -> None:
    time = QueryTime()
    time.start()
    time.start()
    time.end(1000.0, 3.0)

    time.start()

    assert time.wait_seconds(1000.0) is None


@pytest.mark.parametrize(
    ("ended", "now", "wait_seconds"),
    [
        ([(1000.0, 49.9)], 1000.0, 0.0),
        ([(1000.0, 50.0)], 1000.0, 60.0),
        ([(1000.0, 50.0)], 1045.0, 15.0),
        ([(1000.0, 50.0)], 1059.0, 1.0),
        ([(1000.0, 50.0)], 1060.0, 0.0),
        ([(1000.0, 20.0), (1010.0, 20.0), (1020.0, 20.0)], 1030.0, 30.0),
        ([(1000.0, 20.0), (1010.0, 20.0), (1020.0, 20.0)], 1060.0, 0.0),
        ([(1000.0, 5.0), (1010.0, 60.0)], 1020.0, 40.0),
        ([(1000.0, 5.0), (1010.0, 60.0)], 1060.0, 10.0),
    ],
)
def test_fifty_seconds_of_query_time_are_used_in_a_minute(
    ended: list[tuple[float, float]], now: float, wait_seconds: float
) -> None:
    time = QueryTime()
    for at, seconds in ended:
        time.start()
        time.end(at, seconds)

    assert time.wait_seconds(now) == wait_seconds
