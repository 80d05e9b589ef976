"""A weekly history on its way: from which week it is read, when it ends, and what is kept of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from gitstars.execute.asks import WeeksAsk
from gitstars.execute.reading import (
    TRIES,
    Finished,
    SaveWeeks,
)
from gitstars.execute.readings.history import (
    TOLERATED_STARS,
    WHOLE_SECONDS,
    HistoryReading,
    is_whole_due,
)
from gitstars.fetch import answers
from gitstars.model import Repository, Task, Week
from gitstars.store.history import StoredHistory
from tests.execute.making import DAY, NOW, answer, ask_and_answer, make_job

#: A Sunday, and the seconds from one to the next.
SUNDAY, A_WEEK = 1_789_862_400, 604_800
#: A history that was read to its end the day before.
WHOLE = StoredHistory(
    is_complete=True,
    next_page=4,
    checked_at=NOW - DAY,
    read_at=NOW - DAY,
    etag='"old"',
    newest_week=SUNDAY - A_WEEK,
    total=900,
    count=902,
)


def make_history(stored: StoredHistory | None = None) -> HistoryReading:
    stored = stored or StoredHistory()
    return HistoryReading(make_job(Task.HISTORY), stored, is_whole_due(stored, NOW))


def make_weeks(*weeks_ago: int, has_next: bool = True, etag: str | None = '"new"') -> answers.Weeks:
    """A page of weeks, of which the newest is this one."""
    weeks = tuple(Week(SUNDAY - ago * A_WEEK, 7, (1, 1, 1, 1, 1, 1, 1)) for ago in weeks_ago)
    return answers.Weeks(weeks, has_next, etag)


def saved(effects: Sequence[object]) -> tuple[list[int], Mapping[str, Any]]:
    """How many weeks ago those are that are stored, and where the history stands then."""
    (effect,) = effects
    assert isinstance(effect, SaveWeeks)
    assert effect.repository == make_job(Task.HISTORY).repository
    return [(SUNDAY - week.week) // A_WEEK for week in effect.weeks], effect.progress


# When all of it is read


@pytest.mark.parametrize(
    ("changes", "is_due"),
    [
        ({}, False),
        ({"is_complete": False}, True),
        ({"read_at": None}, True),
        ({"read_at": NOW - WHOLE_SECONDS + 1}, False),
        ({"read_at": NOW - WHOLE_SECONDS}, True),
        ({"count": None}, False),
        ({"count": 900 + TOLERATED_STARS}, False),
        ({"count": 900 - TOLERATED_STARS}, False),
        ({"count": 900 + TOLERATED_STARS + 1}, True),
        ({"count": 900 - TOLERATED_STARS - 1}, True),
        ({"count": 0}, True),
    ],
)
def test_all_weeks_are_read_monthly_and_when_the_sum_does_not_fit_the_count(
    changes: dict[str, Any], is_due: bool
) -> None:
    fields = {name: getattr(WHOLE, name) for name in WHOLE.__slots__}

    assert is_whole_due(StoredHistory(**(fields | changes)), NOW) is is_due


def test_all_weeks_are_read_where_nothing_is_stored() -> None:
    assert is_whole_due(StoredHistory(), NOW)


# What is asked


def test_a_first_history_begins_with_the_newest_week() -> None:
    assert make_history().asks() == (WeeksAsk(5, 1),)


def test_a_repository_without_a_known_id_is_asked_for_by_its_name() -> None:
    job = make_job(Task.HISTORY)
    unknown = Repository("o/r", "o/new", None, 10)
    reading = HistoryReading(
        type(job)(1, unknown, task=Task.HISTORY), StoredHistory(), is_whole=True
    )

    assert reading.asks() == (WeeksAsk("o/new", 1),)


def test_the_daily_look_names_what_is_known() -> None:
    assert make_history(WHOLE).asks() == (WeeksAsk(5, 1, '"old"'),)


def test_what_is_read_whole_is_asked_for_unconditionally() -> None:
    fields = {name: getattr(WHOLE, name) for name in WHOLE.__slots__}
    stored = StoredHistory(**(fields | {"count": 100}))

    assert make_history(stored).asks() == (WeeksAsk(5, 1),)


def test_an_interrupted_history_goes_on_where_it_stood() -> None:
    reading = make_history(StoredHistory(next_page=3, etag='"first"', checked_at=NOW - 60))

    assert reading.asks() == (WeeksAsk(5, 3),)


def test_one_page_is_asked_for_at_a_time() -> None:
    reading = make_history()
    reading.start(WeeksAsk(5, 1))

    assert reading.asks() == ()
    assert reading.in_flight == 1


# A whole history


def test_a_history_is_read_to_its_end_a_page_at_a_time() -> None:
    reading = make_history()

    first = saved(ask_and_answer(reading, WeeksAsk(5, 1), make_weeks(0, 1)))
    second = saved(ask_and_answer(reading, WeeksAsk(5, 2), make_weeks(2, 3, has_next=False)))

    assert first == (
        [0, 1],
        {
            "next_page": 2,
            "is_complete": False,
            "checked_at": NOW,
            "read_at": None,
            "etag": '"new"',
        },
    )
    assert second == (
        [2, 3],
        {"next_page": 3, "is_complete": True, "checked_at": NOW, "read_at": NOW, "etag": '"new"'},
    )
    assert (reading.ended_by, reading.asks(), reading.weeks) == (Finished(), (), 4)


def test_the_etag_is_that_of_the_newest_page() -> None:
    reading = make_history()

    ask_and_answer(reading, WeeksAsk(5, 1), make_weeks(0, etag='"one"'))
    _, stands = saved(ask_and_answer(reading, WeeksAsk(5, 2), make_weeks(1, etag='"two"')))

    assert stands["etag"] == '"one"'


def test_a_whole_reading_does_not_end_at_the_weeks_that_are_stored() -> None:
    fields = {name: getattr(WHOLE, name) for name in WHOLE.__slots__}
    reading = make_history(StoredHistory(**(fields | {"count": 100})))

    _, stands = saved(ask_and_answer(reading, WeeksAsk(5, 1), make_weeks(0, 1, 2, 3)))

    assert reading.ended_by is None
    # Interrupted here, it goes on with the second page.
    assert (stands["is_complete"], stands["next_page"]) == (False, 2)


def test_an_interrupted_whole_reading_is_complete_once_it_has_gone_on() -> None:
    reading = make_history(StoredHistory(next_page=3, etag='"first"', checked_at=NOW - 60))

    weeks, stands = saved(ask_and_answer(reading, WeeksAsk(5, 3), make_weeks(8, 9, has_next=False)))

    assert weeks == [8, 9]
    assert (stands["is_complete"], stands["read_at"], stands["etag"]) == (True, NOW, '"first"')


def test_a_history_without_weeks_is_complete() -> None:
    reading = make_history()

    weeks, stands = saved(ask_and_answer(reading, WeeksAsk(5, 1), make_weeks(has_next=False)))

    assert (weeks, stands["is_complete"], reading.ended_by) == ([], True, Finished())


# The daily look


def test_the_daily_look_ends_with_the_weeks_that_are_known() -> None:
    reading = make_history(WHOLE)

    weeks, stands = saved(ask_and_answer(reading, WeeksAsk(5, 1, '"old"'), make_weeks(0, 1, 2)))

    assert weeks == [0, 1, 2]
    assert reading.ended_by == Finished()
    assert (stands["is_complete"], stands["checked_at"]) == (True, NOW)
    # All of it was read a day ago, not now.
    assert (stands["read_at"], stands["etag"]) == (NOW - DAY, '"new"')


def test_the_newest_known_week_is_read_again_because_it_was_not_over() -> None:
    reading = make_history(WHOLE)

    ask_and_answer(reading, WeeksAsk(5, 1, '"old"'), make_weeks(0, 1))

    # Week 1 is the newest that is stored; an older one tells that nothing is missing.
    assert reading.ended_by is None
    assert reading.asks() == (WeeksAsk(5, 2),)


def test_what_is_unchanged_costs_one_call_and_is_noted() -> None:
    reading = make_history(WHOLE)

    weeks, stands = saved(ask_and_answer(reading, WeeksAsk(5, 1, '"old"'), answers.NotModified()))

    assert (weeks, reading.ended_by) == ([], Finished())
    assert (stands["is_complete"], stands["checked_at"], stands["etag"]) == (True, NOW, '"old"')
    assert stands["read_at"] == NOW - DAY


# What is no history


@pytest.mark.parametrize(
    "outcome",
    [
        answers.Missing("Not Found"),
        answers.Garbage("HTTP 422: Validation Failed"),
        answers.Gone("blocked", "blocked"),
        answers.Refused("permission", "no"),
    ],
)
@pytest.mark.parametrize(
    ("stored", "is_complete"),
    [(StoredHistory(), False), (WHOLE, True), (StoredHistory(next_page=3), False)],
)
def test_a_history_that_is_not_to_be_had_is_noted_and_begins_anew_the_next_day(
    outcome: answers.Outcome, stored: StoredHistory, is_complete: bool
) -> None:
    reading = make_history(stored)
    (ask,) = reading.asks()

    weeks, stands = saved(ask_and_answer(reading, ask, outcome))

    assert (weeks, reading.ended_by, reading.asks()) == ([], outcome, ())
    assert (stands["checked_at"], stands["is_complete"]) == (NOW, is_complete)
    # A page further back would be taken for one that goes on at once.
    assert stands["next_page"] == 1


@pytest.mark.parametrize("outcome", [answers.RouteMissing(), answers.Transient("HTTP 502")])
def test_what_says_nothing_about_the_history_is_not_noted(outcome: answers.Outcome) -> None:
    reading = make_history(WHOLE)
    (ask,) = reading.asks()

    effects: list[object] = []
    while reading.ended_by is None:
        effects += ask_and_answer(reading, ask, outcome)

    assert effects == []
    assert reading.ended_by == outcome


def test_a_page_that_fails_is_asked_for_again_after_a_pause() -> None:
    reading = make_history()
    (ask,) = reading.asks()

    for _ in range(TRIES - 1):
        assert list(ask_and_answer(reading, ask, answers.Transient("HTTP 502"))) == []
    not_before = reading.attempts.not_before
    ask_and_answer(reading, ask, make_weeks(0))

    assert not_before > 0
    assert (reading.attempts.failures, reading.page, reading.ended_by) == (0, 2, None)


def test_what_a_call_said_nothing_about_is_asked_again() -> None:
    reading = make_history()
    (ask,) = reading.asks()
    reading.start(ask)

    reading.give_up(ask)

    assert reading.asks() == (ask,)


def test_a_page_that_comes_after_the_end_is_stored() -> None:
    reading = make_history()
    (ask,) = reading.asks()
    reading.start(ask)
    reading.end(answers.Stopped())

    weeks, stands = saved(answer(reading, ask, make_weeks(0, 1)))

    assert (weeks, stands["next_page"], reading.ended_by) == ([0, 1], 2, answers.Stopped())
    assert reading.asks() == ()


def test_a_history_knows_no_users() -> None:
    assert not make_history().wants_known
