"""What the tests of the execute stage share: claims, readings and answers, as they come at work."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from gitstars.execute.asks import Ask
from gitstars.execute.reading import (
    Effect,
    Moment,
    Reading,
    StorePage,
)
from gitstars.execute.readings.list import ListReading
from gitstars.execute.readings.means import Means
from gitstars.execute.readings.newest import NewestReading
from gitstars.fetch import answers
from gitstars.model import Claim, Job, Priority, Progress, Repository, Stargazer, Task

#: 2026-09-21T14:13:20Z, and a monotonic time that has nothing to do with it.
NOW, MONOTONIC = 1_790_000_000.0, 500.0
AT = Moment(NOW, MONOTONIC, 0.0)
HOUR, DAY, WEEK = 3600.0, 86_400.0, 604_800.0


def make_claim(
    full_name: str = "o/r",
    progress: Progress | None = None,
    github_id: int | None = 5,
    stars: int = 10,
    **rest: Any,
) -> Claim:
    """A repository that was just claimed."""
    repository = Repository(full_name, full_name, github_id, stars)
    lease_seconds = rest.pop("lease_seconds", 900.0)
    return Claim("row", repository, "me", progress or Progress(), lease_seconds, **rest)


def make_list(
    by_cursors: bool = False,
    claim: Claim | None = None,
    is_expected: bool = False,
    priority: int = Priority.EXISTING,
    **means: Any,
) -> ListReading:
    """A whole list; two stars are a page, unless told otherwise."""
    claim = claim or make_claim()
    return ListReading(
        Job(1, claim.repository, priority),
        claim,
        Means(by_cursors, **({"page_size": 2} | means)),
        is_expected=is_expected,
    )


def make_newest(by_cursors: bool, claim: Claim, **means: Any) -> NewestReading:
    """The newest stars of a complete list; a hundred stars are a page, unless told otherwise."""
    means = {"page_size": 100} | means
    return NewestReading(Job(1, claim.repository), claim, Means(by_cursors, **means))


def make_record(
    stars: int = 10, github_id: int = 5, full_name: str = "o/r", **rest: Any
) -> answers.Metadata:
    return answers.Metadata(github_id, full_name, stars, **rest)


def make_page(numbers: Iterable[int], has_next: bool = True, **rest: Any) -> answers.Page:
    """The stars of these users, who starred in the order of their numbers."""
    stars = tuple(
        Stargazer(
            n, f"user-{n}", "", "", f"2020-01-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z"
        )
        for n in numbers
    )
    return answers.Page(stars, rest.pop("ghosts", 0), has_next, **rest)


def make_job(task: Task, name: str = "o/r", priority: int = Priority.EXISTING) -> Job:
    return Job(1, Repository(name, name, 5, 10), priority, task=task)


def answer(
    reading: Reading,
    ask: Ask,
    outcome: answers.Outcome,
    known: Collection[int] = (),
    at: Moment = AT,
) -> Sequence[Effect]:
    """``ask``, which went out, comes back."""
    return reading.accept(ask, outcome, at, known)


def ask_and_answer(
    reading: Reading,
    ask: Ask,
    outcome: answers.Outcome,
    known: Collection[int] = (),
    at: Moment = AT,
) -> Sequence[Effect]:
    """``ask`` goes out and comes back; it has to be one of those that may go out."""
    assert ask in reading.asks()
    reading.start(ask)
    return answer(reading, ask, outcome, known, at)


def users(effects: Iterable[Effect]) -> list[list[int]]:
    """The users of each page that is to be stored."""
    return [
        [user.github_id for user in effect.write.stargazers]
        for effect in effects
        if isinstance(effect, StorePage)
    ]
