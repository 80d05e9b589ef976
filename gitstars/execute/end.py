"""Carries an ending out: decides how a reading ended, settles its claim, and tells what follows.

A settlement that the database could not take is remembered, and written when it answers again.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from gitstars.clock import Clock, show_time
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.dispatch.lane import Lane
from gitstars.errors import ClaimLost, DatabaseError, DatabaseUnavailable
from gitstars.events import EventBus
from gitstars.execute import ending, refresh
from gitstars.execute.ending import End, Ending
from gitstars.execute.handover import HandOver
from gitstars.execute.reading import Finished, Why
from gitstars.execute.readings.list import ListReading
from gitstars.execute.readings.newest import NewestReading
from gitstars.execute.readings.stars import StarsReading
from gitstars.execute.taking import Plan
from gitstars.fetch import answers, proof
from gitstars.fetch.client import GitHubClient
from gitstars.fetch.ledger import Ledger
from gitstars.fetch.listing.cursor import EndsCursor, read_cursor
from gitstars.fetch.listing.graph import GraphListing
from gitstars.model import Claim, Resource, Settlement
from gitstars.store import edges, lifecycle
from gitstars.store.database import Database

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Unsettled:
    """An ending that the database could not take, and what follows once it does."""

    claim: Claim
    settlement: Settlement
    follow_up: Callable[[], None]


class Ends:
    """Shared by all accounts."""

    def __init__(
        self,
        database: Database,
        client: GitHubClient,
        ledger: Ledger,
        dispatcher: Dispatcher,
        handover: HandOver,
        events: EventBus,
        clock: Clock,
        plan: Plan,
        is_stopping: Callable[[], bool],
        find_fault: Callable[[], str | None],
    ) -> None:
        """``find_fault`` tries what gitstars writes, and tells what the whole database does not
        take; None: it takes everything.
        """
        self._database = database
        self._client = client
        self._ledger = ledger
        self._dispatcher = dispatcher
        self._handover = handover
        self._events = events
        self._clock = clock
        self._plan = plan
        self._is_stopping = is_stopping
        self._find_fault = find_fault
        self._unsettled: dict[str, _Unsettled] = {}

    @property
    def owners(self) -> list[str]:
        """The owners of claims whose settlement is still to be written."""
        return list(self._unsettled)

    def settle(self, lane: Lane, reading: StarsReading) -> None:
        """Decide how the reading ends, and write it down. Its pages are stored already."""
        claim, next_user = reading.claim, None
        try:
            decided = self._decide_safely(lane.user_id, reading)
            try:
                is_finished = isinstance(reading.ended_by, Finished)
                decided, next_user = self._handover.hand_over(
                    lane, claim.repository, decided, is_finished
                )
            finally:
                lifecycle.settle(self._database, claim, decided.settlement)
        except ClaimLost:
            logger.warning("%s: somebody else holds the claim by now", reading.full_name)
            return
        except DatabaseError as error:
            logger.error("%s: its end is written later: %s", reading.full_name, error)
            follow_up = partial(self._follow_up, lane, reading, decided, next_user)
            self._unsettled[claim.owner] = _Unsettled(claim, decided.settlement, follow_up)
            return
        self._follow_up(lane, reading, decided, next_user)

    def settle_remembered(self) -> None:
        """A duty's step: write the settlements that failed. One that fails again holds up no other;
        its DatabaseError is raised.
        """
        failure: DatabaseError | None = None
        for owner, one in list(self._unsettled.items()):
            try:
                lifecycle.settle(self._database, one.claim, one.settlement)
            except ClaimLost:
                logger.warning("%s: somebody else holds the claim by now", one.claim.repository.key)
            except DatabaseUnavailable:
                # Nobody answers: the others would only wait as long.
                raise
            except DatabaseError as error:
                failure = error
                continue
            else:
                one.follow_up()
            self._unsettled.pop(owner, None)
        if failure is not None:
            raise failure

    # How it ends

    def _decide_safely(self, user_id: int, reading: StarsReading) -> Ending:
        """As ``_decide``; what goes wrong meanwhile is an ending as well, so that a row that cannot
        be handled counts an error and waits.
        """
        try:
            return self._decide(user_id, reading)
        except ClaimLost:
            raise
        except DatabaseError as error:
            logger.error("%s: %s", reading.full_name, error)
            return self._decide_failed(reading, error)
        except Exception as error:
            logger.exception("%s: its end could not be decided", reading.full_name)
            return self._decide_failed(reading, error)

    def _decide_failed(self, reading: StarsReading, error: Exception) -> Ending:
        most, end = self._plan.collect.max_errors, self._end_of(error)
        return ending.decide(end, error, reading.claim, self._clock.now(), most)

    def _end_of(self, why: Why) -> End:
        """Which end it is. A page that the database rejects is no fault of the repository where the
        database takes none.
        """
        end = ending.end_of(why)
        if end is not End.REJECTED:
            return end
        try:
            return End.REJECTED if self._find_fault() is None else End.DATABASE
        except DatabaseError:
            return End.DATABASE

    def _decide(self, user_id: int, reading: StarsReading) -> Ending:
        now, most = self._clock.now(), self._plan.collect.max_errors
        why = reading.ended_by or answers.Stopped()
        if isinstance(why, ClaimLost):
            raise why
        if isinstance(why, answers.PaginationWall) and self._client.routes.has_graphql:
            # GraphQL reads on from here, once its budget is back.
            until = self._ledger.blocked_until(user_id, Resource.GRAPHQL, now)
            why = answers.BudgetSpent(Resource.GRAPHQL, until or now)
        must_wait = self._must_wait(reading, why)
        if isinstance(why, answers.BudgetSpent) and not must_wait:
            why = self._look_at_other_budget(user_id, why, now)
        if not isinstance(why, Finished):
            decided = ending.decide(self._end_of(why), why, reading.claim, now, most)
            return replace(decided, again=False) if must_wait else decided
        if isinstance(reading, NewestReading):
            return self._decide_newest(reading, now)
        listed = reading.progress.processed + reading.progress.ghosts
        seen, size = reading.seen, self._plan.page_size
        proven = proof.prove(seen.count_before or 0, seen.count_after, listed, size)
        if isinstance(proven, proof.ReadAgain):
            return ending.decide_unproven(proven.reason, reading.claim, now, most)
        return self._decide_proven(reading, proven, now)

    def _decide_proven(self, reading: StarsReading, proven: proof.Proven, now: float) -> Ending:
        """A whole list was read. Pages by number shift when a star is taken back meanwhile, so
        that one may be missed without a trace in the numbers: then no star is closed. Nor does a
        list close one that is shorter than its counts.
        """
        is_by_cursors = isinstance(reading.listing, GraphListing)
        is_swept = not proven.is_short and (proven.churn == 0 or is_by_cursors)
        is_first = isinstance(reading, ListReading) and reading.is_first
        closed = 0
        if is_swept and not is_first:
            generation = reading.claim.generation + 1
            closed = edges.close_unseen(self._database, reading.claim, generation)
        ghosts, churn = reading.progress.ghosts, proven.churn
        return self._complete(reading, now, is_swept, ghosts=ghosts, churn=churn, unstarred=closed)

    def _decide_newest(self, reading: NewestReading, now: float) -> Ending:
        """The newest stars are read: complete, unless the count tells that others were taken
        back.
        """
        seen = reading.seen
        count = seen.count_after if seen.count_after is not None else seen.count_before or 0
        listed = reading.progress.processed + reading.progress.ghosts
        if reading.is_too_long or refresh.has_drifted(count, listed):
            return ending.decide_drifted(count, reading.claim)
        return self._complete(reading, now, is_swept=False)

    def _complete(self, reading: StarsReading, now: float, is_swept: bool, **notes: int) -> Ending:
        claim, seen = reading.claim, reading.seen
        count = seen.count_after if seen.count_after is not None else seen.count_before
        progress = replace(reading.progress, cursor=lifecycle.REFRESH, total_stargazers=count)
        decided = ending.complete(progress, **notes)
        before = (claim.former or claim.progress).total_stargazers or 0
        gained = None if claim.completed_at is None else (count or 0) - before
        elapsed = now - (claim.completed_at or now)
        pause = refresh.refresh_seconds(self._plan.fresh_seconds, gained, elapsed)
        settlement = replace(
            decided.settlement,
            next_retry_at=now + pause,
            generation=reading.generation,
            is_swept=is_swept,
            updated_at=seen.record.updated_at if seen.record else None,
            etag=seen.record.etag if seen.record else None,
        )
        return replace(decided, settlement=settlement)

    def _look_at_other_budget(
        self, user_id: int, why: answers.BudgetSpent, now: float
    ) -> answers.BudgetSpent | answers.Stopped:
        """The other budget takes the list from here: at once, or when it may be used again."""
        if not self._client.routes.has_graphql:
            return why
        is_core = why.resource is Resource.CORE
        other = Resource.GRAPHQL if is_core else Resource.CORE
        until = self._ledger.blocked_until(user_id, other, now)
        return answers.Stopped() if until is None else replace(why, until=min(until, why.until))

    def _must_wait(self, reading: StarsReading, why: object) -> bool:
        """Whether nothing but the spent budget can take the repository further: back in the lane
        the other budget would take it up, only to stand here again.
        """
        if not isinstance(why, answers.BudgetSpent) or not self._client.routes.has_graphql:
            return False
        if why.resource is Resource.CORE:
            return reading.means.by_cursors
        if isinstance(reading.ended_by, answers.PaginationWall):
            return why.until > self._clock.now()
        return isinstance(read_cursor(reading.progress.cursor), EndsCursor)

    # What follows

    def _tell(self, user_id: int, reading: StarsReading, decided: Ending) -> None:
        settlement = decided.settlement
        why = f", {settlement.last_error}" if settlement.last_error else ""
        if settlement.next_retry_at is not None:
            why += f"; again at {show_time(settlement.next_retry_at)}"
        logger.log(decided.level, "%s: %s%s", reading.full_name, settlement.status, why)
        self._events.publish(
            decided.event,
            self._clock.now(),
            repo=reading.full_name,
            user=user_id,
            status=str(settlement.status),
            reason=settlement.last_error,
        )

    def _has_come(self, settlement: Settlement) -> bool:
        """Whether its time came before it could be written, when nobody looks for it any more."""
        at = settlement.next_retry_at
        return at is not None and at <= self._clock.now()

    def _follow_up(
        self, lane: Lane, reading: StarsReading, decided: Ending, next_user: int | None
    ) -> None:
        self._tell(lane.user_id, reading, decided)
        if self._is_stopping():
            return
        repository, job = reading.claim.repository, reading.job
        if next_user is not None:
            self._dispatcher.put(replace(job, user_id=next_user, repository=repository))
        elif isinstance(reading.ended_by, answers.BadToken):
            self._handover.pass_on(lane, [replace(job, force=False)])
        elif decided.again or self._has_come(decided.settlement):
            # What was forced has begun anew by now, and goes on from where it stands.
            self._dispatcher.put(replace(job, force=False))
        else:
            self._handover.queue_history(lane.user_id, repository, decided.settlement.status)
