"""The accounts whose starred repositories gitstars keeps in step with GitHub: when they are listed
next, and the records that come of it, which are those that the web application writes.

Stars that were taken back are closed (``unstarred_at``), never deleted. One that a reading of all
of them did not see is closed when the next one does not see it either, since a list that changes
while it is read may skip an entry.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitstars.model import Account, Repository, Starred
from gitstars.store.access import find_keys
from gitstars.store.database import Database, record, seconds, to_epoch
from gitstars.store.reading import as_count, as_number, as_text, as_user_id

#: How often the newest stars are listed unless told otherwise, and all of them (seconds).
EVERY_SECONDS, WHOLE_SECONDS = 6 * 3600.0, 7 * 86_400.0
#: A listing that did not come to its end is tried again after this, and one that missed stars is
#: followed by another one (seconds).
AGAIN_SECONDS, DOUBT_SECONDS = 900.0, 3600.0
#: Who wrote the account.
OURS, WEB = "gitstars", "web"

TURN_ON = """
UPSERT $row SET user_id = $user_id, origin = $origin, every_seconds = $every,
    next_at = time::now() RETURN NONE
"""
#: In SurrealDB's order what is absent stands before every time.
FIND_DUE = """
SELECT VALUE user_id FROM gitstars_sync WHERE every_seconds AND next_at <= time::now()
"""
BEGIN = """
UPDATE $row SET next_at = time::now() + $again WHERE user_id RETURN AFTER
"""
KNOWN = """
SELECT VALUE out.github_id FROM $user->starred WHERE source = 'github' AND unstarred_at IS NONE
"""
SAVE = """
INSERT IGNORE INTO repo $records RETURN NONE;
INSERT RELATION INTO starred $edges.map(|$edge| { id: $edge.id, in: $user, out: $edge.out,
    source: 'github', starred_at: <datetime>$edge.at })
    ON DUPLICATE KEY UPDATE starred_at = $input.starred_at, unstarred_at = NONE RETURN NONE;
"""
FINISH = """
LET $missed = (SELECT VALUE id FROM $user->starred WHERE $whole IS NOT NONE
    AND source = 'github' AND unstarred_at IS NONE AND out.github_id NOT IN $whole);
LET $before = (SELECT VALUE array::flatten([missed ?? []]) FROM $row)[0] ?? [];
UPDATE array::intersect($missed, $before) SET unstarred_at = time::now() RETURN NONE;
LET $left = IF $whole IS NONE { $before } ELSE { array::complement($missed, $before) };
LET $starred = (SELECT VALUE id FROM $user->starred
    WHERE source = 'github' AND unstarred_at IS NONE);
UPDATE $row SET synced_at = time::now(), next_page = NONE, missed = $left,
    starred = array::len($starred),
    whole_at = IF $whole IS NONE { whole_at } ELSE { time::now() },
    whole_due = array::len($left) > 0,
    next_at = time::now() + IF array::len($left) > 0 { $doubt } ELSE { $every } RETURN NONE;
"""


@dataclass(frozen=True, slots=True)
class Sync:
    """``every_seconds`` None: it is off. Times are epoch seconds. ``next_page``: where a reading of
    all stars goes on, a page of REST or a cursor of GraphQL; None: at its beginning. ``starred`` is
    how many stars there were at the end of the last listing. ``is_in_doubt``: stars were missed.
    ``own``: how many repositories the user owns or collaborates on (None: not listed yet).
    """

    user_id: int
    origin: str
    every_seconds: float | None
    next_at: float | None = None
    synced_at: float | None = None
    whole_at: float | None = None
    next_page: int | str | None = None
    starred: int | None = None
    is_in_doubt: bool = False
    own: int | None = None

    def is_whole_due(self, now: float) -> bool:
        """Whether all stars are read, and not the newest ones alone."""
        is_old = self.whole_at is None or not now - WHOLE_SECONDS < self.whole_at <= now
        return self.is_in_doubt or self.next_page is not None or is_old


def sync_row(user_id: int) -> Any:
    """The record that says how the user's stars are kept."""
    return record("gitstars_sync", user_id)


def turn_on(
    database: Database, user_id: int, origin: str, every_seconds: float = EVERY_SECONDS
) -> None:
    """Keep the user's stars in step from now on."""
    database.run_retrying(
        TURN_ON, row=sync_row(user_id), user_id=user_id, origin=origin, every=int(every_seconds)
    )


def turn_off(database: Database, user_id: int) -> None:
    """The user's stars stay as they are."""
    query = "UPDATE $row SET every_seconds = NONE, next_at = NONE RETURN NONE"
    database.run_retrying(query, row=sync_row(user_id))


def request(database: Database, user_id: int) -> bool:
    """Let the user's stars be listed now; False where they are not kept in step."""
    query = "UPDATE $row SET next_at = time::now() WHERE every_seconds RETURN VALUE user_id"
    return bool(database.run_retrying(query, row=sync_row(user_id))[0])


