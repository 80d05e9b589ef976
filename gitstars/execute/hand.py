"""What an account has in hand: its open readings, their pages on the way to the database, and their
endings. What is asked next is the loop's business.
"""

import logging
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gevent.event import AsyncResult

from gitstars.dispatch.lane import LARGE_STARS, Lane
from gitstars.errors import DatabaseError
from gitstars.events import EventBus
from gitstars.execute.effects import Effects
from gitstars.execute.end import Ends
from gitstars.execute.openings import Openings
from gitstars.execute.reading import Effect, Finished, Reading, Why
from gitstars.execute.readings.counts import CountsReading
from gitstars.execute.readings.followed import FollowedReading
from gitstars.execute.readings.history import HistoryReading
from gitstars.execute.readings.list import ListReading
from gitstars.execute.readings.own import OwnReading
from gitstars.execute.readings.starred import StarredReading
from gitstars.execute.readings.stars import StarsReading
from gitstars.execute.reasons import explain
from gitstars.execute.schedule import Offer
from gitstars.execute.taking import Taking
from gitstars.fetch import answers
from gitstars.fetch.graphql import GraphAsk
from gitstars.loops import spawn
from gitstars.model import Job, PageWrite, Resource, Task

logger = logging.getLogger(__name__)

#: A block that ends this soon is waited for in hand (seconds).
SHORT_WAIT_SECONDS = 5.0
#: Progress is logged every so many pages of a repository.
PAGES_A_LOG_LINE = 10


@dataclass(slots=True, eq=False)
class Held:
    """An open reading, its pages that are not known to be durable yet, and whether its ending is
    being written.
    """

    reading: Reading
    pages: deque[tuple[AsyncResult, PageWrite]] = field(default_factory=deque)
    is_ending: bool = False

    @property
    def is_quiet(self) -> bool:
        """Nothing of it is on its way."""
        return self.reading.in_flight == 0 and not self.pages and not self.is_ending


