"""A user whose limits are reached: what waits in the lane says so in the database, and until
when.
"""

import logging

from gitstars.clock import show_time
from gitstars.dispatch.lane import Lane
from gitstars.errors import DatabaseError
from gitstars.execute.tools import Tools
from gitstars.loops import spawn
from gitstars.model import Task
from gitstars.store import lifecycle

logger = logging.getLogger(__name__)

#: A wait shorter than this (seconds) is not worth writing.
TOLD_SECONDS = 5.0


class Waiting:
    """Tells of one user's waits, of each once."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._told_until = 0.0

    def tell(self, lane: Lane, seconds: float) -> None:
        """Nothing of the lane goes out for so long; rows in hand, or ended meanwhile, stay as
        they are.
        """
        until = self._tools.clock.now() + seconds
        if seconds < TOLD_SECONDS or abs(until - self._told_until) < TOLD_SECONDS:
            return
        self._told_until = until
        keys = [entry.job.repository.key for entry in lane.entries() if entry.job.task is Task.LIST]
        reason = f"GitHub's limits for account {lane.account} are reached until {show_time(until)}"
        logger.info("%s; %d repositories wait", reason, len(keys))
        spawn(f"waiting {lane.user_id}", self._write, keys, until, reason)

    def _write(self, keys: list[str], until: float, reason: str) -> None:
        at_once = lifecycle.ROWS_AT_ONCE
        try:
            for start in range(0, len(keys), at_once):
                lifecycle.mark_waiting(
                    self._tools.database, keys[start : start + at_once], until, reason
                )
        except DatabaseError as error:
            logger.warning("that %d repositories wait could not be written: %s", len(keys), error)
