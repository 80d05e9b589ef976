"""kill -9 at random moments: what was acknowledged stays, and of each repository in hand one
page at most is fetched again.
"""

import random
import signal
import time
from collections.abc import Callable

import gevent
import pytest

from gitstars.config import Config, DatabaseConfig
from gitstars.execute.collector import OPEN_PER_ALIAS
from gitstars.fetch.width import MOST
from gitstars.simulator.scenario import SimLimits, make_scenario
from tests.harness import Flow, Server, count_refetched

KILLS, ACCOUNTS = 20, 2
#: So that pages are in hand at any moment; far more pages than are fetched before the last kill.
SLOW = SimLimits(
    points_per_window=1_000_000,
    rest_points_per_minute=1_000_000,
    graphql_points_per_minute=1_000_000,
    latency_seconds=0.08,
)
SIZES = [1200] * 60 + [90] * 20
#: Two accounts, each with so many repositories open at once.
IN_HAND = ACCOUNTS * OPEN_PER_ALIAS * MOST


def check_the_end(run: Flow, kills: list[float]) -> None:
    """Everything is the truth, and each kill cost each repository in hand one page at most."""
    assert run.stored() == run.truth()
    assert {row["status"] for row in run.rows().values()} == {"completed"}
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
) -> None:
    database: DatabaseConfig = request.getfixturevalue(f"{engine}_config")
    github = {"use_graphql": use_graphql, "graphql_points_per_minute": 1_000_000}
    run = Flow(
        make_scenario(SIZES, accounts=ACCOUNTS, limits=SLOW, population=20_000),
        database,
        github=github,
    )
    server, chance = serve(run.config), random.Random(7)
    kills, busy = [], 0

    for number in range(KILLS):
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
    run.wait_idle()

    assert 10 <= busy < KILLS
    check_the_end(run, kills)
    run.close()


def test_an_embedded_engine_killed_at_random_moments_loses_nothing(
    embedded_config: DatabaseConfig,
) -> None:
    run = Flow(
        make_scenario(SIZES, accounts=ACCOUNTS, limits=SLOW, population=20_000), embedded_config
    )
    chance, kills = random.Random(8), []
    engine = run.start().database.engine
    assert engine is not None

    for number in range(1, KILLS + 1):
        gevent.sleep(chance.random() * 0.3)
        engine.kill()
        kills.append(time.time())
        run.wait_until(
            lambda number=number: engine.restarts >= number and engine.is_up,  # type: ignore[misc]
            "the engine is up again",
        )
    run.wait_idle()

    check_the_end(run, kills)
    run.close()
