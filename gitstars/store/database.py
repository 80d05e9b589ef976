"""The one door to SurrealDB: ``Database.run``.

Binds values, checks every statement, tries again what may be tried again.

What the statements say stands in the modules beside this one.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event
from surrealdb.errors import SurrealError

from gitstars.clock import Clock, SystemClock, backoff_seconds
from gitstars.config import DatabaseConfig
from gitstars.errors import (
    DatabaseRefused,
    DatabaseUnavailable,
    StorageFull,
    TransactionConflict,
)
from gitstars.store.engine import EngineHost
from gitstars.store.failures import failure_of_request, first_cause
from gitstars.store.live import LiveQueries
from gitstars.store.pool import ConnectionPool, PoolState
from gitstars.store.reading import LeftOut
from gitstars.store.sdk import REPLY_SECONDS, encode_use
from gitstars.store.sessions import Sessions
from gitstars.store.sockets import protect_process
from gitstars.store.values import key_of, record, seconds, to_datetime_or_none, to_epoch

__all__ = [
    "PATIENCE_SECONDS",
    "Database",
    "key_of",
    "record",
    "seconds",
    "to_datetime_or_none",
    "to_epoch",
]

logger = logging.getLogger(__name__)

EMBEDDED_SCHEMES = ("surrealkv://", "mem://")
#: A transaction that met another one is tried again for so long (seconds), with pauses from the
#: first to the longest.
CONFLICT_SECONDS, CONFLICT_PAUSE_SECONDS, CONFLICT_PAUSE_CAP_SECONDS = 15.0, 0.02, 1.0
#: The first pause while the database is away (seconds), and how long a write that must not be lost
#: waits for it to come back.
AWAY_PAUSE_SECONDS, PATIENCE_SECONDS = 0.2, 60.0
#: Latencies kept for the statistics.
LATENCIES_KEPT = 512


class Database:
    """SurrealDB at the configured address, embedded or a server, behind a pool of connections.

    ``left_out`` names rows that cannot be used. ``engine``: an embedded engine that is open already
    and stays open afterwards; several databases may use it one after the other.
    """

    def __init__(
        self,
        settings: DatabaseConfig,
        clock: Clock | None = None,
        engine: EngineHost | None = None,
        reply_seconds: float = REPLY_SECONDS,
    ) -> None:
        self._settings = settings
        self._reply_seconds = reply_seconds
        self._clock = clock or SystemClock()
        self.is_embedded = settings.url.startswith(EMBEDDED_SCHEMES)
        protect_process()
        self._prologue = encode_use(settings.namespace, settings.database)
        self._owns_engine = self.is_embedded and engine is None
        self.engine = EngineHost(settings.url, self._prologue) if self._owns_engine else engine
        self._sessions = Sessions(settings, self.engine, reply_seconds)
        self._pool = ConnectionPool(
            self._sessions.connect,
            settings.pool_max_size,
            min(settings.pool_min_idle, settings.pool_max_size),
            settings.connection_timeout_seconds,
            self._clock.monotonic,
        )
        self.is_closed = False
        self.left_out = LeftOut()
        self._is_up = False
        #: The last write met a full disk; ``Trial`` finds out when there is room again.
        self.is_full = False
        self.latencies: deque[float] = deque(maxlen=LATENCIES_KEPT)
        #: Monotonic: the last answer of any kind; None before the first.
        self.answered_at: float | None = None
        self._live = LiveQueries(self._sessions.connect, lambda: self.is_closed, self._clock)

    # Opening and closing

    def open(self, wait_seconds: float = 0.0) -> None:
        """Connect, and make sure that namespace and database can be used; tries again for
        ``wait_seconds``.

        Raises DatabaseUnavailable (nobody answers), DatabaseRefused (credentials or rights),
        EmbeddedPathUnusable.
        """
        deadline = self._clock.monotonic() + wait_seconds
        if self.engine is not None:
            if self._owns_engine:
                self.engine.open()
            else:
                self.engine.enter(self._prologue, REPLY_SECONDS)
        while True:
            try:
                # The first connection makes namespace and database, and may meet another server
                # that does so at this moment.
                self.run_retrying("RETURN 1")
                self._pool.fill()
                return
            except DatabaseUnavailable as error:
                left = deadline - self._clock.monotonic()
                if left <= 0:
                    raise
                logger.warning("%s; trying again for %.0f s", error, left)
                gevent.sleep(min(1.0, left))

    def close(self, seconds: float = 10.0) -> None:
        """Close every connection, and end the embedded engine, which gets about so long to
        finish what it was sent.
        """
        self.is_closed = True
        self.renew_live(0.0)
        self._pool.close()
        if self.engine is not None and self._owns_engine:
            self.engine.close(seconds)

    # Queries

    def run(self, query: str, **bindings: Any) -> list[Any]:
        """The result of each statement.

        Raises the DatabaseError that fits the first statement that failed.
        """
        started = time.perf_counter()
        answer = self._exchange(query, bindings)
        self._is_up = True
        self.answered_at = self._clock.monotonic()
        self.latencies.append(time.perf_counter() - started)
        if answer.get("error") is not None or not isinstance(answer.get("result"), list):
            raise failure_of_request(answer)
        statements = answer["result"]
        failed = [statement for statement in statements if statement.get("status") != "OK"]
        if failed:
            cause = first_cause(failed)
            self.is_full = self.is_full or isinstance(cause, StorageFull)
            raise cause
        return [statement["result"] for statement in statements]

    def _exchange(self, query: str, bindings: dict[str, Any]) -> dict[str, Any]:
        """The answer as it came."""
        try:
            return self._ask(query, bindings)
        except (DatabaseUnavailable, DatabaseRefused):
            self._is_up = False
            raise

    def _ask(self, query: str, bindings: dict[str, Any]) -> dict[str, Any]:
        """The same, after signing in anew where the user's session is over."""
        with self._pool.acquire() as connection:
            try:
                answer: dict[str, Any] = connection.query_raw(query, bindings)
                if "SessionExpired" in str(answer.get("error")):
                    self._sessions.enter(connection)
                    answer = connection.query_raw(query, bindings)
                return answer
            except SurrealError as error:
                raise self._sessions.translate(error) from error
            except OSError as error:
                raise self._sessions.explain_absence(error) from error

    def run_retrying(self, query: str, patience_seconds: float = 0.0, **bindings: Any) -> list[Any]:
        """``run``, again for ``CONFLICT_SECONDS`` while the transaction meets others, and for
        ``patience_seconds`` while nobody answers.

        The first of several tries may have done its work although its answer was lost: the
        statements must bear that.
        """
        started, conflicts, absences = self._clock.monotonic(), 0, 0
        while True:
            try:
                return self.run(query, **bindings)
            except TransactionConflict:
                if self._is_over(started, CONFLICT_SECONDS):
                    raise
                base, cap = CONFLICT_PAUSE_SECONDS, CONFLICT_PAUSE_CAP_SECONDS
                pause = backoff_seconds(conflicts, base, cap, self._clock.random())
                conflicts += 1
                logger.debug(
                    "a transaction met another one (%d); again in %.2f s", conflicts, pause
                )
            except DatabaseUnavailable:
                if self._is_over(started, patience_seconds):
                    raise
                pause = backoff_seconds(absences, AWAY_PAUSE_SECONDS, 5.0, self._clock.random())
                absences += 1
            gevent.sleep(pause)

    def _is_over(self, started: float, patience_seconds: float) -> bool:
        """Whether what began at ``started`` (monotonic) is tried no more."""
        return self.is_closed or self._clock.monotonic() - started >= patience_seconds

    @property
    def is_up(self) -> bool:
        """Whether the last query was answered."""
        return self._is_up and not self.is_closed

    @property
    def address(self) -> str:
        return self._settings.url

    def pool_state(self) -> PoolState:
        """Figures of the connection pool."""
        return self._pool.state()

    @property
    def can_watch(self) -> bool:
        """Whether live queries are to be had; the embedded engine refuses them."""
        return not self.is_embedded

    def watch(
        self,
        table: str,
        on_change: Callable[[dict[str, Any]], None],
        stop: Event,
        on_connect: Callable[[], None],
    ) -> None:
        """Call ``on_change`` with each notification of a live query on ``table`` until ``stop``,
        connecting again as often as needed.

        ``on_connect`` is called whenever the query begins, since of what happened before it tells
        nothing, and when it cannot begin although the database is there.
        """
        self._live.watch(table, on_change, stop, on_connect)

    @property
    def live_queries(self) -> int:
        """How many live queries are open."""
        return self._live.count

    def renew_live(self, silent_seconds: float) -> int:
        """End the live queries that told nothing for so long, so that ``watch`` opens them anew;
        how many there were.

        One that the server lost is silent like one where nothing happens.
        """
        return self._live.renew(silent_seconds)
