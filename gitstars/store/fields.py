"""What gitstars writes into the tables that it shares, and the fields that it defines there.

A web application may define the shared tables SCHEMAFULL. Then a field that is not defined is
rejected, so gitstars defines its own. They take any value: what a value means is said in
``docs/database.md``, and a type that changes would otherwise have to be migrated in tables of
somebody else.
"""

import logging
from typing import Any

from gitstars.store.database import Database

logger = logging.getLogger(__name__)

PROGRESS = "cursor last_page_processed total_pages total_stargazers processed_stargazers ghosts"
CLAIM = "claimed_by claimed_at lease_expires_at settled_by moving_until requested former"
TIMES = "started_at completed_at next_retry_after swept_at counted_at"
ENDING = "last_error error_count notes star_count generation updated_at etag is_private history"
#: The fields that gitstars writes into each table that it shares with others.
WRITTEN = {
    "github_user": "github_id username avatar_url profile_url synced_at",
    "repo": "github_id name full_name stars is_private",
    "starred": "source starred_at seen unstarred_at",
    "repo_processing_status": f"repo status {PROGRESS} {CLAIM} {TIMES} {ENDING}",
}


def define_fields(database: Database) -> None:
    """Define what is missing in those of these tables that are SCHEMAFULL. Raises DatabaseError."""
    tables: dict[str, Any] = database.run("INFO FOR DB")[0]["tables"]
    strict = [name for name in WRITTEN if " SCHEMAFULL" in str(tables.get(name))]
    if not strict:
        return
    defined = database.run("; ".join(f"INFO FOR TABLE {name}" for name in strict))
    missing = {
        name: [field for field in WRITTEN[name].split() if field not in info["fields"]]
        for name, info in zip(strict, defined, strict=True)
    }
    statements = [
        f"DEFINE FIELD IF NOT EXISTS {field} ON {name} TYPE any"
        for name, fields in missing.items()
        for field in fields
    ]
    if statements:
        database.run_retrying("; ".join(statements))
        for name, fields in missing.items():
            if fields:
                logger.info("table %s is SCHEMAFULL: defined %s on it", name, ", ".join(fields))
