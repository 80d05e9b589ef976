"""The public repositories of owners that are followed, one owner after the other."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from gitstars.execute.asks import Ask, OwnerAsk
from gitstars.execute.reading import (
    BaseReading,
    Effect,
    Finished,
    Moment,
    SaveFollowed,
)
from gitstars.fetch import answers
from gitstars.model import FollowedOwner, Repository


@dataclass(slots=True, eq=False)
class FollowedReading(BaseReading):
    """``owners`` are yet to be read, the first one from ``page`` on; ``found`` are its repositories
    so far, ``count`` those of all.
    """

    owners: list[FollowedOwner]
    page: int = 1
    count: int = 0
    found: list[Repository] = field(default_factory=list, init=False)

    wants_known = False

    def asks(self) -> Sequence[Ask]:
        return (OwnerAsk(self.owners[0], self.page),) if self.is_free else ()

    def accept(
        self, ask: Ask, outcome: answers.Outcome, at: Moment, known: Collection[int] = ()
    ) -> Sequence[Effect]:
        if isinstance(outcome, answers.Missing):
            # The owner is gone, or has another name: what is stored of it stays followed.
            self.in_flight -= 1
            self.attempts.succeed()
            return (self._turn(()),)
        answer = self.receive(outcome, answers.Repositories, at)
        if answer is None:
            return ()
        owner_id = self.owners[0].owner_id
        page = [
            Repository(
                record.full_name, record.full_name, record.github_id, record.stars, is_private=False
            )
            for record in answer.repositories
            # A name that was given up may be another person's by now.
            if record.owner_id == owner_id and not record.is_private and not record.is_disabled
        ]
        self.count += len(page)
        if answer.has_next:
            self.page += 1
            self.found += page
            return (SaveFollowed(self.job.user_id, self.owners[0], page),)
        whole = (*self.found, *page)
        return (self._turn(page, whole),)

    def _turn(
        self, page: Sequence[Repository], whole: Sequence[Repository] | None = None
    ) -> SaveFollowed:
        """The next owner; what follows from the last page of this one."""
        owner = self.owners.pop(0)
        self.page, self.found = 1, []
        if not self.owners:
            self.end(Finished())
        return SaveFollowed(self.job.user_id, owner, page, is_last=True, whole=whole)
