"""What it costs to watch accounts in which nothing changes: the part of a core that gitstars and
the embedded engine take together, and how late the hub is.
"""

import os
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import gevent

from benchmarks.bench import embedded
from gitstars.app import App
from gitstars.config import (
    AdminConfig,
    Config,
    DatabaseConfig,
    DiscoverConfig,
    HealthConfig,
    WorkersConfig,
)
from gitstars.discover.scanner import COMPARED_AT_ONCE
from gitstars.model import Account, Priority, Repository
from gitstars.store import accounts as stored
from gitstars.store import lifecycle, schema, seeding
from gitstars.store.database import Database, record

#: What is told of: so many accounts of so many repositories, each account's stars compared once in
#: so many seconds, all of its repositories read again after so many.
ACCOUNTS, REPOSITORIES, SCAN_SECONDS, WALK_SECONDS = 1000, 1000, 300.0, 24 * 3600.0
#: What is measured: all of the accounts, of which this many have so many repositories and the
#: others one. What costs more with more repositories is measured with these by itself, and counted
#: for all.
WITH_REPOSITORIES = 20
FACTOR = ACCOUNTS / WITH_REPOSITORIES
MEASURED_SECONDS, WATCHED_SECONDS = 40.0, 15.0
#: How often the hub is looked at (seconds).
TICK_SECONDS = 0.005
UNCHANGED = """
UPDATE $rows SET status = 'completed', completed_at = time::now(), total_stargazers = 5,
    counted_at = time::now(), next_retry_after = time::now() + 1d RETURN NONE
"""


def run() -> None:
    """A thousand accounts of a thousand repositories, of which a fiftieth is there."""
    print(
        f"idle: {ACCOUNTS:,} accounts of {REPOSITORIES:,} repositories, unchanged; of "
        f"{WITH_REPOSITORIES} accounts the repositories are there (embedded surrealkv)"
    )
    with embedded() as database:
        _seed(database)
        config = Config(
            database=database,
            discover=DiscoverConfig(scan_seconds=SCAN_SECONDS, include=("starred",)),
            health=HealthConfig(port=0),
            admin=AdminConfig(port=0),
            # As few as scaling leaves where nothing waits.
            workers=WorkersConfig(initial=4),
        )
        app = App(config)
        began = time.perf_counter()
        app.start()
        started = time.perf_counter() - began
        while app.watcher.is_anyone_arriving:
            gevent.sleep(0.05)
        read = time.perf_counter() - began
        chosen = app.watcher.accounts[:WITH_REPOSITORIES]
        comparing = _measure(app, lambda: _compare(app, chosen)) * FACTOR / SCAN_SECONDS
        reading = _measure(app, lambda: _read(app, chosen)) * FACTOR / WALK_SECONDS
        resting, late = _rest(app), _watch()
        app.stop()
    late.sort()
    print(
        f"  the first worker after {started:.2f} s, {WITH_REPOSITORIES * REPOSITORIES:,} "
        f"repositories read after {read:.1f} s"
    )
    print(
        f"  {100 * (sum(resting) + comparing + reading):.2f} % of a core: resting gitstars "
        f"{100 * resting[0]:.2f}, engine {100 * resting[1]:.2f}; comparing stars "
        f"{100 * comparing:.2f}; reading everything every {WALK_SECONDS / 3600:.0f} hours "
        f"{100 * reading:.2f}"
    )
    print(
        f"  the hub is late by {1000 * late[len(late) // 2]:.1f} ms (median), "
        f"{1000 * late[int(len(late) * 0.99)]:.1f} ms (p99)",
        flush=True,
    )


def _seed(settings: DatabaseConfig) -> None:
    database = Database(settings)
    database.open()
    schema.apply(database)
    for user_id in range(1, ACCOUNTS + 1):
        login = f"user-{user_id}"
        count = REPOSITORIES if user_id <= WITH_REPOSITORIES else 1
        names = [f"{login}/r-{number}" for number in range(count)]
        places = [
            Repository(name, name, user_id * REPOSITORIES + number, 5)
            for number, name in enumerate(names)
        ]
        seeding.sign_in(database, user_id, login, f"gho_{login}")
        seeding.star(database, login, places)
        lifecycle.ensure_all(database, names)
        database.run(UNCHANGED, rows=[record("repo_processing_status", name) for name in names])
    database.close()


def _measure(app: App, work: Callable[[], None]) -> float:
    """What the work takes of a core (seconds)."""
    before = sum(_cpu_seconds(app))
    work()
    return sum(_cpu_seconds(app)) - before


def _compare(app: App, accounts: Sequence[Account]) -> None:
    for start in range(0, len(accounts), COMPARED_AT_ONCE):
        stored.fingerprint_stars(app.database, accounts[start : start + COMPARED_AT_ONCE])


def _read(app: App, accounts: Sequence[Account]) -> None:
    for account in accounts:
        app.watcher.enqueue(account, Priority.EXISTING)


def _rest(app: App) -> tuple[float, float]:
    """The part of a core that this process and the engine use while nothing happens."""
    began, before = time.perf_counter(), _cpu_seconds(app)
    gevent.sleep(MEASURED_SECONDS)
    seconds, after = time.perf_counter() - began, _cpu_seconds(app)
    return (after[0] - before[0]) / seconds, (after[1] - before[1]) / seconds


def _watch() -> list[float]:
    """How late each tick of the hub was (seconds)."""
    late: list[float] = []
    began = time.perf_counter()
    while (now := time.perf_counter()) < began + WATCHED_SECONDS:
        gevent.sleep(TICK_SECONDS)
        late.append(max(0.0, time.perf_counter() - now - TICK_SECONDS))
    return late


def _cpu_seconds(app: App) -> tuple[float, float]:
    """What this process and the engine's child used so far."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    engine = app.database.engine
    assert engine is not None
    fields = Path(f"/proc/{engine.pid}/stat").read_text().rpartition(")")[2].split()
    child = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own.ru_utime + own.ru_stime, child
