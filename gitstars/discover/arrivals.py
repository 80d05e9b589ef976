"""New accounts, whose starred repositories the web application is still writing."""

import logging
from collections.abc import Callable

import gevent
from gevent.event import Event

from gitstars.clock import Clock
from gitstars.config import DiscoverConfig
from gitstars.discover.stability import Readiness, Watch, decide_readiness, observe
from gitstars.errors import DatabaseError
from gitstars.loops import spawn
from gitstars.model import Account
from gitstars.store import accounts, syncs
from gitstars.store.database import Database

logger = logging.getLogger(__name__)

#: How often the count of a new account's starred repositories is read (seconds).
COUNT_SECONDS = 1.0


class Arrivals:
    """Each new account is waited for in a greenlet of its own, and then handed on."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: DiscoverConfig,
        stop: Event,
        on_ready: Callable[[Account], None],
    ) -> None:
        """``on_ready`` is called with an account whose repositories are there."""
        self._database = database
        self._clock = clock
        self._settings = settings
        self._stop = stop
        self._on_ready = on_ready
        self._waiting: dict[int, gevent.Greenlet] = {}

    @property
    def users(self) -> frozenset[int]:
        """The users whose repositories are waited for."""
        return frozenset(self._waiting)

    def wait_for(self, account: Account) -> None:
        """Wait for the account's repositories, unless that is done already."""
        if account.user_id not in self._waiting:
            self._waiting[account.user_id] = spawn(
                f"new account {account.user_id}", self._wait, account
            )

    def _wait(self, account: Account) -> None:
        try:
            kept = syncs.read(self._database, account.user_id)
            if kept is not None and kept.origin == syncs.OURS:
                # What its listing finds is queued at once.
                self._on_ready(account)
                return
            readiness = self._wait_until_stable(account)
            if self._stop.is_set():
                return
            if readiness is Readiness.TIMED_OUT:
                logger.info(
                    "account %s: its starred repositories keep changing or are none; going on with "
                    "what is there",
                    account,
                )
            self._on_ready(account)
        except DatabaseError as error:
            logger.warning(
                "account %s: its repositories could not be read, the next scan finds them: %s",
                account,
                error,
            )
        finally:
            self._waiting.pop(account.user_id, None)

    def _wait_until_stable(self, account: Account) -> Readiness:
        started = self._clock.monotonic()
        watch = Watch(started, accounts.count_starred(self._database, account), started)
        while True:
            now = self._clock.monotonic()
            readiness = decide_readiness(
                watch, now, self._settings.stable_seconds, self._settings.stable_timeout_seconds
            )
            if readiness is not Readiness.WAIT or self._clock.wait(self._stop, COUNT_SECONDS):
                return readiness
            count = accounts.count_starred(self._database, account)
            watch = observe(watch, count, self._clock.monotonic())
