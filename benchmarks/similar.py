"""Finds repositories with the same stargazers among a million stored stars."""

import time

from benchmarks.bare import insert_bare
from benchmarks.bench import embedded
from gitstars.report.sharing import find_overlaps, find_similar
from gitstars.simulator.scenario import make_scenario
from gitstars.store import repositories, schema

REPOSITORIES, STARS_EACH, GIANT, POPULATION = 2000, 495, 10_000, 100_000


def run() -> None:
    """Of a usual repository and of a giant one, and the overlap of five."""
    sizes = [GIANT, *[STARS_EACH] * REPOSITORIES]
    print(f"similar: {sum(sizes):,} stars of {len(sizes):,} repositories (embedded surrealkv)")
    scenario = make_scenario(sizes, accounts=1, population=POPULATION)
    giant, usual, *others = scenario.repositories
    with embedded() as settings:
        insert_bare(settings, scenario)
        with schema.opened(settings) as database:
            rows = [
                {"id": place.full_name, "github_id": place.id, "full_name": place.full_name}
                for place in scenario.repositories
            ]
            database.run("INSERT INTO repo $rows RETURN NONE", rows=rows)
            database.run("UPDATE repo_processing_status SET status = 'completed' RETURN NONE")
            for name in (usual.full_name, giant.full_name):
                view = repositories.require(database, name)
                started = time.perf_counter()
                find_similar(database, view, 20)
                print(f"  similar to {name:14} {time.perf_counter() - started:6.2f} s")
            views = [repositories.require(database, one.full_name) for one in others[:5]]
            started = time.perf_counter()
            find_overlaps(database, views)
            print(f"  overlap of five           {time.perf_counter() - started:6.2f} s")
