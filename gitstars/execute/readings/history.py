"""The weekly star history of one repository, newest week first, a page at a time.

Its days are not UTC days, and its weeks count only the stars that are still there: old weeks shrink
when stars are taken back. So the newest weeks are looked at daily, and all of it is read again
monthly, and when the stored sum and the repository's count differ by more than a few.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from gitstars.execute.asks import Ask, WeeksAsk
from gitstars.execute.reading import (
    BaseReading,
    Effect,
    Finished,
    Moment,
    SaveWeeks,
)
from gitstars.fetch import answers
from gitstars.model import Week
from gitstars.store.history import StoredHistory

#: All weeks are read again after this long (seconds).
WHOLE_SECONDS = 30 * 86_400.0
#: The stored sum and the count of a repository may differ by this much: the two are counted apart.
TOLERATED_STARS = 5


def is_whole_due(stored: StoredHistory, now: float) -> bool:
    """Whether every week is to be read, and not only the newest ones."""
    if not stored.is_complete or stored.read_at is None or stored.read_at + WHOLE_SECONDS <= now:
        return True
    return stored.count is not None and abs(stored.count - stored.total) > TOLERATED_STARS


@dataclass(slots=True, eq=False)
class HistoryReading(BaseReading):
    """``weeks`` were stored so far."""

    stored: StoredHistory
    is_whole: bool
    page: int = 1
    weeks: int = 0

    wants_known = False

    def __post_init__(self) -> None:
        # One that was interrupted goes on; a complete one is looked at from its newest week.
        self.page = 1 if self.stored.is_complete else self.stored.next_page

    def asks(self) -> Sequence[Ask]:
        if not self.is_free:
            return ()
        repository = self.job.repository
        etag = None if self.is_whole or self.page > 1 else self.stored.etag
        return (WeeksAsk(repository.github_id or repository.full_name, self.page, etag),)

    def accept(
        self, ask: Ask, outcome: answers.Outcome, at: Moment, known: Collection[int] = ()
    ) -> Sequence[Effect]:
        self.in_flight -= 1
        match outcome:
            case answers.Weeks():
                self.attempts.succeed()
                return self._accept_weeks(outcome, at.now)
            case answers.Transient() if self.may_try_again(at):
                return ()
            case answers.Transient() | answers.RouteMissing():
                # The next scan asks again.
                self.end(outcome)
                return ()
            case answers.NotModified():
                self.end(Finished())
            case _:
                self.end(outcome)
        # That it was looked at is kept, so that not every scan asks again.
        return (self._save((), 1, self.stored.is_complete, at.now),)

    def _accept_weeks(self, page: answers.Weeks, now: float) -> Sequence[Effect]:
        known = None if self.is_whole else self.stored.newest_week
        is_known = known is not None and any(week.week < known for week in page.weeks)
        is_end = is_known or not page.has_next
        if self.page == 1:
            self.stored = replace(self.stored, etag=page.etag)
        if is_end and self.is_whole:
            self.stored = replace(self.stored, read_at=now)
        self.weeks += len(page.weeks)
        self.page += 1
        if is_end:
            self.end(Finished())
        is_complete = is_end or (self.stored.is_complete and not self.is_whole)
        return (self._save(page.weeks, self.page, is_complete, now),)

    def _save(
        self, weeks: Sequence[Week], next_page: int, is_complete: bool, now: float
    ) -> SaveWeeks:
        stands = {
            "next_page": next_page,
            "is_complete": is_complete,
            "checked_at": now,
            "read_at": self.stored.read_at,
            "etag": self.stored.etag,
        }
        return SaveWeeks(self.job.repository, weeks, stands)
