"""The reference of ``load``: the same users, edges and status rows inserted with nothing around
them. No HTTP, no claim, no progress of pages, no look at what is there; every user is sent once.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Any

from gevent.pool import Pool

from gitstars.config import DatabaseConfig
from gitstars.simulator.scenario import Scenario
from gitstars.simulator.truth import TrueStar, truth
from gitstars.store import schema
from gitstars.store.database import PATIENCE_SECONDS, Database, record
from gitstars.store.writer import count_writers

#: Users of one transaction; an edge's transaction holds the stars of one list.
GROUP_ROWS = 500

USERS = """
INSERT INTO github_user $users.map(|$user| {
    id: $user[1], github_id: $user[0], username: $user[1], synced_at: time::now()
}) RETURN NONE;
"""
LIST = """
BEGIN;
INSERT RELATION INTO starred (
    SELECT VALUE {id: [github_id, $repo_id], in: id, out: $repo, source: 'stargazer_analysis',
                  starred_at: <datetime>$at[<string>github_id]}
    FROM github_user WHERE github_id IN $ids
) RETURN NONE;
INSERT INTO repo_processing_status {repo: $repo, status: 'completed',
    processed_stargazers: array::len($ids)} RETURN NONE;
COMMIT;
"""


def insert_bare(config: DatabaseConfig, scenario: Scenario) -> float:
    """Insert every star of the scenario into an empty database, with as many transactions at once
    as gitstars has; seconds.
    """
    database = Database(config)
    writers = count_writers(database, config.pool_max_size)
    database.open(wait_seconds=20)
    schema.apply(database)
    identities = {place.full_name: place.id for place in scenario.repositories}
    listed = {name: list(stars) for name, stars in truth(scenario).items()}
    people = list({star.user_id: star.login for stars in listed.values() for star in stars}.items())
    groups = (people[at : at + GROUP_ROWS] for at in range(0, len(people), GROUP_ROWS))
    began = time.perf_counter()
    _run_all(database, USERS, ({"users": group} for group in groups), writers)
    lists = (_bind(name, identities[name], stars) for name, stars in listed.items())
    _run_all(database, LIST, lists, writers)
    seconds = time.perf_counter() - began
    (stored,) = database.run("RETURN count((SELECT VALUE id FROM starred))")
    database.close()
    if stored != sum(map(len, listed.values())):
        raise SystemExit(f"the reference stored {stored} stars")
    return seconds


def _bind(name: str, github_id: int, stars: Sequence[TrueStar]) -> dict[str, Any]:
    return {
        "repo": record("repo", name),
        "repo_id": github_id,
        "ids": [star.user_id for star in stars],
        "at": {str(star.user_id): star.starred_at for star in stars},
    }


def _run_all(
    database: Database, query: str, bindings: Iterable[dict[str, Any]], writers: int
) -> None:
    def run(values: dict[str, Any]) -> None:
        database.run_retrying(query, PATIENCE_SECONDS, **values)

    for _ in Pool(writers).imap_unordered(run, bindings):
        pass
