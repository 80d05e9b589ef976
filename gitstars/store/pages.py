"""The statements that store pages with their users, and the values that they bind."""

from functools import lru_cache
from typing import Any

from gitstars.model import PageWrite, Progress, Stargazer
from gitstars.store.database import record, seconds
from gitstars.store.lifecycle.settlements import STORE_PROGRESS, assign, progress_fields

#: Users that are new to us; what comes back are those that were really inserted. The web
#: application may have made ``synced_at`` a must.
INSERT_USERS = """
INSERT IGNORE INTO github_user $users.map(|$user| {
    id: $user[0], github_id: $user[1], username: $user[2], avatar_url: $user[3],
        profile_url: $user[4], synced_at: time::now()
}) RETURN VALUE github_id
"""
FIND_USERS = "SELECT VALUE github_id FROM github_user WHERE github_id IN $ids"
#: One page: its progress, if the claim still holds, and its edges. The ids are looked up through
#: the unique index, which finds a renamed user's one record. The web application's own edge, with
#: an id of its choice, stays the only one of its pair. Of an edge that is there already only a star
#: that was taken back and given again is news. ``#`` stands for the page's number in the
#: transaction: only a parameter of its own lets the engine use the index. ``@`` stands for the
#: assignments of its progress. A user without a record would leave no trace, so what arrived is
#: counted.
STORE_PAGE = (
    STORE_PROGRESS
    + """
LET $own_# = (SELECT VALUE in.github_id FROM starred WHERE out = $repo_# AND source = 'github');
LET $arrived_# = (INSERT RELATION INTO starred (
    SELECT VALUE {id: [github_id, $repo_id_#], in: id, out: $repo_#, source: 'stargazer_analysis',
                  starred_at: <datetime>$at_#[<string>github_id], seen: $seen_#}
    FROM github_user WHERE github_id IN $ids_# AND github_id NOT IN $own_#
) ON DUPLICATE KEY UPDATE starred_at = $input.starred_at, unstarred_at = NONE,
    seen = $input.seen ?? seen RETURN VALUE source);
IF array::len($arrived_#) + array::len(array::intersect($own_#, $ids_#)) < array::len($ids_#) {
    THROW 'users missing' };
"""
)
#: A login that a record still bears whose user has another one by now: the record keeps its id and
#: edges, under a name no login can have.
FREE_LOGINS = """
UPDATE github_user SET username = string::concat(username, '~', <string>github_id)
WHERE username IN $logins AND github_id NOT IN $ids RETURN NONE
"""


def user_row(user: Stargazer, key: str) -> list[Any]:
    """What ``INSERT_USERS`` takes of a user."""
    return [key, user.github_id, user.login, user.avatar_url, user.profile_url]


def bind_page(write: PageWrite) -> dict[str, Any]:
    """The values of ``STORE_PAGE``; plain ones, since the library encodes records and datetimes
    ten times slower.
    """
    return {
        "row": write.claim.row,
        "owner": write.claim.owner,
        "lease": seconds(write.claim.lease_seconds),
        "fields": progress_fields(write.progress),
        "repo": record("repo", write.claim.repository.key),
        "seen": write.generation,
        "repo_id": write.claim.repository.github_id,
        "ids": list({user.github_id for user in write.stargazers}),
        "at": {str(user.github_id): user.starred_at for user in write.stargazers},
    }


@lru_cache(maxsize=256)
def transaction(pages: int) -> str:
    """The statements that store so many pages with their users."""
    page = STORE_PAGE.replace("@", assign(progress_fields(Progress()), "$fields_#"))
    users = INSERT_USERS.replace("RETURN VALUE github_id", "RETURN NONE")
    each = (page.replace("#", str(number)) for number in range(pages))
    return "".join(["BEGIN;", users, ";", *each, "COMMIT;"])
