"""Takes work up: a job becomes a reading. Lists are claimed first; what stands in the database
decides how each of them is read.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from gitstars.clock import Clock
from gitstars.config import CollectConfig, Config
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.execute.handover import HandOver
from gitstars.execute.reading import Reading
from gitstars.execute.readings import counts, own
from gitstars.execute.readings.counts import CountsReading
from gitstars.execute.readings.followed import FollowedReading
from gitstars.execute.readings.history import HistoryReading, is_whole_due
from gitstars.execute.readings.list import ListReading
from gitstars.execute.readings.means import Means
from gitstars.execute.readings.newest import NewestReading
from gitstars.execute.readings.own import OwnReading
from gitstars.execute.readings.starred import StarredReading
from gitstars.execute.readings.stars import StarsReading
from gitstars.execute.refresh import is_sweep_due
from gitstars.fetch import answers
from gitstars.fetch.listing.cursor import CompleteCursor, EndsCursor, PageCursor, read_cursor
from gitstars.fetch.routes import Routes
from gitstars.model import Account, Claim, Job, Resource, Task
from gitstars.store import edges, follows, history, lifecycle, starred, syncs
from gitstars.store.database import Database
from gitstars.store.starred import Terms

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings that decide what is taken up, and how it is read. Times are seconds.

    ``include``: which repositories of an account are collected (starred, owned, collaborating).
    """

    collect: CollectConfig
    include: frozenset[str]
    page_size: int
    fresh_seconds: float
    sweep_seconds: float


def plan_of(config: Config) -> Plan:
    """What the settings say."""
    return Plan(
        collect=config.collect,
        include=frozenset(config.discover.include),
        page_size=config.github.page_size,
        fresh_seconds=config.refresh.after_hours * 3600,
        sweep_seconds=config.refresh.sweep_days * 86_400.0,
    )


def begin_starred(
    database: Database, job: Job, account: Account, now: float, by_query: bool
) -> StarredReading | None:
    """The listing of the account's stars, from where it stands; None: they are not kept in step.
    ``by_query``: the server has GraphQL.
    """
    kept = syncs.begin(database, account.user_id)
    if kept is None:
        return None
    known = syncs.read_known(database, account)
    is_whole = kept.is_whole_due(now)
    next_page = kept.next_page if is_whole else None
    return StarredReading(job, account, known, is_whole, next_page, by_query)


