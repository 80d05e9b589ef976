"""Sees accounts come, change and go, and queues their repositories.

Which of those need work is decided in ``needs``.
"""

import hashlib
import logging
import math
from collections.abc import Callable, Sequence

import gevent
from gevent.event import Event

from gitstars.clock import Clock
from gitstars.config import DiscoverConfig
from gitstars.discover.needs import Rules, judge_needs
from gitstars.discover.stability import Readiness, Watch, judge_readiness, observe
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.errors import DatabaseError
from gitstars.events import EventBus
from gitstars.loops import run_until, spawn
from gitstars.model import ALL_REPOSITORIES, Account, Job, Priority, Repository, Status, Task
from gitstars.store import access, accounts, lifecycle, renames, schema, state
from gitstars.store.database import Database

logger = logging.getLogger(__name__)

#: How often the count of a new account's starred repositories is read (seconds).
COUNT_SECONDS = 1.0
#: Statuses whose ``next_retry_after`` brings a scan of its own; others may wait for the next one.
#: So far apart such scans are (seconds).
RETRIED, RETRY_SECONDS = frozenset({Status.FAILED, Status.RATE_LIMITED}), 10.0


class AccountWatcher:
    """Keeps the dispatcher's lanes equal to the accounts in the database, and their jobs equal
    to what needs work.
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
        is_out: Callable[[Account], bool] = lambda account: False,
    ) -> None:
        """``is_out``: GitHub rejects the account's token, so that nothing is queued for it until
        it changes.
        """
        self._database = database
        self._dispatcher = dispatcher
        self._events = events
        self._clock = clock
        self._settings = settings
        self._rules = rules
        self._stop = stop
        self._is_out = is_out
        self._unusable: frozenset[str] = frozenset()
        self._wake = Event()
        self._known: dict[int, Account] = {}
        self._settling: dict[int, gevent.Greenlet] = {}
        self._scan_due_at = 0.0
        #: During a scan: what is pending, and what some account may list.
        self._pending: set[str] = set()
        self._listed: set[str] = set()
        self._was_live = False
        #: When the first repository that waits for a stated time comes back (epoch seconds).
        self._retry_at = math.inf
        self.scanned_at: float | None = None

    @property
    def accounts(self) -> list[Account]:
        return list(self._known.values())

    @property
    def is_settling(self) -> bool:
        """Whether a new account's repositories are being waited for."""
        return bool(self._settling)

    def start(self) -> None:
        """Queue the repositories of existing accounts at low priority, then watch for what
        changes.
        """
        for account in self._read().values():
            self._open(account)
            if (
                self.enqueue(account, Priority.EXISTING) == 0
                and accounts.count_starred(self._database, account) == 0
            ):
                self._settle_later(account)
        self._restrict_orphans()
        self._scan_due_at = self._clock.monotonic() + self._settings.scan_seconds
        spawn("account watcher", run_until, self._stop, self._step, 0.0)
        if self._database.can_watch:
            spawn(
                "live accounts",
                self._database.watch,
                "account",
                lambda *_: self._wake.set(),
                self._stop,
                self._catch_up,
            )

    def stop(self) -> None:
        """Wake who waits for the next look; the ``stop`` event must be set already."""
        self._wake.set()

    def scan(self) -> None:
        """Look at all accounts, and queue every repository of theirs that needs work and waits
        nowhere yet.

        A database that came back may be another one, without our tables.
        """
        schema.apply(self._database)
        self.look()
        self._retry_at = math.inf
        for account in self.accounts:
            if account.user_id not in self._settling:
                self.enqueue(account, Priority.EXISTING)
        self._restrict_orphans()
        self.scanned_at = self._clock.now()

    def look(self) -> None:
        """Take up accounts that are new, changed or gone."""
        present = self._read()
        for user_id in self._known.keys() - present.keys():
            logger.info("account %s is gone or has no token any more", self._known.pop(user_id))
            self._dispatcher.close_lane(user_id)
        for user_id, account in present.items():
            known = self._known.get(user_id)
            if known is None:
                logger.info("new account %s", account)
                self._open(account)
                self._settle_later(account)
            elif known != account:
                logger.info("account %s changed", account)
                self._open(account)
                self.enqueue(account, Priority.EXISTING)

    def enqueue(self, account: Account, priority: int) -> int:
        """Queue what is due for the account's repositories, smallest first; how many were added."""
        if self._is_out(account):
            return 0
        now, user_id = self._clock.now(), account.user_id
        allowed = access.of_user(self._database, user_id)
        self._queue_own_list(account)
        jobs: list[Job] = []
        new: dict[str, Repository] = {}
        for known in accounts.list_repositories(self._database, account):
            if known.status is None:
                new[known.repository.key] = known.repository
            if (
                known.status in RETRIED
                and known.next_retry_at is not None
                and known.next_retry_at > now
            ):
                self._retry_at = min(self._retry_at, max(known.next_retry_at, now + RETRY_SECONDS))
            if known.status is Status.PENDING:
                self._pending.add(known.repository.key)
            for task, wanted in judge_needs(
                known, allowed.get(known.repository.key), now, self._rules, priority
            ):
                repository = ALL_REPOSITORIES if task is Task.COUNTS else known.repository
                jobs.append(Job(user_id, repository, wanted, task=task))
        self._listed |= {job.repository.key for job in jobs if job.task is Task.LIST}
        left = self._welcome(list(new.values()))
        jobs = [job for job in jobs if job.repository.key not in left]
        added = sum(self._dispatcher.put(job) for job in jobs)
        if added:
            logger.info("account %s: %d jobs queued", account, added)
            self._events.publish("account.queued", now, user=user_id, repositories=added)
        return added

    def _restrict_orphans(self) -> None:
        """After a scan: what waits for an account that is gone, and is refused to all that are
        left, is restricted.
        """
        orphans = list(self._pending - self._listed)
        if orphans:
            lifecycle.restrict_refused(self._database, orphans)
        self._pending.clear()
        self._listed.clear()

    def _welcome(self, repositories: Sequence[Repository]) -> set[str]:
        """Repositories seen for the first time get a row; what was collected under a former name
        follows.

        Keys that are not to be queued.

        Those are not ready yet, or are second records of a repository that is collected under
        another one.
        """
        left: set[str] = set()
        for start in range(0, len(repositories), accounts.PAGE_ROWS):
            chunk = repositories[start : start + accounts.PAGE_ROWS]
            left |= self._find_second_records(chunk)
            former = renames.find_former(
                self._database, [place for place in chunk if place.key not in left]
            )
            for key, found in former.items():
                if found.is_busy:
                    left.add(key)
                else:
                    renames.carry_over(self._database, found.identity, key)
            lifecycle.ensure_all(
                self._database,
                [place.key for place in chunk if place.key not in former.keys() | left],
            )
        return left

    def _find_second_records(self, repositories: Sequence[Repository]) -> set[str]:
        """Of several records of one repository all but the one that it is collected under."""
        second = renames.find_aliases(self._database, [place.key for place in repositories])
        first: dict[int | None, str] = {}
        for place in repositories:
            if (
                place.key not in second
                and first.setdefault(place.github_id, place.key) != place.key
                and place.github_id is not None
            ):
                renames.remember_alias(self._database, place.key, first[place.github_id])
                second.add(place.key)
        return second

    def _queue_own_list(self, account: Account) -> None:
        """Let the repositories that the account owns or collaborates on be asked for, when that
        was long ago.
        """
        if not self._rules.include & {"owned", "collaborating"}:
            return
        listed_at = state.read(self._database, access.own_key(account.user_id))
        if listed_at is None or listed_at + self._rules.fresh_seconds <= self._clock.now():
            self._dispatcher.put(
                Job(account.user_id, ALL_REPOSITORIES, Priority.OWN, task=Task.OWN)
            )

    def _step(self) -> None:
        """One look; a full scan when it is due.

        The database being away is told once a step and is no reason to stop.
        """
        pause = (
            self._settings.scan_seconds if self._database.can_watch else self._settings.poll_seconds
        )
        self._clock.wait(self._wake, min(pause, max(1.0, self._retry_at - self._clock.now())))
        self._wake.clear()
        if self._stop.is_set():
            return
        try:
            if self._clock.monotonic() >= self._scan_due_at or self._clock.now() >= self._retry_at:
                self._scan_due_at = self._clock.monotonic() + self._settings.scan_seconds
                self.scan()
            else:
                self.look()
        except DatabaseError as error:
            self._scan_due_at = 0.0
            logger.warning("accounts could not be read: %s", error)
            self._stop.wait(self._settings.poll_seconds)

    def _catch_up(self) -> None:
        """The live query begins: look at what was not told, and after a reconnect at everything."""
        if self._was_live:
            self._scan_due_at = 0.0
        self._was_live = True
        self._wake.set()

    def _read(self) -> dict[int, Account]:
        """The accounts by user; of two accounts of one user the one that was updated last."""
        found, unusable = accounts.read_accounts(self._database)
        for row in sorted(unusable - self._unusable):
            logger.warning("account %s is left out: it names no GitHub user", row)
        self._unusable = unusable
        return {account.user_id: account for account in found}

    def _open(self, account: Account) -> None:
        digest = hashlib.sha256(
            f"{account.token} {sorted(account.scopes or ())}".encode()
        ).hexdigest()[:16]
        key = f"token of {account.user_id}"
        if (before := state.read(self._database, key)) != digest:
            if before is not None:
                access.forget_refusals(self._database, account.user_id)
            state.write(self._database, access.own_key(account.user_id), None)
            state.write(self._database, key, digest)
        self._known[account.user_id] = account
        self._dispatcher.open_lane(account)

    def _settle_later(self, account: Account) -> None:
        if account.user_id not in self._settling:
            self._settling[account.user_id] = spawn(
                f"new account {account.user_id}", self._settle, account
            )

    def _settle(self, account: Account) -> None:
        """Wait until the account's starred repositories are all there, then queue them first of
        all.
        """
        try:
            self._queue_own_list(account)
            readiness = self._wait_until_stable(account)
            if self._stop.is_set():
                return
            if readiness is Readiness.TIMED_OUT:
                logger.info(
                    (
                        "account %s: its starred repositories keep changing or are none; going on "
                        "with what is there"
                    ),
                    account,
                )
            self.enqueue(account, Priority.NEW_ACCOUNT)
        except DatabaseError as error:
            logger.warning(
                "account %s: its repositories could not be read, the next scan finds them: %s",
                account,
                error,
            )
        finally:
            self._settling.pop(account.user_id, None)

    def _wait_until_stable(self, account: Account) -> Readiness:
        started = self._clock.monotonic()
        watch = Watch(started, accounts.count_starred(self._database, account), started)
        while True:
            now = self._clock.monotonic()
            readiness = judge_readiness(
                watch, now, self._settings.stable_seconds, self._settings.stable_timeout_seconds
            )
            if readiness is not Readiness.WAIT or self._clock.wait(self._stop, COUNT_SECONDS):
                return readiness
            watch = observe(
                watch, accounts.count_starred(self._database, account), self._clock.monotonic()
            )
