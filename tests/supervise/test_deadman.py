"""Who gives no sign of life is replaced; who waits for a stated end, or has nothing to do, is
left alone.
"""

import os
import signal
from collections.abc import Callable

import gevent
import pytest

from gitstars.app import App
from gitstars.config import DatabaseConfig
from gitstars.simulator.scenario import SimLimits, make_scenario
from gitstars.store.database import Database
from gitstars.supervise.deadman import DeadMan, Silences
from tests.harness import NO_LIMITS, Flow
from tests.waiting import PATIENCE_SECONDS


def switch_of(
    app: App,
    stuck_seconds: float = 3600.0,
    silences: Silences | None = None,
    database: Database | None = None,
) -> DeadMan:
    """A dead man's switch with less patience."""
    looked_at = database or app.database
    events, clock, stores, watches = app.events, app.clock, app.writer, app.watcher
    pool = app.pool
    return DeadMan(pool, looked_at, events, clock, stuck_seconds, stores, watches, silences)


@pytest.mark.both_engines
def test_a_worker_that_hangs_is_replaced_and_what_it_held_is_collected_all_the_same(
    flow: Callable[..., Flow],
) -> None:
    run = flow(make_scenario([250] * 4, limits=NO_LIMITS))
    run.github.control(
        "POST", "/rules", {"match": "GET */stargazers*", "effect": "hang", "seconds": 25}
    )
    app = run.start()
    run.wait_until(lambda: len(app.pool.states()[0].repositories) == 4, "a worker holds all of it")
    before = {worker.number for worker in app.pool.states()}
    switch = switch_of(app, 0.3)

    with app.events.listen() as listener:

        def is_replaced() -> bool:
            switch.look_at_workers()
            return app.pool.replaced > 0

        run.wait_until(is_replaced, "the worker is replaced")
        told = [
            happening
            for happening in listener.take(PATIENCE_SECONDS)
            if happening.kind == "worker.replaced"
        ]
    run.github.control("DELETE", "/rules")
    run.wait_until(lambda: app.events.totals["repo.completed"] == 4, "all is collected")

    assert len(told) == 1
    assert told[0].data["worker"] in before
    assert told[0].data["repositories"]
    assert app.pool.replaced == 1
    assert not before & {worker.number for worker in app.pool.states()}
    assert run.stored() == run.truth()


def test_a_lane_that_hangs_is_seen_beside_one_that_goes_on(flow: Callable[..., Flow]) -> None:
    scenario = make_scenario([250] * 3 + [50], accounts=2, limits=NO_LIMITS)
    run = flow(scenario, workers={"initial": 1})
    run.github.control(
        "POST", "/rules", {"match": "GET */repos/org0/*", "effect": "hang", "seconds": 25}
    )
    app = run.start()
    run.wait_until(lambda: app.events.totals["repo.completed"] == 3, "the other lane goes on")
    switch = switch_of(app, 0.3)
    gevent.sleep(0.5)

    switch.look_at_workers()

    assert app.pool.replaced == 1


def test_a_worker_whose_budgets_are_spent_is_alive(flow: Callable[..., Flow]) -> None:
    limits = SimLimits(points_per_window=5000, window_seconds=60.0)
    run = flow(make_scenario([250] * 2, limits=limits))
    run.github.control("POST", "/world", {"remaining": [[1, "core", 2]]})
    app = run.start()
    run.wait_until(
        lambda: any(row["status"] == "rate_limited" for row in run.rows().values()),
        "the budget is spent",
    )
    switch = switch_of(app, 0.2)
    gevent.sleep(0.5)

    switch.look_at_workers()

    assert app.pool.replaced == 0


def test_workers_that_work_or_have_nothing_to_do_are_left_alone(flow: Callable[..., Flow]) -> None:
    run = flow(make_scenario([250] * 4, limits=NO_LIMITS))
    app = run.start()
    switch = switch_of(app, 0.2)

    switch.look_at_workers()
    run.wait_idle()
    gevent.sleep(0.3)
    switch.look_at_workers()

    assert app.pool.replaced == 0