class Taking:
    """Shared by all accounts. ``owner()`` names a new claim. Methods raise DatabaseError."""

    def __init__(
        self,
        database: Database,
        routes: Routes,
        clock: Clock,
        dispatcher: Dispatcher,
        handover: HandOver,
        plan: Plan,
        owner: Callable[[], str],
    ) -> None:
        self.owner = owner
        self._database = database
        self._routes = routes
        self._clock = clock
        self._dispatcher = dispatcher
        self._handover = handover
        self._plan = plan
        #: Repositories whose history some account reads at this moment.
        self._histories: set[str] = set()

    def take(
        self, job: Job, owner: str, account: Account, usable: frozenset[Resource]
    ) -> Reading | None:
        """The job as a reading; None: there is nothing to do for it, or somebody else does it.

        ``usable`` are the budgets with which lists are read now.
        """
        if job.task is Task.LIST:
            return self.claim(job, owner, account, usable)
        return self.begin(job, account)

    def claim(
        self, job: Job, owner: str, account: Account, usable: frozenset[Resource]
    ) -> StarsReading | None:
        """The job's repository, held by ``owner``; None: another account should read it, somebody
        holds it, it is complete and fresh, or it waits for a stated time.

        ``usable`` are the budgets of which calls may go out soon.
        """
        plan = self._plan
        may_try, is_expected = self._handover.may_try(account.user_id, job)
        if not may_try:
            return None
        claim = lifecycle.claim(
            self._database,
            job.repository,
            owner,
            plan.collect.lease_seconds,
            plan.fresh_seconds,
            force=job.force,
        )
        if claim is None:
            return None
        means = Means(
            by_cursors=self._goes_by_cursors(claim, usable),
            page_size=plan.page_size,
            pages_ahead=plan.collect.pages_ahead,
            may_collect_private=plan.collect.private,
        )
        return self._make_reading(job, claim, means, is_expected)

    def _make_reading(
        self, job: Job, claim: Claim, means: Means, is_expected: bool
    ) -> StarsReading:
        cursor = read_cursor(claim.progress.cursor)
        if cursor is None and claim.progress.cursor:
            logger.warning("%s: its cursor cannot be read, the list begins anew", claim.row)
        is_complete = isinstance(cursor, CompleteCursor)
        now, sweep_seconds = self._clock.now(), self._plan.sweep_seconds
        if is_complete and not is_sweep_due(claim, now, sweep_seconds):
            return NewestReading(job, claim, means, is_expected=True)
        is_begun = cursor is not None
        is_first = claim.generation == 0 and not is_begun
        is_first = is_first and not edges.has_any(self._database, claim.repository)
        is_expected = is_expected or is_begun
        return ListReading(job, claim, means, is_expected=is_expected, is_first=is_first)

    def begin(self, job: Job, account: Account) -> Reading | None:
        """A job that claims nothing; None: there is nothing to do."""
        match job.task:
            case Task.HISTORY:
                return self._begin_history(job)
            case Task.COUNTS:
                return self._begin_counts(job, account)
            case Task.OWN:
                plan = self._plan
                return OwnReading(job, own.wanted_of(account, plan.include, plan.collect.private))
            case Task.STARRED:
                now, has_graphql = self._clock.now(), self._routes.has_graphql
                return begin_starred(self._database, job, account, now, has_graphql)
            case Task.FOLLOWED:
                owners = follows.begin_owners(self._database, account.user_id)
                return FollowedReading(job, owners) if owners else None
        raise ValueError(f"a {job.task} is claimed")

    def let_go(self, reading: Reading) -> None:
        """A reading ended. One that claimed nothing and did not come to its end waits again."""
        if isinstance(reading, HistoryReading):
            self._histories.discard(reading.job.repository.key)
        is_open = isinstance(reading.ended_by, answers.ABOUT_THE_CALL)
        if is_open and not isinstance(reading, StarsReading):
            self.put_back(reading.job)

    def put_back(self, job: Job) -> None:
        """The job could not be taken up: it waits again."""
        self._dispatcher.put_back(job)

    def _goes_by_cursors(self, claim: Claim, usable: frozenset[Resource]) -> bool:
        """Through GraphQL wherever it is to be had, unless a list by page numbers would have to
        begin anew; REST cannot go on from a cursor.
        """
        cursor = read_cursor(claim.progress.cursor)
        if isinstance(cursor, EndsCursor) and self._routes.has_graphql:
            return True
        must_begin_anew = isinstance(cursor, PageCursor) and cursor.edge is None
        return Resource.GRAPHQL in usable and not (must_begin_anew and Resource.CORE in usable)

    def _begin_history(self, job: Job) -> Reading | None:
        key, now = job.repository.key, self._clock.now()
        if not self._routes.has_history or key in self._histories:
            return None
        stored = history.read_stored(self._database, job.repository)
        is_fresh = stored.checked_at is not None and stored.checked_at + history.LOOK_SECONDS > now
        is_interrupted = not stored.is_complete and stored.next_page > 1
        if is_fresh and not is_interrupted:
            return None
        self._histories.add(key)
        return HistoryReading(job, stored, is_whole_due(stored, now))

    def _begin_counts(self, job: Job, account: Account) -> Reading | None:
        terms = Terms(self._plan.fresh_seconds)
        due = list(starred.list_counts_due(self._database, account, terms))
        if not due:
            return None
        by_query = self._routes.has_graphql
        groups = counts.group_states(due, by_query)
        return CountsReading(job, groups, by_query)
