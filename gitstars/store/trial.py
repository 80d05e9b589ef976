"""Whether the database takes what gitstars writes: one write of each kind in a transaction that is
cancelled.

A table that demands a field which gitstars does not write, or has a condition that its values do
not meet, is a fault of the whole database and of no repository: nothing is fetched meanwhile.
"""

import logging
from typing import Any

from gitstars.errors import DatabaseError, QueryFailed, StorageFull
from gitstars.store.database import Database, record
from gitstars.store.fields import define_fields
from gitstars.store.lifecycle.changes import TRY_ROW

logger = logging.getLogger(__name__)

#: While the database is at fault it is tried again after so long (seconds).
TRIAL_SECONDS = 60.0
#: What the trial throws when everything could be written.
TAKEN = "gitstars trial over"
#: No login has two hyphens in a row, and no id at GitHub is so large.
LOGIN, NUMBER = "gitstars--trial", 2**52
ACCESS = (
    "user_id = $number, repo = $repo, may_list = false, face = 'fine', text = 't', advice = 't', "
    "accepted_permissions = 'contents=write', checked_at = time::now(), "
    "look_again_at = time::now(), refusals = 1, is_own = true"
)
WRITE_ALL = f"""
BEGIN;
CREATE $person SET github_id = $number, username = $login, avatar_url = 'https://a.example/1',
    profile_url = 'https://github.com/1', synced_at = time::now() RETURN NONE;
CREATE $repo SET github_id = $number, name = 'trial', full_name = $full_name, stars = 1,
    is_private = false RETURN NONE;
INSERT RELATION INTO starred {{id: $pair, in: $person, out: $repo, source: 'stargazer_analysis',
    starred_at: time::now(), seen: 1}} RETURN NONE;
UPDATE $edge SET unstarred_at = time::now() RETURN NONE;
{TRY_ROW}
CREATE gitstars_access:⟨{LOGIN}⟩ SET {ACCESS} RETURN NONE;
CREATE star_history:⟨{LOGIN}⟩ SET repo = $repo, week = 0, total = 1, days = [0, 0, 0, 0, 0, 0, 1]
    RETURN NONE;
CREATE star_count:⟨{LOGIN}⟩ SET repo = $repo, day = '2026-11-24', stars = 1 RETURN NONE;
CREATE gitstars_budget:⟨{LOGIN}⟩ SET user_id = $number, saved_at = time::now() RETURN NONE;
CREATE gitstars_state:⟨{LOGIN}⟩ SET value = 't' RETURN NONE;
THROW '{TAKEN}';
COMMIT;
"""
WHAT_TO_DO = "make it optional, give it a default value, or take the condition away"


#: A write that is as large as a page of stars, for a disk that was full.
FILL = "UPSERT $row SET value = $text RETURN NONE; DELETE $row RETURN NONE"
FILL_BYTES = 64 * 1024
FULL = "the database cannot store anything: its disk is full; free some space"


class Trial:
    """Whether writing is worth while; ``fault`` is the sentence that says why not."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._fault: str | None = None
        self._was_full = False

    @property
    def fault(self) -> str | None:
        return FULL if self._database.is_full else self._fault

    def look(self) -> str | None:
        """Try all writes now; the fault, or None. For the start, and for whoever met a
        ``QueryFailed`` and wants to know whose fault it is. Raises DatabaseError when the database
        does not answer or refuses its user; what was known holds then.
        """
        fault = find_fault(self._database)
        if fault is not None and self._fault is None:
            logger.error("the database does not take what gitstars writes: %s", fault)
        elif fault is None and self._fault is not None:
            logger.info("the database takes what gitstars writes again")
        self._fault = fault
        return fault

    def step(self) -> None:
        """Step of a duty: look again while there is a fault."""
        if self._database.is_full:
            self._look_for_room()
        elif self._fault is not None:
            define_fields(self._database)
            self.look()

    def _look_for_room(self) -> None:
        """Write something, which is deleted again."""
        if not self._was_full:
            logger.error("%s; it is tried again every %.0f s", FULL, TRIAL_SECONDS)
        self._was_full = True
        row = record("gitstars_state", "room")
        try:
            self._database.run_retrying(FILL, row=row, text="." * FILL_BYTES)
        except StorageFull:
            return
        self._database.is_full = self._was_full = False
        logger.info("the database stores again: there is room on its disk")


def find_fault(database: Database) -> str | None:
    """Which table and field stand in the way of what gitstars writes, and what to do; None: all of
    it could be written. Nothing is. Raises DatabaseError when nobody can tell.
    """
    bindings: dict[str, Any] = {
        "person": record("github_user", LOGIN),
        "repo": record("repo", f"{LOGIN}/trial"),
        "edge": record("starred", [NUMBER, NUMBER]),
        "full_name": f"{LOGIN}/trial",
        "login": LOGIN,
        "number": NUMBER,
        "pair": [NUMBER, NUMBER],
    }
    try:
        database.run_retrying(WRITE_ALL, **bindings)
    except QueryFailed as error:
        return None if TAKEN in error.detail else f"{error}; {WHAT_TO_DO}"
    raise DatabaseError("the database kept a trial write that should have been cancelled")
