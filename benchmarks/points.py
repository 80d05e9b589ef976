"""How far GitHub's points reach: stargazers stored per rate-limit point, and how soon an
account's small repositories are complete; how many points it takes to sort what an account only
starred into lists that it may read and restricted ones.
"""

from collections import Counter
from dataclasses import dataclass

from msgspec import structs

from benchmarks.bench import embedded, prepared, run_to_end
from gitstars.app import App
from gitstars.config import CollectConfig, Config
from gitstars.simulator.scenario import (
    Scenario,
    SimAccount,
    SimLimits,
    SimRepository,
    long_tail,
    make_scenario,
)
from gitstars.store import lifecycle

#: GitHub's own limits and costs, and 0.1 s of its time for every aliased list.
LIMITS = SimLimits(alias_seconds=0.1)
#: An account whose repositories follow a long tail, half of them under 100 stars; by REST a part of
#: them is enough to tell.
REPOSITORIES, MEDIAN, LARGEST, BY_REST = 1000, 100, 3000, 150
SMALL_STARS = 100
#: An account of which nearly all that it starred is somebody else's. A list that is refused takes
#: little of GitHub's time (seconds).
STARRED, OWN, REFUSED_SECONDS = 2000, 12, 0.03
#: Aims: GraphQL points to sort them, REST points for what is no history.
MOST_POINTS, MOST_REST_POINTS = 30, 200


@dataclass(frozen=True, slots=True)
class Result:
    """``seconds`` until the small repositories and until all were complete."""

    stars: int
    points: int
    small_seconds: float
    seconds: float

    @property
    def stars_a_point(self) -> float:
        return self.stars / self.points


def run() -> None:
    """By GraphQL batches, and by REST alone."""
    sizes = long_tail(REPOSITORIES, MEDIAN, LARGEST)
    small = sum(size < SMALL_STARS for size in sizes)
    print(
        f"points: {REPOSITORIES} repositories of {sum(sizes):,} stars, {small} of them under "
        f"{SMALL_STARS}; 0.1 s for each list"
    )
    batches, rest = _collect(sizes, use_graphql=True), _collect(sizes[:BY_REST], use_graphql=False)
    ratio = batches.stars_a_point / rest.stars_a_point
    print(
        f"  GraphQL: {batches.stars_a_point:6,.0f} stars a point   REST alone: "
        f"{rest.stars_a_point:4,.0f}   ratio {ratio:.0f}"
    )
    print(
        f"  the small repositories are complete after {batches.small_seconds:.0f} s, all after "
        f"{batches.seconds:.0f} s"
    )
    sort()


def sort() -> None:
    """Of 2,000 starred repositories, which lists are given: by GitHub's usual refusal."""
    repositories = tuple(
        SimRepository(
            id=1000 + number,
            full_name=f"ann/tool-{number}" if number % 167 == 5 else f"org/repo-{number}",
            stars=40 + number // 10,
        )
        for number in range(STARRED)
    )
    own = tuple(one.id for one in repositories if one.full_name.startswith("ann/"))
    starred = tuple(one.id for one in repositories)
    account = SimAccount(user_id=7, login="ann", token="gho_annannann", starred=starred, owned=own)
    scenario = Scenario(
        accounts=(account,),
        repositories=repositories,
        population=50_000,
        limits=SimLimits(alias_seconds=REFUSED_SECONDS),
    )
    with embedded() as database, prepared(scenario, database) as (config, github):
        app = App(structs.replace(_paced(config, True), collect=CollectConfig(history="none")))
        seconds = run_to_end(app)
        statuses = lifecycle.count_by_status(app.database)
        points = Counter[bool]()
        for entry in github.asked():
            points[entry["route"] == "graphql"] += entry.get("cost", 0)
        app.stop()
    if statuses != {"completed": OWN, "restricted": STARRED - OWN}:
        raise SystemExit(f"{statuses} is not {OWN} completed and {STARRED - OWN} restricted")
    by_query, by_rest = points[True], points[False]
    is_ok = by_query <= MOST_POINTS and by_rest <= MOST_REST_POINTS
    print(
        f"  {STARRED:,} starred repositories, {OWN} of them its own, are sorted with "
        f"{by_query} GraphQL points (aim: {MOST_POINTS}) and {by_rest} REST points "
        f"(aim: {MOST_REST_POINTS}) in {seconds:.0f} s   {'ok' if is_ok else 'TOO MANY'}"
    )


def _collect(sizes: list[int], use_graphql: bool) -> Result:
    scenario = make_scenario(
        sizes,
        limits=LIMITS if use_graphql else SimLimits(points_per_window=1_000_000),
        population=500_000,
    )
    small = {place.full_name for place in scenario.repositories if place.stars < SMALL_STARS}
    with embedded() as database, prepared(scenario, database) as (config, github):
        app = App(_paced(config, use_graphql))
        ended: dict[str, float] = {}
        with app.events.listen() as listener:
            app.start()
            started = app.clock.now()
            while len(ended) < len(sizes):
                ended |= {
                    event.data["repo"]: event.at - started
                    for event in listener.take()
                    if event.kind == "repo.completed"
                }
        points = sum(entry.get("cost", 0) for entry in github.asked())
        stored = app.events.totals["stars.stored"]
        app.stop()
    if stored != sum(sizes):
        raise SystemExit(f"{stored} stars were stored, {sum(sizes)} were expected")
    return Result(stored, points, max(ended[name] for name in small), max(ended.values()))


def _paced(config: Config, use_graphql: bool) -> Config:
    """GitHub's own limits for GraphQL; for REST, where only the points count, none."""
    github = config.github
    if use_graphql:
        return structs.replace(
            config,
            github=structs.replace(github, requests_per_hour=5000, graphql_points_per_minute=2000),
        )
    return structs.replace(config, github=structs.replace(github, use_graphql=False))
