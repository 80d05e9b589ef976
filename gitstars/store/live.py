"""Live queries: each on a connection of its own, opened anew as often as it ends."""

import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

from gevent.event import Event
from surrealdb.errors import SurrealError

from gitstars.clock import Clock
from gitstars.errors import DatabaseError
from gitstars.store.failures import explain_connection
from gitstars.store.sdk import SocketConnection

logger = logging.getLogger(__name__)

#: Pauses before a live query is opened anew: this, doubled each time, and no more than the cap
#: (seconds).
WATCH_PAUSE_SECONDS, WATCH_PAUSE_CAP_SECONDS = 1.0, 10.0


class LiveQueries:
    """The live queries of one database."""

    def __init__(
        self, connect: Callable[[], SocketConnection], is_closed: Callable[[], bool], clock: Clock
    ) -> None:
        self._connect = connect
        self._is_closed = is_closed
        self._clock = clock
        #: Those that are open: connection, id, and when they were heard last (monotonic).
        self._live: dict[SocketConnection, tuple[UUID, float]] = {}

    def watch(
        self,
        table: str,
        on_change: Callable[[dict[str, Any]], None],
        stop: Event,
        on_connect: Callable[[], None],
    ) -> None:
        """What ``Database.watch`` says."""
        pause = WATCH_PAUSE_SECONDS
        while not (stop.is_set() or self._is_closed()):
            connection = None
            try:
                connection = self._connect()
                live = connection.live(table)
                self._live[connection] = (live, self._clock.monotonic())
                if self._is_closed():
                    return
                pause = WATCH_PAUSE_SECONDS
                on_connect()
                for notification in connection.subscribe_live(live):
                    if stop.is_set():
                        return
                    self._live[connection] = (live, self._clock.monotonic())
                    on_change(notification)
            except (SurrealError, DatabaseError, OSError) as error:
                if not stop.is_set():
                    _tell(table, error, is_first=pause == WATCH_PAUSE_SECONDS)
                    if connection is not None and connection not in self._live:
                        on_connect()
            except Exception:
                logger.exception("the live query on %s failed; connecting again", table)
            finally:
                if connection is not None:
                    self._live.pop(connection, None)
                    connection.close()
            stop.wait(pause)
            pause = min(WATCH_PAUSE_CAP_SECONDS, 2 * pause)

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self._live)

    def renew(self, silent_seconds: float) -> int:
        """What ``Database.renew_live`` says."""
        now = self._clock.monotonic()
        silent = [
            (connection, live)
            for connection, (live, heard_at) in self._live.items()
            if now - heard_at >= silent_seconds
        ]
        for connection, live in silent:
            connection.end_live(live)
        return len(silent)


def _tell(table: str, error: Exception, *, is_first: bool) -> None:
    """Say why a live query ended; once an outage, not with every try."""
    why = str(error) if isinstance(error, DatabaseError) else explain_connection(error)
    level = logging.WARNING if is_first else logging.DEBUG
    logger.log(level, "the live query on %s ended: %s; connecting again", table, why)
