"""Changes of rows that nobody holds a claim on: what discovery, counting, waiting, histories and
renames write.

A constant here is a statement that belongs into a transaction of another module.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gitstars.model import Repository
from gitstars.redaction import redact
from gitstars.store.database import Database, record, seconds, to_datetime_or_none
from gitstars.store.lifecycle.rule import IN_HAND, LEGACY
from gitstars.store.parts import change_each

#: Repositories that one query names at most.
ROWS_AT_ONCE = 1000

WAIT = """
UPDATE repo_processing_status SET status = 'rate_limited', next_retry_after = $until,
    last_error = $reason
WHERE repo IN $items AND status IN ['pending', 'rate_limited'] RETURN VALUE id
"""
#: In each of these repositories (``$listed``) the star of one known user is a deleted user's now.
COUNT_AS_GHOST = """
UPDATE repo_processing_status SET processed_stargazers -= 1, ghosts = (ghosts ?? 0) + 1
    WHERE repo IN $listed AND processed_stargazers > 0 RETURN NONE;
"""
#: The position in the weekly history (``$progress``) of the repository ``$repo``.
SAVE_HISTORY = (
    "UPDATE repo_processing_status SET history = $progress WHERE repo = $repo RETURN NONE;"
)
#: Refused lists of the repositories ``$again`` may be asked for at once.
LOOK_AGAIN = """
UPDATE repo_processing_status SET next_retry_after = time::now() WHERE repo IN $again
    AND status = 'restricted' RETURN NONE;
"""
#: Takes the rows of the record ``$old`` out of the way of claims for a while (``$pause``), where
#: nobody holds them; whose lease ran out stores nothing more.
HOLD = f"""
UPDATE repo_processing_status SET moving_until = time::now() + $pause,
    status = IF status = 'processing' {{ 'pending' }} ELSE {{ status }},
    claimed_by = NONE, claimed_at = NONE, lease_expires_at = NONE
WHERE repo = $old AND !{IN_HAND} RETURN VALUE id;
"""
#: The rows of the record ``$old`` become those of ``$new``, where nobody holds them; ``$rows`` are
#: those rows afterwards.
MOVE = f"""
LET $rows = (SELECT VALUE id FROM repo_processing_status WHERE repo = $old);
IF array::len((SELECT VALUE id FROM $rows WHERE {IN_HAND})) > 0 {{ THROW 'claim lost' }};
IF array::len($rows) > 0 {{
    DELETE repo_processing_status WHERE repo = $new RETURN NONE;
    UPDATE $rows SET repo = $new, moving_until = NONE RETURN NONE;
}};
"""
#: A row with a value in every column, for a transaction that is cancelled.
ALL_COLUMNS = (
    "status = 'processing', claimed_by = 'trial', claimed_at = time::now(), "
    "lease_expires_at = time::now(), moving_until = time::now(), requested = 'begin', "
    "settled_by = 'trial', former = {ghosts: 1, completed_at: time::now()}, "
    "cursor = {version: 1, kind: 'graph', front: {ids: [1], at: 't'}}, last_page_processed = 1, "
    "total_pages = 1, total_stargazers = 1, processed_stargazers = 1, ghosts = 0, "
    "started_at = time::now(), completed_at = time::now(), next_retry_after = time::now(), "
    "swept_at = time::now(), counted_at = time::now(), last_error = 't', error_count = 1, "
    "notes = 't', star_count = 1, generation = 1, updated_at = 't', etag = 't', "
    "is_private = false, history = {next_page: 2, is_complete: true, checked_at: 1.5}"
)
TRY_ROW = f"""
CREATE repo_processing_status:trial SET repo = $repo, status = 'pending', error_count = 0
    RETURN NONE;
UPDATE repo_processing_status:trial SET {ALL_COLUMNS} RETURN NONE;
"""


def postpone(database: Database, keys: Iterable[str], until: float) -> None:
    """Completed repositories did not change: they come back at ``until``."""
    query = """
    UPDATE repo_processing_status SET next_retry_after = $until
    WHERE repo IN $items AND status = 'completed' AND requested IS NONE RETURN VALUE id
    """
    repos = [record("repo", key) for key in keys]
    change_each(database, query, repos, until=to_datetime_or_none(until))


def restrict(database: Database, repository: Repository, why: str, until: float | None) -> None:
    """A list that waits for an account which can try no more, and is refused to all others until
    then.
    """
    query = """
    UPDATE repo_processing_status SET status = 'restricted', last_error = $why,
        next_retry_after = $until
    WHERE repo = $repo AND status = 'pending'
    """
    database.run_retrying(
        query,
        repo=record("repo", repository.key),
        why=redact(why),
        until=to_datetime_or_none(until),
    )


def restrict_refused(database: Database, keys: Sequence[str]) -> None:
    """Of these repositories those that wait for nobody, since whoever is left was refused; the
    scans look again.
    """
    refused = "SELECT VALUE repo FROM gitstars_access WHERE repo IN $repos AND may_list = false"
    change = (
        "UPDATE repo_processing_status SET status = 'restricted', next_retry_after = NONE WHERE "
        "repo IN $items AND status = 'pending' RETURN VALUE id"
    )
    for start in range(0, len(keys), ROWS_AT_ONCE):
        chunk = [record("repo", key) for key in keys[start : start + ROWS_AT_ONCE]]
        change_each(database, change, database.run(refused, repos=chunk)[0])


def save_counts(database: Database, counts: Mapping[str, int]) -> None:
    """The star counts of repositories whose list nobody may read, as they are now."""
    query = """
    UPDATE repo_processing_status SET counted_at = time::now(),
        star_count = $counts[record::id(repo)], total_stargazers = $counts[record::id(repo)]
    WHERE repo IN $items AND status = 'restricted' RETURN VALUE id
    """
    repos = [record("repo", key) for key in counts]
    change_each(database, query, repos, counts=dict(counts))


def mark_waiting(database: Database, keys: Sequence[Any], until: float, reason: str) -> int:
    """Repositories that wait for a budget: ``rate_limited`` until then; how many.

    Those in hand or ended stay as they are.
    """
    repos = [record("repo", key) for key in keys]
    until_time, text = to_datetime_or_none(until), redact(reason)
    return change_each(database, WAIT, repos, until=until_time, reason=text)


def hold_for_move(database: Database, former: Any, pause_seconds: float) -> bool:
    """Nobody may claim the rows of the record ``former`` for so long; False when somebody holds
    one at this moment.
    """
    return bool(
        database.run_retrying(HOLD, old=former, pause=seconds(pause_seconds), legacy=LEGACY)[0]
    )
