"""The stored stars of one repository: which are known, and which ended.

Only edges that gitstars wrote are ever closed.
"""

from collections.abc import Iterable

from gitstars.model import Claim, Repository
from gitstars.store.database import PATIENCE_SECONDS, Database, record

#: Asked by record id, so that it costs the same in a repository of any size.
KNOWN = """
LET $edges = $ids.map(|$id| <record> string::concat('starred:[', <string>$id, ',',
    <string>$repo_id, ']'));
RETURN array::concat(
    (SELECT VALUE record::id(id)[0] FROM $edges WHERE unstarred_at IS NONE),
    (SELECT VALUE in.github_id FROM starred WHERE out = $repo AND source = 'github'
        AND in.github_id IN $ids)
);
"""
CLOSE_UNSEEN = """
BEGIN;
LET $held = (SELECT VALUE id FROM $row WHERE claimed_by = $owner AND status = 'processing');
IF array::len($held) = 0 { THROW 'claim lost' };
LET $closed = (UPDATE starred SET unstarred_at = time::now()
    WHERE out = $repo AND source = 'stargazer_analysis' AND unstarred_at IS NONE AND (seen
        ?? 0) < $generation RETURN VALUE id);
RETURN array::len($closed);
COMMIT;
"""


def find_known(database: Database, repository: Repository, github_ids: Iterable[int]) -> set[int]:
    """Which of these users have an open edge to the repository, of ours or of the web
    application.
    """
    bindings = {
        "ids": list(github_ids),
        "repo_id": repository.github_id,
        "repo": record("repo", repository.key),
    }
    return set(database.run(KNOWN, **bindings)[-1])


def has_any(database: Database, repository: Repository) -> bool:
    """Whether a star of the repository was ever stored by gitstars."""
    query = (
        "SELECT VALUE id FROM starred WHERE out = $repo AND source = 'stargazer_analysis' LIMIT 1"
    )
    return bool(
        database.run_retrying(query, PATIENCE_SECONDS, repo=record("repo", repository.key))[0]
    )


def close_unseen(database: Database, claim: Claim, generation: int) -> int:
    """End of a proven sweep, which the claim's settlement records: close our edges that it did
    not see; how many.

    Raises ClaimLost.

    ``generation`` is one more than ``claim.generation``, and what the pages of the sweep were
    written with.
    """
    bindings = {
        "row": claim.row,
        "owner": claim.owner,
        "repo": record("repo", claim.repository.key),
        "generation": generation,
    }
    results = database.run_retrying(CLOSE_UNSEEN, **bindings)
    return next(int(result) for result in reversed(results) if isinstance(result, int))
