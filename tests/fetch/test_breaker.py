"""The circuit breaker as such: only a probe opens it, and probes are at most a minute apart."""

from hypothesis import given
from hypothesis import strategies as st

from gitstars.fetch.answers import Outage
from gitstars.fetch.breaker import Breaker

START = 1_790_000_000.0
CAUSE = "connection refused"


def fail(breaker: Breaker, at: float, times: int = 3) -> None:
    for _ in range(times):
        breaker.note_failure(at)


def open_breaker() -> Breaker:
    breaker = Breaker()
    fail(breaker, START)
    assert breaker.begin_probe(START)
    breaker.end_probe(CAUSE, START)
    return breaker


def test_failures_alone_open_nothing() -> None:
    breaker = Breaker()

    fail(breaker, START, 1000)

    assert breaker.outage is None


def test_two_failures_are_no_suspicion_and_a_success_between_them_ends_the_count() -> None:
    breaker = Breaker()

    for _ in range(10):
        fail(breaker, START, 2)
        assert not breaker.begin_probe(START)
        assert not breaker.note_success()


def test_a_probe_that_fails_opens_and_the_first_failure_tells_since_when() -> None:
    breaker = Breaker()
    fail(breaker, START, 1)
    fail(breaker, START + 9, 2)

    assert breaker.begin_probe(START + 9)
    breaker.end_probe(CAUSE, START + 10)

    assert breaker.outage == Outage(CAUSE, START, START + 15)


def test_a_probe_that_github_answers_opens_nothing_and_the_next_one_comes_later() -> None:
    breaker = Breaker()
    fail(breaker, START)
    assert breaker.begin_probe(START)
    breaker.note_success()
    breaker.end_probe(None, START)

    fail(breaker, START + 1)

    assert breaker.outage is None
    assert not breaker.begin_probe(START + 1)
    assert breaker.begin_probe(START + 10)


def test_one_caller_probes_at_a_time() -> None:
    breaker = open_breaker()

    assert [breaker.begin_probe(START + 100) for _ in range(3)] == [True, False, False]
    breaker.end_probe(CAUSE, START + 101)

    assert not breaker.begin_probe(START + 101)


def test_a_probe_that_was_not_made_is_due_at_once_again() -> None:
    breaker = open_breaker()
    assert breaker.begin_probe(START + 100)

    breaker.end_probe(None, START + 100)

    assert breaker.begin_probe(START + 100)


def test_the_pauses_between_probes_grow_to_a_minute() -> None:
    breaker, now, pauses = open_breaker(), START, []
    for _ in range(7):
        assert breaker.outage is not None
        pauses.append(breaker.outage.until - now)
        now = breaker.outage.until
        assert breaker.begin_probe(now)
        breaker.end_probe(CAUSE, now)

    assert pauses == [5, 10, 20, 40, 60, 60, 60]
    assert breaker.outage is not None
    assert breaker.outage.since == START


def test_a_success_closes_it_and_says_so_once() -> None:
    breaker = open_breaker()

    assert [breaker.note_success(), breaker.note_success()] == [True, False]
    assert breaker.outage is None


def test_a_clock_that_is_set_back_delays_no_probe() -> None:
    breaker = open_breaker()

    assert breaker.begin_probe(START - 86_400)


@given(st.lists(st.tuples(st.sampled_from(["fail", "succeed", "probe"]), st.floats(0, 30))))
def test_it_is_open_only_between_a_failed_probe_and_a_success(
    steps: list[tuple[str, float]],
) -> None:
    breaker, now, is_open = Breaker(), START, False
    for step, seconds in steps:
        now += seconds
        if step == "fail":
            breaker.note_failure(now)
        elif step == "succeed":
            assert breaker.note_success() == is_open
            is_open = False
        elif breaker.begin_probe(now):
            breaker.end_probe(CAUSE, now)
            is_open = True
        outage = breaker.outage
        assert (outage is not None) == is_open
        assert outage is None or outage.until <= now + 60
