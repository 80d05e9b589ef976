"""One claimed repository on its way: what to ask next, what an answer changes, what ended it.

State only; the collector does the IO.
"""

import math
from collections import deque
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from gevent.event import AsyncResult
from gevent.lock import RLock

from gitstars.fetch import answers, classify
from gitstars.fetch.listing.graph import GraphListing
from gitstars.fetch.listing.newest import NewestListing
from gitstars.fetch.listing.protocol import ListAsk, Listing, PageAsk, Ready
from gitstars.fetch.listing.rest import RestListing
from gitstars.model import Claim, Job, PageWrite, Progress, Resource

#: Endings that forbid further calls and say nothing against a page that is on its way: it is
#: stored, and never asked for again.
ASKS_NO_MORE = (answers.Stopped, answers.BudgetSpent, answers.SecondaryLimit, answers.BadToken)
#: A page that fails this often, each time after the client's own tries, ends the collection.
PAGE_TRIES = 6


class Phase(Enum):
    """Where a collection stands; it goes forward only."""

    COUNT = auto()
    LIST = auto()
    RECOUNT = auto()
    DONE = auto()


@dataclass(frozen=True, slots=True)
class CountAsk:
    """Ask for the repository itself: its id, its count, whether it is there."""


#: The repository itself, or a page of its list.
Ask = CountAsk | ListAsk


