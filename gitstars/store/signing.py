"""Accounts that gitstars itself writes: the records that the web application writes when somebody
signs in, and their end.

An account of the web application is never changed here.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from gitstars.model import Stargazer
from gitstars.store import forgotten, syncs
from gitstars.store.database import Database, key_of, record
from gitstars.store.writer import PageWriter

#: Where GitHub shows a user's picture.
AVATAR = "https://avatars.githubusercontent.com/u/{}?v=4"
#: The accounts of a user, oldest first.
FIND = """
SELECT id, userId.github_user AS person FROM account WHERE providerId = 'github'
    AND (providerAccountId = $text OR providerAccountId = $user_id OR
         userId.github_user.github_id = $user_id)
"""
PERSON = "SELECT VALUE id FROM github_user WHERE github_id = $user_id"
SIGN_IN = """
BEGIN;
UPSERT $user SET github_user = $person, name = $login RETURN NONE;
UPSERT $account SET userId = $user, providerId = 'github', access_token = $secret,
    providerAccountId = $text, scope = $scope, createdAt = createdAt ?? time::now(),
    updatedAt = time::now() RETURN NONE;
COMMIT;
"""
#: What goes with an account: its own stars, as far as nobody else wrote them, and what is known of
#: its access.
COUNT_DATA = """
RETURN [
    count((SELECT VALUE id FROM $person->starred WHERE source = 'github')),
    count((SELECT VALUE id FROM gitstars_access WHERE user_id = $user_id))
];
"""
DELETE_DATA = """
DELETE (SELECT VALUE id FROM $person->starred WHERE source = 'github') RETURN NONE;
DELETE gitstars_access WHERE user_id = $user_id RETURN NONE;
"""
DELETE_ACCOUNT = """
BEGIN;
DELETE $account RETURN NONE;
DELETE $user RETURN NONE;
DELETE $sync RETURN NONE;
COMMIT;
"""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose accounts a user has here: ``is_ours`` that of gitstars, ``is_webs`` one of the web
    application. ``person`` is the key of the user's ``github_user``.
    """

    is_ours: bool
    is_webs: bool
    person: Any = None


@dataclass(frozen=True, slots=True)
class Removed:
    """What went, or would go, with an account: rows of its stars, and of what it may list."""

    stars: int = 0
    access: int = 0


def find_owner(database: Database, user_id: int) -> Owner:
    """Who wrote the accounts of the user."""
    rows = database.run(FIND, text=str(user_id), user_id=user_id)[0]
    ours = [row for row in rows if key_of(row["id"]) == _key(user_id)]
    people = [key_of(row["person"]) for row in rows if row.get("person") is not None]
    return Owner(bool(ours), len(rows) > len(ours), people[0] if people else None)


def sign_in(
    database: Database,
    user_id: int,
    login: str,
    token: str,
    scopes: Collection[str] | None,
    host: str,
) -> bool:
    """Write the user's account, or its new token; whether it is new. ``host`` is where people have
    their pages.

    The user keeps the record that it has as a stargazer, whatever its login was then. One who asked
    to be forgotten is stored again: whoever holds the token is that person.
    """
    is_new = not find_owner(database, user_id).is_ours
    user = Stargazer(user_id, login, AVATAR.format(user_id), f"https://{host}/{login}", "")
    forgotten.remember(database, user_id)
    PageWriter(database, 1).store_users({user_id: user})
    database.run_retrying(
        SIGN_IN,
        person=database.run(PERSON, user_id=user_id)[0][0],
        user=record("user", _key(user_id)),
        account=record("account", _key(user_id)),
        login=login,
        secret=token,
        text=str(user_id),
        scope=None if scopes is None else ",".join(sorted(scopes)),
    )
    if is_new:
        syncs.turn_on(database, user_id, syncs.OURS)
    return is_new


def count_data(database: Database, user_id: int) -> Removed:
    """What ``remove`` with ``deletes_data`` would delete."""
    person = find_owner(database, user_id).person
    found = database.run(COUNT_DATA, person=record("github_user", person), user_id=user_id)[0]
    return Removed(*found)


def remove(database: Database, user_id: int, deletes_data: bool) -> Removed:
    """Delete the user's account, as far as gitstars wrote it; what went with it. Stars that
    gitstars collected from the lists of repositories stay, and so does the user's record, which
    these stars need.
    """
    owner = find_owner(database, user_id)
    gone = Removed()
    if deletes_data:
        gone = count_data(database, user_id)
        person = record("github_user", owner.person)
        database.run_retrying(DELETE_DATA, person=person, user_id=user_id)
    database.run_retrying(
        DELETE_ACCOUNT,
        account=record("account", _key(user_id)),
        user=record("user", _key(user_id)),
        sync=syncs.sync_row(user_id),
    )
    return gone


def _key(user_id: int) -> str:
    """The key of the rows that gitstars writes for a user's account."""
    return f"gitstars-{user_id}"
