"""One claimed repository on its way: what to ask next, what is in flight, what ended it. State only; the collector does the IO."""

from collections import deque
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from gevent.event import AsyncResult
from gevent.lock import RLock

from gitstars.fetch import answers
from gitstars.fetch.pages import RestListing
from gitstars.model import Claim, Job, PageWrite, Progress


class Phase(Enum):
    """Where a collection stands; it goes forward only."""

    COUNT = auto()
    LIST = auto()
    RECOUNT = auto()
    DONE = auto()


@dataclass(frozen=True, slots=True)
class CountAsk:
    """Ask for the repository itself: its id, its count, whether it is there."""


#: A page number of the REST list, or the repository itself.
Ask = CountAsk | int


@dataclass(slots=True, eq=False)
class Collection:
    """A job that was claimed."""

    job: Job
    claim: Claim
    phase: Phase = Phase.COUNT
    listing: RestListing | None = None
    count_before: int | None = None
    count_after: int | None = None
    ended_by: answers.Outcome | Exception | None = None
    suspected: answers.Outcome | None = None
    in_flight: int = 0
    is_settling: bool = False
    #: Pages handed to the writer that are not known to be durable yet, oldest first.
    writes: deque[tuple[AsyncResult, PageWrite]] = field(default_factory=deque)
    #: Held while pages are accepted and handed to the writer, so that they arrive there in their order.
    order: RLock = field(default_factory=RLock)

    @property
    def key(self) -> str:
        return self.claim.repository.key

    @property
    def full_name(self) -> str:
        return self.claim.repository.full_name

    @property
    def is_finished(self) -> bool:
        """Nothing is in flight, and nothing is left to ask."""
        return self.in_flight == 0 and (self.ended_by is not None or self.phase is Phase.DONE)

    @property
    def progress(self) -> Progress:
        """The progress that holds once all accepted pages are stored."""
        return self.listing.progress if self.listing is not None else self.claim.progress

    def asks(self, pages_ahead: int) -> list[Ask]:
        """The calls that may go out now; ``pages_ahead`` pages at most are asked for and not durable yet (a kill costs that many)."""
        if self.ended_by is not None or self.is_settling:
            return []
        if self.phase is Phase.LIST and self.suspected is None:
            assert self.listing is not None
            return list(self.listing.asks(max(0, pages_ahead - self.in_flight - len(self.writes))))
        if self.phase is Phase.DONE or self.in_flight:
            return []
        return [CountAsk()]

    def learn(self, metadata: answers.Metadata) -> None:
        """Take over what the repository's own record says; GitHub's numeric id and present name win."""
        repository = replace(
            self.claim.repository,
            github_id=metadata.github_id,
            full_name=metadata.full_name,
            stars=metadata.stars,
            is_private=metadata.is_private,
        )
        self.claim = replace(self.claim, repository=repository)

    def end(self, outcome: answers.Outcome | Exception) -> None:
        """Ask nothing more; the first reason is the one that counts."""
        if self.ended_by is None:
            self.ended_by = outcome
