"""What an account starred is listed newest first, until enough is known, or whole."""

import pytest

from gitstars.execute.reading import TRIES, Finished, SaveStarred, StarredAsk
from gitstars.execute.readings.starred import KNOWN_IN_A_ROW, StarredReading
from gitstars.fetch import answers
from gitstars.model import Repository, Starred, Task
from tests.dispatch.making import make_account
from tests.execute.making import ask_and_answer, make_job

ANN = make_account(1)


def star(number: int) -> Starred:
    name = f"acme/repo-{number}"
    return Starred(Repository(name, name, number, 5), "2024-05-06T07:08:09Z")


def page(*numbers: int, has_next: bool = True) -> answers.StarredRepositories:
    return answers.StarredRepositories(tuple(map(star, numbers)), has_next)


def make(known: range = range(0), is_whole: bool = True, start: int = 1) -> StarredReading:
    job = make_job(Task.STARRED, "all")
    return StarredReading(job, ANN, frozenset(known), is_whole, start)


def test_a_whole_reading_tells_all_that_it_saw_at_its_end() -> None:
    reading = make(range(2, 4))

    first = ask_and_answer(reading, StarredAsk(1), page(1, 2))
    second = ask_and_answer(reading, StarredAsk(2), page(3, 4, has_next=False))

    assert list(first) == [SaveStarred(ANN, [star(1)], 2)]
    assert list(second) == [SaveStarred(ANN, [star(4)], None, frozenset({1, 2, 3, 4}))]
    assert reading.ended_by == Finished()
    assert reading.new == 2
    assert reading.asks() == ()


def test_the_newest_are_read_until_a_hundred_in_a_row_are_known() -> None:
    reading = make(range(10, 400), is_whole=False)
    newest = (1, *range(10, 10 + 60), 2, *range(70, 70 + 38))

    first = ask_and_answer(reading, StarredAsk(1), page(*newest))
    second = ask_and_answer(reading, StarredAsk(2), page(*range(200, 200 + KNOWN_IN_A_ROW)))

    assert list(first) == [SaveStarred(ANN, [star(1), star(2)], 2)]
    assert list(second) == [SaveStarred(ANN, [], None, None)]
    assert reading.ended_by == Finished()


def test_a_reading_that_goes_on_in_the_middle_knows_nothing_of_what_was_taken_back() -> None:
    reading = make(start=7)

    assert reading.asks() == (StarredAsk(7),)
    effects = ask_and_answer(reading, StarredAsk(7), page(1, has_next=False))

    assert list(effects) == [SaveStarred(ANN, [star(1)], None, None)]


def test_an_account_that_starred_nothing_is_read_to_its_end() -> None:
    effects = ask_and_answer(make(), StarredAsk(1), page(has_next=False))

    assert list(effects) == [SaveStarred(ANN, [], None, frozenset())]


@pytest.mark.parametrize("outcome", [answers.Garbage("no list"), answers.Missing("Not Found")])
def test_an_answer_that_is_no_page_ends_it_and_closes_nothing(outcome: answers.Outcome) -> None:
    reading = make()

    assert list(ask_and_answer(reading, StarredAsk(1), outcome)) == []
    assert reading.ended_by == outcome


def test_what_may_pass_is_tried_again_some_times() -> None:
    reading = make()
    failed = answers.Transient("502")

    for _ in range(TRIES):
        assert reading.ended_by is None
        assert list(ask_and_answer(reading, StarredAsk(1), failed)) == []

    assert reading.ended_by == failed
