"""Accounts as the web application wrote them: read whole, or some by their record ids.

Reads only. A row that cannot be read is left out with the reason; it never hides the others.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gitstars.model import Account
from gitstars.store.database import Database, key_of, record
from gitstars.store.parts import UNREADABLE, read_pages, read_parts, show_name
from gitstars.tokens import clean_token, find_unsendable

#: Accounts read with one query: few enough that decoding them delays no other greenlet for long.
PAGE_ACCOUNTS = 100
#: The largest number that the database stores.
LARGEST_INT = 2**63 - 1
#: A GitHub login has 39 characters at most, an enterprise user's some more; a token a few hundred.
LONGEST_LOGIN, LONGEST_TOKEN = 100, 4096

#: ``updatedAt`` orders the rows and is not sent: a time that Python cannot hold would make the
#: whole answer unreadable.
FIELDS = """id, access_token, providerAccountId, scope, updatedAt,
    userId.github_user AS github_user, userId.github_user.github_id AS github_id,
    userId.github_user.username AS login"""
PAGE = f"""
SELECT * OMIT updatedAt FROM (SELECT {FIELDS} FROM account
    WHERE providerId = 'github' AND access_token ORDER BY updatedAt START $start LIMIT $limit)
"""
SOME = f"""
SELECT * OMIT updatedAt FROM (SELECT {FIELDS} FROM $ids
    WHERE providerId = 'github' AND access_token)
"""
NAME = """
SELECT VALUE <string>id FROM (SELECT id, updatedAt FROM account
    WHERE providerId = 'github' AND access_token ORDER BY updatedAt START $start LIMIT 1)
"""
#: One value that changes with every change that this module could see. It is made in the engine,
#: so that nothing is sent or decoded while nothing changes.
FINGERPRINT = f"""
RETURN crypto::md5(<string>(SELECT {FIELDS} FROM account WHERE providerId = 'github'
    AND access_token))
"""
#: A digest of an account's edges: it changes when one comes or goes. Made of the edges' ids alone,
#: without reading them.
STARS_FINGERPRINT = "RETURN crypto::md5(<string>(${name}->starred));"
COUNT = "RETURN count((SELECT VALUE id FROM $user->starred WHERE unstarred_at IS NONE))"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An account that is not served, and the sentence that says why and what to do.

    ``record_id`` is the row's id as the database writes it; ``login`` is empty where unknown.
    """

    record_id: str
    reason: str
    login: str = ""
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What was read: the accounts, the one updated last at the end, and those left out."""

    accounts: list[Account] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def read_accounts(database: Database) -> Found:
    """All GitHub accounts with a token. Raises DatabaseError when the table cannot be read."""
    found = Found()

    def leave_out(start: int) -> None:
        # Where even the name cannot be read, the table is at fault and not the row.
        names = database.run(NAME, start=start)[0]
        found.left_out.extend(LeftOut(show_name(name), UNREADABLE) for name in names)

    def ask(start: int, limit: int) -> list[Any]:
        rows: list[Any] = database.run(PAGE, start=start, limit=limit)[0]
        return rows

    for rows in read_pages(ask, PAGE_ACCOUNTS, leave_out):
        _sort(rows, found)
    return found


def read_some(database: Database, identities: Sequence[Any]) -> Found:
    """The accounts with these record ids, as far as they are GitHub accounts with a token; one that
    cannot be read is missing.
    """
    found = Found()

    def ask(ids: Sequence[Any]) -> list[Any]:
        rows: list[Any] = database.run(SOME, ids=list(ids))[0]
        return rows

    _sort(list(read_parts(ask, identities, lambda identity: None)), found)
    return found


def fingerprint(database: Database) -> str:
    """A digest of all account rows: it changes when one comes, changes or goes."""
    return str(database.run(FINGERPRINT)[0])


def fingerprint_stars(database: Database, accounts: Sequence[Account]) -> list[str]:
    """A digest of the stars of each account: it changes when one comes or goes."""
    users = {
        f"user_{number}": record("github_user", account.github_user)
        for number, account in enumerate(accounts)
    }
    # One statement each: in a closure the engine reads every edge.
    query = "".join(STARS_FINGERPRINT.format(name=name) for name in users)
    return [str(digest) for digest in database.run(query, **users)] if users else []


def count_starred(database: Database, account: Account) -> int:
    """How many repositories the account's user starred, as far as they are written."""
    return int(database.run(COUNT, user=record("github_user", account.github_user))[0])


def is_github_id(value: Any) -> bool:
    """Whether a value can be the numeric id of something at GitHub."""
    return type(value) is int and 0 < value <= LARGEST_INT


def _sort(rows: Sequence[Any], found: Found) -> None:
    for row in rows:
        read = _read(row)
        if isinstance(read, Account):
            found.accounts.append(read)
        else:
            found.left_out.append(read)


def _read(row: dict[str, Any]) -> Account | LeftOut:
    name, login = show_name(row.get("id")), row.get("login")
    if not isinstance(login, str) or len(login) > LONGEST_LOGIN or not login.isprintable():
        login = ""
    user_id = _read_user_id(row.get("providerAccountId"), row.get("github_id"))
    person = row.get("github_user")
    if user_id is None:
        reason = "its providerAccountId is no GitHub user id; sign in again"
        return LeftOut(name, reason, login)
    if getattr(person, "table_name", None) != "github_user":
        reason = "it names no GitHub user (userId.github_user is no record); sign in again"
        return LeftOut(name, reason, login, user_id)
    token = clean_token(row.get("access_token"))
    if token is None or len(token) > LONGEST_TOKEN:
        reason = "its access_token is no token; sign in again"
        return LeftOut(name, reason, login, user_id)
    if (character := find_unsendable(token)) is not None:
        reason = f"its token has {character}, which cannot be sent to GitHub; sign in again"
        return LeftOut(name, reason, login, user_id)
    return Account(
        key=str(key_of(row["id"])),
        user_id=user_id,
        login=login,
        token=token,
        scopes=_read_scopes(row.get("scope")),
        github_user=key_of(person),
    )


def _read_user_id(provider_id: Any, github_id: Any) -> int | None:
    """The account's numeric GitHub id; that of its GitHub user where the account names none."""
    if provider_id is None or provider_id == "":
        return github_id if is_github_id(github_id) else None
    if is_github_id(provider_id):
        return int(provider_id)
    if isinstance(provider_id, str) and re.fullmatch(r"[0-9]{1,19}", provider_id):
        number = int(provider_id)
        return number if is_github_id(number) else None
    return None


def _read_scopes(value: Any) -> frozenset[str] | None:
    if not isinstance(value, str):
        return None
    return frozenset(scope for scope in re.split(r"[\s,]+", value) if scope) or None
