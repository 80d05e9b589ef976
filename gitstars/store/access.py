"""Who may list which repository: one row for each (user, repository) that is known, and the
users who could try.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gitstars.model import Repository
from gitstars.redaction import redact_or_none
from gitstars.store import state
from gitstars.store.database import Database, key_of, record, to_datetime_or_none, to_epoch
from gitstars.store.lifecycle.changes import LOOK_AGAIN
from gitstars.store.lifecycle.rows import find_collected
from gitstars.store.reading import as_bool, as_count, as_key, as_text, as_user_id


@dataclass(frozen=True, slots=True)
class AccessRow:
    """What is known of a user's access to a repository; ``may_list`` None: nothing yet.

    Times are epoch seconds.

    Of a refusal ``text`` is what GitHub said, ``advice`` what to change, ``accepted_permissions``
    the header that names what a fine-grained token lacks. ``is_own``: the user administers the
    repository or collaborates on it, which does not mean that the token gets the list (None: not
    known).
    """

    user_id: int
    repository_key: str
    may_list: bool | None
    face: str | None = None
    text: str | None = None
    advice: str | None = None
    accepted_permissions: str | None = None
    checked_at: float | None = None
    look_again_at: float | None = None
    refusals: int = 0
    is_own: bool | None = None


def save(database: Database, row: AccessRow) -> None:
    """Write what was found out."""
    database.run_retrying(
        """
        UPSERT $id SET user_id = $user_id, repo = $repo, may_list = $may_list, face = $face,
            text = $text, advice = $advice,
            accepted_permissions = $accepted_permissions,
            checked_at = $checked_at, look_again_at = $look_again_at,
            refusals = $refusals, is_own = $is_own ?? is_own RETURN NONE
        """,
        id=record("gitstars_access", [row.user_id, row.repository_key]),
        user_id=row.user_id,
        repo=record("repo", row.repository_key),
        may_list=row.may_list,
        face=row.face,
        text=redact_or_none(row.text),
        advice=redact_or_none(row.advice),
        accepted_permissions=redact_or_none(row.accepted_permissions),
        checked_at=to_datetime_or_none(row.checked_at),
        look_again_at=to_datetime_or_none(row.look_again_at),
        refusals=row.refusals,
        is_own=row.is_own,
    )


def of_user(database: Database, user_id: int) -> dict[str, AccessRow]:
    """All rows of a user, by repository key."""
    query = "SELECT * FROM gitstars_access WHERE user_id = $user_id"
    rows = _read_all(database, database.run(query, user_id=user_id)[0])
    return {row.repository_key: row for row in rows}


def of_repository(database: Database, repository_key: str) -> list[AccessRow]:
    """A row for every user whose account starred the repository, follows it, or is known to have
    access; unknown ones have ``may_list`` None.
    """
    rows, starrers, followers = database.run(
        """
        SELECT * FROM gitstars_access WHERE repo = $repo;
        SELECT VALUE in.github_id FROM starred WHERE out = $repo AND source = 'github';
        SELECT VALUE user_id FROM gitstars_follow WHERE repo = $repo;
        """,
        repo=record("repo", repository_key),
    )
    known = {row.user_id: row for row in _read_all(database, rows)}
    unknown = (
        AccessRow(user_id, repository_key, None)
        for user_id in dict.fromkeys(map(as_user_id, [*starrers, *followers]))
        if user_id is not None and user_id not in known
    )
    return [*known.values(), *unknown]


def forget_refusals(database: Database, user_id: int) -> None:
    """A new token or scope: everything that was refused may be asked again at once."""
    database.run_retrying(
        f"""
        LET $again = (SELECT VALUE repo FROM gitstars_access WHERE user_id = $user_id
            AND may_list = false);
        UPDATE gitstars_access SET may_list = NONE, look_again_at = NONE, refusals = 0
            WHERE user_id = $user_id AND may_list = false RETURN NONE;
        {LOOK_AGAIN}
        """,
        user_id=user_id,
    )


def allow_again(database: Database, user_id: int, key: str) -> None:
    """A repository that was refused to the user may be asked for again at once."""
    database.run_retrying(
        "UPDATE $id SET look_again_at = NONE WHERE may_list = false RETURN NONE",
        id=record("gitstars_access", [user_id, key]),
    )


def own_key(user_id: int) -> str:
    """Under which ``state`` keeps when the user's own repositories were listed."""
    return f"own repositories of {user_id}"


