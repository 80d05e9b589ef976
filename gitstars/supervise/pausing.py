"""Paused or not: workers stop at the next page and new accounts are still seen; remembered in
the database through a restart.
"""

import logging

from gevent.event import Event

from gitstars.clock import Clock
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.events import EventBus
from gitstars.store import state
from gitstars.store.database import Database

logger = logging.getLogger(__name__)

#: Under this name the database keeps whether we are paused.
STATE_KEY = "paused"


class Pausing:
    """Sets and clears the ``paused`` event that the workers obey."""

    def __init__(
        self,
        paused: Event,
        database: Database,
        dispatcher: Dispatcher,
        events: EventBus,
        clock: Clock,
    ) -> None:
        self._paused = paused
        self._database = database
        self._dispatcher = dispatcher
        self._events = events
        self._clock = clock

    @property
    def is_paused(self) -> bool:
        return bool(self._paused.is_set())

    def pause(self) -> None:
        """Work stops at the next page.

        Raises DatabaseError when that cannot be remembered; nothing changes then.
        """
        self._change(True)

    def resume(self) -> None:
        """Work goes on.

        Raises DatabaseError when that cannot be remembered; nothing changes then.
        """
        self._change(False)

    def restore(self) -> None:
        """Be what the last run was, before the workers start."""
        if state.read(self._database, STATE_KEY, False) is True:
            self._paused.set()
            logger.warning(
                "paused, as the last run was; nothing is collected until `gitstars resume`"
            )

    def _change(self, is_paused: bool) -> None:
        state.write(self._database, STATE_KEY, is_paused)
        if is_paused == self.is_paused:
            return
        if is_paused:
            self._paused.set()
        else:
            self._paused.clear()
        self._dispatcher.wake_all()
        self._events.publish("paused" if is_paused else "resumed", self._clock.now())
        logger.info("paused" if is_paused else "resumed")
