"""Sees accounts come, change and go.

Which of their repositories need work is found by ``scanner``, and decided in ``needs``.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import gevent
from gevent.event import Event

from gitstars.clock import Clock, backoff_seconds
from gitstars.config import DiscoverConfig
from gitstars.discover.arrivals import Arrivals
from gitstars.discover.needs import Rules
from gitstars.discover.reading import RepositoryReader
from gitstars.discover.roster import Roster
from gitstars.discover.scanner import Circle, Scanner
from gitstars.discover.trouble import ACCOUNTS, REPOSITORIES, Trouble, explain
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.errors import DatabaseError, DatabaseRefused, DatabaseUnavailable
from gitstars.events import EventBus
from gitstars.loops import WatchedLoop, spawn
from gitstars.model import Account, Priority
from gitstars.store import schema
from gitstars.store.accounts import LeftOut
from gitstars.store.database import Database

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: A change of the accounts is seen after this long (seconds), whatever a live query tells: it hears
#: one node of the database only.
LOOK_SECONDS = 10.0
LOOK_PART = 200  # looking takes one part in so many of the time
#: The longest pause after looks that failed (seconds).
FAILURE_PAUSE_SECONDS = 60.0
#: Accounts that a live query told of and that wait to be looked at; beyond that all are read.
TOLD_AT_MOST = 100


class AccountWatcher:
    """Looks at the accounts again and again, and lets what is to be done for them be found."""

    def __init__(
        self,
        database: Database,
        dispatcher: Dispatcher,
        events: EventBus,
        clock: Clock,
        settings: DiscoverConfig,
        rules: Rules,
        stop: Event,
        why_out: Callable[[Account], str | None] = lambda account: None,
    ) -> None:
        """``why_out`` says why GitHub rejects the account's token now, so that nothing is queued
        for it; None: the token may be used.
        """
        self._database = database
        self._clock = clock
        self._settings = settings
        self._stop = stop
        self._trouble = Trouble(clock)
        self._roster = Roster(database, dispatcher, self._trouble, why_out, self)
        self._arrivals = Arrivals(database, clock, settings, stop, self._take_up)
        circle = Circle(
            usable=lambda: self._roster.usable,
            is_out=self._roster.is_out,
            arriving=lambda: self._arrivals.users,
            guard=self._trouble.guard,
            prepare=self._roster.check_token,
            on_empty=self._arrivals.wait_for,
        )
        reader = RepositoryReader(database, dispatcher, clock, rules, circle.usable, circle.is_out)
        self.scanner = Scanner(database, dispatcher, events, clock, settings, rules, reader, circle)
        self._wake = Event()
        self._told: list[Any] = []
        self._was_live = False
        self._loops = {
            what: WatchedLoop(f"watcher of {what}", stop, step, clock.monotonic)
            for what, step in ((ACCOUNTS, self._step), (REPOSITORIES, self._scan_step))
        }
        #: How long the last look took.
        self._look_seconds = 0.0
        #: When the accounts were looked at last (epoch seconds).
        self.looked_at: float | None = None

    # What it knows

    @property
    def accounts(self) -> list[Account]:
        return list(self._roster.known.values())

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """The accounts that are not served, each with the reason."""
        return self._roster.left_out

    @property
    def is_anyone_arriving(self) -> bool:
        """Whether repositories are yet to be read: of a new account, or after a start."""
        return bool(self._arrivals.users) or self.scanner.is_behind

    @property
    def problem(self) -> str | None:
        """What keeps accounts from being seen or scanned, one sentence; None: nothing does."""
        return self._trouble.problem

    @property
    def failures(self) -> int:
        """How many looks at the accounts failed in a row."""
        return self._trouble.failures(ACCOUNTS)

    def why_out(self, user_id: int) -> str | None:
        """Why nothing is asked with the user's account now, one sentence; None: it can be used."""
        return self._roster.why_out(user_id)

    def obstacle(self, user_ids: Iterable[int]) -> str | None:
        """Why a repository that waits for one of these users' accounts does not move: none of
        them can be used now. None when one can, or when there are no users.
        """
        reasons = [self.why_out(user_id) for user_id in user_ids]
        return None if not reasons or None in reasons else reasons[0]

    # Running

    def start(self) -> None:
        """See the accounts; their repositories are read in the background, so that the first worker
        can start at once.
        """
        self._roster.read_all(is_start=True)
        self.looked_at = self._clock.now()
        for loop in self._loops.values():
            loop.begin()
        if self._database.can_watch:
            spawn(
                "live accounts",
                self._database.watch,
                "account",
                self._hear,
                self._stop,
                self._catch_up,
            )

    def replace_silent(self, seconds: float) -> list[str]:
        """Replace the loops whose look takes longer than this; what they look at."""
        return [what for what, loop in self._loops.items() if loop.replace_if_silent(seconds)]

    def stop(self) -> None:
        """Wake who waits for the next look; the ``stop`` event must be set already."""
        self._wake.set()
        self.scanner.wake.set()

    def scan(self) -> None:
        """Look at all accounts and read all of their repositories, now.

        A database that came back may be another one, without our tables.
        """
        schema.apply(self._database)
        self._roster.read_all()
        self._roster.check_usable()
        for account in list(self._roster.usable.values()):
            if account.user_id not in self._arrivals.users:
                with self._trouble.guard(account):
                    self.scanner.read(account, Priority.EXISTING)
        self.scanner.sweep()

    def look(self) -> None:
        """Take up accounts that are new, changed or gone. All are read only where one is."""
        began = self._clock.monotonic()
        told, self._told = self._told, []
        if told:
            self._roster.read_some(told)
        self._roster.look()
        self.scanner.reader.queue_lists()
        self._look_seconds = self._clock.monotonic() - began
        self.looked_at = self._clock.now()

    def look_soon(self) -> None:
        """Let the next look at the accounts come at once: one was changed here."""
        self._wake.set()

    def enqueue(self, account: Account, priority: int) -> int:
        """Queue what is due for the account's repositories now, as far as its lane has room; how
        many jobs were added.
        """
        if self._roster.is_out(account):
            return 0
        return self.scanner.read(account, priority)

    # Steps

    def _step(self) -> None:
        """One look, after a pause."""
        self._clock.wait(self._wake, self._pause)
        self._wake.clear()
        if self._stop.is_set():
            return
        self._attempt(ACCOUNTS, self.look)

    def _scan_step(self) -> None:
        rest = self._attempt(REPOSITORIES, self.scanner.step)
        if self._stop.is_set():
            return
        if rest == 0.0:
            gevent.sleep(0)
        elif rest is not None:
            self._clock.wait(self.scanner.wake, rest)
            self.scanner.wake.clear()

    def _attempt(self, what: str, do: Callable[[], T]) -> T | None:
        """The result of ``do``, or None after it failed, which is kept, and after a pause that
        grows with each failure in a row.
        """
        try:
            # A database that came back may be another one, without our tables.
            if self._trouble.failures(what) and schema.apply(self._database) == 0:
                self._roster.drop_all()
            with self._loops[what].working():
                result = do()
        except DatabaseError as error:
            is_outage = isinstance(error, DatabaseUnavailable | DatabaseRefused)
            self._trouble.fail(what, str(error), is_outage)
            self._wait_longer(what)
            return None
        except Exception as error:
            if self._trouble.fail(what, explain(error)):
                logger.exception("a look at the %s failed", what)
            self._wait_longer(what)
            return None
        if self._trouble.failures(what):
            self._trouble.succeed(what)
            self._read_anew()
        return result

    def _wait_longer(self, what: str) -> None:
        failures, first = self._trouble.failures(what), self._settings.poll_seconds
        pause = backoff_seconds(failures - 1, first, FAILURE_PAUSE_SECONDS, self._clock.random())
        self._clock.wait(self._stop, pause)

    @property
    def _pause(self) -> float:
        """How long until the next look (seconds), which costs a small part of the time."""
        calm = min(LOOK_SECONDS, LOOK_PART * self._look_seconds)
        return LOOK_SECONDS if self._database.can_watch else max(self._settings.poll_seconds, calm)

    def _hear(self, notification: Mapping[str, Any]) -> None:
        """The live query tells of an account; where it cannot be told which, all are read."""
        row = notification.get("result")
        identity = row.get("id") if isinstance(row, Mapping) else row
        is_there = notification.get("action") in ("CREATE", "UPDATE") and identity is not None
        if is_there and len(self._told) < TOLD_AT_MOST:
            self._told.append(identity)
        self._wake.set()

    def _catch_up(self) -> None:
        """The live query begins: look at what was not told, and after a reconnect at everything."""
        if self._was_live:
            self._read_anew()
        self._was_live = True
        self._wake.set()

    def _read_anew(self) -> None:
        """Read all accounts at the next look, and their repositories by and by."""
        self._roster.forget_digest()
        for user_id, account in self._roster.usable.items():
            if user_id not in self._arrivals.users:
                self.scanner.request(account, Priority.EXISTING, is_urgent=False)

    # Accounts

    def account_came(self, account: Account, is_start: bool) -> None:
        """The roster has a new account."""
        if is_start:
            self.scanner.request(account, Priority.EXISTING, is_urgent=False)
            return
        # First of all: nobody else is to read what is still being written.
        self._arrivals.wait_for(account)
        self._roster.check_token(account)
        self.scanner.reader.queue_own_lists([account])

    def account_changed(self, account: Account) -> None:
        """The account has another token, scope or name."""
        self.scanner.request(account, Priority.EXISTING, is_urgent=True)

    def account_went(self, user_id: int) -> None:
        """The user has no account any more."""
        self.scanner.forget(user_id)

    def account_is_usable_again(self, account: Account) -> None:
        """What waited for the account's token is read."""
        if account.user_id not in self._arrivals.users:
            self.scanner.request(account, Priority.EXISTING, is_urgent=True)

    def _take_up(self, account: Account) -> None:
        """A new account's repositories are there."""
        with self._trouble.guard(account):
            self.enqueue(self._roster.known.get(account.user_id, account), Priority.NEW_ACCOUNT)
