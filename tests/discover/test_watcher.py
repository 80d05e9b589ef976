"""What the watcher tells of itself: failures of its step, of one account, and accounts that are
out.
"""

from collections.abc import Callable, Iterator

import gevent
import pytest
from gevent.event import Event

from gitstars.clock import SystemClock
from gitstars.config import DiscoverConfig
from gitstars.discover.needs import Rules
from gitstars.discover.watcher import AccountWatcher
from gitstars.dispatch.dispatcher import LEAST_BOUND, QUEUE_BOUND, Dispatcher
from gitstars.events import EventBus
from gitstars.model import Account, Repository
from gitstars.store import seeding
from gitstars.store.database import Database, record

RULES = Rules(86_400.0, "none", frozenset({"starred"}))
MakeWatcher = Callable[..., tuple[AccountWatcher, Dispatcher]]


@pytest.fixture
def watch(database: Database) -> Iterator[MakeWatcher]:
    """``watch(why_out, bound)``: a watcher that has started; jobs in memory at most."""
    stops: list[tuple[Event, AccountWatcher]] = []

    def start(
        why_out: Callable[[Account], str | None] = lambda account: None, bound: int = QUEUE_BOUND
    ) -> tuple[AccountWatcher, Dispatcher]:
        stop, dispatcher = Event(), Dispatcher(bound)
        watcher = AccountWatcher(
            database,
            dispatcher,
            EventBus(),
            SystemClock(),
            DiscoverConfig(stable_seconds=0.0, poll_seconds=0.1, scan_seconds=1.0),
            RULES,
            stop,
            why_out,
        )
        stops.append((stop, watcher))
        watcher.start()
        return watcher, dispatcher

    yield start
    for stop, watcher in stops:
        stop.set()
        watcher.stop()


def sign_in(database: Database, *users: tuple[int, str]) -> None:
    for user_id, login in users:
        seeding.sign_in(database, user_id, login, f"gho_{login}")
        place = f"org/of-{login}"
        seeding.star(database, login, [Repository(place, place, 100 + user_id, 3)])


def wait_until(is_true: Callable[[], bool], what: str) -> None:
    with gevent.Timeout(25, AssertionError(f"not within 25 s: {what}")):
        while not is_true():
            gevent.sleep(0.01)


def waits(dispatcher: Dispatcher, user_id: int) -> list[str]:
    lane = dispatcher.lane(user_id)
    return [entry.job.repository.key for entry in lane.entries()] if lane else []


def test_while_the_accounts_cannot_be_read_the_watcher_says_so_and_since_when(
    database: Database, watch: MakeWatcher
) -> None:
    sign_in(database, (1, "ann"))
    watcher, _ = watch()
    looked_at = watcher.looked_at
    assert (watcher.problem, watcher.failures) == (None, 0)

    database.run_retrying("REMOVE TABLE account")

    wait_until(lambda: watcher.failures >= 2, "the step fails again and again")
    assert str(watcher.problem).startswith("the accounts could not be read since 20")
    database.run_retrying("DEFINE TABLE account SCHEMALESS")
    sign_in(database, (1, "ann"), (2, "bob"))
    wait_until(lambda: watcher.problem is None, "the end of it is noticed")
    assert {account.user_id for account in watcher.accounts} == {1, 2}
    assert watcher.failures == 0
    assert looked_at is not None
    assert watcher.looked_at is not None
    assert watcher.looked_at > looked_at


def test_what_fails_for_one_account_is_told_and_does_not_stop_the_others(
    database: Database, watch: MakeWatcher
) -> None:
    sign_in(database, (1, "ann"), (2, "bob"), (3, "eve"))
    database.run(
        """
        DEFINE EVENT refuse ON gitstars_state WHEN $after.id = gitstars_state:⟨token of 2⟩
            THEN { THROW 'no more of these' }
        """
    )

    watcher, dispatcher = watch()

    wait_until(lambda: bool(waits(dispatcher, 1) and waits(dispatcher, 3)), "the others are served")
    assert str(watcher.problem).startswith("the repositories of bob (2) could not be read")
    database.run_retrying("REMOVE EVENT refuse ON gitstars_state")
    watcher.scan()
    wait_until(lambda: watcher.problem is None, "the end of it is noticed")
    assert waits(dispatcher, 2) == ["org/of-bob"]


def test_an_account_that_is_out_gets_no_work_and_says_why(
    database: Database, watch: MakeWatcher
) -> None:
    sign_in(database, (1, "ann"), (2, "bob"))
    out = {2: "GitHub rejects its token; sign in again"}

    watcher, dispatcher = watch(lambda account: out.get(account.user_id))

    wait_until(lambda: waits(dispatcher, 1) == ["org/of-ann"], "the other account is served")
    assert waits(dispatcher, 2) == []
    assert watcher.obstacle([2]) == (
        "account bob (2) cannot be used now: GitHub rejects its token; sign in again"
    )
    assert watcher.obstacle([1, 2]) is None
    assert watcher.obstacle([]) is None
    assert "no account here" in str(watcher.obstacle([7]))
    out.clear()
    wait_until(lambda: waits(dispatcher, 2) == ["org/of-bob"], "it is served when it may be used")


def test_a_full_lane_is_refilled_and_shuts_nobody_else_out(
    database: Database, watch: MakeWatcher
) -> None:
    sign_in(database, (1, "ann"), (2, "bob"))
    many = {f"org/repo-{number}" for number in range(250)}
    places = [Repository(name, name, 1000 + n, 3) for n, name in enumerate(sorted(many))]
    seeding.star(database, "ann", places)

    _, dispatcher = watch(bound=LEAST_BOUND)

    collected: set[str] = set()
    wait_until(lambda: waits(dispatcher, 2) == ["org/of-bob"], "the other account is served")
    while not many <= collected:
        wait_until(lambda: bool(waits(dispatcher, 1)), "the lane has work again")
        assert len(waits(dispatcher, 1)) <= LEAST_BOUND
        taken = waits(dispatcher, 1)
        database.run(
            "UPDATE repo_processing_status SET status = 'completed', completed_at = time::now() "
            "WHERE repo IN $repos",
            repos=[record("repo", name) for name in taken],
        )
        dispatcher.clear([1])
        collected.update(taken)

    assert collected == many | {"org/of-ann"}
