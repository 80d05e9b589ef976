"""kill -9 at random moments: what was acknowledged stays, and of each repository in hand one
page at most is fetched again.
"""

import math
import random
import signal
import time
from collections.abc import Callable

import gevent
import pytest

from gitstars.config import Config, DatabaseConfig
from gitstars.execute.account import OPEN_PER_LIST
from gitstars.fetch.width import MOST
from gitstars.simulator.scenario import Scenario, SimLimits, make_scenario
from tests.harness import Flow, Server, count_refetched

KILLS, SOAK_KILLS, ACCOUNTS = 5, 20, 2
#: So that pages are in hand at any moment.
SLOW = SimLimits(
    points_per_window=1_000_000,
    rest_points_per_minute=1_000_000,
    graphql_points_per_minute=1_000_000,
    latency_seconds=0.08,
)
#: Two accounts, each with so many repositories open at once.
IN_HAND = ACCOUNTS * math.ceil(OPEN_PER_LIST * MOST)


def make_world(kills: int) -> Scenario:
    """Far more pages than are fetched before the last kill."""
    sizes = [1200] * (3 * kills) + [90] * kills
    return make_scenario(sizes, accounts=ACCOUNTS, limits=SLOW, population=20_000)


def wait_until_completed(run: Flow) -> None:
    run.wait_until(
        lambda: {row["status"] for row in run.rows().values()} == {"completed"},
        "everything is completed",
    )
    run.wait_idle()


def check_the_end(run: Flow, kills: list[float]) -> None:
    """Everything is the truth, and each kill cost each repository in hand one page at most."""
    assert run.stored() == run.truth()
    asked = run.github.asked()
    again = count_refetched(asked, kills)
    lives = [life for life, _ in again]
    assert max(again.values(), default=0) <= 1
    assert max(map(lives.count, lives), default=0) <= IN_HAND
    assert 0 not in lives
    assert asked[-1]["at"] > kills[-1], "all was done before the last kill"


@pytest.mark.parametrize(("engine", "use_graphql"), [("server", False), ("embedded", True)])
def test_a_server_killed_at_random_moments_ends_in_exactly_the_truth(
    request: pytest.FixtureRequest,
    serve: Callable[[Config], Server],
    engine: str,
    use_graphql: bool,
    soak: bool,
) -> None:
    count = SOAK_KILLS if soak else KILLS
    database: DatabaseConfig = request.getfixturevalue(f"{engine}_config")
    github = {"use_graphql": use_graphql, "graphql_points_per_minute": 1_000_000}
    run = Flow(make_world(count), database, github=github)
    server, chance = serve(run.config), random.Random(7)
    kills, busy = [], 0

    for number in range(count):
        server.start()
        if number % 4:
            server.wait_for_line("serves 2 accounts")
        # Every fourth dies on its way up, at any point of it.
        gevent.sleep(chance.random() * 0.7)
        server.signal(signal.SIGKILL)
        kills.append(time.time())
        busy += "serves 2 accounts" in server.printed()
        server.process.wait()
    run.start()
    wait_until_completed(run)

    assert busy >= count // 2
    check_the_end(run, kills)
    run.close()


def test_an_embedded_engine_killed_at_random_moments_loses_nothing(
    embedded_config: DatabaseConfig, soak: bool
) -> None:
    count = SOAK_KILLS if soak else KILLS
    run = Flow(make_world(count), embedded_config)
    chance, kills = random.Random(8), []
    app = run.start()
    engine = app.database.engine
    assert engine is not None

    for number in range(1, count + 1):
        gevent.sleep(chance.random() * 0.3)
        engine.kill()
        kills.append(time.time())
        run.wait_until(
            lambda number=number: engine.restarts >= number and engine.is_up,  # type: ignore[misc]
            "the engine is up again",
        )
    run.wait_idle()
    # The heartbeat gives back what could not be settled while the engine was away.
    app.keep_leases()
    app.watcher.scan()
    wait_until_completed(run)

    check_the_end(run, kills)
    run.close()
