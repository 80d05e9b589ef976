"""The loop of one account: pick a call, make it, accept the answer, end what ended.

A worker runs it while it serves the account. What to ask next is decided in ``schedule`` and by the
readings, how a reading ends in ``ending``.
"""

import logging
import math
from dataclasses import dataclass

import gevent
from gevent.pool import Pool

from gitstars.clock import Clock
from gitstars.dispatch.lane import EVERY_TASK, Lane
from gitstars.errors import DatabaseError
from gitstars.events import EventBus
from gitstars.execute.calls import Calls
from gitstars.execute.hand import Hand, needed_by
from gitstars.execute.obstacles import Obstacles, Wait
from gitstars.execute.openings import Openings
from gitstars.execute.schedule import OTHER_CALLS, Call, Offer, Room, next_call
from gitstars.execute.taking import Taking
from gitstars.execute.waiting import Waiting
from gitstars.fetch import answers
from gitstars.loops import spawn
from gitstars.model import Job, Resource, Task

logger = logging.getLogger(__name__)

#: Lists open at once, as a multiple of the calls in flight or of the lists that fit into a query,
#: so that all of them stay busy.
OPEN_PER_CALL, OPEN_PER_LIST = 3, 1.5
#: Readings of other kinds that are open at once.
OTHERS_OPEN = 4
#: So many large lists are open beside the small ones, so that queries stay filled to the end.
LARGE_OPEN = 2
#: A wait shorter than this (seconds) keeps the account at its worker; a longer one gives it back.
SHORT_WAIT_SECONDS = 5.0
#: A database that cannot be asked for a claim is asked again after this long (seconds).
CLAIM_PAUSE_SECONDS = 1.0
#: Calls that are cut off end at once, unless they hang (seconds).
KILL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class AccountState:
    """Why an account moves, or does not. ``waits_until`` is in epoch seconds, ``progressed_at``
    the last sign of life in monotonic ones.

    ``in_flight`` counts calls by kind of work, ``open`` names the repositories in hand.
    ``next_ask`` is what it would ask next (None: nothing), ``waits_for`` what it waits for.
    """

    user_id: int
    in_flight: dict[str, int]
    open: list[str]
    next_ask: str | None
    waits_for: str | None
    waits_until: float | None
    progressed_at: float


