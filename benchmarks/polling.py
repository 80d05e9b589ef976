"""What watching costs: the load with nobody looking, and with 100 clients that poll health,
metrics and statistics once a second.
"""

import json
import subprocess
import sys
from statistics import median

from msgspec import structs

from benchmarks.bench import embedded, free_ports, prepared, run_to_end
from benchmarks.load import NO_LIMITS, POPULATION, REPOSITORIES, STARS_EACH
from gitstars.app import App
from gitstars.config import AdminConfig, HealthConfig
from gitstars.simulator.scenario import make_scenario

CLIENTS, ROUNDS = 100, 3
KEY = "benchmark-key-0123456789"


def run() -> None:
    """Both in turn, three times; the medians."""
    print(
        f"polling: {REPOSITORIES} repositories of {STARS_EACH} stargazers with and without "
        f"{CLIENTS} clients (embedded surrealkv)"
    )
    alone, watched, waits = [], [], []
    for _ in range(ROUNDS):
        alone.append(_load(0)[0])
        rate, seconds = _load(CLIENTS)
        watched.append(rate)
        waits += seconds
    waits.sort()
    slower = 1 - median(watched) / median(alone)
    print(
        f"  alone {median(alone):8,.0f} stars/s   watched {median(watched):8,.0f} stars/s   "
        f"slower by {100 * slower:.1f} %"
    )
    print(
        f"  {len(waits):,} answers: median {1000 * median(waits):.1f} ms, p99 "
        f"{1000 * waits[int(len(waits) * 0.99)]:.1f} ms"
    )


def _load(clients: int) -> tuple[float, list[float]]:
    """Stars a second, and how long each answer took (seconds)."""
    scenario = make_scenario(
        [STARS_EACH] * REPOSITORIES, accounts=4, limits=NO_LIMITS, population=POPULATION
    )
    health, admin = free_ports(2)
    with embedded() as database, prepared(scenario, database) as (config, _):
        app = App(
            structs.replace(
                config, health=HealthConfig(port=health), admin=AdminConfig(port=admin, api_key=KEY)
            )
        )
        command = [
            sys.executable,
            "-m",
            "benchmarks.pollers",
            str(clients),
            str(health),
            str(admin),
            KEY,
        ]
        pollers = (
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            if clients
            else None
        )
        seconds = run_to_end(app)
        waits = json.loads(pollers.communicate()[0]) if pollers else []
        rate = app.events.totals["stars.stored"] / seconds
        app.stop()
    return rate, waits
