"""Repositories that an operator follows without anybody's star, by their name or because their
owner is followed; each is looked after with one account.

``gitstars_follow`` has a row for each repository and reason, ``gitstars_followed_owner`` one for
each owner.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gitstars.model import FollowedOwner, Repository
from gitstars.store import lifecycle
from gitstars.store.access import keep_records
from gitstars.store.database import Database, record, seconds, to_epoch
from gitstars.store.reading import as_count, as_key, as_text, as_user_id

#: So many of an owner's repositories may tell its present login.
KNOWN = 5
#: A listing of an owner's repositories that did not come to its end is tried again after this
#: (seconds).
AGAIN_SECONDS = 900.0

FOLLOW = """
INSERT IGNORE INTO gitstars_follow (SELECT *, time::now() AS followed_at FROM $rows) RETURN NONE;
"""
FOLLOW_OWNER = """
UPSERT $row SET owner_id = $owner_id, login = $login, is_organization = $is_organization,
    user_id = $user_id, next_at = time::now(), followed_at = followed_at ?? time::now() RETURN NONE
"""
#: What an owner's list did not show is not followed any more because of the owner.
FINISH = """
DELETE gitstars_follow WHERE $seen IS NOT NONE AND owner_id = $owner_id
    AND repo.github_id NOT IN $seen RETURN NONE;
UPDATE $row SET login = $login, listed_at = time::now(), next_at = time::now() + $every
    RETURN NONE;
"""
UNFOLLOW_OWNER = """
LET $gone = (DELETE $row RETURN BEFORE);
DELETE gitstars_follow WHERE owner_id = $owner_id RETURN NONE;
RETURN array::len($gone);
"""
BEGIN = """
UPDATE gitstars_followed_owner SET next_at = time::now() + $again
    WHERE user_id = $user_id AND next_at <= time::now() RETURN AFTER
"""
SOME = """
SELECT VALUE repo.github_id FROM gitstars_follow
    WHERE owner_id = $owner_id AND repo.github_id LIMIT $most
"""
#: In SurrealDB's order what is absent stands before every time.
FIND_DUE = "SELECT VALUE user_id FROM gitstars_followed_owner WHERE next_at <= time::now()"
USERS = """
RETURN array::distinct(array::concat(
    (SELECT VALUE user_id FROM gitstars_follow GROUP BY user_id),
    (SELECT VALUE user_id FROM gitstars_followed_owner GROUP BY user_id)))
"""
MOVE = """
UPDATE gitstars_follow SET user_id = $to WHERE user_id = $from RETURN NONE;
UPDATE gitstars_followed_owner SET user_id = $to WHERE user_id = $from RETURN NONE;
"""
LIST = """
SELECT repo.full_name ?? record::id(repo) AS name, user_id, followed_at FROM gitstars_follow
    WHERE owner_id IS NONE AND type::is_record(repo) ORDER BY name;
SELECT *, array::len((SELECT VALUE id FROM gitstars_follow WHERE owner_id = $parent.owner_id))
    AS repositories FROM gitstars_followed_owner ORDER BY login;
