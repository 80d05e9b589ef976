"""The repositories that an account starred, where gitstars keeps its stars in step."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from gitstars.execute.reading import (
    Ask,
    BaseReading,
    Effect,
    Finished,
    Moment,
    SaveStarred,
    StarredAsk,
)
from gitstars.fetch import answers
from gitstars.model import Account

#: So many stars in a row that are stored already end a reading of the newest ones: what changes
#: further down is found by the next reading of all of them.
KNOWN_IN_A_ROW = 100


@dataclass(slots=True, eq=False)
class StarredReading(BaseReading):
    """``known`` are the GitHub ids of the repositories whose star is stored. ``is_whole``: all are
    read, else the newest ones. ``page`` is the next one; ``new`` counts what was found.
    """

    account: Account
    known: frozenset[int]
    is_whole: bool
    page: int = 1
    new: int = 0
    #: What a reading of all of them saw; None where it goes on in the middle, or reads the newest.
    seen: set[int] | None = field(default=None, init=False)
    known_in_a_row: int = field(default=0, init=False)

    wants_known = False

    def __post_init__(self) -> None:
        if self.is_whole and self.page == 1:
            self.seen = set()

    def asks(self) -> Sequence[Ask]:
        return (StarredAsk(self.page),) if self.is_free else ()

    def accept(
        self, ask: Ask, outcome: answers.Outcome, at: Moment, known: Collection[int] = ()
    ) -> Sequence[Effect]:
        answer = self.receive(outcome, answers.StarredRepositories, at)
        if answer is None:
            return ()
        self.page += 1
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
        if answer.has_next and not is_caught_up:
            return (SaveStarred(self.account, found, self.page),)
        self.end(Finished())
        whole = None if self.seen is None else frozenset(self.seen)
        return (SaveStarred(self.account, found, None, whole),)
