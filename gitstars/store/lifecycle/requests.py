"""What an operator asks for: repositories back to ``pending``, with their progress or without.

Those in hand stay as they are.
"""

from typing import Any

from gitstars.model import Account
from gitstars.store.database import Database, record
from gitstars.store.lifecycle.rule import IN_HAND, LEGACY

#: Collecting goes on where it stood; what stood in the way is forgotten.
GO_ON = "status = 'pending', last_error = NONE, error_count = 0, next_retry_after = NONE"
#: Collecting begins with the first page.
BEGIN = f"""{GO_ON}, claimed_by = NONE, claimed_at = NONE,
    lease_expires_at = NONE, cursor = NONE, last_page_processed = 0,
    processed_stargazers = 0, ghosts = 0, total_pages = NONE, started_at = NONE,
        completed_at = NONE, notes = NONE,
    generation = (generation ?? 0) + 1"""
#: What stood still for a reason that asking again may change.
STOPPED = "['failed', 'rate_limited', 'pagination_limited']"


def go_on(database: Database, key: Any) -> bool:
    """Let a repository be collected as soon as possible; False when it is in hand, or has no row
    yet.
    """
    return _change(database, key, GO_ON)


def begin(database: Database, key: Any) -> bool:
    """Let a repository be collected from its beginning; False when it is in hand, or has no row
    yet.

    Stored stars stay.
    """
    return _change(database, key, BEGIN)


def go_on_for(database: Database, account: Account, force: bool) -> int:
    """The same for all repositories that an account starred: those that stopped, with ``force``
    all from their beginning; how many.
    """
    change, chosen = (BEGIN, "true") if force else (GO_ON, f"status IN {STOPPED}")
    query = f"""
    LET $repos = (SELECT VALUE out FROM $user->starred WHERE unstarred_at IS NONE);
    UPDATE repo_processing_status SET {change} WHERE repo IN $repos AND {chosen} AND !{IN_HAND}
        RETURN VALUE id;
    """
    return len(
        database.run_retrying(
            query, user=record("github_user", account.github_user), legacy=LEGACY
        )[-1]
    )


def _change(database: Database, key: Any, change: str) -> bool:
    query = (
        f"UPDATE repo_processing_status SET {change} WHERE repo = $repo AND !{IN_HAND} RETURN "
        "VALUE id"
    )
    return bool(database.run_retrying(query, repo=record("repo", key), legacy=LEGACY)[0])
