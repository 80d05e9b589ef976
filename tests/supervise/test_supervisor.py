"""Duties run again and again, whatever befalls them."""

import gc
import logging
from collections.abc import Callable, Iterator

import gevent
import pytest
from gevent.event import Event

from gitstars.errors import DatabaseRefused, DatabaseUnavailable, QueryFailed
from gitstars.supervise.supervisor import Duty, Supervisor
from tests.supervise.conftest import HandClock, let_others_run

Supervise = Callable[[Duty], Supervisor]


@pytest.fixture
def supervise(clock: HandClock) -> Iterator[Supervise]:
    """``supervise(duty)``: a running supervisor of one duty."""
    stop = Event()
    made: list[Supervisor] = []

    def start(duty: Duty) -> Supervisor:
        made.append(Supervisor([duty], clock, stop))
        made[-1].start()
        let_others_run()
        return made[-1]

    yield start
    stop.set()
    for supervisor in made:
        supervisor.stop()


def look(supervisor: Supervisor) -> None:
    """One look, and what it started has its turn."""
    supervisor.look()
    let_others_run()


def test_a_duty_runs_after_each_pause(supervise: Supervise, clock: HandClock) -> None:
    ran: list[float] = []
    supervisor = supervise(Duty("count", lambda: ran.append(clock.now()), 30.0))

    clock.pass_by(29)
    before = list(ran)
    clock.pass_by(2)
    clock.pass_by(31)

    assert before == []
    state = supervisor.states()[0]
    assert (state.name, state.runs, state.restarts, state.last_error) == (
        "count",
        len(ran),
        0,
        None,
    )
    assert state.runs == 2
    assert state.last_run_at == clock.now()


def test_a_duty_that_dies_is_started_again_after_a_growing_pause(
    supervise: Supervise, clock: HandClock
) -> None:
    steps: list[str] = []

    def fall() -> None:
        steps.append("fell")
        if len(steps) < 3:
            raise KeyError("unexpected")

    supervisor = supervise(Duty("fall", fall, 5.0))
    clock.pass_by(6)
    look(supervisor)
    first = supervisor.states()[0]
    clock.pass_by(1)
    look(supervisor)
    clock.pass_by(6)
    look(supervisor)
    clock.pass_by(0.6)
    look(supervisor)
    too_early = supervisor.states()[0]
    clock.pass_by(1)
    look(supervisor)
    clock.pass_by(6)

    assert (first.restarts, first.runs) == (1, 0)
    assert first.last_error == "died of KeyError; the log has its place"
    assert too_early.restarts == 2
    assert len(steps) == 3
    last = supervisor.states()[0]
    assert (last.runs, last.restarts, last.failures) == (1, 2, 0)


def test_a_duty_that_hangs_is_ended_and_started_again(
    supervise: Supervise, clock: HandClock
) -> None:
    never = Event()
    began: list[bool] = []

    def hang() -> None:
        began.append(True)
        if len(began) == 1:
            never.wait()

    supervisor = supervise(Duty("hang", hang, 1.0, limit_seconds=60.0))
    clock.pass_by(2)
    clock.pass_by(59)
    look(supervisor)
    patient = supervisor.states()[0]
    clock.pass_by(2)
    look(supervisor)
    clock.pass_by(1)
    look(supervisor)
    clock.pass_by(2)

    assert patient.restarts == 0
    state = supervisor.states()[0]
    assert (state.restarts, state.runs) == (1, 1)
    assert state.last_error is not None
    assert "no progress" in state.last_error


def test_a_trouble_that_lasts_is_logged_once_and_so_is_its_end(
    supervise: Supervise, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    steps: list[int] = []

    def ask() -> None:
        steps.append(1)
        if len(steps) < 4:
            raise QueryFailed("the table is odd")

    with caplog.at_level(logging.INFO, "gitstars.supervise.supervisor"):
        supervise(Duty("ask", ask, 5.0))
        for _ in range(6):
            clock.pass_by(6)

    assert [record.getMessage() for record in caplog.records] == [
        "duty ask: the table is odd; trying again in 5 s",
        "duty ask works again",
    ]


def test_a_database_that_is_away_is_told_by_others_and_not_by_each_duty(
    supervise: Supervise, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[Exception | None] = [DatabaseUnavailable("away"), DatabaseRefused("no"), None]

    def ask() -> None:
        answer = answers.pop(0) if answers else None
        if answer is not None:
            raise answer

    with caplog.at_level(logging.INFO, "gitstars.supervise.supervisor"):
        supervise(Duty("ask", ask, 5.0))
        for _ in range(4):
            clock.pass_by(6)

    assert not caplog.records


def test_a_database_that_is_away_is_told_and_does_not_end_the_duty(
    supervise: Supervise, clock: HandClock
) -> None:
    def ask() -> None:
        raise DatabaseUnavailable("nobody answers")

    supervisor = supervise(Duty("ask", ask, 5.0))
    clock.pass_by(6)
    clock.pass_by(6)
    look(supervisor)

    state = supervisor.states()[0]
    assert (state.failures, state.restarts, state.last_error) == (2, 0, "nobody answers")


def test_a_duty_that_somebody_killed_comes_back(supervise: Supervise, clock: HandClock) -> None:
    def leave() -> None:
        raise gevent.GreenletExit

    supervisor = supervise(Duty("leave", leave, 5.0))
    clock.pass_by(6)
    look(supervisor)

    assert supervisor.states()[0].restarts == 1


def test_no_greenlet_stays_when_the_supervisor_stops(clock: HandClock) -> None:
    stop, never = Event(), Event()

    def hang() -> None:
        never.wait()

    supervisor = Supervisor([Duty("hang", hang, 1.0), Duty("rest", lambda: None, 9.0)], clock, stop)
    supervisor.start()
    let_others_run()
    clock.pass_by(2)

    stop.set()
    supervisor.stop(seconds=0.2)

    alive = [
        thing
        for thing in gc.get_objects()
        if issubclass(type(thing), gevent.Greenlet) and not thing.dead
    ]
    assert [
        greenlet.name for greenlet in alive if greenlet.name.startswith(("duty", "supervisor"))
    ] == []
