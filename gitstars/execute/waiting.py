"""An account whose limits are reached: what waits in its lane says so in the database, and until
when.
"""

import logging

from gitstars.clock import Clock, show_time
from gitstars.dispatch.lane import Lane
from gitstars.errors import DatabaseError
from gitstars.loops import spawn
from gitstars.model import Task
from gitstars.store import lifecycle
from gitstars.store.database import Database

logger = logging.getLogger(__name__)

#: A wait shorter than this (seconds) is not worth writing.
NOTED_SECONDS = 5.0


class Waiting:
    """Tells of one account's waits, of each once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._noted_until = 0.0

    def tell(self, lane: Lane, seconds: float) -> None:
        """Mark the lane's pending repositories ``rate_limited`` for ``seconds``. Claimed and
        finished rows are left alone.
        """
        until = self._clock.now() + seconds
        if seconds < NOTED_SECONDS or abs(until - self._noted_until) < NOTED_SECONDS:
            return
        self._noted_until = until
        keys = [job.repository.key for job in lane.jobs(Task.LIST)]
        reason = f"GitHub's limits for account {lane.account} are reached until {show_time(until)}"
        logger.info("%s; %d repositories wait", reason, len(keys))
        spawn(f"waiting {lane.user_id}", self._write, keys, until, reason)

    def _write(self, keys: list[str], until: float, reason: str) -> None:
        at_once = lifecycle.ROWS_AT_ONCE
        try:
            for start in range(0, len(keys), at_once):
                chunk = keys[start : start + at_once]
                lifecycle.mark_waiting(self._database, chunk, until, reason)
        except DatabaseError as error:
            logger.warning("that %d repositories wait could not be written: %s", len(keys), error)
