"""The repositories that an account owns or collaborates on: the ones whose stargazers GitHub lets
it list.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gitstars.execute.asks import Ask, OwnAsk
from gitstars.execute.reading import (
    BaseReading,
    Effect,
    Finished,
    Moment,
    SaveOwn,
)
from gitstars.fetch import answers
from gitstars.model import Account, Repository


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which repositories of an account's list are collected."""

    login: str
    include: frozenset[str]
    private: bool

    def holds(self, record: answers.Metadata) -> bool:
        """Whether this one is; what the account may only read is starred, or not wanted at all."""
        is_owned = record.full_name.partition("/")[0].lower() == self.login.lower()
        is_included = ("owned" if is_owned else "collaborating") in self.include
        is_open = (self.private or not record.is_private) and not record.is_disabled
        return is_included and is_open and record.may_list is not False


@dataclass(slots=True, eq=False)
class OwnReading(BaseReading):
    """``count`` repositories were found so far."""

    wanted: Wanted
    page: int = 1
    count: int = 0

    wants_known = False

    def asks(self) -> Sequence[Ask]:
        return (OwnAsk(self.page),) if self.is_free else ()

    def accept(
        self, ask: Ask, outcome: answers.Outcome, at: Moment, known: Collection[int] = ()
    ) -> Sequence[Effect]:
        answer = self.receive(outcome, answers.Repositories, at)
        if answer is None:
            return ()
        self.page += 1
        if not answer.has_next:
            self.end(Finished())
        records = [record for record in answer.repositories if self.wanted.holds(record)]
        found = [
            Repository(
                record.full_name,
                record.full_name,
                record.github_id,
                record.stars,
                record.is_private,
            )
            for record in records
        ]
        unsure = frozenset(record.github_id for record in records if record.may_list is None)
        self.count += len(found)
        is_last = not answer.has_next
        return (SaveOwn(self.job.user_id, found, is_last, unsure),)


def wanted_of(account: Account, include: frozenset[str], private: bool) -> Wanted:
    """Which repositories of the account's own list are collected."""
    return Wanted(account.login, include, private)
