"""Loads stargazers through the whole path (HTTP, decode, users + edges + progress, commit),
beside the naive way of doing the same.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from benchmarks.bare import insert_bare
from benchmarks.bench import embedded, peak_memory_mb, prepared, run_to_end, server
from gitstars.app import App
from gitstars.config import Config, DatabaseConfig
from gitstars.fetch import answers
from gitstars.model import PageWrite, Progress
from gitstars.simulator.scenario import SimLimits, make_scenario
from gitstars.store import accounts, lifecycle, starred
from gitstars.store.starred import Terms

NO_LIMITS = SimLimits(
    points_per_window=10_000_000,
    rest_points_per_minute=10_000_000,
    graphql_points_per_minute=10_000_000,
)
#: The load: 200 repositories of 500 stargazers out of 150,000 people.
REPOSITORIES, STARS_EACH, POPULATION = 200, 500, 150_000


def run() -> None:
    """100,000 stargazers of 200 repositories, on both engines."""
    print(f"load: {REPOSITORIES} repositories of {STARS_EACH} stargazers, pacing off")
    _compare("embedded surrealkv", embedded)
    _compare("server", server)


def _compare(name: str, make: Callable[[], AbstractContextManager[DatabaseConfig | None]]) -> None:
    """The job as gitstars does it, bare inserts of the same rows, and the naive way, each on an
    empty database.
    """
    seconds = []
    for do in (_load, _load_bare, _load_naively):
        with make() as database:
            if database is None:
                print(f"  {name}: no SurrealDB server here (set SURREAL_BIN)")
                return
            seconds.append(do(database, REPOSITORIES, STARS_EACH))
    stars, (fast, bare, naive) = REPOSITORIES * STARS_EACH, seconds
    told = [f"{each:6.1f} s, {stars / each:7,.0f} stars/s" for each in seconds]
    print(f"  {name:18} {told[0]}")
    print(f"  {'bare inserts':18} {told[1]}, ratio {bare / fast:.2f}")
    print(f"  {'naive':18} {told[2]}, ratio {naive / fast:.1f}", flush=True)


def run_flat() -> None:
    """Time a star from 10,000 to 1,000,000 stars on the embedded engine, and this process'
    memory at its peak.
    """
    print("flat: time a star while the database grows (embedded surrealkv)")
    for stars in (10_000, 100_000, 1_000_000):
        with embedded() as database:
            seconds = _load(database, max(1, stars // 2000), 2000)
        rate = stars / seconds
        print(
            (
                f"  {stars:9,} stars: {1e6 / rate:6.0f} us a star, {rate:8,.0f} stars/s, memory "
                f"{peak_memory_mb():.0f} MB at most"
            ),
            flush=True,
        )


def _load(database: DatabaseConfig, repositories: int, stars_each: int) -> float:
    """Seconds until everything is stored."""
    scenario = make_scenario(
        [stars_each] * repositories, accounts=4, limits=NO_LIMITS, population=POPULATION
    )
    with prepared(scenario, database) as (config, _):
        app = App(config)
        seconds = run_to_end(app)
        stored = app.events.totals["stars.stored"]
        app.stop()
    _check(stored, repositories * stars_each)
    return seconds


def _load_bare(database: DatabaseConfig, repositories: int, stars_each: int) -> float:
    """Seconds that the engine needs for the rows alone, with as many writers as gitstars has."""
    scenario = make_scenario([stars_each] * repositories, accounts=4, population=POPULATION)
    return insert_bare(database, scenario)


def _load_naively(database: DatabaseConfig, repositories: int, stars_each: int) -> float:
    """One page at a time, one transaction a page, every user sent with it; seconds."""
    scenario = make_scenario([stars_each] * repositories, limits=NO_LIMITS, population=POPULATION)
    with prepared(scenario, database) as (config, _):
        app = App(config)
        app.database.open()
        app.writer.start()
        started = time.perf_counter()
        stored = _walk(app, config)
        seconds = time.perf_counter() - started
        app.stop()
    _check(stored, repositories * stars_each)
    return seconds


def _check(stored: int, expected: int) -> None:
    if stored != expected:
        raise SystemExit(f"{stored} stars were stored, {expected} were expected")


def _walk(app: App, config: Config) -> int:
    stored = 0
    account = accounts.read_accounts(app.database).accounts[0]
    for state in starred.list_needy(app.database, account, Terms(0.0)):
        repository = state.repository
        held = lifecycle.claim(
            app.database, repository, app.instance.owner(), config.collect.lease_seconds, 0.0
        )
        assert held is not None
        page, has_next = 0, True
        while has_next:
            page += 1
            outcome = app.client.list_stargazers(account, repository.full_name, page)
            assert isinstance(outcome, answers.Page), outcome
            app.writer.known.forget()
            app.writer.submit(
                PageWrite(
                    held,
                    outcome.stargazers,
                    Progress({"kind": "rest", "next_page": page + 1}, page),
                )
            ).get()
            stored, has_next = stored + len(outcome.stargazers), outcome.has_next
    return stored
