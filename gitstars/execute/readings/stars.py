"""What the two readings of a claimed repository share: its record, its count before and after,
a refusal that the record has to explain, and pages on their way to the database.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from gitstars.execute.asks import Ask, RecordAsk
from gitstars.execute.reading import (
    BaseReading,
    Effect,
    Finished,
    Moment,
    StorePage,
)
from gitstars.execute.readings.means import Means, Phase, Seen
from gitstars.fetch import answers
from gitstars.fetch.classify import decide_missing_list
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.listing.graph import GraphListing
from gitstars.fetch.listing.protocol import Listing, PageAsk
from gitstars.fetch.listing.rest import RestListing
from gitstars.model import Claim, PageWrite, Progress, Resource

#: Endings that say nothing against a page that is on its way: it is stored, and never asked again.
KEEPS_PAGES = answers.ABOUT_THE_CALL


@dataclass(slots=True, eq=False)
class StarsReading(BaseReading, ABC):
    """A claimed repository on its way. ``unstored`` pages were handed to the writer and are not
    known to be durable yet.
    """

    claim: Claim
    means: Means
    phase: Phase = Phase.RECORD
    listing: Listing | None = None
    seen: Seen = field(default_factory=Seen)
    #: A refusal or 404 that the repository's own record has to explain.
    suspicion: answers.Missing | answers.Refused | answers.Withheld | None = None
    unstored: int = 0
    #: GitHub is known to give this list to this account.
    is_expected: bool = False
    #: The name was met to be another repository's.
    is_renamed: bool = False

    #: Whether ``accept`` needs to know which users of a page are stored.
    wants_known = False

    def __post_init__(self) -> None:
        if self.means.by_cursors:
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
        """The whole reading that the pages belong to; None: they belong to none."""
        return self.claim.generation + 1

    @property
    def needed(self) -> Resource:
        """The budget that the next call costs."""
        wants_list = self.phase is Phase.LIST and self.suspicion is None
        return Resource.GRAPHQL if wants_list and self.means.by_cursors else Resource.CORE

    @property
    def progress(self) -> Progress:
        """The progress that holds once all accepted pages are stored."""
        return self.claim.progress if self.listing is None else self.listing.progress

    def asks(self) -> Sequence[Ask]:
        if self.ended_by is not None:
            return ()
        if self.phase is Phase.LIST and self.suspicion is None and self.listing is not None:
            return self.listing.asks(self._room(self.listing))
        if self.phase is Phase.DONE or self.in_flight:
            return ()
        return (RecordAsk(self.claim.repository.github_id or self.full_name),)

    def start(self, ask: Ask) -> None:
        BaseReading.start(self, ask)
        if isinstance(ask, PageAsk | GraphAsk) and self.listing is not None:
            self.listing.start(ask)

    def give_up(self, ask: Ask) -> None:
        BaseReading.give_up(self, ask)
        self._take_back(ask)

    def accept(
        self, ask: Ask, outcome: answers.Outcome, at: Moment, known: Collection[int] = ()
    ) -> Sequence[Effect]:
        self.in_flight -= 1
        if isinstance(outcome, answers.Page) and isinstance(ask, PageAsk | GraphAsk):
            self.attempts.succeed()
            return self._accept_page(ask, outcome, known)
        self._take_back(ask)
        if isinstance(outcome, answers.Transient | answers.Garbage):
            self.attempts.fail(at.monotonic, at.chance)
            if self._goes_on(ask):
                return ()
        self._accept_other(ask, outcome)
        return ()

    def learn_token(self, may_list: bool | None) -> None:
        """What is known by now of the token's scopes."""
        self.means = replace(self.means, may_token_list=may_list)

    def stored(self) -> None:
        """One more page is durable."""
        self.unstored -= 1

    def learn(self, record: answers.Metadata | None) -> None:
        """Take over what the repository's own record says; GitHub's numeric id and present name
        win.
        """
        if record is None:
            return
        self.seen = replace(self.seen, record=record)
        repository = replace(
            self.claim.repository,
            github_id=record.github_id,
            full_name=record.full_name,
            stars=record.stars,
            is_private=record.is_private,
        )
        self.claim = replace(self.claim, repository=repository)
        if record.is_private and not self.means.may_collect_private:
            text = "private repositories are collected only with collect.private"
            self.end(answers.Refused("private", text, record))

    def read_by_pages(self, may_begin_anew: bool = True) -> bool:
        """Go on by page numbers, where that is possible; whether it is. A list that was read from
        both ends has to begin anew.

        It begins with the repository's record, which tells the count before.
        """
        if self.ended_by is not None:
            return False
        if self.listing is None or not self.means.by_cursors or self.in_flight or self.unstored:
            return False
        progress = self.listing.progress_for_pages(self.means.page_size)
        if progress is None:
            return False
        if progress.processed < self.progress.processed and not may_begin_anew:
            return False
        self.means = replace(self.means, by_cursors=False)
        self.claim = replace(self.claim, progress=progress)
        self.phase, self.listing = Phase.RECORD, None
        self.seen = Seen()
        self.attempts.succeed()
        return True

    # What the two kinds of reading differ in

    @abstractmethod
    def _make_listing(self, progress: Progress) -> Listing: ...

    @abstractmethod
    def _finish_listing(self, ask: PageAsk | GraphAsk) -> None: ...

    # Inside

    def _take_back(self, ask: Ask) -> None:
        if isinstance(ask, PageAsk | GraphAsk) and self.listing is not None:
            self.listing.give_up(ask)

    def _room(self, listing: Listing) -> int:
        """How many pages may be asked for; a kill costs those that are not durable."""
        if isinstance(listing, GraphListing):
            # By cursors the next page goes on from one that is stored, at each of two ends.
            return 0 if self.unstored else 2 - self.in_flight
        early = listing.early_pages if isinstance(listing, RestListing) else 0
        return max(0, self.means.pages_ahead - self.in_flight - self.unstored - early)

    def _goes_on(self, ask: Ask) -> bool:
        """Whether an ask that failed goes out again: later, for fewer stars, or another way."""
        if isinstance(ask, GraphAsk) and self.listing is not None:
            return self.listing.narrow() or self.read_by_pages() or not self.attempts.is_used_up
        return not self.attempts.is_used_up

    def _accept_other(self, ask: Ask, outcome: answers.Outcome) -> None:
        """Anything but a page."""
        is_record = isinstance(ask, RecordAsk)
        match outcome:
            case answers.Metadata() if is_record:
                self.attempts.succeed()
                self._accept_record(outcome)
            case answers.Missing(text=text):
                if is_record:
                    self.end(answers.Gone("deleted", text))
                else:
                    self.suspicion = outcome
            case answers.Refused() | answers.Withheld() if not is_record:
                record = outcome.repository or self.seen.record
                if record is None:
                    self.suspicion = outcome
                else:
                    self.learn(record)
                    self.end(replace(outcome, repository=self.seen.record))
            case _:
                self.end(outcome)

    def _accept_record(self, record: answers.Metadata) -> None:
        suspicion = self.suspicion
        if record.is_disabled:
            self.end(answers.Gone("disabled", "GitHub disabled this repository"))
        elif suspicion is not None:
            self.learn(record)
            if isinstance(suspicion, answers.Missing):
                text = "the list answers 404 while the repository is there"
                self.end(self._explain_missing("not_found", text, record))
            else:
                self.end(replace(suspicion, repository=record))
        elif self.phase is Phase.RECORD:
            self.learn(record)
            self.seen = replace(self.seen, count_before=record.stars)
            progress = replace(self.claim.progress, total_stargazers=record.stars)
            self.listing = self._make_listing(progress)
            self.phase = Phase.LIST
        else:
            self.seen = replace(self.seen, record=record, count_after=record.stars)
            self._finish()

    def _accept_page(
        self, ask: PageAsk | GraphAsk, page: answers.Page, known: Collection[int]
    ) -> Sequence[Effect]:
        record = page.repository
        if record is not None and self.claim.repository.github_id not in (None, record.github_id):
            self._look_up_name()
            return ()
        if record is not None:
            if self.seen.count_before is None:
                self.learn(record)
                self.seen = replace(self.seen, count_before=record.stars)
            self.seen = replace(self.seen, record=record, count_after=record.stars)
        if self.listing is None:
            return ()
        if isinstance(ask, PageAsk):
            self._end_if_missing(ask, page)
        if self.ended_by is not None and not isinstance(self.ended_by, KEEPS_PAGES):
            return ()
        ready = self.listing.accept(ask, page, known)
        writes = [
            StorePage(PageWrite(self.claim, one.stargazers, one.progress, self.generation))
            for one in ready
        ]
        self.unstored += len(writes)
        if self.listing.is_done:
            self._finish_listing(ask)
        return writes

    def _look_up_name(self) -> None:
        """The name is another repository's by now: the numeric id tells the one that is meant."""
        if self.is_renamed:
            name = self.full_name
            self.end(answers.Transient(f"GitHub gives two repositories the name {name} at once"))
        self.is_renamed = True
        self.phase, self.listing = Phase.RECORD, None

    def _end_if_missing(self, ask: PageAsk, page: answers.Page) -> None:
        """An empty first page proves nothing while the repository has stars. By cursors the
        classifier has seen to it.
        """
        record, may_token_list = self.seen.record, self.means.may_token_list
        if ask.number == 1 and record is not None:
            missing = decide_missing_list(page, record, True, may_token_list)
            if missing is not None:
                self.end(missing)

    def _explain_missing(
        self, face: str, text: str, record: answers.Metadata
    ) -> answers.Refused | answers.Withheld:
        """A list is missing: for those who may read it that passes, for others it is a refusal."""
        if record.may_list and self.means.may_token_list is not False:
            return answers.Withheld(text, record)
        return answers.Refused(face, text, record)

    def _finish(self) -> None:
        self.phase = Phase.DONE
        self.end(Finished())