@dataclass(slots=True, eq=False)
class Collection:
    """A job that was claimed.

    ``has_graph``: its list is read by cursors, and may be where REST ends.

    ``is_refresh``: it is complete, and only its newest stars are read. ``is_first``: no star of it
    was stored before.
    """

    job: Job
    claim: Claim
    has_graph: bool
    may_collect_private: bool
    page_size: int
    is_refresh: bool = False
    is_first: bool = False
    phase: Phase = Phase.COUNT
    #: A RestListing, a GraphListing or a NewestListing; each takes back the asks that it gave.
    listing: Listing | None = None
    metadata: answers.Metadata | None = None
    count_before: int | None = None
    count_after: int | None = None
    ended_by: answers.Outcome | Exception | None = None
    #: A refusal that the repository's own record has to tell from an absence, or to complete with
    #: its count.
    suspected: answers.Missing | answers.Refused | None = None
    in_flight: int = 0
    failures: int = 0
    is_settling: bool = False
    #: Pages handed to the writer that are not known to be durable yet, oldest first.
    writes: deque[tuple[AsyncResult, PageWrite]] = field(default_factory=deque)
    #: Held while pages are accepted and handed to the writer, so that they arrive there in their
    #: order.
    order: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        if self.has_graph:
            self.listing = self._make_listing(self.claim.progress)
            self.phase = Phase.LIST

    @property
    def key(self) -> str:
        return self.claim.repository.key

    @property
    def full_name(self) -> str:
        return self.claim.repository.full_name

    @property
    def generation(self) -> int | None:
        """The whole reading that the pages belong to."""
        return None if self.is_refresh else self.claim.generation + 1

    @property
    def needed(self) -> Resource:
        """The budget that the next call costs."""
        return (
            Resource.GRAPHQL
            if self.has_graph and self.phase is Phase.LIST and self.suspected is None
            else Resource.CORE
        )

    @property
    def is_finished(self) -> bool:
        """Nothing is in flight, and nothing is left to ask."""
        return self.in_flight == 0 and (self.ended_by is not None or self.phase is Phase.DONE)

    @property
    def is_busy(self) -> bool:
        """Something will happen without another call."""
        return self.in_flight > 0 or bool(self.writes) or self.is_settling

    @property
    def progress(self) -> Progress:
        """The progress that holds once all accepted pages are stored."""
        return self.claim.progress if self.listing is None else self.listing.progress

    def asks(self, pages_ahead: int) -> list[Ask]:
        """The calls that may go out now; ``pages_ahead`` pages at most are asked for and not
        durable yet (a kill costs that many).
        """
        if self.ended_by is not None or self.is_settling:
            return []
        if self.phase is Phase.LIST and self.suspected is None and self.listing is not None:
            # A list by cursors goes on from a page that is stored, one at each end that it is read
            # from.
            most = 2 if isinstance(self.listing, GraphListing) else pages_ahead
            under_way = (
                self.in_flight
                + len(self.writes)
                + (self.listing.early_pages if isinstance(self.listing, RestListing) else 0)
            )
            room = 0 if self.writes and isinstance(self.listing, GraphListing) else most - under_way
            return list(self.listing.asks(max(0, room)))
        if self.phase is Phase.DONE or self.in_flight:
            return []
        return [CountAsk()]

    def start(self, ask: Ask) -> None:
        """``ask`` goes out."""
        self.in_flight += 1
        if not isinstance(ask, CountAsk) and self.listing is not None:
            self.listing.start(ask)

    def accept(
        self, ask: Ask, outcome: answers.Outcome, known: frozenset[int] = frozenset()
    ) -> list[Ready]:
        """Take in an answer, of whose users ``known`` are stored (needed for a refresh); the
        pages that are ready to be stored.
        """
        match outcome:
            case answers.Metadata():
                self._accept_metadata(outcome)
            case answers.Page() if not isinstance(ask, CountAsk):
                return self._accept_page(ask, outcome, known)
            case answers.Missing(text=text):
                if isinstance(ask, CountAsk):
                    self.end(answers.Gone("deleted", text))
                else:
                    self.suspected = outcome
            case answers.Refused(repository=record) if record or self.metadata:
                self.learn(record or self.metadata)
                self.end(replace(outcome, repository=self.metadata))
            case answers.Refused() if not isinstance(ask, CountAsk):
                self.suspected = outcome
            case answers.Transient() if self.failures + 1 < PAGE_TRIES and not isinstance(
                ask, CountAsk
            ):
                self._give_up(ask)
            case answers.PaginationWall() if self.has_graph:
                self.listing = GraphListing(self.full_name, self.progress, self.page_size)
            case _:
                self.end(outcome)
        return []

    def learn(self, metadata: answers.Metadata | None) -> None:
        """Take over what the repository's own record says; GitHub's numeric id and present name
        win.
        """
        if metadata is None:
            return
        self.metadata = metadata
        repository = replace(
            self.claim.repository,
            github_id=metadata.github_id,
            full_name=metadata.full_name,
            stars=metadata.stars,
            is_private=metadata.is_private,
        )
        self.claim = replace(self.claim, repository=repository)
        if metadata.is_private and not self.may_collect_private:
            self.end(
                answers.Refused(
                    "private",
                    "private repositories are collected only with collect.private",
                    metadata,
                )
            )

    def end(self, outcome: answers.Outcome | Exception) -> None:
        """Ask nothing more; the first reason is the one that counts."""
        if self.ended_by is None:
            self.ended_by = outcome

    def _accept_metadata(self, metadata: answers.Metadata) -> None:
        if metadata.is_disabled:
            self.end(answers.Gone("disabled", "GitHub disabled this repository"))
        elif isinstance(self.suspected, answers.Refused):
            self.learn(metadata)
            self.end(replace(self.suspected, repository=metadata))
        elif self.suspected is not None:
            self.learn(metadata)
            self.end(
                answers.Refused(
                    "not_found", "the list answers 404 while the repository is there", metadata
                )
            )
        elif self.phase is Phase.COUNT:
            self.learn(metadata)
            self.count_before = metadata.stars
            self.listing = self._make_listing(
                replace(self.claim.progress, total_stargazers=metadata.stars)
            )
            self.phase = Phase.LIST
        else:
            self.metadata, self.count_after = metadata, metadata.stars
            self.phase = Phase.DONE

    def _accept_page(self, ask: ListAsk, page: answers.Page, known: frozenset[int]) -> list[Ready]:
        self.failures = 0
        if page.repository is not None and self.claim.repository.github_id not in (
            None,
            page.repository.github_id,
        ):
            # The name is another repository's by now: the numeric id tells the one that is meant.
            self.phase, self.listing = Phase.COUNT, None
            return []
        if page.repository is not None:
            if self.count_before is None:
                self.count_before = page.repository.stars
                self.learn(page.repository)
            self.metadata, self.count_after = page.repository, page.repository.stars
        if self.listing is None:
            return []
        is_first = isinstance(ask, PageAsk) and ask.number == 1
        if is_first and self.metadata is not None:
            missing = classify.decide_missing_list(page, self.metadata, is_first)
            if missing is not None:
                self.end(missing)
        if self.ended_by is not None and not isinstance(self.ended_by, ASKS_NO_MORE):
            return []
        ready = self.listing.accept(ask, page, known)
        if isinstance(self.listing, NewestListing) and self.listing.is_too_long:
            self.is_refresh = False
            self.listing = self._make_listing(Progress(total_stargazers=self.count_before))
        elif self.listing.is_done:
            self._finish_listing(is_one_page=is_first)
        return ready

    def _make_listing(self, progress: Progress) -> Listing:
        if self.is_refresh:
            last_page = (
                None
                if self.has_graph
                else max(1, math.ceil((progress.total_stargazers or 0) / self.page_size))
            )
            return NewestListing(self.full_name, progress, last_page, self.page_size)
        if self.has_graph:
            return GraphListing(self.full_name, progress, self.page_size)
        return RestListing(progress, self.page_size)

    def _finish_listing(self, is_one_page: bool) -> None:
        if self.is_refresh or (
            isinstance(self.listing, GraphListing) and self.count_after is not None
        ):
            self.phase = Phase.DONE
            return
        agrees = self.progress.processed + self.progress.ghosts == self.count_before
        self.phase = Phase.DONE if agrees and is_one_page else Phase.RECOUNT

    def _give_up(self, ask: ListAsk) -> None:
        """No answer: the page is asked for again."""
        self.failures += 1
        if self.listing is not None:
            self.listing.give_up(ask)
