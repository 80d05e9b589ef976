"""kill -9 at random moments: what was acknowledged stays, and little is fetched again."""

import random
import signal
from collections.abc import Callable

import gevent
import pytest

from gitstars.config import Config, DatabaseConfig
from gitstars.execute.plan import QUERIES_IN_FLIGHT
from gitstars.fetch.width import MOST
from gitstars.simulator.scenario import SimLimits, make_scenario
from tests.harness import Flow, Server, count_refetched

KILLS = 20
LIMITS = SimLimits(points_per_window=1_000_000, rest_points_per_minute=1_000_000, latency_seconds=0.08)
#: A server needs about a second to start; a kill comes up to this much later (seconds).
WORK_SECONDS = 0.7


def kill_and_finish(run: Flow, server: Server, chance: random.Random, kills: int) -> None:
    """Kill the server so often at random moments, then let another one finish: it ends in exactly the truth."""
    for _ in range(kills):
        server.start()
        server.wait_for_line("serves 2 accounts")
        gevent.sleep(chance.random() * WORK_SECONDS)
        server.signal(signal.SIGKILL)
        server.process.wait()
    run.start()
    run.wait_idle(60)

    assert run.stored() == run.truth()
    assert {row["status"] for row in run.rows().values()} == {"completed"}


@pytest.mark.slow(150)
def test_a_server_killed_at_random_moments_ends_in_exactly_the_truth(flow: Callable[..., Flow], serve: Callable[[Config], Server]) -> None:
    run = flow(make_scenario([1200] * 60 + [90] * 20, accounts=2, limits=LIMITS, population=20_000))
    server, chance = serve(run.config), random.Random(7)

    kill_and_finish(run, server, chance, KILLS)

    again = count_refetched(run.github.asked())
    assert max(again.values()) <= KILLS
    assert sum(again.values()) <= KILLS * 2 * run.config.github.concurrency * 3


@pytest.mark.slow(90)
def test_an_embedded_engine_killed_at_random_moments_loses_nothing(embedded_config: DatabaseConfig) -> None:
    run = Flow(make_scenario([1200] * 60 + [90] * 20, accounts=2, limits=LIMITS, population=20_000), embedded_config)
    chance = random.Random(8)
    engine = run.start().database.engine
    assert engine is not None

    for kills in range(1, KILLS + 1):
        gevent.sleep(chance.random() * 0.3)
        engine.kill()
        run.wait_until(lambda kills=kills: engine.restarts >= kills and engine.is_up, "the engine is up again")  # type: ignore[misc]
    run.wait_idle(60)

    assert run.stored() == run.truth()
    again = count_refetched(run.github.asked())
    assert max(again.values(), default=0) <= KILLS
    run.close()


@pytest.mark.slow(90)
def test_lists_by_cursors_survive_kills_and_only_what_was_in_flight_is_asked_again(
    embedded_config: DatabaseConfig, serve: Callable[[Config], Server]
) -> None:
    limits = SimLimits(points_per_window=1_000_000, graphql_points_per_minute=1_000_000, alias_seconds=0.01)
    scenario = make_scenario([1200] * 60 + [90] * 20, accounts=2, limits=limits, population=20_000)
    run = Flow(scenario, embedded_config, github={"use_graphql": True, "graphql_points_per_minute": 1_000_000})
    server, chance, kills = serve(run.config), random.Random(9), 8

    kill_and_finish(run, server, chance, kills)

    # Twelve or thirteen pages of a long list, which is read from both ends; of each account two queries may be in flight.
    needed, in_flight = 60 * 13 + 20, 2 * QUERIES_IN_FLIGHT * MOST
    asked = sum(entry.get("aliases", 0) for entry in run.github.asked())
    assert asked <= needed + kills * in_flight
    run.close()
