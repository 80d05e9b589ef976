"""Sees accounts come, change and go.

Which of their repositories need work is found by ``scanner``, and decided in ``needs``.
"""

import hashlib
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
from gitstars.discover.scanner import Circle, Scanner
from gitstars.discover.trouble import ACCOUNTS, REPOSITORIES, Trouble, explain
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.errors import DatabaseError, DatabaseRefused, DatabaseUnavailable
from gitstars.events import EventBus
from gitstars.loops import WatchedLoop, spawn
from gitstars.model import Account, Priority
from gitstars.store import access, accounts, schema, state
from gitstars.store.accounts import Found, LeftOut
from gitstars.store.database import Database

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: A change of the accounts is seen after this long (seconds), whatever a live query tells: it hears
#: one node of the database only.
LOOK_SECONDS = 10.0
#: Looking takes one part in so many of the time.
LOOK_PART = 200
#: The longest pause after looks that failed (seconds).
FAILURE_PAUSE_SECONDS = 60.0
#: Accounts that a live query told of and that wait to be looked at; beyond that all are read.
TOLD_AT_MOST = 100


class AccountWatcher:
    """Keeps the dispatcher's lanes equal to the accounts in the database, and lets their jobs be
    found.
    """

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
        self._dispatcher = dispatcher
        self._clock = clock
        self._settings = settings
        self._stop = stop
        self._why_out = why_out
        self._trouble = Trouble(clock)
        self._arrivals = Arrivals(database, clock, settings, stop, self._take_up)
        reader = RepositoryReader(
            database,
            dispatcher,
            clock,
            rules,
            lambda: self._usable,
            self._is_out,
            self._trouble.name_once,
        )
        self.scanner = Scanner(
            database,
            dispatcher,
            events,
            clock,
            settings,
            rules,
            reader,
            Circle(
                usable=lambda: self._usable,
                is_out=self._is_out,
                arriving=lambda: self._arrivals.users,
                guard=self._trouble.guard,
                prepare=self._check_token,
                on_empty=self._arrivals.wait_for,
            ),
        )
        self._wake = Event()
        self._known: dict[int, Account] = {}
        self._usable: dict[int, Account] = {}
        #: What the accounts' rows were when all of them were read last; None: read them again.
        self._digest: str | None = None
        self._told: list[Any] = []
        self._was_live = False
        self._loops = {
            what: WatchedLoop(f"watcher of {what}", stop, step, clock.monotonic)
            for what, step in ((ACCOUNTS, self._step), (REPOSITORIES, self._scan_step))
        }
        #: How long the database took to compare the accounts.
        self._look_seconds = 0.0
        #: The accounts that are not served, each with the reason.
        self.left_out: tuple[LeftOut, ...] = ()
        #: When the accounts were looked at last (epoch seconds).
        self.looked_at: float | None = None

    # What it knows

    @property
    def accounts(self) -> list[Account]:
        return list(self._known.values())

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
        account = self._known.get(user_id)
        if account is None:
            return f"user {user_id} has no account here any more"
        reason = self._why_out(account)
        return None if reason is None else f"account {account} cannot be used now: {reason}"

    def _is_out(self, account: Account) -> bool:
        return self._why_out(account) is not None

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
        self._read_all(is_start=True)
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
        self._read_all()
        self._check_usable()
        for account in list(self._usable.values()):
            if account.user_id not in self._arrivals.users:
                with self._trouble.guard(account):
                    self.scanner.read(account, Priority.EXISTING)
        self.scanner.sweep()

    def look(self) -> None:
        """Take up accounts that are new, changed or gone. All are read only where one is."""
        self._look_at_told()
        began = self._clock.monotonic()
        digest = accounts.fingerprint(self._database)
        self._look_seconds = self._clock.monotonic() - began
        if digest != self._digest:
            self._read_all()
            self._digest = digest
        self.looked_at = self._clock.now()
        self._check_usable()

    def enqueue(self, account: Account, priority: int) -> int:
        """Queue what is due for the account's repositories now, as far as its lane has room; how
        many jobs were added.
        """
        if self._is_out(account):
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
            if self._trouble.failures(what):
                # A database that came back may be another one, without our tables.
                schema.apply(self._database)
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
        if notification.get("action") in ("CREATE", "UPDATE") and len(self._told) < TOLD_AT_MOST:
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
        self._digest = None
        for user_id, account in self._usable.items():
            if user_id not in self._arrivals.users:
                self.scanner.request(account, Priority.EXISTING, is_urgent=False)

    # Accounts

    def _read_all(self, is_start: bool = False) -> None:
        """Take up accounts that are new, changed or gone; of two accounts of one user the one that
        was updated last.
        """
        found = accounts.read_accounts(self._database)
        for row in found.left_out:
            self._trouble.name_once(row.record_id, row.reason)
        self.left_out = tuple(found.left_out)
        present = {account.user_id: account for account in found.accounts}
        for user_id in self._known.keys() - present.keys():
            logger.info("account %s is gone or has no token any more", self._known.pop(user_id))
            self._usable.pop(user_id, None)
            self._dispatcher.close_lane(user_id)
            self.scanner.forget(user_id)
            self._trouble.forget(user_id)
        for account in present.values():
            self._take_in(account, is_start)
        self.looked_at = self._clock.now()

    def _look_at_told(self) -> None:
        """Take in the accounts that the live query told of, where that is plain: one account of a
        user who has no other. Everything else is seen when all are read.
        """
        told, self._told = self._told, []
        identities = [identity for identity in told if identity is not None]
        found = accounts.read_some(self._database, identities) if identities else Found()
        for account in found.accounts:
            known = self._known.get(account.user_id)
            if known is None or known.key == account.key:
                self._take_in(account)

    def _take_in(self, account: Account, is_start: bool = False) -> None:
        known = self._known.get(account.user_id)
        if known == account:
            return
        with self._trouble.guard(account):
            self._known[account.user_id] = account
            self._dispatcher.open_lane(account)
            if not self._is_out(account):
                self._usable[account.user_id] = account
            if is_start:
                self.scanner.request(account, Priority.EXISTING, is_urgent=False)
                return
            logger.info("new account %s" if known is None else "account %s changed", account)
            if known is None:
                # First of all: nobody else is to read what is still being written.
                self._arrivals.wait_for(account)
                self._check_token(account)
                self.scanner.queue_own_lists([account])
            else:
                self.scanner.request(account, Priority.EXISTING, is_urgent=True)

    def _check_token(self, account: Account) -> None:
        """A token or scopes that changed since they were seen last may have other rights: what
        was refused is forgotten, and the account's own repositories are listed again.
        """
        text = f"{account.token} {sorted(account.scopes or ())}"
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        key = f"token of {account.user_id}"
        if (before := state.read(self._database, key)) != digest:
            if before is not None:
                access.forget_refusals(self._database, account.user_id)
            state.write(self._database, access.own_key(account.user_id), None)
            state.write(self._database, key, digest)

    def _check_usable(self) -> None:
        """Which accounts may be asked with now; those that may again are read."""
        before = self._usable
        self._usable = {
            user_id: account
            for user_id, account in self._known.items()
            if not self._is_out(account)
        }
        for user_id in self._usable.keys() - before.keys() - self._arrivals.users:
            self.scanner.request(self._usable[user_id], Priority.EXISTING, is_urgent=True)

    def _take_up(self, account: Account) -> None:
        """A new account's repositories are there."""
        with self._trouble.guard(account):
            self.enqueue(self._known.get(account.user_id, account), Priority.NEW_ACCOUNT)
