"""What an account has in hand: what each reading offers, and what it makes others wait for."""

from collections.abc import Callable

import pytest
from gevent.event import AsyncResult

from gitstars.execute.hand import Hand, Held, needed_by
from gitstars.execute.openings import Openings
from gitstars.execute.readings.counts import CountsReading, group_states
from gitstars.execute.readings.history import HistoryReading
from gitstars.execute.readings.list import ListReading
from gitstars.fetch import answers
from gitstars.fetch.ledger import Blocked
from gitstars.model import PageWrite, Progress, Resource, Task
from gitstars.simulator.scenario import Scenario, SimAccount
from gitstars.store.history import StoredHistory
from tests.execute.making import MONOTONIC, NOW, make_claim, make_job, make_list
from tests.execute.stage import Stage

CORE, GRAPHQL = Resource.CORE, Resource.GRAPHQL
HOUR = Blocked(NOW + 3600, "spent")


@pytest.fixture
def hand(stage: Callable[..., Stage]) -> Hand:
    """Nothing in hand, of an account whose loop is not run."""
    account = SimAccount(user_id=1, login="ann", token="gho_ann")
    scene = stage(Scenario(accounts=(account,)))
    hand: Hand = scene.loop()._hand
    return hand


def held(hand: Hand, reading: ListReading) -> Held:
    return hand._held[reading.job.key]


def openings(**blocked: Blocked) -> Openings:
    """Both budgets are open, but for those that are blocked."""
    blocks = {Resource(name): block for name, block in blocked.items()}
    usable = frozenset(Resource) - frozenset(blocks)
    return Openings(usable, usable, blocks, None)


@pytest.mark.parametrize(
    ("reason", "brings_more"),
    [
        ("nothing", False),
        ("a call is in flight", True),
        ("a page is being stored", True),
        ("its end is being written", True),
    ],
)
def test_a_list_with_something_under_way_may_ask_for_another_page(
    hand: Hand, reason: str, brings_more: bool
) -> None:
    reading = make_list(by_cursors=True)
    hand.add(reading)
    match reason:
        case "a call is in flight":
            reading.start(reading.asks()[0])
        case "a page is being stored":
            write = PageWrite(reading.claim, (), Progress())
            held(hand, reading).pages.append((AsyncResult(), write))
            reading.unstored = 1
        case "its end is being written":
            held(hand, reading).is_ending = True

    (offer,) = hand.offers(MONOTONIC, unknown_weight=0.5)

    assert offer.brings_more is brings_more
    assert bool(offer.asks) is not brings_more


def test_a_list_by_page_numbers_fills_no_query(hand: Hand) -> None:
    reading = make_list(by_cursors=False)
    hand.add(reading)
    reading.start(reading.asks()[0])

    (offer,) = hand.offers(MONOTONIC, unknown_weight=0.5)

    assert not offer.brings_more


@pytest.mark.parametrize(("is_expected", "weight"), [(True, 1.0), (False, 0.5)])
def test_a_list_that_nobody_knows_counts_less_in_a_query(
    hand: Hand, is_expected: bool, weight: float
) -> None:
    hand.add(make_list(True, is_expected=is_expected))

    (offer,) = hand.offers(MONOTONIC, unknown_weight=0.5)

    assert offer.weight == weight


def test_what_failed_offers_nothing_until_its_pause_is_over(hand: Hand) -> None:
    reading = make_list(by_cursors=False)
    hand.add(reading)
    reading.attempts.fail(MONOTONIC, chance=1.0)

    (at_once,) = hand.offers(MONOTONIC, 1.0)
    wait = hand.next_attempt(MONOTONIC)
    assert wait is not None
    (later,) = hand.offers(MONOTONIC + wait, 1.0)

    assert (list(at_once.asks), wait) == ([], 0.5)
    assert len(later.asks) == 1
    assert hand.next_attempt(MONOTONIC + wait) is None