class AccountLoop:
    """One account's work. It lives as long as the account's lane; a worker calls ``step``."""

    def __init__(
        self,
        lane: Lane,
        hand: Hand,
        calls: Calls,
        taking: Taking,
        obstacles: Obstacles,
        waiting: Waiting,
        events: EventBus,
        clock: Clock,
        concurrency: int,
    ) -> None:
        self.lane = lane
        self._hand = hand
        self._calls = calls
        self._taking = taking
        self._obstacles = obstacles
        self._waiting = waiting
        self._events = events
        self._clock = clock
        self._concurrency = concurrency
        self._pool = Pool(concurrency)
        #: The repository that is being claimed, and its owner's name.
        self._claiming: tuple[str, str] | None = None
        #: By repository: the owner's name of a claim that the database did not answer.
        self._in_doubt: dict[str, str] = {}
        self._is_outage_logged = False
        self._wait = Wait()
        self._waits_until: float | None = None
        #: How often serving the account failed in a row.
        self.failures = 0
        #: The last sign of life (monotonic): an answer, a repository taken up, a stated wait.
        self.progressed_at = clock.monotonic()

    @property
    def is_idle(self) -> bool:
        """Nothing is claimed and nothing is in flight."""
        return not len(self._hand) and len(self._pool) == 0 and self._claiming is None

    @property
    def owners(self) -> list[str]:
        """The owners of the claims in hand, and of one that may be granted at this moment."""
        return [*self._hand.owners, *([self._claiming[1]] if self._claiming else [])]

    @property
    def open_repositories(self) -> list[str]:
        return [*self._hand.names, *([self._claiming[0]] if self._claiming else [])]

    def state(self) -> AccountState:
        """What the account is doing."""
        offers = self._hand.offers(self._clock.monotonic(), 1.0)
        jobs = (offer.reading.job for offer in offers if offer.asks)
        return AccountState(
            self.lane.user_id,
            dict(self._hand.in_flight()),
            self.open_repositories,
            next((f"{job.task} of {job.repository.full_name}" for job in jobs), None),
            self._wait.why,
            self._waits_until,
            self.progressed_at,
        )

    def step(self, is_leaving: bool) -> Wait:
        """Start all that may start now; how long to wait then. ``is_leaving``: take nothing new,
        and give back what is open after the page in hand.
        """
        self._hand.end_finished()
        obstacle = self._obstacles.find(is_leaving)
        if obstacle is None:
            self._wait = self._work()
        else:
            why, self._wait = obstacle
            self._hand.end_all(why)
            self.progressed_at = self._clock.monotonic()
        self._hand.end_finished()
        seconds = self._wait.seconds
        self._waits_until = None if seconds is None else self._clock.now() + seconds
        return self._wait

    def kill(self) -> None:
        """End every call at once; what was open is given back as far as it is stored."""
        self._pool.kill(block=False)
        self._pool.join(timeout=KILL_SECONDS)
        self._hand.forget_calls()
        self._hand.end_all(answers.Stopped())
        self._hand.end_finished()

    # Calls and claims

    def _work(self) -> Wait:
        """Start calls and take work up until nothing more may start, or something stands in the way
        of everything: a call that is answered before it is sent says so at once.
        """
        while self._obstacles.find(is_leaving=False) is None:
            now = self._clock.now()
            openings = self._calls.look(self.lane.user_id, now)
            self._hand.end_blocked(openings, now)
            self._hand.end_finished()
            if not openings.usable:
                return self._wait_for_budgets(openings)
            if self._pool.full():
                return Wait(why="its calls are in flight")
            offers = self._hand.offers(self._clock.monotonic(), self._calls.queries.unknown_weight)
            call = next_call(offers, self._room(openings))
            if call is not None:
                self._start(call, offers)
                continue
            try:
                if self._take_up(openings):
                    self._is_outage_logged = False
                    continue
            except DatabaseError as error:
                return self._wait_for_database(error)
            if not (openings.leaves_rest_idle and self._hand.read_one_by_pages()):
                return self._wait_for_news(openings, offers)
        return Wait(0.0)

    def _room(self, openings: Openings) -> Room:
        others = sum(count for task, count in self._hand.in_flight().items() if task != Task.LIST)
        return Room(
            open=openings.open,
            calls=self._concurrency - len(self._pool),
            others=OTHER_CALLS - others,
            width=self._calls.queries.width.aliases,
            most_lists=self._calls.queries.most_lists,
            is_filling=self._has_room_for_list and self.lane.count(Task.LIST) > 0,
        )

    def _start(self, call: Call, offers: list[Offer]) -> None:
        """The call goes out, in a greenlet of its own. That one has its turn at once, so that the
        ledger knows of this call when it is asked about the next.
        """
        weights = {id(offer.reading): offer.weight for offer in offers}
        weight = sum(weights[id(reading)] for reading, _ in call.items)
        self._calls.start(call)
        first = call.items[0][0].job
        name = f"call {self.lane.user_id} {first.task} {first.repository.full_name}"
        made = self._calls.make, self.lane.account, call, weight
        spawn(name, *made, pool=self._pool).rawlink(self._note_end)
        gevent.sleep(0)

    def _note_end(self, _: object) -> None:
        self.progressed_at = self._clock.monotonic()
        self.lane.wake.set()

    @property
    def _has_room_for_list(self) -> bool:
        per_query = math.ceil(OPEN_PER_LIST * self._calls.queries.most_lists)
        return len(self._hand.lists) < max(OPEN_PER_CALL * self._concurrency, per_query)

    def _tasks(self, openings: Openings) -> frozenset[Task]:
        """The kinds of work that may be taken up now."""
        tasks = {Task.LIST} if self._has_room_for_list and openings.for_lists else set()
        if self._hand.others < OTHERS_OPEN:
            tasks.add(Task.STARRED)
            if Resource.CORE in openings.usable:
                tasks |= {Task.HISTORY, Task.OWN, Task.FOLLOWED}
            if self._calls.counting_resource in openings.usable:
                tasks.add(Task.COUNTS)
        return frozenset(tasks)

    def _take_up(self, openings: Openings) -> bool:
        """Take up the lane's next job that can be taken up; False when there is none.

        Raises DatabaseError when the database cannot be asked; the job is back in the lane then.
        """
        tasks = self._tasks(openings)
        has_queries = Task.LIST in tasks and Resource.GRAPHQL in openings.for_lists
        takes_large = has_queries and self._hand.large < LARGE_OPEN
        while True:
            job = (self.lane.take_large() if takes_large else None) or self.lane.take(tasks)
            if job is None:
                return False
            self.progressed_at = self._clock.monotonic()
            if self._hand.holds(job):
                continue
            try:
                if self._open(job, openings):
                    return True
            except DatabaseError:
                self._taking.put_back(job)
                raise

    def _open(self, job: Job, openings: Openings) -> bool:
        """The job becomes a reading in hand; False: there is nothing to do for it."""
        # A claim whose answer was lost may have been granted: the same owner asks again.
        owner = self._in_doubt.pop(job.repository.key, None) or self._taking.owner()
        self._claiming = (job.repository.full_name, owner)
        try:
            reading = self._taking.take(job, owner, self.lane.account, openings.for_lists)
        except DatabaseError:
            self._in_doubt[job.repository.key] = owner
            raise
        finally:
            self._claiming = None
        kind = "repo.left" if reading is None else "repo.claimed"
        if job.task is Task.LIST:
            name = job.repository.full_name
            self._events.publish(kind, self._clock.now(), repo=name, user=self.lane.user_id)
        if reading is None:
            return False
        self._hand.add(reading)
        return True

    # What is waited for

    def _wait_for_budgets(self, openings: Openings) -> Wait:
        self.progressed_at = self._clock.monotonic()
        seconds = openings.seconds or SHORT_WAIT_SECONDS
        self._waiting.tell(self.lane, seconds)
        return Wait(seconds, seconds > SHORT_WAIT_SECONDS, "GitHub's limits are reached")

    def _wait_for_database(self, error: DatabaseError) -> Wait:
        """Logged once an outage, not with every try."""
        level = logging.DEBUG if self._is_outage_logged else logging.ERROR
        logger.log(level, "user %d: nothing can be claimed: %s", self.lane.user_id, error)
        self._is_outage_logged = True
        return Wait(CLAIM_PAUSE_SECONDS, why="the database does not answer")

    def _wait_for_news(self, openings: Openings, offers: list[Offer]) -> Wait:
        """Nothing may start now: wait for an answer, for the pace, or for a time to try again."""
        waits = [self._hand.next_attempt(self._clock.monotonic())]
        blocked = [offer for offer in offers if offer.asks]
        if blocked or len(self.lane):
            waits.append(openings.seconds)
        seconds = min((wait for wait in waits if wait is not None), default=None)
        if self.is_idle and not len(self.lane):
            return Wait(leaves=True)
        if self.is_idle:  # What is left in the lane needs a budget that is spent.
            why, stuck = "GitHub's limits are reached", EVERY_TASK - self._tasks(openings)
            return Wait(seconds or CLAIM_PAUSE_SECONDS, True, why, stuck)
        needed = {str(needed_by(offer.reading)) for offer in blocked}
        why = f"the pace of {' and '.join(sorted(needed))}" if needed else "answers on their way"
        return Wait(seconds, why=why)
