"""What watching costs: the load with nobody looking, and with 100 clients that poll health,
metrics and statistics once a second; and with 300 that look at charts of the public port.
"""

import json
import subprocess
import sys
from statistics import median

from msgspec import structs

from benchmarks.bench import embedded, free_ports, prepared, run_to_end
from benchmarks.load import NO_LIMITS, POPULATION, REPOSITORIES, STARS_EACH
from gitstars.app import App
from gitstars.config import AdminConfig, HealthConfig, PublicConfig
from gitstars.simulator.scenario import make_scenario

CLIENTS, VIEWERS, ROUNDS = 100, 300, 3
#: Pictures that the viewers look at.
PICTURES = 20
KEY = "benchmark-key-0123456789"
#: A port, a path, and headers.
Target = tuple[int, str, dict[str, str]]


def run() -> None:
    """Both in turn, three times; the medians."""
    print(
        f"polling: {REPOSITORIES} repositories of {STARS_EACH} stargazers with and without "
        f"{CLIENTS} clients (embedded surrealkv)"
    )
    health, admin = free_ports(2)
    _compare(
        CLIENTS,
        [
            (health, "/health", {}),
            (health, "/metrics", {}),
            (admin, "/stats", {"Authorization": f"Bearer {KEY}"}),
        ],
        health=HealthConfig(port=health),
        admin=AdminConfig(port=admin, api_key=KEY),
    )


def run_public() -> None:
    """Both in turn, three times; the medians."""
    print(
        f"public: {REPOSITORIES} repositories of {STARS_EACH} stargazers with and without "
        f"{VIEWERS} viewers of {PICTURES} charts a second (embedded surrealkv)"
    )
    (port,) = free_ports(1)
    names = (f"org{number % 17}/repo-{number}" for number in range(PICTURES))
    targets: list[Target] = [(port, f"/{name}.svg", {}) for name in names]
    _compare(VIEWERS, targets, public=PublicConfig(port=port))


def _compare(clients: int, targets: list[Target], **servers: object) -> None:
    alone, watched, waits = [], [], []
    for _ in range(ROUNDS):
        alone.append(_load(0, targets, **servers)[0])
        rate, seconds = _load(clients, targets, **servers)
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


def _load(clients: int, targets: list[Target], **servers: object) -> tuple[float, list[float]]:
    """Stars a second, and how long each answer took (seconds)."""
    scenario = make_scenario(
        [STARS_EACH] * REPOSITORIES, accounts=4, limits=NO_LIMITS, population=POPULATION
    )
    with embedded() as database, prepared(scenario, database) as (config, _):
        app = App(structs.replace(config, **servers))
        command = [sys.executable, "-m", "benchmarks.pollers", str(clients), json.dumps(targets)]
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
