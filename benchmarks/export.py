"""Exports a million stars from the embedded engine, beside the engine's own answers without
anything made of them.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.bare import insert_bare
from benchmarks.bench import embedded, peak_memory_mb
from gitstars import api
from gitstars.cli.export import save_sqlite, write
from gitstars.simulator.scenario import make_scenario
from gitstars.store import exports, schema
from gitstars.store.database import Database
from gitstars.supervise.reading import StarReader

REPOSITORIES, STARS_EACH, POPULATION = 500, 2000, 300_000


def run() -> None:
    """All stars as CSV, as JSON lines and as SQLite, and those of one repository."""
    stars = REPOSITORIES * STARS_EACH
    print(f"export: {stars:,} stars of {REPOSITORIES} repositories (embedded surrealkv)")
    scenario = make_scenario([STARS_EACH] * REPOSITORIES, accounts=1, population=POPULATION)
    one = scenario.repositories[0].full_name
    with embedded() as settings, tempfile.TemporaryDirectory() as folder:
        insert_bare(settings, scenario)
        target = str(Path(folder) / "out")
        with schema.opened(settings) as database:
            places = [
                {"id": place.full_name, "github_id": place.id, "full_name": place.full_name}
                for place in scenario.repositories
            ]
            database.run("INSERT INTO repo $places RETURN NONE", places=places)
            reader = StarReader(database)
            csv, lines = api.ExportQuery(), api.ExportQuery(format="jsonl")
            bare = _tell("the engine's answers alone", stars, lambda: _read(database))
            ways: tuple[tuple[str, Callable[[], None]], ...] = (
                ("csv", lambda: write(target, reader.export("stars", csv))),
                ("jsonl", lambda: write(target, reader.export("stars", lines))),
                ("sqlite", lambda: save_sqlite(target, "stars", reader.export("stars", lines))),
            )
            for name, way in ways:
                seconds = _tell(name, stars, way)
                print(f"    {seconds / bare:.2f} of the answers' time")
            chosen = api.ExportQuery(repos=one)
            part = _tell(
                f"csv of {one}", STARS_EACH, lambda: write(target, reader.export("stars", chosen))
            )
            print(f"    {part / bare:.3f} of the answers' time for all")
        print(f"  memory {peak_memory_mb():.0f} MB at its peak")


def _read(database: Database) -> None:
    for _ in exports.read_stars(database):
        pass


def _tell(name: str, stars: int, way: Callable[[], None]) -> float:
    began = time.perf_counter()
    way()
    seconds = time.perf_counter() - began
    print(f"  {name:30} {seconds:6.1f} s, {stars / seconds:9,.0f} stars/s", flush=True)
    return seconds
