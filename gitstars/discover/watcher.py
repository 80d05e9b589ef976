"""Sees accounts come, change and go, and queues their repositories.

Which of those need work is decided in ``needs``.
"""

import hashlib
import logging
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import gevent
from gevent.event import Event

from gitstars.clock import Clock, backoff_seconds, show_time
from gitstars.config import DiscoverConfig
from gitstars.discover.needs import Rules, judge_needs
from gitstars.discover.stability import Readiness, Watch, judge_readiness, observe
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.errors import DatabaseError, DatabaseRefused, DatabaseUnavailable
from gitstars.events import EventBus
from gitstars.loops import run_until, spawn
from gitstars.model import ALL_REPOSITORIES, Account, Job, Priority, Repository, Status, Task
from gitstars.store import access, accounts, lifecycle, renames, schema, starred, state
from gitstars.store.accounts import LeftOut
from gitstars.store.database import Database

logger = logging.getLogger(__name__)

#: How often the count of a new account's starred repositories is read (seconds).
COUNT_SECONDS = 1.0
#: Statuses whose ``next_retry_after`` brings a scan of its own; others may wait for the next one.
#: So far apart such scans are (seconds).
RETRIED, RETRY_SECONDS = frozenset({Status.FAILED, Status.RATE_LIMITED}), 10.0
#: The longest pause after looks that failed (seconds).
FAILURE_PAUSE_SECONDS = 60.0
#: So many rows that are left out are remembered as told; then all are told again.
NAMED_AT_MOST = 10_000


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
        why_out: Callable[[Account], str | None] = lambda account: None,
    ) -> None:
        """``why_out`` says why GitHub rejects the account's token now, so that nothing is queued
        for it; None: the token may be used.
        """
        self._database = database
        self._dispatcher = dispatcher
        self._events = events
        self._clock = clock
        self._settings = settings
        self._rules = rules
        self._stop = stop
        self._why_out = why_out
        self._left_out: tuple[LeftOut, ...] = ()
        #: Rows that were named in the log, which happens once each.
        self._named: set[tuple[str, str]] = set()
        #: Why accounts could not be scanned, by user.
        self._unscanned: dict[int, str] = {}
        self._failure: str | None = None
        self._failing_since: float | None = None
        #: When all accounts were read last (epoch seconds), and how often in a row that failed.
        self.looked_at: float | None = None
        self.failures = 0
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
    def left_out(self) -> tuple[LeftOut, ...]:
        """The accounts that are not served, each with the reason."""
        return self._left_out

    @property
    def problem(self) -> str | None:
        """What keeps accounts from being seen or scanned, one sentence; None: nothing does."""
        if self._failure is not None and self._failing_since is not None:
            return (
                f"the accounts could not be read since {show_time(self._failing_since)} "
                f"({self._failure})"
            )
        if self._unscanned:
            user_id, reason = next(iter(self._unscanned.items()))
            others = len(self._unscanned) - 1
            more = f", nor those of {others} other accounts" if others else ""
            name = self._known.get(user_id, f"account {user_id}")
            return f"the repositories of {name} could not be read{more} ({reason})"
        return None

    def why_out(self, user_id: int) -> str | None:
        """Why nothing is asked with the user's account now, one sentence; None: it can be used."""
        account = self._known.get(user_id)
        if account is None:
            return f"user {user_id} has no account here any more"
        reason = self._why_out(account)
        return None if reason is None else f"account {account} cannot be used now: {reason}"

    def obstacle(self, user_ids: Iterable[int]) -> str | None:
        """Why a repository that waits for one of these users' accounts does not move: none of
        them can be used now. None when one can, or when there are no users.
        """
        reasons = [self.why_out(user_id) for user_id in user_ids]
        return None if not reasons or None in reasons else reasons[0]

    @property
    def is_settling(self) -> bool:
        """Whether a new account's repositories are being waited for."""
        return bool(self._settling)

    def start(self) -> None:
        """Queue the repositories of existing accounts at low priority, then watch for what
        changes.
        """
        for account in self._read().values():
            with self._guarded(account):
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
                with self._guarded(account):
                    self._check_token(account)
                    self.enqueue(account, Priority.EXISTING)
        self._restrict_orphans()
        self.scanned_at = self._clock.now()

    def look(self) -> None:
        """Take up accounts that are new, changed or gone."""
        present = self._read()
        for user_id in self._known.keys() - present.keys():
            logger.info("account %s is gone or has no token any more", self._known.pop(user_id))
            self._unscanned.pop(user_id, None)
            self._dispatcher.close_lane(user_id)
        for user_id, account in present.items():
            known = self._known.get(user_id)
            if known == account:
                continue
            with self._guarded(account):
                logger.info("new account %s" if known is None else "account %s changed", account)
                self._open(account)
                if known is None:
                    self._settle_later(account)
                else:
                    self.enqueue(account, Priority.EXISTING)

    def enqueue(self, account: Account, priority: int) -> int:
        """Queue what is due for the account's repositories, smallest first; how many were added."""
        if self._why_out(account) is not None:
            return 0
        now, user_id = self._clock.now(), account.user_id
        allowed = access.of_user(self._database, user_id)
        self._queue_own_list(account)
        jobs: list[Job] = []
        new: dict[str, Repository] = {}
        for known in starred.list_repositories(self._database, account, self._name_once):
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
        for start in range(0, len(repositories), starred.PAGE_ROWS):
            chunk = repositories[start : start + starred.PAGE_ROWS]
            left |= self._find_second_records(chunk)
            former = renames.find_former(
                self._database, [place for place in chunk if place.key not in left]
            )
            for key, found in former.items():
                if renames.carry_over(self._database, found, key) is None:
                    left.add(key)
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
        listed_at = state.read_number(self._database, access.own_key(account.user_id))
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
            self._fail(str(error))
        except Exception as error:
            if self.failures == 0:
                logger.exception("a look at the accounts failed")
            self._fail(f"an unexpected {type(error).__name__}, which the log explains")
        else:
            if self.failures:
                logger.info("the accounts are read again after %d failures", self.failures)
            self._failure, self._failing_since, self.failures = None, None, 0

    def _fail(self, reason: str) -> None:
        """Keep why a step failed, tell it once, and wait longer with each failure in a row."""
        if self.failures == 0:
            self._failing_since = self._clock.now()
            logger.warning("the accounts could not be read: %s", reason)
        self._failure = reason
        self._scan_due_at = 0.0
        pause = backoff_seconds(
            self.failures, self._settings.poll_seconds, FAILURE_PAUSE_SECONDS, self._clock.random()
        )
        self.failures += 1
        self._clock.wait(self._stop, pause)

    @contextmanager
    def _guarded(self, account: Account) -> Iterator[None]:
        """What fails for one account is kept, told once, and does not keep the others from being
        served. The database being away is about all of them.
        """
        try:
            yield
        except (DatabaseUnavailable, DatabaseRefused):
            raise
        except Exception as error:
            if not isinstance(error, DatabaseError):
                logger.exception("account %s could not be scanned", account)
                reason = f"an unexpected {type(error).__name__}, which the log explains"
            else:
                reason = str(error)
            if self._unscanned.get(account.user_id) != reason:
                logger.warning("account %s could not be scanned: %s", account, reason)
            self._unscanned[account.user_id] = reason
        else:
            self._unscanned.pop(account.user_id, None)

    def _name_once(self, name: str, reason: str) -> None:
        """Tell of a row that is left out, once."""
        if (name, reason) in self._named:
            return
        if len(self._named) >= NAMED_AT_MOST:
            self._named.clear()
        self._named.add((name, reason))
        logger.warning("%s is left out: %s", name, reason)

    def _catch_up(self) -> None:
        """The live query begins: look at what was not told, and after a reconnect at everything."""
        if self._was_live:
            self._scan_due_at = 0.0
        self._was_live = True
        self._wake.set()

    def _read(self) -> dict[int, Account]:
        """The accounts by user; of two accounts of one user the one that was updated last."""
        found = accounts.read_accounts(self._database)
        for row in found.left_out:
            self._name_once(row.record_id, row.reason)
        self._left_out = tuple(found.left_out)
        self.looked_at = self._clock.now()
        return {account.user_id: account for account in found.accounts}

    def _open(self, account: Account) -> None:
        self._known[account.user_id] = account
        self._dispatcher.open_lane(account)
        self._check_token(account)

    def _check_token(self, account: Account) -> None:
        """A token or scopes that changed since they were seen last may have other rights: what
        was refused is forgotten, and its own repositories are listed again.
        """
        digest = hashlib.sha256(
            f"{account.token} {sorted(account.scopes or ())}".encode()
        ).hexdigest()[:16]
        key = f"token of {account.user_id}"
        if (before := state.read(self._database, key)) != digest:
            if before is not None:
                access.forget_refusals(self._database, account.user_id)
            state.write(self._database, access.own_key(account.user_id), None)
            state.write(self._database, key, digest)

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
