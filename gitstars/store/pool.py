"""A greenlet pool of database connections: at most ``max_size``, ``min_idle`` kept open, a
time-out for those who wait.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from gevent import Greenlet, GreenletExit, Timeout, joinall
from gevent.lock import BoundedSemaphore

from gitstars.errors import DatabaseTimeout, DatabaseUnavailable
from gitstars.loops import spawn


class Connection(Protocol):
    """What the pool needs to know of a connection."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class PoolState:
    """Figures of a pool."""

    maximum: int
    idle: int
    in_use: int
    waiting: int


C = TypeVar("C", bound=Connection)

#: A connection that nobody used for so long (seconds) is closed, unless it is among those that are
#: kept open.
IDLE_SECONDS = 60.0
#: How long the other side of connections that are being closed is waited for (seconds).
GOODBYE_SECONDS = 0.5


class ConnectionPool(Generic[C]):
    """Hands out connections one greenlet at a time; a connection that broke is dropped, and
    replaced when it is needed.
    """

    def __init__(
        self,
        connect: Callable[[], C],
        max_size: int,
        min_idle: int,
        acquire_timeout: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._max_size = max_size
        self._min_idle = min_idle
        self._acquire_timeout = acquire_timeout
        self._places = BoundedSemaphore(max_size)
        #: Connections that nobody uses, and since when (monotonic), the one used last at the end.
        self._idle: deque[tuple[C, float]] = deque()
        self._monotonic = monotonic
        self._in_use = 0
        self._waiting = 0

    def fill(self) -> None:
        """Open connections until ``min_idle`` wait."""
        while len(self._idle) < self._min_idle:
            self._idle.append((self._connect(), self._monotonic()))

    @contextmanager
    def acquire(self) -> Iterator[C]:
        """A connection for the length of the context.

        Raises DatabaseTimeout when none becomes free in time. A DatabaseUnavailable in the context
        means that the connection broke.
        """
        self._waiting += 1
        try:
            if not self._places.acquire(timeout=self._acquire_timeout):
                raise DatabaseTimeout(
                    f"all {self._max_size} database connections were busy for "
                    f"{self._acquire_timeout:g} s"
                )
        finally:
            self._waiting -= 1
        self._in_use += 1
        connection = None
        try:
            connection = self._idle.pop()[0] if self._idle else self._connect()
            yield connection
        except (DatabaseUnavailable, GreenletExit, Timeout):
            # The answer may still be on its way: nobody else may read it.
            if connection is not None:
                _close_aside(connection)
                connection = None
            raise
        finally:
            self._in_use -= 1
            if connection is not None:
                self._idle.append((connection, self._monotonic()))
                self._close_surplus()
            self._places.release()

    def close(self) -> None:
        """Close what is idle; a server that hangs is not waited for."""
        joinall(
            [_close_aside(self._idle.pop()[0]) for _ in range(len(self._idle))],
            timeout=GOODBYE_SECONDS,
        )

    def _close_surplus(self) -> None:
        """Close what nobody used for long, beyond the ones that are kept open."""
        long_ago = self._monotonic() - IDLE_SECONDS
        while len(self._idle) > self._min_idle and self._idle[0][1] < long_ago:
            _close_aside(self._idle.popleft()[0])

    def state(self) -> PoolState:
        return PoolState(self._max_size, len(self._idle), self._in_use, self._waiting)


def _close_aside(connection: Connection) -> Greenlet:
    """Close without waiting: a WebSocket's goodbye is answered by the other side, which may
    hang.
    """
    return spawn("close a connection", connection.close)
