"""What the benchmarks share: a simulated GitHub, a database as the web application left it, and
gitstars with pacing off.
"""

import os
import resource
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gevent

from gitstars.app import App
from gitstars.config import AdminConfig, Config, DatabaseConfig, GithubConfig, HealthConfig
from gitstars.model import Repository
from gitstars.simulator.process import SimulatorProcess, start_process
from gitstars.simulator.scenario import Scenario
from gitstars.store import schema, seeding
from gitstars.store.database import Database


@contextmanager
def embedded() -> Iterator[DatabaseConfig]:
    """An empty embedded database."""
    with tempfile.TemporaryDirectory(prefix="gitstars-bench-") as folder:
        yield DatabaseConfig(url=f"surrealkv://{folder}/stars.db")


def free_ports(count: int) -> list[int]:
    """So many ports that nobody listens on at this moment."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


@contextmanager
def server(connections: int = 10) -> Iterator[DatabaseConfig | None]:
    """An empty database on a real server (``$SURREAL_BIN``, else ``surreal`` on PATH); None
    where there is no such program.
    """
    program = os.environ.get("SURREAL_BIN") or shutil.which("surreal")
    if program is None:
        yield None
        return
    port = free_ports(1)[0]
    with tempfile.TemporaryDirectory(prefix="gitstars-bench-") as folder:
        login = ["--user", "root", "--pass", "root", "--log", "none", "--no-banner"]
        command = [
            str(Path(program).resolve()),
            "start",
            "--bind",
            f"127.0.0.1:{port}",
            *login,
            f"surrealkv://{folder}/stars",
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield DatabaseConfig(
                url=f"ws://127.0.0.1:{port}",
                user="root",
                password="root",
                pool_max_size=connections,
            )
        finally:
            process.kill()
            process.wait()


@contextmanager
def prepared(
    scenario: Scenario, database: DatabaseConfig
) -> Iterator[tuple[Config, SimulatorProcess]]:
    """The configuration of a gitstars that has everything before it."""
    github = start_process(scenario)
    try:
        opened = Database(database)
        opened.open(wait_seconds=20)
        schema.apply(opened)
        places = {repository.id: repository for repository in scenario.repositories}
        for account in scenario.accounts:
            seeding.sign_in(opened, account.user_id, account.login, account.token, account.scopes)
            chosen = [places[identity] for identity in account.starred]
            seeding.star(
                opened,
                account.login,
                [Repository(p.full_name, p.full_name, p.id, p.stars) for p in chosen],
            )
        opened.close()
        reached = GithubConfig(
            api_url=github.url,
            graphql_url=github.graphql_url,
            requests_per_hour=1_000_000,
            rest_points_per_minute=1_000_000,
            graphql_points_per_minute=1_000_000,
        )
        yield (
            Config(
                database=database,
                github=reached,
                health=HealthConfig(port=0),
                admin=AdminConfig(port=0),
            ),
            github,
        )
    finally:
        github.stop()


def run_to_end(app: App) -> float:
    """Run a started app until nothing is left to do; seconds."""
    started = time.perf_counter()
    app.start()
    while not app.is_idle or not app.events.totals["repo.claimed"]:
        gevent.sleep(0.02)
    return time.perf_counter() - started


def peak_memory_mb() -> float:
    """The most resident memory that this process ever had; Linux tells it in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
