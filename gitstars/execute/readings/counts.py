"""The counts of many repositories at once: complete lists that did not change need no reading,
restricted ones keep a true count.
"""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gitstars.execute.asks import Ask, CountsAsk, RecordAsk
from gitstars.execute.reading import (
    BaseReading,
    Effect,
    Finished,
    Moment,
    QueueJob,
    SaveCounts,
)
from gitstars.fetch import answers
from gitstars.model import Job, Priority, Status
from gitstars.store.starred import RepositoryState

#: Repositories counted by one GraphQL query, for one point.
COUNTED_AT_ONCE = 100


@dataclass(slots=True, eq=False)
class CountsReading(BaseReading):
    """``due`` are the repositories still to be counted, in the groups in which they are asked."""

    due: deque[tuple[RepositoryState, ...]]
    by_query: bool
    changed: int = 0

    wants_known = False

    def asks(self) -> Sequence[Ask]:
        if not self.is_free or not self.due:
            return ()
        group = self.due[0]
        if self.by_query:
            return (CountsAsk(tuple(state.repository.full_name for state in group)),)
        repository = group[0].repository
        return (RecordAsk(repository.github_id or repository.full_name, group[0].etag),)

    def accept(
        self, ask: Ask, outcome: answers.Outcome, at: Moment, known: Collection[int] = ()
    ) -> Sequence[Effect]:
        """The record of one repository, asked by REST."""
        self.in_flight -= 1
        if isinstance(outcome, answers.Transient) and self.may_try_again(at):
            return ()
        return self._take_in((outcome,))

    def accept_counts(self, answer: answers.GraphAnswer, at: Moment) -> Sequence[Effect]:
        """The records of a group, asked in one query; a group that was too much is halved."""
        self.in_flight -= 1
        group = self.due[0]
        if answer.has_failed:
            self.attempts.fail(at.monotonic, at.chance)
            if len(group) > 1:
                middle = len(group) // 2
                self.due.popleft()
                self.due.extendleft((group[middle:], group[:middle]))
                return ()
            if not self.attempts.is_used_up:
                return ()
        return self._take_in(answer.outcomes)

    def _take_in(self, outcomes: Sequence[answers.Outcome]) -> Sequence[Effect]:
        """What the counts of the first group say; it is done."""
        self.attempts.succeed()
        counts: dict[str, int] = {}
        unchanged: list[str] = []
        effects: list[Effect] = []
        for state, outcome in zip(self.due.popleft(), outcomes, strict=True):
            key, is_restricted = state.repository.key, state.status is Status.RESTRICTED
            if isinstance(outcome, answers.Missing | answers.Gone) or (
                isinstance(outcome, answers.Metadata)
                and state.repository.github_id not in (None, outcome.github_id)
            ):
                # Gone, or the name is another repository's: its own record, by the numeric id,
                # tells.
                effects.append(self._queue(state, force=is_restricted))
            elif is_restricted and isinstance(outcome, answers.Metadata):
                counts[key] = outcome.stars
            elif is_restricted and isinstance(outcome, answers.Refused | answers.NotModified):
                # What nobody told is not written as zero.
                if state.count is not None:
                    counts[key] = state.count
            elif is_unchanged(state, outcome) or isinstance(outcome, answers.Refused):
                unchanged.append(key)
            elif isinstance(outcome, answers.Metadata):
                effects.append(self._queue(state))
        self.changed += len(effects)
        if not self.due:
            self.end(Finished())
        return (SaveCounts(counts, unchanged), *effects)

    def _queue(self, state: RepositoryState, force: bool = False) -> QueueJob:
        return QueueJob(Job(self.job.user_id, state.repository, Priority.REFRESH, force=force))


def group_states(
    states: Sequence[RepositoryState], by_query: bool
) -> deque[tuple[RepositoryState, ...]]:
    """The repositories in the groups in which they are asked for."""
    size = COUNTED_AT_ONCE if by_query else 1
    return deque(tuple(states[start : start + size]) for start in range(0, len(states), size))


def is_unchanged(state: RepositoryState, outcome: answers.Outcome) -> bool:
    """Whether a complete list is what it was: the same count, and GitHub's record was not touched
    since.
    """
    match outcome:
        case answers.NotModified():
            return True
        case answers.Metadata(stars=stars, updated_at=updated_at):
            is_same = updated_at is not None and updated_at == state.updated_at
            return is_same and stars == state.count
    return False
