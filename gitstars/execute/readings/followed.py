"""The public repositories of owners that are followed, one owner after the other."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from gitstars.execute.asks import Ask, OwnerAsk, RecordAsk
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
    so far, ``count`` those of all. ``is_lost``: the first one has another login by now, which one
    of its repositories tells.
    """

    owners: list[FollowedOwner]
    page: int = 1
    count: int = 0
    found: list[Repository] = field(default_factory=list, init=False)
    is_lost: bool = field(default=False, init=False)

    wants_known = False

    def asks(self) -> Sequence[Ask]:
        if not self.is_free:
            return ()
        owner = self.owners[0]
        return (RecordAsk(owner.known[0]) if self.is_lost else OwnerAsk(owner, self.page),)

    def accept(
        self, ask: Ask, outcome: answers.Outcome, at: Moment, known: Collection[int] = ()
    ) -> Sequence[Effect]:
        if isinstance(ask, RecordAsk):
            return self._accept_record(outcome, at)
        if isinstance(outcome, answers.Missing):
            # The owner is gone, or has another name.
            self.in_flight -= 1
            self.attempts.succeed()
            return self._look_for_owner()
        answer = self.receive(outcome, answers.Repositories, at)
        if answer is None:
            return ()
        owner_id = self.owners[0].owner_id
        is_anothers = all(record.owner_id != owner_id for record in answer.repositories)
        if self.page == 1 and answer.repositories and is_anothers:
            # Somebody else took the name over.
            return self._look_for_owner()
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

    def _look_for_owner(self) -> Sequence[Effect]:
        """The owner's login leads to it no more. Where no repository tells another one, what is
        stored of the owner stays followed.
        """
        self.is_lost = bool(self.owners[0].known)
        return () if self.is_lost else (self._turn(()),)

    def _accept_record(self, outcome: answers.Outcome, at: Moment) -> Sequence[Effect]:
        owner = self.owners[0]
        if isinstance(outcome, answers.Transient):
            self.receive(outcome, answers.Metadata, at)
            return ()
        self.in_flight -= 1
        self.attempts.succeed()
        login = owner.login
        if isinstance(outcome, answers.Metadata) and outcome.owner_id == owner.owner_id:
            login = outcome.full_name.partition("/")[0]
        self.is_lost = False
        if login.lower() == owner.login.lower():
            # This one is gone, moved, or says what is known.
            self.owners[0] = replace(owner, known=owner.known[1:])
            return self._look_for_owner()
        self.owners[0] = replace(owner, login=login, known=())
        return ()

    def _turn(
        self, page: Sequence[Repository], whole: Sequence[Repository] | None = None
    ) -> SaveFollowed:
        """The next owner; what follows from the last page of this one."""
        owner = self.owners.pop(0)
        self.page, self.found = 1, []
        if not self.owners:
            self.end(Finished())
        return SaveFollowed(self.job.user_id, owner, page, is_last=True, whole=whole)
