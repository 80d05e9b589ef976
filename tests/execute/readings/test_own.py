"""The repositories that an account owns or collaborates on, as far as they are collected."""

from typing import Any

import pytest

from gitstars.execute.asks import OwnAsk
from gitstars.execute.reading import (
    TRIES,
    Finished,
    SaveOwn,
)
from gitstars.execute.readings.own import OwnReading, Wanted, wanted_of
from gitstars.fetch import answers
from gitstars.model import Account, Repository, Resource, Task
from tests.execute.making import ask_and_answer, make_job, make_record

EVERYTHING = frozenset({"starred", "owned", "collaborating"})


def make_own(include: frozenset[str] = EVERYTHING, private: bool = False) -> OwnReading:
    account = Account("a1", 1, "ann", "t")
    return OwnReading(make_job(Task.OWN, "all"), wanted_of(account, include, private))


def record(full_name: str, permission: str | None = "WRITE", **rest: Any) -> answers.Metadata:
    return make_record(30, 7, full_name, permission=permission, **rest)


@pytest.mark.parametrize(
    ("include", "private", "repository", "is_wanted"),
    [
        (EVERYTHING, False, record("ann/tool"), True),
        (EVERYTHING, False, record("Ann/tool"), True),
        (EVERYTHING, False, record("bob/tool"), True),
        (frozenset({"owned"}), False, record("ann/tool"), True),
        (frozenset({"owned"}), False, record("bob/tool"), False),
        (frozenset({"collaborating"}), False, record("ann/tool"), False),
        (frozenset({"collaborating"}), False, record("bob/tool"), True),
        (frozenset({"starred"}), False, record("ann/tool"), False),
        (frozenset[str](), False, record("ann/tool"), False),
        (EVERYTHING, False, record("ann/tool", is_private=True), False),
        (EVERYTHING, True, record("ann/tool", is_private=True), True),
        (EVERYTHING, True, record("ann/tool", is_disabled=True), False),
        (EVERYTHING, False, record("bob/tool", "READ"), False),
        (EVERYTHING, False, record("bob/tool", "ADMIN"), True),
        (EVERYTHING, False, record("bob/tool", "MAINTAIN"), True),
        # Nobody knows what these may do: the list itself is asked.
        (EVERYTHING, False, record("bob/tool", "TRIAGE"), True),
        (EVERYTHING, False, record("bob/tool", None), True),
    ],
)
def test_a_repository_is_wanted_by_whose_it_is_and_what_the_account_may_do(
    include: frozenset[str], private: bool, repository: answers.Metadata, is_wanted: bool
) -> None:
    wanted = Wanted("ann", include, private)

    assert wanted.holds(repository) is is_wanted


def test_the_wanted_repositories_are_kept_a_page_at_a_time() -> None:
    reading = make_own()
    page = answers.Repositories((record("ann/one"), record("bob/two", "READ")), has_next=True)
    last = answers.Repositories((record("bob/three"),), has_next=False)

    first = ask_and_answer(reading, OwnAsk(1), page)
    is_over = reading.ended_by
    second = ask_and_answer(reading, OwnAsk(2), last)

    assert list(first) == [SaveOwn(1, [Repository("ann/one", "ann/one", 7, 30)], is_last=False)]
    assert list(second) == [SaveOwn(1, [Repository("bob/three", "bob/three", 7, 30)], is_last=True)]
    assert (is_over, reading.ended_by, reading.asks()) == (None, Finished(), ())
    assert reading.count == 2


def test_repositories_of_which_nobody_knows_whether_they_are_given_are_told_apart() -> None:
    reading = make_own()
    sure = make_record(30, 7, "ann/one", permission="ADMIN")
    unsure = make_record(30, 8, "bob/two", permission="TRIAGE")

    effects = ask_and_answer(reading, OwnAsk(1), answers.Repositories((sure, unsure), False))

    (effect,) = effects
    assert isinstance(effect, SaveOwn)
    assert [place.github_id for place in effect.repositories] == [7, 8]
    assert effect.unsure == {8}


def test_that_there_are_none_is_kept_too() -> None:
    reading = make_own()

    effects = ask_and_answer(reading, OwnAsk(1), answers.Repositories((), has_next=False))

    assert list(effects) == [SaveOwn(1, [], is_last=True)]


def test_one_page_is_asked_for_at_a_time() -> None:
    reading = make_own()
    reading.start(OwnAsk(1))

    assert reading.asks() == ()
    reading.give_up(OwnAsk(1))
    assert reading.asks() == (OwnAsk(1),)


def test_a_page_that_fails_is_asked_for_again_and_ends_it_at_last() -> None:
    reading = make_own()
    outcome = answers.Transient("HTTP 502")

    tries = 0
    while reading.ended_by is None:
        assert list(ask_and_answer(reading, OwnAsk(1), outcome)) == []
        tries += 1

    assert tries == TRIES
    assert reading.ended_by == outcome


@pytest.mark.parametrize(
    "outcome",
    [
        answers.Missing("Not Found"),
        answers.Garbage("no JSON"),
        answers.Refused("sso", "Single sign-on"),
        answers.BudgetSpent(Resource.CORE, 1.0),
    ],
)
def test_every_other_answer_ends_it_without_saying_that_it_was_all(
    outcome: answers.Outcome,
) -> None:
    reading = make_own()

    effects = ask_and_answer(reading, OwnAsk(1), outcome)

    assert list(effects) == []
    assert reading.ended_by == outcome
