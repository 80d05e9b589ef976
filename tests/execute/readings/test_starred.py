"""What an account starred is listed newest first, until enough is known, or whole."""

import pytest

from gitstars.execute.asks import StarredAsk, StarredGraphAsk
from gitstars.execute.reading import (
    TRIES,
    Finished,
    SaveStarred,
)
from gitstars.execute.readings.starred import KNOWN_IN_A_ROW, StarredReading
from gitstars.fetch import answers
from gitstars.model import Repository, Starred, Task
from tests.dispatch.making import make_account
from tests.execute.making import AT, ask_and_answer, make_job

ANN = make_account(1)


def star(number: int) -> Starred:
    name = f"acme/repo-{number}"
    return Starred(Repository(name, name, number, 5), "2024-05-06T07:08:09Z")


def page(*numbers: int, has_next: bool = True) -> answers.StarredRepositories:
    return answers.StarredRepositories(tuple(map(star, numbers)), has_next)


def make(
    known: range = range(0),
    is_whole: bool = True,
    start: int | str | None = None,
    by_query: bool = False,
) -> StarredReading:
    job = make_job(Task.STARRED, "all")
    return StarredReading(job, ANN, frozenset(known), is_whole, start, by_query)


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


def graph_page(
    *numbers: int, cursor: str | None = None, hidden: int = 0, is_cut_off: bool = False
) -> answers.StarredRepositories:
    stars = tuple(map(star, numbers))
    return answers.StarredRepositories(stars, cursor is not None, cursor, hidden, is_cut_off)


FIRST = StarredGraphAsk()


def test_graphql_lists_it_by_cursors_where_the_server_has_it() -> None:
    reading = make(range(2, 4), by_query=True)

    assert reading.asks() == (FIRST, StarredAsk(1))
    first = ask_and_answer(reading, FIRST, graph_page(1, 2, cursor="c"))
    assert reading.asks() == (StarredGraphAsk("c"),)
    second = ask_and_answer(reading, StarredGraphAsk("c"), graph_page(3))

    assert list(first) == [SaveStarred(ANN, [star(1)], "c")]
    assert list(second) == [SaveStarred(ANN, [], None, frozenset({1, 2, 3}))]
    assert reading.ended_by == Finished()


def test_what_rest_began_because_graphql_had_to_wait_goes_on_by_rest() -> None:
    reading = make(by_query=True)

    ask_and_answer(reading, StarredAsk(1), page(1))

    assert reading.asks() == (StarredAsk(2),)


def test_an_interrupted_reading_goes_on_behind_its_cursor_or_anew_without_graphql() -> None:
    assert make(start="c", by_query=True).asks() == (StarredGraphAsk("c"),)
    assert make(start="c", by_query=True).seen is None
    anew = make(start="c", by_query=False)
    assert (anew.asks(), anew.seen) == ((StarredAsk(1),), set())


@pytest.mark.parametrize(
    "outcome",
    [
        answers.RouteMissing(),
        answers.Garbage("the cursor is none of this list"),
        answers.Refused("forbidden", "Resource not accessible"),
        graph_page(8, cursor="d", is_cut_off=True),
        graph_page(8, is_cut_off=True),
        graph_page(8, cursor="c"),
    ],
)
def test_where_graphql_does_not_list_all_of_it_rest_does_from_the_beginning(
    outcome: answers.Outcome,
) -> None:
    reading = make(by_query=True)
    ask_and_answer(reading, FIRST, graph_page(1, cursor="c"))

    assert list(ask_and_answer(reading, StarredGraphAsk("c"), outcome)) == []
    assert reading.asks() == (StarredAsk(1),)
    effects = ask_and_answer(reading, StarredAsk(1), page(1, 2, has_next=False))

    assert list(effects) == [SaveStarred(ANN, [star(1), star(2)], None, frozenset({1, 2}))]
    assert (reading.new, reading.ended_by) == (2, Finished())


def test_a_query_that_keeps_failing_leaves_it_to_rest() -> None:
    reading = make(by_query=True)

    for _ in range(TRIES):
        assert reading.asks()[0] == FIRST
        ask_and_answer(reading, FIRST, answers.Transient("502"))

    assert reading.asks() == (StarredAsk(1),)
    assert not reading.attempts.failures


def test_one_that_was_stopped_meanwhile_stays_stopped() -> None:
    reading = make(by_query=True)
    reading.start(FIRST)
    reading.end(answers.Stopped())

    reading.accept(FIRST, answers.Garbage("no list"), AT)

    assert (reading.ended_by, reading.asks()) == (answers.Stopped(), ())


def test_a_star_whose_repository_is_hidden_closes_none() -> None:
    reading = make(range(1, 5), by_query=True)

    effects = ask_and_answer(reading, FIRST, graph_page(1, 2, hidden=1))

    assert list(effects) == [SaveStarred(ANN, [], None, frozenset({1, 2, 3, 4}))]
