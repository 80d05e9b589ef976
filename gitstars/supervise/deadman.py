"""The dead man's switch: whoever gives no sign of life for too long is ended and replaced.

Duties are looked after by the supervisor.
"""

import logging
from dataclasses import dataclass
from typing import Protocol

from gitstars.clock import Clock
from gitstars.errors import DatabaseUnavailable
from gitstars.events import EventBus
from gitstars.execute.pool import WorkerPool
from gitstars.store.database import Database
from gitstars.store.writer import PageWriter

logger = logging.getLogger(__name__)

#: Pause between looks (seconds).
LOOK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Silences:
    """How long something may give no sign of life before it is replaced (seconds).

    A live query is opened anew. An embedded engine is killed, and starts again by itself; opening a
    large one takes a minute. A writer that stores the same pages for so long hangs: it waits a few
    times for a minute at most while the database is away. So does a look of the account watcher: a
    query takes half a minute at most, and a look at repositories is about one account.
    """

    live_query: float = 600.0
    engine: float = 180.0
    writer: float = 600.0
    watcher: float = 900.0


class Watcher(Protocol):
    """The account watcher."""

    def replace_silent(self, seconds: float) -> list[str]: ...


class DeadMan:
    """Looks for signs of life of workers and the accounts that they serve, of the account watcher,
    the writers, the live query and the embedded engine; each look is a duty's step.
    """

    def __init__(
        self,
        pool: WorkerPool,
        database: Database,
        events: EventBus,
        clock: Clock,
        stuck_seconds: float,
        writer: PageWriter,
        watcher: Watcher,
        silences: Silences | None = None,
    ) -> None:
        self._pool = pool
        self._database = database
        self._events = events
        self._clock = clock
        self._stuck_seconds = stuck_seconds
        self._writer = writer
        self._watcher = watcher
        self._silences = silences or Silences()
        self._restarts_seen = 0
        self._engine_killed_at = clock.monotonic()
        self.live_renewals = 0
        self.engine_kills = 0
        self.writers_replaced = 0
        self.watchers_replaced = 0

    def look_at_workers(self) -> None:
        """Replace the workers without progress; what they held goes back."""
        for state in self._pool.states():
            number, silent_seconds = state.number, state.idle_seconds or 0.0
            if silent_seconds > self._stuck_seconds:
                held = sorted(state.repositories)
                logger.error(
                    "worker %d made no progress for %.0f s and is replaced; it held %s",
                    number,
                    silent_seconds,
                    ", ".join(held),
                )
                self._pool.replace(number)
                self._events.publish(
                    "worker.replaced",
                    self._clock.now(),
                    worker=number,
                    repositories=held,
                    seconds=round(silent_seconds),
                )

    def look_at_writers(self) -> None:
        """Replace the writers that hang; the pages in hand fail, and are asked for again."""
        for number in self._writer.replace_silent(self._silences.writer):
            self.writers_replaced += 1
            logger.error(
                "writer %d stored the same pages for more than %.0f s and is replaced",
                number,
                self._silences.writer,
            )
            self._events.publish("writer.replaced", self._clock.now(), writer=number)

    def look_at_watcher(self) -> None:
        """Begin the loops of the account watcher anew whose look hangs."""
        for what in self._watcher.replace_silent(self._silences.watcher):
            self.watchers_replaced += 1
            logger.error(
                "a look at the %s took more than %.0f s and begins anew",
                what,
                self._silences.watcher,
            )
            self._events.publish("watcher.replaced", self._clock.now(), what=what)

    def look_at_live_query(self) -> None:
        """Open a silent live query anew."""
        self.live_renewals += self._database.renew_live(self._silences.live_query)

    def look_at_engine(self) -> None:
        """Ask the embedded engine for a sign of life; one that is silent for too long is killed."""
        engine = self._database.engine
        if engine is None:
            return
        if engine.restarts > self._restarts_seen:
            self._restarts_seen = engine.restarts
            self._events.publish("engine.restarted", self._clock.now(), restarts=engine.restarts)
        try:
            self._database.run("RETURN 1")
        except DatabaseUnavailable:
            silent_seconds = self._clock.monotonic() - max(
                self._database.answered_at or 0.0, self._engine_killed_at
            )
            if silent_seconds <= self._silences.engine:
                return
            logger.error(
                (
                    "the embedded database answered nothing for %.0f s; its process is killed and "
                    "starts again"
                ),
                silent_seconds,
            )
            self._engine_killed_at = self._clock.monotonic()
            self.engine_kills += 1
            engine.kill()
