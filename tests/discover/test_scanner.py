"""How repositories that need work are found: soon, without reading every row, and without any
account standing in the way of another.
"""

import time
from collections.abc import Callable, Iterator

import pytest
from gevent.event import Event

from gitstars.clock import SystemClock
from gitstars.config import DiscoverConfig
from gitstars.discover.needs import Rules
from gitstars.discover.watcher import AccountWatcher
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.events import EventBus
from gitstars.model import Account, Repository, Task
from gitstars.store import access, accounts, lifecycle, seeding, state
from gitstars.store.access import AccessRow
from gitstars.store.database import Database, record
from tests.waiting import wait_until

DAY = 86_400.0
Watch = Callable[..., tuple[AccountWatcher, Dispatcher]]


@pytest.fixture
def watch(database: Database) -> Iterator[Watch]:
    """``watch(bound=…, history=…, scan_seconds=…)``: a watcher that has started."""
    stops: list[tuple[Event, AccountWatcher]] = []

    def start(
        bound: int = 100_000, history: str = "none", scan_seconds: float = 3600.0
    ) -> tuple[AccountWatcher, Dispatcher]:
        stop, dispatcher = Event(), Dispatcher(bound)
        watcher = AccountWatcher(
            database,
            dispatcher,
            EventBus(),
            SystemClock(),
            DiscoverConfig(stable_seconds=0.0, poll_seconds=0.1, scan_seconds=scan_seconds),
            Rules(DAY, history, frozenset({"starred"})),
            stop,
        )
        stops.append((stop, watcher))
        watcher.start()
        return watcher, dispatcher

    yield start
    for stop, watcher in stops:
        stop.set()
        watcher.stop()


def sign_in(database: Database, user_id: int, login: str, *names: str) -> None:
    seeding.sign_in(database, user_id, login, f"gho_{login}")
    places = [Repository(n, n, user_id * 10_000 + at, 3) for at, n in enumerate(names)]
    seeding.star(database, login, places)


def set_status(database: Database, key: str, columns: str) -> None:
    lifecycle.ensure_all(database, [key])
    row = record("repo_processing_status", key)
    database.run_retrying(f"UPDATE $row SET {columns} RETURN NONE", row=row)


def waits(dispatcher: Dispatcher, user_id: int, task: Task = Task.LIST) -> set[str]:
    lane = dispatcher.lane(user_id)
    entries = lane.entries() if lane else []
    return {entry.job.repository.key for entry in entries if entry.job.task is task}


def test_a_list_that_waits_for_a_stated_time_is_found_at_that_time(
    database: Database, watch: Watch
) -> None:
    sign_in(database, 1, "ann", "o/later", "o/much-later")
    for key, pause in (("o/later", "4s"), ("o/much-later", "1h")):
        set_status(database, key, f"status = 'failed', next_retry_after = time::now() + {pause}")
    due_at = time.time() + 4
    watcher, dispatcher = watch()
    wait_until(lambda: not watcher.is_anyone_arriving, "the account is read")
    assert waits(dispatcher, 1) == set()

    wait_until(lambda: waits(dispatcher, 1) == {"o/later"}, "it is queued when its time has come")

    assert time.time() >= due_at - 0.5


def test_what_another_process_lets_wait_is_found_though_nothing_told_of_it(
    database: Database, watch: Watch
) -> None:
    sign_in(database, 1, "ann", "o/r")
    set_status(database, "o/r", "status = 'completed', next_retry_after = time::now() + 1h")
    watcher, dispatcher = watch(scan_seconds=1.0)
    wait_until(lambda: not watcher.is_anyone_arriving, "the account is read")

    set_status(database, "o/r", "status = 'pending', next_retry_after = NONE")

    wait_until(lambda: waits(dispatcher, 1) == {"o/r"}, "it is found")


def test_new_stars_of_a_known_account_are_found_by_the_digest_of_its_edges(
    database: Database, watch: Watch
) -> None:
    sign_in(database, 1, "ann", "o/r")
    _, dispatcher = watch(scan_seconds=1.0)
    wait_until(lambda: waits(dispatcher, 1) == {"o/r"}, "the account is read")

    seeding.star(database, "ann", [Repository("o/new", "o/new", 77, 3)])

    wait_until(lambda: waits(dispatcher, 1) == {"o/r", "o/new"}, "the new star is found")


def test_a_digest_changes_with_every_star_that_comes_or_goes(database: Database) -> None:
    sign_in(database, 1, "ann", "o/a", "o/b")
    ann = Account("ann", 1, "ann", "", None, "ann")
    first = accounts.fingerprint_stars(database, [ann])

    seeding.star(database, "ann", [Repository("o/c", "o/c", 77, 3)])
    second = accounts.fingerprint_stars(database, [ann])
    database.run("DELETE starred WHERE out = repo:⟨o/a⟩")
    third = accounts.fingerprint_stars(database, [ann])

    assert len({*first, *second, *third}) == 3
    assert accounts.fingerprint_stars(database, [ann]) == third