def test_an_engine_that_hangs_is_killed_and_starts_again(embedded_config: DatabaseConfig) -> None:
    run = Flow(make_scenario([250] * 2, limits=NO_LIMITS), embedded_config)
    app = run.start()
    run.wait_idle()
    engine = app.database.engine
    assert engine is not None
    assert engine.pid is not None
    impatient = Database(embedded_config, engine=engine, reply_seconds=0.5)
    impatient.open()
    switch = switch_of(app, silences=Silences(engine=0.2), database=impatient)
    os.kill(engine.pid, signal.SIGSTOP)

    switch.look_at_engine()
    run.wait_until(lambda: engine.restarts == 1 and engine.is_up, "the engine is up again")
    switch.look_at_engine()
    impatient.close()

    assert switch.engine_kills == 1
    assert app.events.totals["engine.restarted"] == 1
    assert app.database.run("RETURN 1") == [1]
    run.close()


def test_a_silent_live_query_is_opened_anew_and_still_tells(
    server_config: DatabaseConfig,
) -> None:
    scenario = make_scenario([250] * 2, accounts=2, limits=NO_LIMITS)
    run = Flow(scenario, server_config, signed_in=1, discover={"scan_seconds": 3600})
    app = run.start()
    switch = switch_of(app, silences=Silences(live_query=0.0))
    run.wait_until(lambda: app.database.live_queries == 1, "it is open")

    switch.look_at_live_query()
    run.wait_until(lambda: app.database.live_queries == 0, "it is closed")
    run.wait_until(lambda: app.database.live_queries == 1, "it is open again")
    run.sign_in(scenario.accounts[1])
    run.wait_until(lambda: len(app.watcher.accounts) == 2, "the new account is seen")

    assert switch.live_renewals == 1
    run.close()


def test_a_writer_that_hangs_is_replaced_and_its_pages_are_asked_for_again(
    embedded_config: DatabaseConfig,
) -> None:
    run = Flow(make_scenario([3000] * 4, limits=NO_LIMITS), embedded_config)
    app = run.start()
    engine = app.database.engine
    assert engine is not None
    assert engine.pid is not None
    run.wait_until(lambda: app.events.totals["pages.stored"] > 0, "pages are being stored")
    switch = switch_of(app, silences=Silences(writer=0.0))
    os.kill(engine.pid, signal.SIGSTOP)

    def is_replaced() -> bool:
        switch.look_at_writers()
        return switch.writers_replaced > 0

    run.wait_until(is_replaced, "a writer is replaced")
    os.kill(engine.pid, signal.SIGCONT)
    run.wait_idle()
    app.watcher.scan()
    run.wait_until(lambda: app.events.totals["repo.completed"] == 4, "all is collected")

    assert app.events.totals["writer.replaced"] == switch.writers_replaced
    assert run.stored() == run.truth()
    run.close()


def test_a_writer_that_waits_for_pages_is_left_alone(flow: Callable[..., Flow]) -> None:
    run = flow(make_scenario([250] * 2, limits=NO_LIMITS))
    app = run.start()
    run.wait_idle()

    assert app.writer.replace_silent(0.0) == []


def test_a_look_of_the_account_watcher_that_hangs_begins_anew(
    embedded_config: DatabaseConfig,
) -> None:
    scenario = make_scenario([30] * 2, accounts=2, limits=NO_LIMITS)
    run = Flow(scenario, embedded_config, signed_in=1)
    app = run.start()
    run.wait_idle()
    engine = app.database.engine
    assert engine is not None
    assert engine.pid is not None
    switch = switch_of(app, silences=Silences(watcher=0.0))
    os.kill(engine.pid, signal.SIGSTOP)

    def is_replaced() -> bool:
        switch.look_at_watcher()
        return switch.watchers_replaced > 0

    run.wait_until(is_replaced, "a loop is replaced")
    os.kill(engine.pid, signal.SIGCONT)
    run.sign_in(scenario.accounts[1])
    run.wait_until(lambda: len(app.watcher.accounts) == 2, "the new account is seen")

    assert app.events.totals["watcher.replaced"] == switch.watchers_replaced
    run.close()


def test_an_account_watcher_that_waits_is_left_alone(flow: Callable[..., Flow]) -> None:
    run = flow(make_scenario([30], limits=NO_LIMITS))
    app = run.start()
    run.wait_idle()

    assert app.watcher.replace_silent(20.0) == []