"""


@dataclass(frozen=True, slots=True)
class Follow:
    """Something that is followed: a repository (``repositories`` None), or an owner with so many.
    ``user_id`` is whose account looks after it; ``followed_at`` is epoch seconds.
    """

    name: str
    user_id: int | None
    followed_at: float | None
    repositories: int | None = None


def follow(
    database: Database,
    user_id: int,
    repositories: Sequence[Repository],
    owner_id: int | None = None,
) -> list[Repository]:
    """Follow these repositories with the user's account, ``owner_id``: because that owner is
    followed; as they are kept. One that was renamed keeps the record of its former name. Doing so
    twice changes nothing.
    """
    kept = keep_records(database, repositories)
    rows = [
        {
            "id": _row(place.key, owner_id),
            "user_id": user_id,
            "repo": record("repo", place.key),
            "owner_id": owner_id,
        }
        for place in kept
    ]
    database.run_retrying(FOLLOW, rows=rows)
    lifecycle.ensure_all(database, [place.key for place in kept])
    return kept


def is_followed(database: Database, key: Any) -> bool:
    """Whether the repository is followed by its name."""
    return bool(database.run("SELECT VALUE id FROM $row", row=_row(key, None))[0])


def unfollow(database: Database, key: Any) -> bool:
    """Follow the repository no more by its name; whether it was."""
    return bool(database.run_retrying("DELETE $row RETURN BEFORE", row=_row(key, None))[0])


def owners_of(database: Database, key: Any) -> list[str]:
    """The logins of followed owners because of which the repository is followed too."""
    query = """
    LET $owners = (SELECT VALUE owner_id FROM gitstars_follow WHERE repo = $repo);
    SELECT VALUE login FROM gitstars_followed_owner WHERE owner_id IN $owners;
    """
    return [str(login) for login in database.run(query, repo=record("repo", key))[-1]]


def follow_owner(database: Database, user_id: int, owner: FollowedOwner) -> bool:
    """Follow all public repositories of an owner, which are listed now and from then on; whether
    it is new.
    """
    row = _owner_row(owner.owner_id)
    is_new = not database.run("SELECT VALUE id FROM $row", row=row)[0]
    database.run_retrying(
        FOLLOW_OWNER,
        row=row,
        owner_id=owner.owner_id,
        login=owner.login,
        is_organization=owner.is_organization,
        user_id=user_id,
    )
    return is_new


def find_owner(database: Database, login: str) -> tuple[int, str] | None:
    """The id and login of the followed owner that is called so, in any case."""
    query = """
    SELECT owner_id, login FROM gitstars_followed_owner WHERE string::lowercase(login) = $login
    """
    found = database.run(query, login=login.lower())[0]
    return (int(found[0]["owner_id"]), str(found[0]["login"])) if found else None


def unfollow_owner(database: Database, owner_id: int) -> bool:
    """Follow an owner's repositories no more, unless by their names; whether it was followed."""
    result = database.run_retrying(UNFOLLOW_OWNER, row=_owner_row(owner_id), owner_id=owner_id)
    return bool(result[-1])


def begin_owners(database: Database, user_id: int) -> list[FollowedOwner]:
    """The owners that are to be listed now with the user's account. A listing that does not come
    to its end is due again after a while.
    """
    rows = database.run_retrying(BEGIN, user_id=user_id, again=seconds(AGAIN_SECONDS))[0]
    return [
        FollowedOwner(
            owner_id,
            login,
            row.get("is_organization") is True,
            _read_some(database, owner_id),
        )
        for row in rows
        if (owner_id := as_user_id(row.get("owner_id"))) is not None
        and (login := as_text(row.get("login")))
    ]


def _read_some(database: Database, owner_id: int) -> tuple[int, ...]:
    """GitHub ids of some repositories that are followed because of the owner."""
    found = database.run(SOME, owner_id=owner_id, most=KNOWN)[0]
    return tuple(known for known in found if as_user_id(known) is not None)


def finish_owner(
    database: Database,
    owner: FollowedOwner,
    whole: Sequence[Repository] | None,
    every_seconds: float,
) -> None:
    """An owner was listed, under the login that it has now: ``whole`` are all of its repositories;
    None: nobody knows them. The next listing comes after ``every_seconds``.
    """
    database.run_retrying(
        FINISH,
        row=_owner_row(owner.owner_id),
        owner_id=owner.owner_id,
        seen=None if whole is None else [place.github_id for place in whole],
        login=owner.login,
        every=seconds(every_seconds),
    )


def find_due(database: Database) -> set[int]:
    """The users with whose account owners are to be listed now."""
    return {user for user in database.run(FIND_DUE)[0] if as_user_id(user) is not None}


def find_users(database: Database) -> set[int]:
    """The users whose accounts look after what is followed."""
    return {user for user in database.run(USERS)[0] if as_user_id(user) is not None}


def move(database: Database, from_user: int, to_user: int) -> None:
    """Another account looks after what the user's did."""
    database.run_retrying(MOVE, **{"from": from_user, "to": to_user})


def list_all(database: Database) -> Iterator[Follow]:
    """What is followed: owners first, each kind by name."""
    repositories, owners = database.run(LIST)
    for row in owners:
        count = as_count(row.get("repositories")) or 0
        yield _read(row, row.get("login"), count)
    for row in repositories:
        yield _read(row, row.get("name"), None)


def _read(row: dict[str, Any], name: Any, repositories: int | None) -> Follow:
    user_id = as_user_id(row.get("user_id"))
    return Follow(str(name), user_id, to_epoch(row.get("followed_at")), repositories)


def _row(key: Any, owner_id: int | None) -> Any:
    return record("gitstars_follow", [as_key(record("repo", key)), owner_id or 0])


def _owner_row(owner_id: int) -> Any:
    return record("gitstars_followed_owner", owner_id)