def test_what_is_in_hand_is_counted_by_its_kind(hand: Hand) -> None:
    large = make_list(True, make_claim("o/giant", stars=5000))
    small = make_list(True, make_claim("o/small", stars=5))
    history = HistoryReading(make_job(Task.HISTORY), StoredHistory(), True)
    for reading in (large, small, history):
        hand.add(reading)
        reading.start(reading.asks()[0])

    assert (len(hand), hand.large, hand.others) == (3, 1, 1)
    assert hand.in_flight() == {"list": 2, "history": 1}
    assert hand.owners == ["me", "me"]
    assert hand.holds(small.job)
    assert not hand.holds(make_job(Task.LIST, "o/other"))


@pytest.mark.parametrize(
    ("by_cursors", "blocked", "ended_by"),
    [
        (True, {}, None),
        (False, {"graphql": HOUR}, None),
        (True, {"core": HOUR}, None),
        (True, {"graphql": HOUR}, answers.BudgetSpent(GRAPHQL, NOW + 3600)),
        (False, {"core": HOUR}, answers.BudgetSpent(CORE, NOW + 3600)),
        # While nothing else may be asked, a short block is waited for in hand.
        (False, {"core": Blocked(NOW + 3, "spent"), "graphql": HOUR}, None),
        (
            False,
            {"core": HOUR, "graphql": HOUR},
            answers.BudgetSpent(CORE, NOW + 3600),
        ),
        # The other budget may take the list at once.
        (
            False,
            {"core": Blocked(NOW + 3, "spent")},
            answers.BudgetSpent(CORE, NOW + 3),
        ),
    ],
)
def test_a_list_whose_budget_is_spent_leaves_the_hand(
    hand: Hand,
    by_cursors: bool,
    blocked: dict[str, Blocked],
    ended_by: answers.BudgetSpent | None,
) -> None:
    reading = make_list(by_cursors)
    hand.add(reading)

    hand.end_blocked(openings(**blocked), NOW)

    assert reading.ended_by == ended_by


def test_a_list_with_something_under_way_is_not_ended_for_its_budget(hand: Hand) -> None:
    reading = make_list(by_cursors=True)
    hand.add(reading)
    reading.start(reading.asks()[0])

    hand.end_blocked(openings(graphql=HOUR), NOW)

    assert reading.ended_by is None


def test_a_history_waits_in_hand_while_lists_go_on_and_goes_back_when_nothing_does(
    hand: Hand,
) -> None:
    reading = HistoryReading(make_job(Task.HISTORY), StoredHistory(), True)
    hand.add(reading)

    hand.end_blocked(openings(core=HOUR), NOW)
    while_lists_go_on = reading.ended_by
    hand.end_blocked(openings(core=HOUR, graphql=HOUR), NOW)

    assert while_lists_go_on is None
    assert reading.ended_by == answers.BudgetSpent(CORE, NOW + 3600)


def test_a_list_by_cursors_goes_back_when_the_server_lacks_graphql(hand: Hand) -> None:
    reading = make_list(by_cursors=True)
    hand.add(reading)
    rest = frozenset({CORE})

    hand.end_blocked(Openings(rest, rest, {}, None), NOW)

    assert reading.ended_by == answers.Stopped()


def test_one_list_after_the_other_goes_on_by_page_numbers(hand: Hand) -> None:
    busy, begun = make_list(True, make_claim("o/busy")), make_list(True, make_claim("o/begun"))
    fresh = make_list(True, make_claim("o/fresh"))
    cursor = {"version": 1, "kind": "graph", "front": None, "back": None}
    begun.claim = make_claim("o/begun", Progress(cursor, processed=0))
    for reading in (busy, begun, fresh):
        hand.add(reading)
    busy.start(busy.asks()[0])

    changed = [hand.read_one_by_pages() for _ in range(3)]

    assert changed == [True, True, False]
    assert [one.means.by_cursors for one in (busy, begun, fresh)] == [True, False, False]


@pytest.mark.parametrize(("by_query", "resource"), [(True, GRAPHQL), (False, CORE)])
def test_every_reading_names_the_budget_of_its_next_call(
    by_query: bool, resource: Resource
) -> None:
    counts = CountsReading(make_job(Task.COUNTS), group_states([], by_query), by_query)

    assert needed_by(counts) is resource
    assert needed_by(make_list(by_cursors=by_query)) is resource
    assert needed_by(HistoryReading(make_job(Task.HISTORY), StoredHistory(), True)) is CORE
