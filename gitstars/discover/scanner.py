"""Finds what is to be done about the accounts' repositories, spread over time.

Four looks, from cheap to dear. What came due by itself is found through indexes every few seconds.
A digest of each account's stars tells every ``discover.scan_seconds`` whether some came or went.
What waits or is overdue, and nobody knows why, is gone through as often. And all of an account's
repositories are read when it is new, at a start, when its digest changed, and daily. The
first worker never waits for any of it.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from gevent.event import Event

from gitstars.clock import Clock
from gitstars.config import DiscoverConfig
from gitstars.discover.agenda import Agenda
from gitstars.discover.needs import Rules
from gitstars.discover.reading import RepositoryReader, Walk
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.events import EventBus
from gitstars.model import Account, Priority, Task
from gitstars.store import accounts, due, history
from gitstars.store.database import Database

logger = logging.getLogger(__name__)

#: What comes due by itself is looked for so often (seconds); sooner where it is known to come, but
#: not sooner than the shortest pause.
DUE_SECONDS, SHORTEST_SECONDS = 10.0, 1.0
#: Accounts whose stars are compared with one query.
COMPARED_AT_ONCE = 10
#: All repositories of an account are read again after this long (seconds), for whatever the other
#: looks cannot see.
WALK_SECONDS = 24 * 3600.0
#: The same, where something had no room in the account's lane.
CROWDED_SECONDS = 600.0
#: Pages of what waits or is overdue that are gone through; beyond that the accounts are read.
MOST_PAGES = 40


@dataclass(slots=True)
class _Seen:
    """What is known of an account's repositories: a digest of its stars, and when all were read
    last (monotonic).
    """

    digest: str | None = None
    walked_at: float | None = None


@dataclass(frozen=True, slots=True)
class Circle:
    """What the scanner asks of whoever knows the accounts.

    ``usable`` gives the accounts that could be asked with some seconds ago, by user, ``is_out``
    tells whether one may not be asked with now. ``arriving`` are the users whose stars are still
    being written. ``guard`` keeps what fails for one account. ``prepare`` is called
    before an account's repositories are read, ``on_empty`` with one that has none at the start.
    """

    usable: Callable[[], Mapping[int, Account]]
    is_out: Callable[[Account], bool]
    arriving: Callable[[], Iterable[int]]
    guard: Callable[[Account], AbstractContextManager[None]]
    prepare: Callable[[Account], None]
    on_empty: Callable[[Account], None]


class Scanner:
    """One greenlet calls ``step``; others ask for a whole reading with ``request`` or ``read``."""

    def __init__(
        self,
        database: Database,
        dispatcher: Dispatcher,
        events: EventBus,
        clock: Clock,
        settings: DiscoverConfig,
        rules: Rules,
        reader: RepositoryReader,
        circle: Circle,
    ) -> None:
        self._database = database
        self._dispatcher = dispatcher
        self._events = events
        self._clock = clock
        self._settings = settings
        self._rules = rules
        self.reader = reader
        self._usable = circle.usable
        self._arriving = circle.arriving
        self._circle = circle
        self._agenda = Agenda()
        self._seen: dict[int, _Seen] = {}
        self._looked_until: due.Window | None = None
        self._sweep: Iterator[None] | None = None
        self._sweep_at = 0.0
        self.wake = Event()

    @property
    def is_behind(self) -> bool:
        """Whether an account's repositories are yet to be read."""
        return self._agenda.is_behind

    # Whole readings

    def request(self, account: Account, priority: int, is_urgent: bool) -> None:
        """Let all of the account's repositories be read soon, a part at a time."""
        self._agenda.add(Walk(account, priority, is_first=not is_urgent), is_urgent)
        self.wake.set()

    def read(self, account: Account, priority: int) -> int:
        """Read all of the account's repositories now, as far as its lane has room; how many jobs
        were added.
        """
        self._agenda.drop(account.user_id)
        walk = Walk(account, priority)
        self._begin(walk)
        while not walk.is_over and walk.parked_at is None:
            self.reader.read_part(walk)
        if walk.is_over:
            self._end(walk)
        else:
            self._agenda.add(walk, is_urgent=True)
        return walk.queued

    def forget(self, user_id: int) -> None:
        """The account is gone."""
        self.reader.crowded.discard(user_id)
        self._agenda.drop(user_id)
        self._seen.pop(user_id, None)

    def sweep(self) -> None:
        """Go through all that waits or is overdue, now."""
        for _ in self._sweep_pages():
            pass

    # Steps

    def step(self) -> float:
        """Do what is next; how long nothing is to be done (seconds). Raises DatabaseError."""
        began, agenda, usable = self._clock.monotonic(), self._agenda, self._usable()
        agenda.unpark(self._dispatcher)
        if began >= agenda.due_at:
            agenda.due_at = began + DUE_SECONDS
            agenda.due_at = began + self._look_at_due()
        elif (walk := agenda.next(began)) is not None:
            self._go_on(walk, usable)
        elif began >= agenda.compare_at:
            agenda.compare_at = began + self._compare(usable)
        elif began >= agenda.calm_at:
            if self._sweep is not None or began >= self._sweep_at:
                self._sweep_on()
            else:
                self._walk_again(began, usable)
            now = self._clock.monotonic()
            agenda.calm(now - began, now)
        return agenda.rest(self._clock.monotonic())

    def _go_on(self, walk: Walk, usable: Mapping[int, Account]) -> None:
        began, user_id = self._clock.monotonic(), walk.account.user_id
        if usable.get(user_id) != walk.account or self._circle.is_out(walk.account):
            self._agenda.drop(user_id)
            return
        is_read = False
        with self._circle.guard(walk.account):
            if not walk.has_begun:
                self._begin(walk)
            self.reader.read_part(walk)
            is_read = True
        now = self._clock.monotonic()
        self._agenda.turn(walk, now - began, now)
        if walk.is_over or not is_read:
            self._agenda.drop(user_id)
        if walk.is_over:
            self._end(walk)

    def _begin(self, walk: Walk) -> None:
        walk.has_begun = True
        self._circle.prepare(walk.account)
        seen = self._seen.setdefault(walk.account.user_id, _Seen())
        # Before the reading: what comes meanwhile is another digest, and another reading.
        seen.digest = accounts.fingerprint_stars(self._database, [walk.account])[0]
        self.reader.queue_own_lists([walk.account])

    def _end(self, walk: Walk) -> None:
        account = walk.account
        self._seen.setdefault(account.user_id, _Seen()).walked_at = self._clock.monotonic()
        if walk.is_first and walk.is_empty:
            self._circle.on_empty(account)
        if walk.queued:
            logger.info("account %s: %d jobs queued", account, walk.queued)
            self._events.publish(
                "account.queued",
                self._clock.now(),
                user=account.user_id,
                repositories=walk.queued,
            )

    def _look_at_due(self) -> float:
        """Queue what came due since the last look; the pause until the next one."""
        now = due.read_time(self._database)
        before, self._looked_until = self._looked_until, due.Window(now, now)
        window = due.Window(now if before is None else before.until, now)
        found = [due.find_waited(self._database, window)]
        if self._rules.fresh_seconds:
            found.append(due.find_counted(self._database, window, self._rules.fresh_seconds))
        if self._rules.history != "none":
            until = now.timestamp() - history.LOOK_SECONDS
            length = (window.until - window.after).total_seconds() + due.OVERLAP_SECONDS
            found.append(due.find_histories(self._database, until - length, until))
        for pages in found:
            for page in pages:
                self.reader.queue_for_all(page, self._arriving())
        left = due.next_in_seconds(self._database, now, DUE_SECONDS)
        return DUE_SECONDS if left is None else max(SHORTEST_SECONDS, left)

    def _compare(self, usable: Mapping[int, Account]) -> float:
        """Let the accounts be read whose stars changed, some at a time; the pause until the next
        ones.
        """
        chosen = self._agenda.rotate(usable, COMPARED_AT_ONCE)
        arrived = [usable[user] for user in chosen if user not in self._arriving()]
        digests = accounts.fingerprint_stars(self._database, arrived)
        for account, digest in zip(arrived, digests, strict=True):
            seen = self._seen.setdefault(account.user_id, _Seen())
            if digest != seen.digest and account.user_id not in self._agenda.walks:
                self.request(account, Priority.EXISTING, is_urgent=True)
        self.reader.queue_own_lists(arrived)
        return self._settings.scan_seconds * len(chosen) / max(1, len(usable))

    def _sweep_on(self) -> None:
        """Go through a page of what waits or is overdue."""
        if self._sweep is None:
            self._sweep = self._sweep_pages()
        if next(self._sweep, False) is False:
            self._sweep = None
            self._sweep_at = self._clock.monotonic() + self._settings.scan_seconds

    def _sweep_pages(self) -> Iterator[None]:
        pages = 0
        for found in (
            due.find_pending(self._database),
            due.find_overdue(self._database, due.read_time(self._database)),
        ):
            for page in found:
                orphans = self.reader.queue_for_all(page, self._arriving())
                self.reader.restrict_orphans(orphans)
                yield
                pages += 1
                if pages >= MOST_PAGES:
                    busy = {*self._agenda.walks, *self._arriving()}
                    for account in self._usable().values():
                        if account.user_id not in busy:
                            self._agenda.add(Walk(account, Priority.EXISTING), is_urgent=False)
                    return

    def _walk_again(self, now: float, usable: Mapping[int, Account]) -> None:
        """Let the account be read whose last reading is longest ago, when that is too long, or when
        something of it had no room then and has now.
        """
        walked = [
            (
                seen.walked_at
                + (CROWDED_SECONDS if self._has_room_again(user_id) else WALK_SECONDS),
                user_id,
            )
            for user_id, seen in self._seen.items()
            if seen.walked_at is not None and user_id in usable
        ]
        if walked and min(walked)[0] <= now:
            user_id = min(walked)[1]
            self.reader.crowded.discard(user_id)
            if user_id not in self._agenda.walks:
                self._agenda.add(Walk(usable[user_id], Priority.EXISTING), is_urgent=False)

    def _has_room_again(self, user_id: int) -> bool:
        return user_id in self.reader.crowded and all(
            self._dispatcher.has_room(user_id, task) for task in Task
        )
