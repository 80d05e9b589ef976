"""The rule applied to a running pool of workers."""

from collections.abc import Iterator
from dataclasses import replace

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
    """Four accounts; repositories wait until ``go_on``."""
    flow = Flow(make_scenario([250] * 20, accounts=4, limits=NO_LIMITS), shared_config)
    app = flow.build()
    app.paused.set()
    app.start()
    yield flow
    flow.close()


@pytest.fixture
def app(run: Flow) -> App:
    assert run.app is not None
    return run.app


def test_workers_come_while_repositories_wait_and_go_when_all_is_idle(run: Flow, app: App) -> None:
    scaler = Scaler(app.pool, app.dispatcher, lambda: CALM, maximum=7)

    growing = [step(scaler, app) for _ in range(5)]
    app.pausing.resume()
    run.wait_until(lambda: app.is_idle, "nothing waits")
    shrinking = [step(scaler, app) for _ in range(5)]

    assert growing == [5, 6, 7, 7, 7]
    assert shrinking == [6, 5, 4, 4, 4]
    assert run.stored() == run.truth()


def test_none_come_while_the_one_core_that_greenlets_share_is_busy(app: App) -> None:
    scaler = Scaler(
        app.pool, app.dispatcher, lambda: replace(CALM, process_cpu_percent=90.0), maximum=7
    )

    assert step(scaler, app) == 4


def test_an_override_holds_until_it_is_lifted(app: App) -> None:
    scaler = Scaler(app.pool, app.dispatcher, lambda: CALM, maximum=50)

    fixed = scaler.set_override(ScaleOverride.exactly(2))
    held = [step(scaler, app) for _ in range(2)]
    ranged = scaler.set_override(ScaleOverride(10, 12))
    bounded = [step(scaler, app) for _ in range(4)]
    lifted = scaler.set_override(None)

    assert (fixed, held) == (2, [2, 2])
    assert (ranged, bounded) == (10, [11, 12, 12, 12])
    assert lifted == 12
    assert step(scaler, app) == 13


def test_busy_workers_that_retire_lose_nothing(run: Flow, app: App) -> None:
    app.scaler.set_override(ScaleOverride.exactly(12))
    app.pausing.resume()
    run.wait_until(lambda: app.events.totals["repo.claimed"] >= 4, "work has begun")

    app.scaler.set_override(ScaleOverride.exactly(1))
    run.wait_until(
        lambda: app.is_idle and app.events.totals["repo.completed"] >= 20, "all is collected"
    )

    assert len(app.pool.states()) == 1
    assert run.stored() == run.truth()


def step(scaler: Scaler, app: App) -> int:
    """One judgement; how many workers there are then."""
    scaler.step()
    return app.pool.count