class Hand:
    """The readings of one account. Whatever changes here wakes the loop through ``lane.wake``."""

    def __init__(
        self, lane: Lane, taking: Taking, effects: Effects, ends: Ends, events: EventBus
    ) -> None:
        self._lane = lane
        self._taking = taking
        self._effects = effects
        self._ends = ends
        self._events = events
        self._held: dict[tuple[Task, str], Held] = {}

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[Reading]:
        return iter([held.reading for held in self._held.values()])

    @property
    def lists(self) -> list[StarsReading]:
        """The claimed repositories."""
        return [reading for reading in self if isinstance(reading, StarsReading)]

    @property
    def large(self) -> int:
        return sum(reading.claim.repository.stars > LARGE_STARS for reading in self.lists)

    @property
    def others(self) -> int:
        """Readings that claim nothing."""
        return len(self._held) - len(self.lists)

    @property
    def owners(self) -> list[str]:
        """The owners of the claims."""
        return [reading.claim.owner for reading in self.lists]

    @property
    def names(self) -> list[str]:
        return [reading.job.repository.full_name for reading in self]

    def in_flight(self) -> Counter[str]:
        """Asks on their way, by kind of work."""
        counts: Counter[str] = Counter()
        for reading in self:
            counts[str(reading.job.task)] += reading.in_flight
        return counts

    def holds(self, job: Job) -> bool:
        """Whether this very work is open already."""
        return job.key in self._held

    def hide_forgotten(self, page: answers.Page) -> answers.Page:
        """The page as it is kept: without who asked to be forgotten. Raises DatabaseError."""
        return self._effects.hide_forgotten(page)

    def find_known(self, reading: StarsReading, page: answers.Page) -> frozenset[int]:
        """Which users of the page have their star stored. Raises DatabaseError."""
        return self._effects.find_known(reading, page)

    def add(self, reading: Reading) -> None:
        """One more is open."""
        self._held[reading.job.key] = Held(reading)

    def offers(self, monotonic: float, unknown_weight: float) -> list[Offer]:
        """What each reading would ask now. A list of which nobody knows whether GitHub gives it
        counts less in a query.
        """
        found = []
        for held in self._held.values():
            reading = held.reading
            is_waiting = reading.attempts.not_before > monotonic
            asks = () if is_waiting or held.is_ending else reading.asks()
            is_sure = not isinstance(reading, StarsReading) or reading.is_expected
            brings_more = (
                isinstance(reading, StarsReading)
                and reading.means.by_cursors
                and not held.is_quiet
                and not any(isinstance(ask, GraphAsk) for ask in asks)
            )
            weight = 1.0 if is_sure else unknown_weight
            found.append(Offer(reading, asks, weight, brings_more))
        return found

    def next_attempt(self, monotonic: float) -> float | None:
        """Seconds until the first reading may ask again after a failure; None: none waits so."""
        waits = (reading.attempts.not_before - monotonic for reading in self)
        return min((wait for wait in waits if wait > 0), default=None)

    def apply(self, reading: Reading, effects: Sequence[Effect]) -> None:
        """Carry out what an answer changes. Raises DatabaseError."""
        held = self._held.get(reading.job.key)

        def remember(result: AsyncResult, write: PageWrite) -> None:
            if held is not None:
                held.pages.append((result, write))
            result.rawlink(lambda _: self._lane.wake.set())

        self._effects.apply(effects, remember)

    def end_all(self, why: Why) -> None:
        """Ask nothing more; pages that are on their way are still stored."""
        for reading in self:
            reading.end(why)

    def end_blocked(self, openings: Openings, now: float) -> None:
        """Lists whose budget is spent wait in the lane; from there the other budget may take them.

        Where no budget is left, whatever else is open goes back to the lane, too.
        """
        for held in self._held.values():
            reading = held.reading
            if not held.is_quiet or reading.ended_by is not None:
                continue
            needed = needed_by(reading)
            block = openings.block(needed)
            if block is None and needed not in openings.usable:
                # The server lacks the route by now: from the lane REST takes the list.
                reading.end(answers.Stopped())
            if block is None:
                continue
            is_long = block.until - now > SHORT_WAIT_SECONDS
            has_other = bool(openings.usable)
            if (isinstance(reading, StarsReading) and has_other) or (is_long and not has_other):
                reading.end(block)

    def read_one_by_pages(self) -> bool:
        """One list that is read by cursors goes on by page numbers from now on, if there is one
        that loses nothing by it; at best one of which nothing was read yet.
        """
        quiet = [
            held.reading
            for held in self._held.values()
            if held.is_quiet and isinstance(held.reading, ListReading)
        ]
        quiet.sort(key=lambda reading: reading.has_begun)
        return any(reading.read_by_pages(may_begin_anew=False) for reading in quiet)

    def forget_calls(self) -> None:
        """All calls were cut off: none of them brings an answer any more."""
        for reading in self:
            reading.in_flight = 0

    def end_finished(self) -> None:
        """Count the pages that are durable, and begin to write the endings of what has ended."""
        for held in list(self._held.values()):
            self._reap(held, wait=False)
            reading = held.reading
            if reading.ended_by is None or reading.in_flight or held.is_ending:
                continue
            held.is_ending = True
            if isinstance(reading, StarsReading):
                spawn(f"end {reading.full_name}", self._end_claim, held, reading)
            else:
                self._close(held)

    def _end_claim(self, held: Held, reading: StarsReading) -> None:
        try:
            self._reap(held, wait=True)
            self._ends.settle(self._lane, reading)
        finally:
            self._close(held)

    def _close(self, held: Held) -> None:
        self._tell(held.reading)
        self._held.pop(held.reading.job.key, None)
        self._taking.let_go(held.reading)
        self._lane.wake.set()

    def _tell(self, reading: Reading) -> None:
        """Log what came of work that claims nothing; of a list it is told with its settlement."""
        name, why = reading.job.repository.full_name, reading.ended_by or Finished()
        match reading:
            case _ if isinstance(why, answers.ABOUT_THE_CALL):
                pass
            case HistoryReading() if not isinstance(why, Finished):
                logger.info("%s: its star history comes later: %s", name, explain(why))
            case HistoryReading(weeks=weeks) if weeks:
                logger.info("%s: %d weeks of star history stored", name, weeks)
            case OwnReading() if not isinstance(why, Finished):
                reason = explain(why)
                logger.info("account %s: its own list comes later: %s", self._lane.account, reason)
            case OwnReading(count=count):
                logger.info(
                    "account %s owns or collaborates on %d repositories to be collected",
                    self._lane.account,
                    count,
                )
            case StarredReading() if not isinstance(why, Finished):
                account, reason = self._lane.account, explain(why)
                logger.info("account %s: its stars are listed later: %s", account, reason)
            case FollowedReading() if not isinstance(why, Finished):
                account, reason = self._lane.account, explain(why)
                logger.info("account %s: followed owners are listed later: %s", account, reason)
            case FollowedReading(count=count):
                account = self._lane.account
                logger.info("account %s: followed owners have %d repositories", account, count)
            case StarredReading(new=new) if new:
                logger.info("account %s: %d new stars", self._lane.account, new)
            case CountsReading(changed=changed) if changed:
                logger.info("account %s: %d lists changed", self._lane.account, changed)

    def _reap(self, held: Held, wait: bool) -> None:
        """Take note of the pages that are durable by now; one that failed ends the reading."""
        reading = held.reading
        while held.pages and (wait or held.pages[0][0].ready()):
            result, write = held.pages.popleft()
            if isinstance(reading, StarsReading):
                reading.stored()
            try:
                result.get()
            except DatabaseError as error:
                reading.end(error)
                continue
            self._events.add("stars.stored", len(write.stargazers))
            self._events.add("pages.stored", 1)
            page, pages = write.progress.last_page, write.progress.total_pages
            if page % PAGES_A_LOG_LINE == 0:
                name = reading.job.repository.full_name
                logger.info("%s: page %d of %s", name, page, pages or "?")


def needed_by(reading: Reading) -> Resource:
    """The budget that the reading's next call costs."""
    if isinstance(reading, StarsReading | StarredReading):
        return reading.needed
    if isinstance(reading, CountsReading) and reading.by_query:
        return Resource.GRAPHQL
    return Resource.CORE