def test_accounts_come_change_and_go_without_a_live_query(
    database: Database, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Database, "can_watch", False)
    watcher, dispatcher = watch()

    sign_in(database, 1, "ann", "o/r")
    wait_until(lambda: waits(dispatcher, 1) == {"o/r"}, "a new account is seen")
    database.run_retrying("UPDATE account:ann SET access_token = 'gho_other'")
    wait_until(lambda: watcher.accounts[0].token == "gho_other", "its new token is seen")
    database.run_retrying("DELETE account:ann")
    wait_until(lambda: watcher.accounts == [], "that it went is seen")

    assert dispatcher.lane(1) is None


def test_an_account_of_many_repositories_shuts_out_no_other_and_goes_on_when_there_is_room(
    database: Database, watch: Watch
) -> None:
    names = [f"big/r-{n}" for n in range(450)]
    sign_in(database, 1, "big", *names)
    sign_in(database, 2, "ann", "o/r")
    watcher, dispatcher = watch(bound=200)
    wait_until(lambda: bool(waits(dispatcher, 2)), "the small account is read")
    wait_until(lambda: not watcher.is_anyone_arriving, "the reading of the big one stands still")
    assert 0 < len(waits(dispatcher, 1)) < len(names)

    lane, taken = dispatcher.lane(1), set()
    assert lane is not None

    def take_all() -> bool:
        while (job := lane.take()) is not None:
            taken.add(job.repository.key)
            set_status(database, job.repository.key, "status = 'failed', next_retry_after = NONE")
        return taken == set(names)

    wait_until(take_all, "all of its repositories come, a part at a time", lambda: len(taken))


def test_one_account_asks_for_a_history_and_another_when_that_one_goes(
    database: Database, watch: Watch
) -> None:
    names = [f"o/r-{n}" for n in range(20)]
    for user_id, login in ((1, "ann"), (2, "bob")):
        seeding.sign_in(database, user_id, login, f"gho_{login}")
        seeding.star(database, login, [Repository(n, n, 100 + at, 3) for at, n in enumerate(names)])
    for key in names:
        set_status(database, key, "status = 'restricted', counted_at = time::now()")
        for user_id in (1, 2):
            again_at = time.time() + DAY
            access.save(database, AccessRow(user_id, key, False, look_again_at=again_at))
    watcher, dispatcher = watch(history="restricted")
    wait_until(
        lambda: len(waits(dispatcher, 1, Task.HISTORY) | waits(dispatcher, 2, Task.HISTORY)) == 20,
        "each history is queued",
    )
    mine, others = waits(dispatcher, 1, Task.HISTORY), waits(dispatcher, 2, Task.HISTORY)
    assert mine & others == set()
    assert mine
    assert others

    database.run_retrying("DELETE account:bob")
    wait_until(lambda: dispatcher.lane(2) is None, "the account is gone")
    watcher.scan()

    assert waits(dispatcher, 1, Task.HISTORY) == set(names)


@pytest.mark.parametrize(
    ("change", "is_forgotten"),
    [
        ("scope = 'read:user,repo'", True),
        ("access_token = 'gho_new'", True),
        ("scope = 'public_repo read:user'", False),
        ("access_token = ' gho_ann\n'", False),
    ],
)
def test_refusals_are_forgotten_with_another_token_or_scope_and_not_with_white_space(
    database: Database, watch: Watch, change: str, is_forgotten: bool
) -> None:
    sign_in(database, 1, "ann", "o/r")
    watcher, dispatcher = watch()
    wait_until(lambda: not watcher.is_anyone_arriving, "the account is read")
    access.save(database, AccessRow(1, "o/r", False, look_again_at=time.time() + DAY))
    before = state.read(database, "token of 1")

    database.run_retrying(f"UPDATE account:ann SET {change}, updatedAt = time::now()")
    sign_in(database, 2, "bob", "o/of-bob")
    wait_until(lambda: bool(waits(dispatcher, 2)), "the accounts were read again")
    watcher.scan()

    refused = access.of_user(database, 1)["o/r"].may_list is False
    assert refused is not is_forgotten
    assert (state.read(database, "token of 1") != before) is is_forgotten


def test_a_start_does_not_wait_until_the_accounts_are_read(
    database: Database, watch: Watch
) -> None:
    sign_in(database, 1, "ann", *(f"o/r-{n}" for n in range(300)))

    watcher, dispatcher = watch()

    assert [account.user_id for account in watcher.accounts] == [1]
    assert watcher.is_anyone_arriving
    assert len(dispatcher) == 0
    wait_until(lambda: len(waits(dispatcher, 1)) == 300, "they are read in the background")
