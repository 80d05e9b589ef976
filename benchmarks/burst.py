"""How fast one token reads by REST alone, within GitHub's own limits, when each call takes long.

At the beginning of an hour the budget allows a burst; the calls on their way at once decide how
fast it is.
"""

import time

import gevent
import msgspec

from benchmarks import bench
from gitstars.app import App
from gitstars.simulator.scenario import SimLimits, make_scenario

#: Of every call (seconds), and how long is measured (seconds).
LATENCY_SECONDS, MEASURED_SECONDS = 0.3, 5.0


def run() -> None:
    """Print pages a second for several numbers of calls at once."""
    for concurrency in (1, 8):
        print(f"burst, {concurrency} calls at once of {LATENCY_SECONDS} s each: ", end="")
        print(f"{measure(concurrency):.1f} pages a second")


def measure(concurrency: int) -> float:
    """Pages a second that were stored."""
    limits = SimLimits(latency_seconds=LATENCY_SECONDS)
    scenario = make_scenario([700] * 60, limits=limits, population=20_000)
    with bench.embedded() as database, bench.prepared(scenario, database) as (config, _):
        github = msgspec.structs.replace(
            config.github,
            requests_per_hour=4000,
            rest_points_per_minute=900,
            use_graphql=False,
            concurrency=concurrency,
        )
        app = App(msgspec.structs.replace(config, github=github))
        app.start()
        try:
            while app.events.totals["pages.stored"] < 2 * concurrency:
                gevent.sleep(0.02)
            before, began = app.events.totals["pages.stored"], time.perf_counter()
            gevent.sleep(MEASURED_SECONDS)
            stored = app.events.totals["pages.stored"] - before
            return stored / (time.perf_counter() - began)
        finally:
            app.stop()
