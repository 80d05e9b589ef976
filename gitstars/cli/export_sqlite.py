"""An export as a SQLite database: a table for each kind of thing, with keys and indexes."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from gitstars.errors import GitstarsError

#: Rows that are written at once.
BATCH_ROWS = 2000
USERS = """
CREATE TABLE users (user_id INTEGER PRIMARY KEY, login TEXT, avatar_url TEXT, profile_url TEXT);
"""
REPOS = """
CREATE TABLE repos (repo_id INTEGER PRIMARY KEY, repo TEXT NOT NULL, is_private INTEGER,
    stars INTEGER, status TEXT, stored INTEGER, deleted_users INTEGER, completed_at TEXT,
    reason TEXT);
"""
STARS = """
CREATE TABLE stars (user_id INTEGER NOT NULL REFERENCES users (user_id),
    repo_id INTEGER NOT NULL REFERENCES repos (repo_id), starred_at TEXT NOT NULL,
    unstarred_at TEXT, PRIMARY KEY (user_id, repo_id)) WITHOUT ROWID;
CREATE INDEX stars_of_a_repo ON stars (repo_id, starred_at);
"""
HISTORY = """
CREATE TABLE history (repo_id INTEGER NOT NULL REFERENCES repos (repo_id), day TEXT NOT NULL,
    came INTEGER NOT NULL, went INTEGER NOT NULL, stars INTEGER NOT NULL,
    is_exact INTEGER NOT NULL, PRIMARY KEY (repo_id, day)) WITHOUT ROWID;
"""
COUNTS = """
CREATE TABLE counts (repo_id INTEGER NOT NULL REFERENCES repos (repo_id), day TEXT NOT NULL,
    stars INTEGER NOT NULL, PRIMARY KEY (repo_id, day)) WITHOUT ROWID;
"""
INSERT_USER = """
INSERT OR IGNORE INTO users VALUES (:user_id, :login, :avatar_url, :profile_url)
"""
NAME_USER = "INSERT OR IGNORE INTO users (user_id, login) VALUES (:user_id, :login)"
INSERT_REPO = """
INSERT OR IGNORE INTO repos VALUES (:repo_id, :repo, :is_private, :stars, :status, :stored,
    :deleted_users, :completed_at, :reason)
"""
NAME_REPO = "INSERT OR IGNORE INTO repos (repo_id, repo) VALUES (:repo_id, :repo)"
INSERT_STAR = """
INSERT OR IGNORE INTO stars VALUES (:user_id, :repo_id, :starred_at, :unstarred_at)
"""
INSERT_DAY = """
INSERT OR IGNORE INTO history VALUES (:repo_id, :day, :came, :went, :stars, :is_exact)
"""
INSERT_COUNT = "INSERT OR IGNORE INTO counts VALUES (:repo_id, :day, :stars)"
#: Of each export: its tables, and what is done with each row.
PLANS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "stars": (USERS + REPOS + STARS, (NAME_USER, NAME_REPO, INSERT_STAR)),
    "users": (USERS, (INSERT_USER,)),
    "repos": (REPOS, (INSERT_REPO,)),
    "history": (REPOS + HISTORY, (NAME_REPO, INSERT_DAY)),
    "counts": (REPOS + COUNTS, (NAME_REPO, INSERT_COUNT)),
}


def write_sqlite(path: Path, what: str, blocks: Iterable[bytes]) -> Iterator[int]:
    """Write an export of JSON lines to a new SQLite file; how many rows there are so far, from time
    to time and at the end. Raises GitstarsError.

    A repository whose GitHub id nobody knows gets a number below 0.
    """
    tables, statements = PLANS[what]
    unknown: dict[str, int] = {}
    rows = 0
    try:
        file = sqlite3.connect(path)
        try:
            # The file gets its name when it is whole: nobody reads half of it.
            file.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {tables}")
            for batch in _read_rows(blocks):
                for row in batch:
                    if row.get("repo_id", 0) is None:
                        row["repo_id"] = unknown.setdefault(row["repo"], -len(unknown) - 1)
                for statement in statements:
                    file.executemany(statement, batch)
                rows += len(batch)
                yield rows
            file.commit()
        finally:
            file.close()
    except sqlite3.Error as error:
        raise GitstarsError(f"{path.parent} cannot take the SQLite file: {error}") from error


def _read_rows(blocks: Iterable[bytes]) -> Iterator[list[dict[str, Any]]]:
    """The objects of JSON lines that come in pieces of any size."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    rest = b""
    batch: list[dict[str, Any]] = []
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        batch += map(decode, lines)
        if len(batch) >= BATCH_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch
