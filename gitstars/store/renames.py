"""A repository that was renamed: the web application writes a record under its new name, and
what gitstars collected follows it.

The engine ignores a change of an edge's ``out``, and does not take an id again in the transaction
that deleted it. So edges move in steps, each of which leaves every star stored, and all of which
may be run again: copies, the originals deleted, the copies renamed.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from gitstars.errors import ClaimLost
from gitstars.model import Repository
from gitstars.store.database import Database, key_of, record
from gitstars.store.lifecycle.changes import MOVE, hold_for_move
from gitstars.store.lifecycle.rows import find_collected
from gitstars.store.lifecycle.rule import LEGACY
from gitstars.store.reading import as_text

logger = logging.getLogger(__name__)

#: Edges of one transaction.
CHUNK = 500
#: While edges move nobody may claim the repository; who dies over it leaves it to others after so
#: long (seconds).
HOLD_SECONDS = 60.0

#: Other records of these repositories.
OTHERS = "SELECT id, github_id FROM repo WHERE github_id IN $ids AND id NOT IN $new"
SOME = (
    "SELECT VALUE id FROM starred WHERE out = $repo AND source = 'stargazer_analysis' LIMIT $chunk"
)
COPIES = (
    "SELECT VALUE id FROM starred WHERE out = $repo AND source = 'stargazer_analysis' AND "
    "array::len(record::id(id)) = 3 LIMIT $chunk"
)
COPY = """
INSERT RELATION IGNORE INTO starred (
    SELECT *, [record::id(id)[0], record::id(id)[1], 'moving'] AS id, $new AS out FROM $edges
) RETURN NONE
"""
SETTLE = """
INSERT RELATION IGNORE INTO starred (SELECT *, [record::id(id)[0],
    record::id(id)[1]] AS id FROM $edges) RETURN NONE
"""
DELETE = "DELETE $edges RETURN NONE"
#: The rows of history, counts, access and following bear the repository's key; the status row is
#: the former one, with its cursor, figures and times. Another process may have moved all of it.
MOVE_REST = f"""
BEGIN;
INSERT IGNORE INTO star_history (SELECT *, [$key, week] AS id,
    $new AS repo FROM star_history WHERE repo = $old) RETURN NONE;
DELETE star_history WHERE repo = $old RETURN NONE;
INSERT IGNORE INTO star_count (SELECT *, [$key, day] AS id,
    $new AS repo FROM star_count WHERE repo = $old) RETURN NONE;
DELETE star_count WHERE repo = $old RETURN NONE;
INSERT IGNORE INTO gitstars_access (SELECT *, [user_id, $key] AS id,
    $new AS repo FROM gitstars_access WHERE repo = $old) RETURN NONE;
DELETE gitstars_access WHERE repo = $old RETURN NONE;
INSERT IGNORE INTO gitstars_follow (SELECT *, [$key, owner_id ?? 0] AS id,
    $new AS repo FROM gitstars_follow WHERE repo = $old) RETURN NONE;
DELETE gitstars_follow WHERE repo = $old RETURN NONE;
{MOVE}
IF array::len($rows) > 0 {{ UPSERT $alias SET value = $key RETURN NONE }};
COMMIT;
"""


def find_former(database: Database, repositories: Sequence[Repository]) -> dict[str, Any]:
    """The former records of those of these repositories that were collected under another name,
    by the new key.
    """
    keys = {one.github_id: one.key for one in repositories if one.github_id is not None}
    if not keys:
        return {}
    rows = database.run(
        OTHERS, ids=list(keys), new=[record("repo", one.key) for one in repositories]
    )[0]
    collected = find_collected(database, [row["id"] for row in rows])
    return {keys[row["github_id"]]: row["id"] for row in rows if row["id"] in collected}


def find_aliases(database: Database, keys: Iterable[str]) -> set[str]:
    """Those of these records whose repository is collected under another one, to which it moved:
    they stay what they are.
    """
    rows = database.run("SELECT id, value FROM $rows", rows=[_alias(key) for key in keys])[0]
    targets = {key_of(row["id"])[1]: as_text(row.get("value")) for row in rows}
    records = [record("repo", target) for target in targets.values() if target is not None]
    collected = {key_of(found) for found in find_collected(database, records)}
    return {key for key, target in targets.items() if target in collected}


def remember_alias(database: Database, key: str, other: str) -> None:
    """The record ``key`` is of the same repository as ``other``, under which it is collected."""
    database.run_retrying(
        "UPSERT $alias SET value = $other RETURN NONE", alias=_alias(key), other=other
    )


def carry_over(database: Database, former: Any, key: str) -> int | None:
    """Move what was collected from the record ``former`` to that of ``key``; how many stars
    moved. None: somebody is at it, so that it can move only later, or what is left of it.

    The row is out of the way of claims before anything moves, so that nobody stores stars at the
    former record afterwards. Killed in between, the next call goes on.
    """
    new, moved = record("repo", key), 0
    while hold_for_move(database, former, HOLD_SECONDS):
        if edges := database.run(SOME, repo=former, chunk=CHUNK)[0]:
            database.run_retrying(COPY, edges=edges, new=new)
            database.run_retrying(DELETE, edges=edges)
            moved += len(edges)
        elif copies := database.run(COPIES, repo=new, chunk=CHUNK)[0]:
            database.run_retrying(SETTLE, edges=copies)
            database.run_retrying(DELETE, edges=copies)
        else:
            break
    else:
        return None
    try:
        database.run_retrying(
            MOVE_REST, old=former, new=new, key=key, alias=_alias(key_of(former)), legacy=LEGACY
        )
    except ClaimLost:
        return None
    logger.info(
        "%s was renamed to %s: %d stars, its history and its status follow",
        key_of(former),
        key,
        moved,
    )
    return moved


def _alias(key: str) -> Any:
    return record("gitstars_state", ["alias", key])
