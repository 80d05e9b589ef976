"""Starting and stopping leaves nothing behind: no greenlet, no thread, no open file."""

import gc
import os
from collections import Counter

import gevent
import msgspec

from gitstars.app import App
from gitstars.config import AdminConfig, Config, DatabaseConfig, DiscoverConfig, HealthConfig
from gitstars.simulator.scenario import make_scenario
from tests.harness import NO_LIMITS, Flow, free_port

CYCLES, SERVER_CYCLES = 50, 25
#: What is made once and kept, such as the hub's resolver, is there after so many cycles.
WARM_UP = 3


def greenlets() -> Counter[str]:
    """The greenlets that live, by name."""
    gc.collect()
    alive = [
        thing
        for thing in gc.get_objects()
        if issubclass(type(thing), gevent.Greenlet) and not thing.dead
    ]
    return Counter(str(vars(greenlet).get("name", "unnamed")) for greenlet in alive)


def count_threads() -> int:
    """Threads without those of the hub's pool, which belong to the process, look names up and
    are ten at most.
    """
    return len(os.listdir("/proc/self/task")) - int(gevent.get_hub().threadpool.size)


def open_files() -> Counter[str]:
    """What is open, sockets and pipes without their numbers."""
    found: Counter[str] = Counter()
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            found[os.readlink(f"/proc/self/fd/{descriptor}").partition(":[")[0]] += 1
        except FileNotFoundError:
            continue  # the one that lists them
    return found


def cycle(config: Config) -> None:
    app = App(config)
    app.start()
    gevent.sleep(0.05)
    app.stop()


def assert_level(config: Config, cycles: int) -> None:
    for _ in range(WARM_UP):
        cycle(config)
    gevent.sleep(0.3)
    before = greenlets(), count_threads(), open_files()

    for _ in range(cycles - WARM_UP):
        cycle(config)

    gevent.sleep(0.3)
    assert (greenlets() - before[0], open_files() - before[2]) == (Counter(), Counter())
    assert count_threads() == before[1]


def test_fifty_starts_and_stops_with_an_embedded_database_leave_nothing_behind() -> None:
    health, admin = HealthConfig(port=free_port()), AdminConfig(port=free_port())

    assert_level(Config(database=DatabaseConfig(url="mem://"), health=health, admin=admin), CYCLES)


def test_starts_and_stops_with_a_server_and_work_in_hand_leave_nothing_behind(
    server_config: DatabaseConfig,
) -> None:
    run = Flow(make_scenario([250] * 40, accounts=2, limits=NO_LIMITS), server_config)
    run.config = msgspec.structs.replace(run.config, discover=DiscoverConfig(stable_seconds=0.0))

    try:
        assert_level(run.config, SERVER_CYCLES)
    finally:
        run.close()
