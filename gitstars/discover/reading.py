"""Reads repositories and queues what they need: of one account, a part at a time, or of whoever
they belong to.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gitstars.clock import Clock
from gitstars.discover.needs import Rules, choose_historian, find_needs
from gitstars.discover.newcomers import welcome
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.model import ALL_REPOSITORIES, Account, Job, Priority, Status, Task
from gitstars.store import access, follows, lifecycle, starred, syncs
from gitstars.store.database import Database, record
from gitstars.store.starred import RepositoryState

logger = logging.getLogger(__name__)


#: Work that claims nothing is not queued again for so long (seconds) by a look that finds it still
#: due. So many are remembered.
ASKED_SECONDS, ASKED_AT_MOST = 60.0, 100_000


@dataclass(slots=True)
class Walk:
    """How far the reading of one account's repositories has come: the next part (``number``) of
    those from one of ``starred.SOURCES`` (``source``).

    ``is_first``: the first one after a start. ``queued``: jobs that were added. ``parked_at``: the
    lane had so many jobs when it was full.
    """

    account: Account
    priority: int
    is_first: bool = False
    has_begun: bool = False
    is_empty: bool = True
    source: int = 0
    number: int = 0
    queued: int = 0
    parked_at: int | None = None
    is_over: bool = False
    #: What was queued; the same may come in another part.
    asked: set[tuple[Task, str]] = field(default_factory=set)


class RepositoryReader:
    """Makes jobs of what the database says is due."""

    def __init__(
        self,
        database: Database,
        dispatcher: Dispatcher,
        clock: Clock,
        rules: Rules,
        usable: Callable[[], Mapping[int, Account]],
        is_out: Callable[[Account], bool],
    ) -> None:
        """``usable`` gives the accounts that could be asked with some seconds ago, by user;
        ``is_out`` whether one may not be asked with now.
        """
        self._database = database
        self._dispatcher = dispatcher
        self._clock = clock
        self._rules = rules
        self._usable = usable
        self._is_out = is_out
        #: Users whose lane had no room for something that is due.
        self.crowded: set[int] = set()
        #: When work that claims nothing was queued last (monotonic).
        self._asked: dict[tuple[int, tuple[Task, str]], float] = {}

    def read_part(self, walk: Walk) -> None:
        """Queue what the next part of the account's repositories needs. Where the lane has no room
        the walk is parked, and the same part is read again. Raises DatabaseError.
        """
        terms = self._rules.terms(self._clock.now())
        walk.parked_at = None
        source = starred.SOURCES[walk.source]
        part = starred.read_part(self._database, walk.account, walk.number, terms, source)
        walk.is_empty = walk.is_empty and not part.positions
        identities = list({str(found): found for found in [*part.due, *part.new]}.values())
        for chunk in _chunks(identities):
            states = list(self._describe(chunk, part.new))
            if not self._queue_for(walk, states):
                return
        walk.number += 1
        if part.positions < starred.CHUNK_ROWS:
            walk.source, walk.number = walk.source + 1, 0
            walk.is_over = walk.source == len(starred.SOURCES)

    def queue_for_all(self, identities: Sequence[Any], arriving: Iterable[int]) -> list[str]:
        """Queue what these repositories need, each for the accounts that it belongs to, except for
        users whose stars are still being written (``arriving``). The keys of those that wait to be
        collected and for no account that may try.
        """
        usable, not_yet = self._usable(), frozenset(arriving)
        orphans: list[str] = []
        for chunk in _chunks(identities):
            for state in self._describe(chunk, ()):
                mine = [
                    user
                    for user in sorted(state.users & usable.keys())
                    if not self._is_out(usable[user])
                ]
                jobs = [job for user in mine for job in self._jobs(state, user, Priority.EXISTING)]
                for job in jobs:
                    if job.user_id not in not_yet and not self._is_asked(job):
                        self._put(job)
                if state.status is Status.PENDING and all(
                    job.task is not Task.LIST for job in jobs
                ):
                    orphans.append(state.repository.key)
        return orphans

    def restrict_orphans(self, keys: Sequence[str]) -> None:
        """Of these repositories, which wait for no account that may try, those that were refused to
        the accounts that are left are restricted.
        """
        if keys:
            lifecycle.restrict_refused(self._database, keys)

    def queue_own_lists(self, accounts: list[Account]) -> None:
        """Let the repositories that these accounts own or collaborate on be asked for, where that
        was long ago.
        """
        if not self._rules.include & {"owned", "collaborating"} or not accounts:
            return
        users = [account.user_id for account in accounts if not self._is_out(account)]
        listed = access.read_own_times(self._database, users)
        for user_id in users:
            if listed.get(user_id, 0.0) + self._rules.fresh_seconds <= self._clock.now():
                self._dispatcher.put(Job(user_id, ALL_REPOSITORIES, Priority.OWN, task=Task.OWN))

    def queue_lists(self) -> None:
        """Let the repositories be listed that accounts starred, and those of owners who are
        followed, where that is due. What a user's account looked after that cannot be asked with
        any more goes to another one.
        """
        usable = self._usable()
        for user_id in follows.find_users(self._database) - usable.keys():
            heir = choose_historian(user_id, usable)
            if heir is not None:
                follows.move(self._database, user_id, heir)
        starred_due, followed_due = syncs.find_due(self._database), follows.find_due(self._database)
        for task, users in ((Task.STARRED, starred_due), (Task.FOLLOWED, followed_due)):
            for user_id in users:
                if user_id in usable and not self._is_out(usable[user_id]):
                    self._dispatcher.put(Job(user_id, ALL_REPOSITORIES, Priority.OWN, task=task))

    def _describe(self, identities: Sequence[Any], new: Sequence[Any]) -> Iterator[RepositoryState]:
        """The states of these repositories; those in ``new`` get one first."""
        terms = self._rules.terms(self._clock.now())
        states = list(starred.describe(self._database, identities, terms, with_users=True))
        names = {str(found) for found in new}
        fresh = [
            state.repository
            for state in states
            if str(record("repo", state.repository.key)) in names
        ]
        left = welcome(self._database, fresh) if fresh else set()
        return (state for state in states if state.repository.key not in left)

    def _queue_for(self, walk: Walk, states: Iterable[RepositoryState]) -> bool:
        """Queue for the walk's account; False when its lane is full."""
        user_id = walk.account.user_id
        if self._is_out(walk.account):
            return True
        for state in states:
            for job in self._jobs(state, user_id, walk.priority):
                if not self._dispatcher.has_room(user_id, job.task):
                    if job.task is Task.LIST:
                        lane = self._dispatcher.lane(user_id)
                        walk.parked_at = lane.count(Task.LIST) if lane is not None else 0
                        return False
                    self.crowded.add(user_id)
                elif job.task is Task.LIST or job.key not in walk.asked:
                    walk.asked |= set() if job.task is Task.LIST else {job.key}
                    walk.queued += self._put(job)
        return True

    def _put(self, job: Job) -> bool:
        if not self._dispatcher.has_room(job.user_id, job.task):
            self.crowded.add(job.user_id)
            return False
        if job.task is not Task.LIST:
            if len(self._asked) >= ASKED_AT_MOST:
                self._asked.clear()
            self._asked[job.user_id, job.key] = self._clock.monotonic()
        return self._dispatcher.put(job)

    def _is_asked(self, job: Job) -> bool:
        """Whether the same was queued a moment ago, so that it may be in hand: only the claim of a
        list tells that.
        """
        asked_at = self._asked.get((job.user_id, job.key))
        return asked_at is not None and self._clock.monotonic() - asked_at < ASKED_SECONDS

    def _jobs(self, state: RepositoryState, user_id: int, priority: int) -> Iterator[Job]:
        users = state.users & self._usable().keys() | {user_id}
        is_historian = choose_historian(state.repository.key, users) == user_id
        now = self._clock.now()
        for task, wanted in find_needs(state, user_id, now, self._rules, priority, is_historian):
            repository = ALL_REPOSITORIES if task is Task.COUNTS else state.repository
            yield Job(user_id, repository, wanted, task=task)


def _chunks(identities: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(identities), starred.DESCRIBED_ROWS):
        yield identities[start : start + starred.DESCRIBED_ROWS]
