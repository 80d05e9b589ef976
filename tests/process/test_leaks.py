"""Starting and stopping leaves nothing behind: no greenlet, no thread, no open file."""

import gc
import os
from collections import Counter
from contextlib import suppress

import gevent
import msgspec

from gitstars.app import App
from gitstars.config import AdminConfig, Config, DatabaseConfig, DiscoverConfig, HealthConfig
from gitstars.simulator.scenario import make_scenario
from tests.harness import NO_LIMITS, Flow, free_port
from tests.waiting import wait_until

CYCLES, SOAK_CYCLES = 10, 50
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


def level() -> Counter[str]:
    """All of it that there is."""
    return greenlets() + open_files() + Counter({"threads": count_threads()})


def assert_level(config: Config, cycles: int) -> None:
    for _ in range(WARM_UP):
        cycle(config)
    gevent.sleep(0.3)
    before = level()

    for _ in range(cycles - WARM_UP):
        cycle(config)

    # What ends by itself after a stop gets the time that it needs.
    with suppress(AssertionError):
        wait_until(lambda: not level() - before, "nothing is left behind", still_seconds=10)
    assert level() - before == Counter()


def test_starts_and_stops_with_an_embedded_database_leave_nothing_behind(soak: bool) -> None:
    health, admin = HealthConfig(port=free_port()), AdminConfig(port=free_port())

    config = Config(database=DatabaseConfig(url="mem://"), health=health, admin=admin)
    assert_level(config, SOAK_CYCLES if soak else CYCLES)


def test_starts_and_stops_with_a_server_and_work_in_hand_leave_nothing_behind(
    server_config: DatabaseConfig, soak: bool
) -> None:
    run = Flow(make_scenario([250] * 40, accounts=2, limits=NO_LIMITS), server_config)
    run.config = msgspec.structs.replace(run.config, discover=DiscoverConfig(stable_seconds=0.0))

    try:
        assert_level(run.config, SOAK_CYCLES if soak else CYCLES)
    finally:
        run.close()