def read_own_times(database: Database, user_ids: Iterable[int]) -> dict[int, float]:
    """When the own repositories of each of these users were listed, where they were (epoch
    seconds).
    """
    keys = {own_key(user_id): user_id for user_id in user_ids}
    listed = state.read_numbers(database, list(keys))
    return {keys[key]: at for key, at in listed.items()}


def save_own(
    database: Database,
    user_id: int,
    repositories: Sequence[Repository],
    unsure: Collection[int | None] = (),
) -> list[Repository]:
    """Repositories that the user administers or collaborates on: the access, and a record for
    each that has none; as they are kept.

    One that was renamed keeps the record of its former name. What the user was refused although it
    was their own already stays refused. ``unsure`` are the GitHub ids of those of which nobody
    knows whether the user may list them: nothing is changed in what is known of them.
    """
    kept = keep_records(database, repositories)
    rows = [
        {
            "id": record("gitstars_access", [user_id, place.key]),
            "user_id": user_id,
            "repo": record("repo", place.key),
            "may_list": None if place.github_id in unsure else True,
            "refusals": 0,
            "is_own": True,
        }
        for place in kept
    ]
    database.run_retrying(
        """
        INSERT IGNORE INTO gitstars_access $rows RETURN NONE;
        UPDATE $sure SET may_list = true, face = NONE, text = NONE, advice = NONE,
            accepted_permissions = NONE, look_again_at = NONE, refusals = 0,
            checked_at = time::now()
            WHERE !(may_list = false AND is_own = true) RETURN NONE;
        UPDATE $own SET is_own = true WHERE is_own != true RETURN NONE;
        """,
        rows=rows,
        sure=[row["id"] for row in rows if row["may_list"]],
        own=[row["id"] for row in rows],
    )
    return kept


def keep_records(database: Database, repositories: Sequence[Repository]) -> list[Repository]:
    """A record for each of these repositories that has none; as they are kept. One that was renamed
    keeps the record of its former name.
    """
    keys = find_keys(database, repositories)
    records = [_new_record(place) for place in repositories if place.github_id not in keys]
    if records:
        database.run_retrying("INSERT IGNORE INTO repo $records RETURN NONE", records=records)
    return [replace(place, key=keys.get(place.github_id, place.key)) for place in repositories]


def find_keys(database: Database, repositories: Sequence[Repository]) -> dict[Any, Any]:
    """The keys of those of these repositories that have a record, by numeric id: of several records
    the one that is collected, else the one of the present name.
    """
    names = {place.github_id: place.full_name for place in repositories}
    query = "SELECT id, github_id FROM repo WHERE github_id IN $ids"
    known = [
        row for row in database.run(query, ids=list(names))[0] if as_key(row["id"]) is not None
    ]
    collected = find_collected(database, [row["id"] for row in known])
    known.sort(
        key=lambda row: (row["id"] in collected, key_of(row["id"]) == names[row["github_id"]])
    )
    return {row["github_id"]: key_of(row["id"]) for row in known}


def _new_record(place: Repository) -> dict[str, Any]:
    """The record of a repository that has none."""
    return {
        "id": place.key,
        "github_id": place.github_id,
        "name": place.full_name.rpartition("/")[2],
        "full_name": place.full_name,
        "stars": place.stars,
        "is_private": place.is_private,
    }


def _read_all(database: Database, rows: Sequence[dict[str, Any]]) -> Iterator[AccessRow]:
    """The rows that name a user and a repository."""
    for row in rows:
        user_id, key = as_user_id(row.get("user_id")), as_key(row.get("repo"))
        if user_id is None or key is None:
            reason = "it names no GitHub user or no repository; delete it"
            database.left_out.tell(str(row.get("id")), reason)
        else:
            yield _read(row, user_id, key)


def _read(row: dict[str, Any], user_id: int, key: str) -> AccessRow:
    return AccessRow(
        user_id=user_id,
        repository_key=key,
        may_list=as_bool(row.get("may_list")),
        face=as_text(row.get("face")),
        text=as_text(row.get("text")),
        advice=as_text(row.get("advice")),
        accepted_permissions=as_text(row.get("accepted_permissions")),
        checked_at=to_epoch(row.get("checked_at")),
        look_again_at=to_epoch(row.get("look_again_at")),
        refusals=as_count(row.get("refusals")) or 0,
        is_own=as_bool(row.get("is_own")),
    )
