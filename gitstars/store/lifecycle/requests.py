"""What an operator asks for: repositories back to ``pending``, with their progress or without.

Those in hand stay as they are. A complete list that is to be read again stays ``completed`` until
another one is proven: it is only marked, and due at once.
"""

from typing import Any

from gitstars.model import Account
from gitstars.store.database import Database, record
from gitstars.store.lifecycle.rule import BEGIN_ANEW, IN_HAND, LEGACY, count_of
from gitstars.store.parts import change_each

FORGIVEN = "last_error = NONE, error_count = 0"
#: Collecting goes on where it stood; what stood in the way is forgotten.
GO_ON = f"{FORGIVEN}, status = 'pending', next_retry_after = NONE"
#: Collecting begins with the first page.
BEGIN = f"""{GO_ON}, claimed_by = NONE, claimed_at = NONE, lease_expires_at = NONE, cursor = NONE,
    last_page_processed = 0, processed_stargazers = 0, ghosts = 0, total_pages = NONE,
    started_at = NONE, notes = NONE, generation = {count_of("generation")} + 1"""
#: As if it had never been collected.
FORGET = f"{BEGIN}, completed_at = NONE, former = NONE, requested = NONE"
#: What a complete list gets instead.
REFRESH_NOW = f"{FORGIVEN}, next_retry_after = time::now()"
BEGIN_COMPLETE = f"{REFRESH_NOW}, requested = '{BEGIN_ANEW}'"
#: What stood still for a reason that asking again may change.
STOPPED = "['failed', 'rate_limited', 'pagination_limited']"


def go_on(database: Database, key: Any) -> bool:
    """Let a repository be collected as soon as possible; False when it is in hand, or has no row
    yet.
    """
    return _change(database, key, GO_ON, REFRESH_NOW)


def begin(database: Database, key: Any) -> bool:
    """Let a repository be collected from its beginning; False when it is in hand, or has no row
    yet.

    Stored stars stay. The next claim of a complete list begins anew.
    """
    return _change(database, key, BEGIN, BEGIN_COMPLETE)


def forget(database: Database, key: Any) -> bool:
    """Forget progress, errors and waiting of a repository, also that its list was complete; False
    when it is in hand, or has no row yet.

    Stored stars stay.
    """
    return _change(database, key, FORGET, FORGET)


def go_on_for(database: Database, account: Account, force: bool) -> int:
    """The same for all repositories that an account starred: those that stopped, with ``force``
    all from their beginning; how many.
    """
    changes = (
        [(BEGIN_COMPLETE, "status = 'completed'"), (BEGIN, "status != 'completed'")]
        if force
        else [(GO_ON, f"status IN {STOPPED}")]
    )
    repos = database.run(
        "SELECT VALUE out FROM $user->starred WHERE unstarred_at IS NONE",
        user=record("github_user", account.github_user),
    )[0]
    return sum(
        change_each(
            database,
            f"UPDATE repo_processing_status SET {change} WHERE repo IN $items AND {chosen} "
            f"AND !{IN_HAND} RETURN VALUE id",
            repos,
            legacy=LEGACY,
        )
        for change, chosen in changes
    )


def _change(database: Database, key: Any, change: str, change_complete: str) -> bool:
    query = f"""
    UPDATE repo_processing_status SET {change_complete} WHERE repo = $repo
        AND status = 'completed' RETURN VALUE id;
    UPDATE repo_processing_status SET {change} WHERE repo = $repo AND status != 'completed'
        AND !{IN_HAND} RETURN VALUE id;
    """
    return any(database.run_retrying(query, repo=record("repo", key), legacy=LEGACY))
