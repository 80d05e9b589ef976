"""People who asked to be forgotten: their record and stars go, and a salted hash of their GitHub id
keeps them from being stored again.

A star of such a person counts as one of a deleted user, so that the counts stay true.
"""

import hashlib
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gitstars.store import state
from gitstars.store.database import Database, record
from gitstars.store.lifecycle.changes import COUNT_AS_GHOST
from gitstars.store.reading import as_user_id

#: The hashes are read again after so long, so that all servers soon know of each (seconds).
READ_SECONDS = 10.0
#: A page that was on its way when somebody was forgotten may store that person again: so the rows
#: go once more after this time, until which the id is kept.
AGAIN = "5m"
SALT = "forgotten_salt"
FIND = """
LET $people = (SELECT VALUE id FROM github_user WHERE github_id = $user_id);
LET $stars = (SELECT id, out FROM starred WHERE in IN $people);
"""
COUNT = FIND + "RETURN [array::len($stars), array::len(array::distinct($stars.out))];"
#: Only a star that stands in a list, and is there, was counted as one of a known user.
FORGET = (
    "BEGIN;"
    + FIND
    + """
LET $listed = (SELECT VALUE out FROM starred WHERE in IN $people AND unstarred_at IS NONE
    AND source = 'stargazer_analysis');
"""
    + COUNT_AS_GHOST
    + """
DELETE $stars.id RETURN NONE;
DELETE $people RETURN NONE;
UPSERT $row SET at = at ?? time::now(), user_id = $kept RETURN NONE;
COMMIT;
"""
)
READ = f"""
SELECT VALUE record::id(id) FROM gitstars_forgotten;
SELECT VALUE user_id FROM gitstars_forgotten WHERE user_id AND at < time::now() - {AGAIN};
"""


@dataclass(frozen=True, slots=True)
class Traces:
    """What is stored of a person beside its record: rows of stars of so many repositories."""

    stars: int
    repositories: int


def count(database: Database, user_id: int) -> Traces:
    """What is stored of the person, and would go."""
    stars, repositories = database.run(COUNT, user_id=user_id)[-1]
    return Traces(stars, repositories)


def forget(database: Database, user_id: int, is_collecting: bool) -> None:
    """Delete the person's record and stars, and keep both from coming back. ``is_collecting``:
    pages may be on their way, so that it is done once more later. Doing so twice changes nothing.
    """
    database.run_retrying(
        FORGET,
        user_id=user_id,
        kept=user_id if is_collecting else None,
        row=_row(_hash(_salt(database), user_id)),
    )


def remember(database: Database, user_id: int) -> None:
    """The person signed in: it may be stored again."""
    row = _row(_hash(_salt(database), user_id))
    database.run_retrying("DELETE $row RETURN NONE", row=row)


class Forgotten:
    """Which people are not to be stored. ``find`` raises DatabaseError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._hashes: frozenset[str] = frozenset()
        self._salt = b""
        self._read_at: float | None = None

    def find(self, user_ids: Iterable[int]) -> frozenset[int]:
        """Those of these people who asked to be forgotten."""
        if self._read_at is None or time.monotonic() - self._read_at >= READ_SECONDS:
            self._read()
        if not self._hashes:
            return frozenset()
        return frozenset(one for one in user_ids if _hash(self._salt, one) in self._hashes)

    def _read(self) -> None:
        hashes, again = self._database.run(READ)
        for user_id in again:
            if as_user_id(user_id) is not None:
                forget(self._database, user_id, is_collecting=False)
        if hashes and not self._salt:
            self._salt = _salt(self._database)
        self._hashes = frozenset(hashes)
        self._read_at = time.monotonic()


def _hash(salt: bytes, user_id: int) -> str:
    """BLAKE2b with the salt as its key (RFC 7693), 128 bits."""
    return hashlib.blake2b(str(user_id).encode(), key=salt, digest_size=16).hexdigest()


def _row(digest: str) -> Any:
    return record("gitstars_forgotten", digest)


def _salt(database: Database) -> bytes:
    """The salt of this database; the first one to be made stays."""
    query = "INSERT IGNORE INTO gitstars_state {id: $key, value: $fresh} RETURN NONE"
    if state.read(database, SALT) is None:
        database.run_retrying(query, key=SALT, fresh=secrets.token_hex(16))
    return bytes.fromhex(state.read(database, SALT))
