"""Keeps what the users' budgets hold in the database, so that a restart does not begin blind.

The figures are the ledger's.
"""

import logging
from collections.abc import Callable
from typing import Any

import gevent

from gitstars.errors import DatabaseError, DatabaseTimeout
from gitstars.store import budgets
from gitstars.store.database import Database

logger = logging.getLogger(__name__)

#: Pause between two notes: a process that is killed forgets what was spent in this time (seconds).
KEEP_SECONDS = 10.0
#: The last note while stopping may take this long (seconds).
LAST_SECONDS = 1.0

Rows = list[dict[str, Any]]


class BudgetKeeper:
    """Writes the rows of ``snapshot`` that changed since they were written last."""

    def __init__(self, database: Database, snapshot: Callable[[], Rows]) -> None:
        self._database = database
        self._snapshot = snapshot
        self._kept: dict[tuple[int, str], dict[str, Any]] = {}

    def load(self) -> Rows:
        """What the last run kept."""
        return budgets.load(self._database)

    def step(self) -> None:
        """Write what changed. Raises DatabaseError; the rows are tried again with the next step."""
        rows = {(row["user_id"], str(row["resource"])): row for row in self._snapshot()}
        changed = [row for key, row in rows.items() if self._kept.get(key) != row]
        if changed:
            budgets.save(self._database, changed)
        self._kept = rows

    def finish(self) -> None:
        """The last note before the database is closed, where it is to be had."""
        if not self._database.is_up:
            return
        try:
            with gevent.Timeout(
                LAST_SECONDS, DatabaseTimeout(f"no answer within {LAST_SECONDS:.0f} s")
            ):
                self.step()
        except DatabaseError as error:
            logger.warning("what is left of the budgets could not be kept: %s", error)
