"""The rule applied to a running pool of workers."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from gitstars.app import App
from gitstars.config import DatabaseConfig
from gitstars.simulator.scenario import make_scenario
from gitstars.supervise.readings import Reading
from gitstars.supervise.scaling import ScaleOverride, Scaler
from tests.harness import NO_LIMITS, Flow

CALM = Reading(
    cpu_percent=10.0,
    process_cpu_percent=10.0,
    memory_bytes=10**8,
    memory_percent=20.0,
    open_files=50,
    disk_free_bytes=10**10,
    uptime_seconds=60.0,
)


@pytest.fixture
def run(shared_config: DatabaseConfig) -> Iterator[Flow]:
    """Four accounts and one worker; an answer of GitHub takes a second."""
    scenario = make_scenario([250] * 20, accounts=4, limits=NO_LIMITS)
    flow = Flow(scenario, shared_config, workers={"initial": 1})
    flow.github.control("POST", "/rules", {"match": "*", "effect": "delay", "seconds": 1})
    app = flow.start()
    flow.wait_until(lambda: app.dispatcher.waiting == 3, "one account is served, three wait")
    yield flow
    flow.close()


@pytest.fixture
def app(run: Flow) -> App:
    assert run.app is not None
    return run.app


def test_workers_come_while_accounts_wait_and_go_when_all_is_idle(run: Flow, app: App) -> None:
    scaler = Scaler(app.pool, app.dispatcher, lambda: CALM, maximum=7)

    growing = []
    for waiting in (2, 1, 0):
        growing.append(step(scaler, app))
        run.wait_until(partial(are_waiting, app, waiting), "the new worker serves an account")
    growing += [step(scaler, app) for _ in range(2)]
    run.github.control("DELETE", "/rules")
    run.wait_until(lambda: app.is_idle, "nothing waits")
    shrinking = [step(scaler, app) for _ in range(5)]

    assert growing == [2, 3, 4, 4, 4]
    assert shrinking == [3, 2, 1, 1, 1]
    assert run.stored() == run.truth()


def test_none_come_while_the_one_core_that_greenlets_share_is_busy(app: App) -> None:
    scaler = Scaler(
        app.pool, app.dispatcher, lambda: replace(CALM, process_cpu_percent=90.0), maximum=7
    )

    assert step(scaler, app) == 1


def test_none_come_during_a_pause_however_much_waits(run: Flow, app: App) -> None:
    scaler = Scaler(app.pool, app.dispatcher, lambda: CALM, maximum=7)
    app.scaler.set_override(ScaleOverride.exactly(4))
    app.pausing.pause()
    run.wait_until(lambda: all(state.is_idle for state in app.pool.states()), "workers stop")

    assert len(app.dispatcher) > 0
    assert [step(scaler, app) for _ in range(3)] == [4, 4, 4]


def test_an_override_holds_until_it_is_lifted(app: App) -> None:
    scaler = Scaler(app.pool, app.dispatcher, lambda: CALM, maximum=50)

    fixed = scaler.set_override(ScaleOverride.exactly(2))
    held = [step(scaler, app) for _ in range(2)]
    ranged = scaler.set_override(ScaleOverride(10, 12))
    bounded = [step(scaler, app) for _ in range(4)]
    lifted = scaler.set_override(None)

    assert (fixed, held) == (2, [2, 2])
    assert (ranged, lifted) == (10, bounded[-1])
    assert set(bounded) <= {10, 11, 12}


def test_busy_workers_that_retire_lose_nothing(run: Flow, app: App) -> None:
    app.scaler.set_override(ScaleOverride.exactly(12))
    run.github.control("DELETE", "/rules")
    run.wait_until(lambda: app.events.totals["repo.claimed"] >= 4, "work has begun")

    app.scaler.set_override(ScaleOverride.exactly(1))
    run.wait_until(
        lambda: app.is_idle and app.events.totals["repo.completed"] >= 20, "all is collected"
    )

    assert len(app.pool.states()) == 1
    assert run.stored() == run.truth()


def are_waiting(app: App, count: int) -> bool:
    """Whether so many accounts wait for a worker."""
    return app.dispatcher.waiting == count


def step(scaler: Scaler, app: App) -> int:
    """One decision; how many workers there are then."""
    scaler.step()
    return app.pool.count
