"""The tables, fields and indexes that gitstars needs, applied in numbered steps.

What the web application defined stays as it is.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gitstars.config import DatabaseConfig
from gitstars.errors import DatabaseRefused, QueryFailed
from gitstars.store.database import Database, record
from gitstars.store.fields import define_fields
from gitstars.store.reading import as_count

logger = logging.getLogger(__name__)

VERSION_ROW = record("gitstars_schema", "version")
#: A server that comes to an old step while another has done a newer one leaves the newer number. In
#: SurrealDB's order every number stands before every text.
SET_VERSION = (
    "UPSERT $row SET version = IF version > $version AND version < '' "
    "{ version } ELSE { $version }, applied_at = time::now() RETURN NONE"
)

#: Step n brings a database from version n to n + 1. Steps are only ever added. Every statement may
#: run twice and beside another server.
STEPS: tuple[tuple[str, ...], ...] = (
    (
        "DEFINE TABLE IF NOT EXISTS account SCHEMALESS",
        "DEFINE TABLE IF NOT EXISTS user SCHEMALESS",
        "DEFINE TABLE IF NOT EXISTS repo SCHEMALESS",
        "DEFINE TABLE IF NOT EXISTS github_user SCHEMAFULL",
        "DEFINE FIELD IF NOT EXISTS github_id ON github_user TYPE int",
        "DEFINE FIELD IF NOT EXISTS username ON github_user TYPE string",
        "DEFINE FIELD IF NOT EXISTS avatar_url ON github_user TYPE option<string>",
        "DEFINE FIELD IF NOT EXISTS profile_url ON github_user TYPE option<string>",
        "DEFINE FIELD IF NOT EXISTS synced_at ON github_user TYPE option<datetime>",
        "DEFINE INDEX IF NOT EXISTS github_user_username ON github_user FIELDS username UNIQUE",
        "DEFINE INDEX IF NOT EXISTS github_user_github_id ON github_user FIELDS github_id UNIQUE",
        "DEFINE TABLE IF NOT EXISTS starred TYPE RELATION IN github_user OUT repo SCHEMALESS",
        "DEFINE INDEX IF NOT EXISTS starred_out_source ON starred FIELDS out, source",
        "DEFINE TABLE IF NOT EXISTS repo_processing_status SCHEMALESS",
        "DEFINE INDEX IF NOT EXISTS processing_status_repo ON repo_processing_status FIELDS repo",
        (
            "DEFINE INDEX IF NOT EXISTS processing_status_status ON repo_processing_status FIELDS "
            "status"
        ),
        "DEFINE TABLE IF NOT EXISTS gitstars_access SCHEMALESS",
        "DEFINE INDEX IF NOT EXISTS gitstars_access_repo ON gitstars_access FIELDS repo",
        "DEFINE INDEX IF NOT EXISTS gitstars_access_user ON gitstars_access FIELDS user_id",
        "DEFINE TABLE IF NOT EXISTS star_history SCHEMALESS",
        "DEFINE INDEX IF NOT EXISTS star_history_repo ON star_history FIELDS repo, week",
        "DEFINE TABLE IF NOT EXISTS gitstars_budget SCHEMALESS",
        "DEFINE TABLE IF NOT EXISTS gitstars_state SCHEMALESS",
    ),
    ("DEFINE INDEX IF NOT EXISTS gitstars_repo_github_id ON repo FIELDS github_id",),
    # What comes due by itself is found by its time.
    (
        (
            "DEFINE INDEX IF NOT EXISTS gitstars_status_retry ON repo_processing_status FIELDS "
            "next_retry_after"
        ),
        (
            "DEFINE INDEX IF NOT EXISTS gitstars_status_counted ON repo_processing_status FIELDS "
            "counted_at"
        ),
        (
            "DEFINE INDEX IF NOT EXISTS gitstars_status_history ON repo_processing_status FIELDS "
            "history.checked_at"
        ),
    ),
    # Accounts whose starred repositories are kept in step.
    (
        "DEFINE TABLE IF NOT EXISTS gitstars_sync SCHEMALESS",
        "DEFINE INDEX IF NOT EXISTS gitstars_sync_next ON gitstars_sync FIELDS next_at",
    ),
    # Repositories that are followed without anybody's star.
    (
        "DEFINE TABLE IF NOT EXISTS gitstars_follow SCHEMALESS",
        "DEFINE INDEX IF NOT EXISTS gitstars_follow_repo ON gitstars_follow FIELDS repo",
        "DEFINE INDEX IF NOT EXISTS gitstars_follow_user ON gitstars_follow FIELDS user_id",
        "DEFINE INDEX IF NOT EXISTS gitstars_follow_owner ON gitstars_follow FIELDS owner_id",
        "DEFINE TABLE IF NOT EXISTS gitstars_followed_owner SCHEMALESS",
    ),
    # People who asked to be forgotten.
    ("DEFINE TABLE IF NOT EXISTS gitstars_forgotten SCHEMALESS",),
    # How many stars there were on each day.
    (
        "DEFINE TABLE IF NOT EXISTS star_count SCHEMALESS",
        "DEFINE INDEX IF NOT EXISTS star_count_repo ON star_count FIELDS repo, day",
    ),
)


def apply(database: Database) -> int:
    """Bring the database to the newest version; the version it had. One query a step.

    Raises DatabaseRefused when the rights do not suffice, or a definition is not taken.
    """
    _, versions = database.run_retrying(
        "DEFINE TABLE IF NOT EXISTS gitstars_schema SCHEMALESS; SELECT VALUE version FROM $row",
        row=VERSION_ROW,
    )
    version = _as_version(versions)
    for number, step in enumerate(STEPS[version:], start=version + 1):
        query = "; ".join([*step, SET_VERSION])
        try:
            database.run_retrying(query, row=VERSION_ROW, version=number)
        except QueryFailed as error:
            raise DatabaseRefused(
                f"the schema could not be applied (step {number}): {error}", error.detail
            ) from error
        logger.debug("database schema is at version %d", number)
    if version < len(STEPS):
        logger.info("the database's schema went from version %d to %d", version, len(STEPS))
    define_fields(database)
    return version


@contextmanager
def opened(settings: DatabaseConfig) -> Iterator[Database]:
    """The database with its tables at the newest version, open meanwhile: for a command without a
    server. Raises DatabaseError, also where a server has it.
    """
    database = Database(settings)
    database.open()
    try:
        apply(database)
        yield database
    finally:
        database.close()


def read_version(database: Database) -> int:
    """The version of the database's schema; 0 before the first start."""
    return _as_version(database.run("SELECT VALUE version FROM $row", row=VERSION_ROW)[0])


def _as_version(rows: list[Any]) -> int:
    return (as_count(rows[0]) or 0) if rows else 0
