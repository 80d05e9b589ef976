"""The counts of many repositories at once, and what each of them needs because of its count."""

from collections.abc import Sequence

import pytest

from gitstars.execute.asks import CountsAsk, RecordAsk
from gitstars.execute.reading import (
    TRIES,
    Effect,
    Finished,
    QueueJob,
    SaveCounts,
)
from gitstars.execute.readings.counts import CountsReading, group_states, is_unchanged
from gitstars.fetch import answers
from gitstars.model import Job, Priority, Repository, Resource, Status, Task
from gitstars.store.starred import RepositoryState
from tests.execute.making import AT, ask_and_answer, make_job, make_record

BEFORE, SINCE = "2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z"


def make_state(
    number: int,
    status: Status = Status.COMPLETED,
    count: int | None = 300,
    etag: str | None = None,
) -> RepositoryState:
    name = f"o/{number}"
    repository = Repository(name, name, number, count or 0)
    return RepositoryState(repository, status, count=count, updated_at=BEFORE, etag=etag)


def make_counts(*states: RepositoryState, by_query: bool = True) -> CountsReading:
    job = make_job(Task.COUNTS, "all", Priority.REFRESH)
    return CountsReading(job, group_states(states, by_query), by_query)


def record(number: int, stars: int = 300, updated_at: str | None = BEFORE) -> answers.Metadata:
    return make_record(stars, number, f"o/{number}", updated_at=updated_at)


def ask_query(
    reading: CountsReading, *outcomes: answers.Outcome, has_failed: bool = False
) -> Sequence[Effect]:
    """The next query goes out and comes back."""
    (ask,) = reading.asks()
    reading.start(ask)
    return reading.accept_counts(answers.GraphAnswer(outcomes, has_failed=has_failed), AT)


def fail_query(reading: CountsReading) -> Sequence[Effect]:
    (ask,) = reading.asks()
    assert isinstance(ask, CountsAsk)
    outcomes = [answers.Transient("HTTP 502")] * len(ask.full_names)
    return ask_query(reading, *outcomes, has_failed=True)


def asked_names(reading: CountsReading) -> list[str]:
    return [name for ask in reading.asks() for name in getattr(ask, "full_names", ())]


# Whether a list changed


@pytest.mark.parametrize(
    ("count", "updated_at", "outcome", "expected"),
    [
        (300, BEFORE, answers.Metadata(5, "o/r", 300, updated_at=BEFORE), True),
        (0, BEFORE, answers.Metadata(5, "o/r", 0, updated_at=BEFORE), True),
        (300, BEFORE, answers.NotModified(), True),
        (300, BEFORE, answers.Metadata(5, "o/r", 301, updated_at=BEFORE), False),
        (300, BEFORE, answers.Metadata(5, "o/r", 299, updated_at=BEFORE), False),
        (300, BEFORE, answers.Metadata(5, "o/r", 300, updated_at=SINCE), False),
        (300, BEFORE, answers.Metadata(5, "o/r", 300, updated_at=None), False),
        (300, None, answers.Metadata(5, "o/r", 300, updated_at=BEFORE), False),
        (300, None, answers.Metadata(5, "o/r", 300, updated_at=None), False),
        (None, BEFORE, answers.Metadata(5, "o/r", 0, updated_at=BEFORE), False),
        (300, BEFORE, answers.Transient("HTTP 502"), False),
        (300, BEFORE, answers.BudgetSpent(Resource.GRAPHQL, 0.0), False),
        (300, BEFORE, answers.Missing("Not Found"), False),
        (
            300,
            BEFORE,
            answers.Refused("permission", "no", answers.Metadata(5, "o/r", 300, updated_at=BEFORE)),
            False,
        ),
    ],
)
def test_only_the_same_count_of_an_untouched_record_is_no_change(
    count: int | None, updated_at: str | None, outcome: answers.Outcome, expected: bool
) -> None:
    state = RepositoryState(
        Repository("o/r", "o/r", 5, 300), Status.COMPLETED, count=count, updated_at=updated_at
    )

    assert is_unchanged(state, outcome) is expected


# What is asked


def test_a_hundred_repositories_are_asked_for_in_one_query() -> None:
    reading = make_counts(*(make_state(number) for number in range(250)))
    sizes = []

    while reading.asks():
        names = asked_names(reading)
        sizes.append(len(names))
        ask_query(reading, *(record(int(name[2:])) for name in names))

    assert sizes == [100, 100, 50]
    assert reading.ended_by == Finished()


def test_without_graphql_each_record_is_asked_for_by_itself_and_only_if_it_changed() -> None:
    reading = make_counts(make_state(7, etag='"seven"'), make_state(8), by_query=False)

    first = list(reading.asks())
    ask_and_answer(reading, RecordAsk(7, '"seven"'), answers.NotModified())

    assert first == [RecordAsk(7, '"seven"')]
    assert list(reading.asks()) == [RecordAsk(8)]
    assert reading.ended_by is None


def test_a_repository_without_a_known_id_is_asked_for_by_its_name() -> None:
    state = RepositoryState(Repository("o/r", "o/new", None, 1), Status.COMPLETED)

    assert list(make_counts(state, by_query=False).asks()) == [RecordAsk("o/new")]


def test_one_group_is_asked_for_at_a_time() -> None:
    reading = make_counts(make_state(1))
    (ask,) = reading.asks()
    reading.start(ask)

    assert reading.asks() == ()
    reading.give_up(ask)
    assert reading.asks() == (ask,)


# What an answer changes


def test_unchanged_lists_are_postponed_and_changed_ones_are_read() -> None:
    reading = make_counts(make_state(1), make_state(2), make_state(3))

    effects = ask_query(reading, record(1), record(2, stars=305), record(3, updated_at=SINCE))

    queued = [
        QueueJob(Job(1, make_state(number).repository, Priority.REFRESH)) for number in (2, 3)
    ]
    assert list(effects) == [SaveCounts({}, ["o/1"]), *queued]
    assert reading.changed == 2


def test_a_restricted_repository_keeps_a_true_count() -> None:
    reading = make_counts(make_state(1, Status.RESTRICTED), make_state(2, Status.RESTRICTED, None))

    effects = ask_query(reading, record(1, stars=812), record(2, stars=0))

    assert list(effects) == [SaveCounts({"o/1": 812, "o/2": 0}, [])]


@pytest.mark.parametrize("outcome", [answers.NotModified(), answers.Refused("sso", "no")])
def test_a_count_that_nobody_tells_stays_what_it_was_and_is_never_zero(
    outcome: answers.Outcome,
) -> None:
    reading = make_counts(
        make_state(1, Status.RESTRICTED, 300), make_state(2, Status.RESTRICTED, None)
    )

    effects = ask_query(reading, outcome, outcome)

    assert list(effects) == [SaveCounts({"o/1": 300}, [])]


def test_a_complete_list_that_is_refused_by_now_is_not_read_for_its_count() -> None:
    effects = ask_query(make_counts(make_state(1)), answers.Refused("sso", "no"))

    assert list(effects) == [SaveCounts({}, ["o/1"])]


@pytest.mark.parametrize(
    "outcome",
    [answers.Missing("Not Found"), answers.Gone("blocked", "blocked"), record(number=99)],
    ids=["missing", "blocked", "another repository's name"],
)
@pytest.mark.parametrize(
    ("status", "force"), [(Status.COMPLETED, False), (Status.RESTRICTED, True)]
)
def test_what_is_gone_or_renamed_is_looked_at_by_its_id(
    outcome: answers.Outcome, status: Status, force: bool
) -> None:
    state = make_state(1, status)

    effects = ask_query(make_counts(state), outcome)

    job = Job(1, state.repository, Priority.REFRESH, force=force)
    assert list(effects) == [SaveCounts({}, []), QueueJob(job)]


@pytest.mark.parametrize("outcome", [answers.Transient("timedout"), answers.Garbage("null")])
def test_what_could_not_be_counted_stays_due(outcome: answers.Outcome) -> None:
    reading = make_counts(make_state(1), make_state(2))

    effects = ask_query(reading, outcome, record(2))

    assert list(effects) == [SaveCounts({}, ["o/2"])]
    assert reading.ended_by == Finished()


# Queries that fail as a whole


def test_a_query_that_failed_is_halved_until_the_poisoned_repository_stands_alone() -> None:
    reading = make_counts(*(make_state(number) for number in range(8)))
    poisoned, asked = "o/5", list[int]()
    unchanged: list[str] = []

    while reading.asks():
        names = asked_names(reading)
        asked.append(len(names))
        if poisoned in names:
            effects = fail_query(reading)
        else:
            effects = ask_query(reading, *(record(int(name[2:])) for name in names))
        for effect in effects:
            assert isinstance(effect, SaveCounts)
            unchanged += effect.unchanged
        assert len(asked) < 30

    assert asked[:4] == [8, 4, 4, 2]
    assert sorted(unchanged) == [f"o/{number}" for number in range(8) if number != 5]
    assert reading.ended_by == Finished()


def test_a_query_that_failed_waits_before_the_next_one() -> None:
    reading = make_counts(make_state(1), make_state(2))

    effects = fail_query(reading)

    assert list(effects) == []
    assert reading.attempts.not_before > AT.monotonic
    assert asked_names(reading) == ["o/1"]


def test_a_single_repository_that_cannot_be_counted_is_tried_several_times() -> None:
    reading = make_counts(make_state(1))

    tries = 0
    while reading.ended_by is None:
        fail_query(reading)
        tries += 1

    assert tries == TRIES
    assert reading.ended_by == Finished()


def test_a_record_that_fails_is_asked_for_again_and_then_left_out() -> None:
    reading = make_counts(make_state(1), make_state(2), by_query=False)
    effects: list[Effect] = []

    tries = 0
    while reading.asks() == (RecordAsk(1),):
        effects += ask_and_answer(reading, RecordAsk(1), answers.Transient("HTTP 502"))
        tries += 1
    effects += ask_and_answer(reading, RecordAsk(2), record(2))

    assert tries == TRIES
    assert effects[-1] == SaveCounts({}, ["o/2"])
    assert reading.ended_by == Finished()


def test_counting_knows_no_users() -> None:
    assert not make_counts(make_state(1)).wants_known
