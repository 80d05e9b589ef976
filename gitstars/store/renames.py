"""A repository that was renamed: the web application writes a record under its new name, and what gitstars collected follows it.

The engine ignores a change of an edge's ``out``, and does not take an id again in the transaction that deleted it. So edges move in steps,
each of which leaves every star stored, and all of which may be run again: copies, the originals deleted, the copies renamed.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gitstars.model import Repository
from gitstars.store.database import Database, key_of, record

logger = logging.getLogger(__name__)

#: Edges of one transaction.
CHUNK = 500

#: Other records of these repositories, with the status of their collecting where there is one.
FORMER = """
SELECT id, github_id, (SELECT VALUE status FROM repo_processing_status WHERE repo = $parent.id LIMIT 1)[0] AS status FROM repo
WHERE github_id IN $ids AND id NOT IN $new
"""
SOME = "SELECT VALUE id FROM starred WHERE out = $repo AND source = 'stargazer_analysis' LIMIT $chunk"
COPIES = "SELECT VALUE id FROM starred WHERE out = $repo AND source = 'stargazer_analysis' AND array::len(record::id(id)) = 3 LIMIT $chunk"
COPY = """
INSERT RELATION IGNORE INTO starred (
    SELECT *, [record::id(id)[0], record::id(id)[1], 'moving'] AS id, $new AS out FROM $edges
) RETURN NONE
"""
SETTLE = """
INSERT RELATION IGNORE INTO starred (SELECT *, [record::id(id)[0], record::id(id)[1]] AS id FROM $edges) RETURN NONE
"""
DELETE = "DELETE $edges RETURN NONE"
#: The history's rows bear the repository's key; the status row is the former one, with its cursor, counts and times.
MOVE_REST = """
BEGIN;
INSERT IGNORE INTO star_history (SELECT *, [$key, week] AS id, $new AS repo FROM star_history WHERE repo = $old) RETURN NONE;
DELETE star_history WHERE repo = $old RETURN NONE;
DELETE repo_processing_status WHERE repo = $new RETURN NONE;
UPDATE repo_processing_status SET repo = $new WHERE repo = $old RETURN NONE;
COMMIT;
"""


@dataclass(frozen=True, slots=True)
class Former:
    """The record under which a repository was collected. ``is_busy``: somebody is at it, so that it cannot move now."""

    identity: Any
    is_busy: bool


def find_former(database: Database, repositories: Sequence[Repository]) -> dict[str, Former]:
    """The former records of those of these repositories that were collected under another name, by the new key."""
    keys = {place.github_id: place.key for place in repositories if place.github_id is not None}
    if not keys:
        return {}
    rows = database.run(FORMER, ids=list(keys), new=[record("repo", key) for key in keys.values()])[0]
    return {keys[row["github_id"]]: Former(row["id"], row["status"] == "processing") for row in rows if row.get("status")}


def carry_over(database: Database, former: Any, key: str) -> int:
    """Move what was collected from the record ``former`` to that of ``key``; how many stars moved."""
    new, moved = record("repo", key), 0
    while edges := database.run(SOME, repo=former, chunk=CHUNK)[0]:
        database.run_retrying(COPY, edges=edges, new=new)
        database.run_retrying(DELETE, edges=edges)
        moved += len(edges)
    while copies := database.run(COPIES, repo=new, chunk=CHUNK)[0]:
        database.run_retrying(SETTLE, edges=copies)
        database.run_retrying(DELETE, edges=copies)
    database.run_retrying(MOVE_REST, old=former, new=new, key=key)
    logger.info("%s was renamed to %s: %d stars, its history and its status follow", key_of(former), key, moved)
    return moved
