"""What is remembered through a restart: what was spent, and that the operator paused."""

from collections.abc import Callable

import gevent
import pytest

from gitstars.app import App
from gitstars.model import Resource
from gitstars.simulator.scenario import SimLimits, make_scenario
from gitstars.store import budgets
from tests.harness import NO_LIMITS, Flow
from tests.waiting import PATIENCE_SECONDS

MakeFlow = Callable[..., Flow]


def is_spent(app: App) -> bool:
    user = app.watcher.accounts[0].user_id
    return app.ledger.blocked_until(user, Resource.CORE, app.clock.now()) is not None


def test_a_restart_does_not_ask_again_for_a_spent_budget(flow: MakeFlow) -> None:
    run = flow(
        make_scenario(
            [250] * 10, limits=SimLimits(points_per_window=6, rest_points_per_minute=1_000_000)
        )
    )
    app = run.start()
    run.wait_until(lambda: is_spent(app), "the budget is spent")
    app.stop()
    asked = len(run.github.asked())

    again = run.start()
    gevent.sleep(0.5)

    assert asked > 0
    assert is_spent(again)
    assert len(run.github.asked()) == asked


def test_what_is_left_of_a_budget_is_noted_while_running_and_only_when_it_changed(
    flow: MakeFlow,
) -> None:
    run = flow(
        make_scenario(
            [30] * 3, limits=SimLimits(points_per_window=100, rest_points_per_minute=1_000_000)
        )
    )
    app = run.start()
    run.wait_idle()

    app.budget_keeper.step()
    first = app.database.run("SELECT VALUE saved_at FROM gitstars_budget")[0]
    app.budget_keeper.step()
    second = app.database.run("SELECT VALUE saved_at FROM gitstars_budget")[0]

    kept = {row["resource"]: row["remaining"] for row in budgets.load(app.database)}
    assert kept["core"] == 100 - len(run.github.asked())
    assert first == second


@pytest.mark.both_engines
def test_a_paused_server_stays_paused_through_a_restart_until_it_is_resumed(flow: MakeFlow) -> None:
    run = flow(make_scenario([250] * 4, limits=NO_LIMITS))
    app = run.build()
    app.paused.set()
    app.start()
    app.pausing.pause()
    app.stop()

    again = run.start()
    gevent.sleep(0.5)
    asked_while_paused = len(run.github.asked())
    was_paused = again.pausing.is_paused
    with again.events.listen() as listener:
        again.pausing.resume()
        told = [happening.kind for happening in listener.take(PATIENCE_SECONDS)]
    run.wait_until(lambda: again.events.totals["repo.completed"] == 4, "all is collected")

    assert was_paused
    assert asked_while_paused == 0
    assert "resumed" in told
    assert not again.pausing.is_paused
    again.stop()
    assert not run.start().pausing.is_paused


def test_pausing_twice_tells_once(flow: MakeFlow) -> None:
    run = flow(make_scenario([250], limits=NO_LIMITS))
    app = run.start()

    app.pausing.pause()
    app.pausing.pause()

    assert app.events.totals["paused"] == 1
