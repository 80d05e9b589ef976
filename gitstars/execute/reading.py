"""Work on its way, as the loop of an account sees it: what it asks, what an answer changes, why it
ended. Readings do no I/O; what has to be stored they return as effects.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from gitstars.clock import backoff_seconds
from gitstars.execute.asks import Ask
from gitstars.fetch.answers import Outcome, Transient
from gitstars.model import (
    Account,
    FollowedOwner,
    Job,
    PageWrite,
    Repository,
    Starred,
    Week,
)

#: An ask that fails this often in a row ends its reading.
TRIES = 6
#: Pauses before an ask that failed goes out again: this, doubled each time, up to the cap
#: (seconds).
PAUSE_SECONDS, PAUSE_CAP_SECONDS = 0.5, 20.0


# What has to be stored, or queued, because of an answer.


@dataclass(frozen=True, slots=True)
class StorePage:
    """A page of stars; it is durable when the writer says so."""

    write: PageWrite


@dataclass(frozen=True, slots=True)
class SaveWeeks:
    """A page of weeks, and where the history stands once they are stored."""

    repository: Repository
    weeks: Sequence[Week]
    progress: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SaveCounts:
    """``counts`` of restricted repositories by key, and complete ones that did not change."""

    counts: Mapping[str, int]
    unchanged: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SaveOwn:
    """Repositories that the account owns or collaborates on, to be kept and queued; ``is_last``:
    that is all. ``unsure`` are the GitHub ids of those of which nobody knows whether it may list
    them.
    """

    user_id: int
    repositories: Sequence[Repository]
    is_last: bool
    unsure: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class SaveStarred:
    """New repositories that the account starred, to be kept and queued. ``next_page``: where an
    interrupted reading of all of them goes on (a page of REST or a cursor of GraphQL); None: the
    reading came to its end.

    ``whole`` are the GitHub ids of all that it starred, where the reading saw all of them at its
    end: what else is stored was taken back.
    """

    account: Account
    stars: Sequence[Starred]
    next_page: int | str | None
    whole: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class SaveFollowed:
    """Repositories of an owner that is followed, to be kept and queued; ``is_last``: the owner's
    turn is over. ``whole`` are all of its repositories; None: they are not known.
    """

    user_id: int
    owner: FollowedOwner
    repositories: Sequence[Repository]
    is_last: bool = False
    whole: Sequence[Repository] | None = None


@dataclass(frozen=True, slots=True)
class QueueJob:
    """More work."""

    job: Job


Effect = StorePage | SaveWeeks | SaveCounts | SaveOwn | SaveStarred | SaveFollowed | QueueJob


@dataclass(frozen=True, slots=True)
class Finished:
    """Nothing is left to ask: the reading came to its end."""


#: Why nothing more is asked: the end, the outcome that forbids more, or what went wrong here.
Why = Finished | Outcome | Exception

T = TypeVar("T")


@dataclass(slots=True)
class Attempts:
    """How often an ask failed in a row, and when it may go out again (monotonic seconds)."""

    failures: int = 0
    not_before: float = 0.0

    @property
    def is_used_up(self) -> bool:
        return self.failures >= TRIES

    def fail(self, now: float, chance: float) -> None:
        """It failed once more; ``chance`` in [0, 1) is the jitter."""
        pause = backoff_seconds(self.failures, PAUSE_SECONDS, PAUSE_CAP_SECONDS, chance)
        self.failures += 1
        self.not_before = now + pause

    def succeed(self) -> None:
        self.failures, self.not_before = 0, 0.0


@dataclass(frozen=True, slots=True)
class Moment:
    """When an answer is taken in: wall and monotonic seconds, and a number in [0, 1) for jitter."""

    now: float
    monotonic: float
    chance: float = 0.5


@dataclass(slots=True, eq=False)
class BaseReading:
    """What every kind of work keeps. One ask is on its way at a time, unless a kind says otherwise.

    ``ended_by`` is why nothing more is asked (None: it goes on), ``in_flight`` counts the asks that
    were not answered yet.
    """

    job: Job
    ended_by: Why | None = field(default=None, init=False)
    in_flight: int = field(default=0, init=False)
    attempts: Attempts = field(default_factory=Attempts, init=False)

    def start(self, ask: Ask) -> None:
        self.in_flight += 1

    def give_up(self, ask: Ask) -> None:
        self.in_flight -= 1

    def end(self, why: Why) -> None:
        if self.ended_by is None:
            self.ended_by = why

    def may_try_again(self, at: Moment) -> bool:
        """An ask failed in a way that may pass; whether it goes out again, after a pause."""
        self.attempts.fail(at.monotonic, at.chance)
        return not self.attempts.is_used_up

    def receive(self, outcome: Outcome, wanted: type[T], at: Moment) -> T | None:
        """The answer to the one ask on its way, where it is what was ``wanted``; anything else is
        asked again after a pause, or ends the reading, and None is returned.
        """
        self.in_flight -= 1
        if isinstance(outcome, Transient) and self.may_try_again(at):
            return None
        if not isinstance(outcome, wanted):
            self.end(outcome)
            return None
        self.attempts.succeed()
        return outcome

    @property
    def is_free(self) -> bool:
        """Whether the next ask may go out: nothing is on its way, and it has not ended."""
        return self.ended_by is None and not self.in_flight


class Reading(Protocol):
    """One kind of work. A call at a time is asked, so that pausing, stopping, budgets and
    priorities hold for each of them. ``BaseReading`` has most of it.
    """

    job: Job
    ended_by: Why | None
    in_flight: int
    attempts: Attempts

    def asks(self) -> Sequence[Ask]:
        """What may be asked now, as far as the reading itself is concerned; each is a page of its
        own, but for a beginning that two routes can make: the first one that may go out does.
        """
        ...

    def start(self, ask: Ask) -> None:
        """``ask`` goes out."""
        ...

    def give_up(self, ask: Ask) -> None:
        """The call said nothing about ``ask``: it may be asked again."""
        ...

    def accept(
        self, ask: Ask, outcome: Outcome, at: Moment, known: Collection[int] = ()
    ) -> Sequence[Effect]:
        """Take in what became of ``ask``; what has to be stored or queued because of it.

        ``known`` are the users of a page whose stars are stored, where ``wants_known``.
        """
        ...

    def end(self, why: Why) -> None:
        """Ask nothing more; the first reason is the one that counts."""
        ...