def read(database: Database, user_id: int) -> Sync | None:
    """How the user's stars are kept; None: they never were."""
    rows = database.run("SELECT * FROM $row", row=sync_row(user_id))[0]
    return _read(rows[0]) if rows else None


def read_all(database: Database) -> dict[int, Sync]:
    """How the stars of each user are kept."""
    rows = database.run("SELECT * FROM gitstars_sync")[0]
    return {kept.user_id: kept for row in rows if (kept := _read(row)) is not None}


def find_due(database: Database) -> list[int]:
    """The users whose stars are to be listed now."""
    return [user for user in database.run(FIND_DUE)[0] if as_user_id(user) is not None]


def begin(database: Database, user_id: int) -> Sync | None:
    """The user's stars are listed now; None: they are not kept in step. A listing that does not
    come to its end is due again after a while.
    """
    rows = database.run_retrying(BEGIN, row=sync_row(user_id), again=seconds(AGAIN_SECONDS))[0]
    kept = _read(rows[0]) if rows else None
    return None if kept is None or kept.every_seconds is None else kept


def read_known(database: Database, account: Account) -> frozenset[int]:
    """The GitHub ids of the repositories whose star is stored for the account."""
    rows = database.run(KNOWN, user=record("github_user", account.github_user))[0]
    return frozenset(found for found in rows if as_user_id(found) is not None)


def save_stars(database: Database, account: Account, stars: Sequence[Starred]) -> list[Repository]:
    """Keep stars of the account; their repositories as they are kept. Doing so twice changes
    nothing.
    """
    if not stars:
        return []
    keys = find_keys(database, [star.repository for star in stars])
    kept = {star.repository.github_id: keys.get(star.repository.github_id) for star in stars}
    edges = [
        {
            "id": ["github", account.user_id, star.repository.github_id],
            "out": record("repo", kept[star.repository.github_id] or star.repository.key),
            "at": star.starred_at,
        }
        for star in stars
    ]
    records = [_repository_row(star) for star in stars if not kept[star.repository.github_id]]
    user = record("github_user", account.github_user)
    database.run_retrying(SAVE, records=records, edges=edges, user=user)
    return [_keep(star.repository, kept[star.repository.github_id]) for star in stars]


def save_progress(database: Database, user_id: int, next_page: int | str) -> None:
    """A page of all stars is stored; an interrupted reading goes on with ``next_page``."""
    query = "UPDATE $row SET next_page = $page, next_at = time::now() + $again RETURN NONE"
    again = seconds(AGAIN_SECONDS)
    database.run_retrying(query, row=sync_row(user_id), page=next_page, again=again)


def count_own(database: Database, user_id: int) -> None:
    """The user's own repositories were listed: keep how many there are."""
    query = """
    UPDATE $row SET own = array::len((SELECT VALUE id FROM gitstars_access
        WHERE user_id = $user_id AND is_own = true)) RETURN NONE
    """
    database.run_retrying(query, row=sync_row(user_id), user_id=user_id)


def finish(database: Database, account: Account, whole: frozenset[int] | None) -> None:
    """A listing came to its end. ``whole`` are the GitHub ids of all that the account starred,
    where all of them were seen.
    """
    kept = read(database, account.user_id)
    if kept is None:
        return
    database.run_retrying(
        FINISH,
        row=sync_row(account.user_id),
        user=record("github_user", account.github_user),
        whole=None if whole is None else list(whole),
        doubt=seconds(DOUBT_SECONDS),
        every=seconds(kept.every_seconds or EVERY_SECONDS),
    )


def _keep(repository: Repository, key: Any) -> Repository:
    return (
        repository
        if key is None
        else Repository(
            key,
            repository.full_name,
            repository.github_id,
            repository.stars,
            repository.is_private,
        )
    )


def _repository_row(star: Starred) -> dict[str, Any]:
    place = star.repository
    return {
        "id": place.key,
        "github_id": place.github_id,
        "name": place.full_name.rpartition("/")[2],
        "full_name": place.full_name,
        "description": star.description,
        "url": star.url,
        "stars": place.stars,
        "language": star.language,
        "owner": {
            "login": star.owner or place.full_name.partition("/")[0],
            "avatar_url": star.owner_avatar_url,
        },
        "is_private": place.is_private,
        "created_at": star.created_at,
        "updated_at": star.updated_at,
    }


def _read(row: Mapping[str, Any]) -> Sync | None:
    user_id = as_user_id(row.get("user_id"))
    if user_id is None:
        return None
    return Sync(
        user_id=user_id,
        origin=as_text(row.get("origin")) or WEB,
        every_seconds=as_number(row.get("every_seconds")),
        next_at=to_epoch(row.get("next_at")),
        synced_at=to_epoch(row.get("synced_at")),
        whole_at=to_epoch(row.get("whole_at")),
        next_page=as_count(row.get("next_page")) or as_text(row.get("next_page")),
        starred=as_count(row.get("starred")),
        is_in_doubt=row.get("whole_due") is True,
        own=as_count(row.get("own")),
    )
