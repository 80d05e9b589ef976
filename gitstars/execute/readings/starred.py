"""The repositories that an account starred, where gitstars keeps its stars in step."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from gitstars.execute.asks import Ask, StarredAsk, StarredGraphAsk
from gitstars.execute.reading import (
    BaseReading,
    Effect,
    Finished,
    Moment,
    SaveStarred,
)
from gitstars.fetch import answers
from gitstars.model import Account, Resource

#: So many stars in a row that are stored already end a reading of the newest ones: what changes
#: further down is found by the next reading of all of them.
KNOWN_IN_A_ROW = 100


@dataclass(slots=True, eq=False)
class StarredReading(BaseReading):
    """``known`` are the GitHub ids of the repositories whose star is stored. ``is_whole``: all are
    read, else the newest ones. ``next_page`` is a page of REST or a cursor of GraphQL; None: the
    beginning. ``by_query``: GraphQL may be asked. ``new`` counts what was found.
    """

    account: Account
    known: frozenset[int]
    is_whole: bool
    next_page: int | str | None = None
    by_query: bool = False
    new: int = 0
    #: What a reading of all of them saw; None where it goes on in the middle, or reads the newest.
    seen: set[int] | None = field(default=None, init=False)
    known_in_a_row: int = field(default=0, init=False)

    wants_known = False

    def __post_init__(self) -> None:
        is_foreign = isinstance(self.next_page, str) and not self.by_query
        if self.next_page is None or is_foreign:
            self._begin()

    def _begin(self) -> None:
        self.next_page, self.new, self.known_in_a_row = None, 0, 0
        self.seen = set() if self.is_whole else None

    @property
    def needed(self) -> Resource:
        """The budget without which it cannot go on."""
        return Resource.GRAPHQL if isinstance(self.next_page, str) else Resource.CORE

    def asks(self) -> Sequence[Ask]:
        if not self.is_free:
            return ()
        match self.next_page:
            case str(cursor):
                return (StarredGraphAsk(cursor),)
            case int(page):
                return (StarredAsk(page),)
        return (StarredGraphAsk(), StarredAsk(1)) if self.by_query else (StarredAsk(1),)

    def accept(
        self, ask: Ask, outcome: answers.Outcome, at: Moment, known: Collection[int] = ()
    ) -> Sequence[Effect]:
        was_open = self.ended_by is None
        answer = self.receive(outcome, answers.StarredRepositories, at)
        after = self._find_next(ask, answer)
        if isinstance(ask, StarredGraphAsk) and was_open:
            is_endless = after is not None and after == ask.after
            is_lost = answer is not None and (answer.is_cut_off or is_endless)
            if is_lost or self.ended_by is not None:
                # GraphQL has no such list, or not all of it: REST lists it from its beginning.
                self.ended_by, self.by_query = None, False
                self.attempts.succeed()
                self._begin()
                return ()
        if answer is None:
            return ()
        found = []
        for star in answer.stars:
            github_id = star.repository.github_id
            assert github_id is not None
            is_known = github_id in self.known
            self.known_in_a_row = self.known_in_a_row + 1 if is_known else 0
            if not is_known:
                found.append(star)
            if self.seen is not None:
                self.seen.add(github_id)
        self.new += len(found)
        is_caught_up = not self.is_whole and self.known_in_a_row >= KNOWN_IN_A_ROW
        if self.seen is not None and answer.hidden:
            # Nobody knows which ones are not shown: none of those that are stored was taken back.
            self.seen |= self.known
        if after is not None and not is_caught_up:
            self.next_page = after
            return (SaveStarred(self.account, found, after),)
        self.end(Finished())
        whole = None if self.seen is None else frozenset(self.seen)
        return (SaveStarred(self.account, found, None, whole),)

    @staticmethod
    def _find_next(ask: Ask, answer: answers.StarredRepositories | None) -> int | str | None:
        """Where the page behind this one is; None: there is none."""
        if answer is None or not answer.has_next:
            return None
        return ask.page + 1 if isinstance(ask, StarredAsk) else answer.end_cursor
