"""What an operator may do with accounts, workers, the queue and the whole.

Every change is in the database before anything in memory follows, so that a crash loses nothing.
"""

import logging
from collections.abc import Callable

from gitstars.clock import Clock
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.errors import NotKnown, NotNow
from gitstars.events import EventBus
from gitstars.model import Account, Priority
from gitstars.store import access, lifecycle
from gitstars.store.database import Database
from gitstars.supervise import scale_memory
from gitstars.supervise.pausing import Pausing
from gitstars.supervise.scaling import ScaleOverride, Scaler
from gitstars.supervise.tokens import TokenDesk

logger = logging.getLogger(__name__)

#: Queues what an account's repositories need, at this priority; how many were added.
Enqueue = Callable[[Account, int], int]


class Operations:
    """All methods may raise DatabaseError; nothing has changed in memory then."""

    def __init__(
        self,
        database: Database,
        dispatcher: Dispatcher,
        enqueue: Enqueue,
        tokens: TokenDesk,
        scaler: Scaler,
        pausing: Pausing,
        events: EventBus,
        clock: Clock,
    ) -> None:
        self._database = database
        self._dispatcher = dispatcher
        self._enqueue = enqueue
        self._tokens = tokens
        self._scaler = scaler
        self._pausing = pausing
        self._events = events
        self._clock = clock

    def reprocess_user(self, user_id: int, force: bool) -> int:
        """Collect what stopped of a user's repositories (``force``: all, from their beginning);
        how many jobs wait now.

        Raises NotKnown, and NotNow where the account's token is not used.
        """
        lane = self._dispatcher.lane(user_id)
        if lane is None:
            raise NotKnown(f"no account of user {user_id} is here")
        self._tokens.require([lane.account])
        if force:
            access.forget_refusals(self._database, user_id)
        lifecycle.go_on_for(self._database, lane.account, force)
        self._enqueue(lane.account, Priority.REQUESTED)
        self._dispatcher.wake(user_id)
        logger.info(
            "account %s: its repositories were asked for again%s",
            lane.account,
            ", all from their beginning" if force else "",
        )
        self._events.publish("account.requested", self._clock.now(), user=user_id, force=force)
        return len(lane)

    def clear_queue(self) -> int:
        """Drop what waits; how much.

        Nothing in it is claimed, so the database keeps it pending, and the next scan finds it.
        """
        dropped = len(self._dispatcher.clear())
        logger.info("%d jobs left the queue on request", dropped)
        self._events.publish("queue.cleared", self._clock.now(), dropped=dropped)
        return dropped

    def scale(self, least: int, most: int) -> int:
        """Between so many workers from now on, also after a restart; how many there are.

        Raises NotNow when that is more than may be.
        """
        if most > self._scaler.maximum:
            raise NotNow(f"at most {self._scaler.maximum} workers are allowed (workers.maximum)")
        return self._set_bounds(ScaleOverride(least, most))

    def scale_freely(self) -> int:
        """The load decides again how many workers there are; how many that are now."""
        return self._set_bounds(None)

    def pause(self, is_paused: bool) -> None:
        """Stop at the next page, or go on; going on looks at tokens that are out at once."""
        if is_paused:
            self._pausing.pause()
            return
        self._pausing.resume()
        for lane in self._dispatcher.lanes():
            if self._tokens.is_out(lane.account):
                self._tokens.forget(lane.account)
                self._enqueue(lane.account, Priority.EXISTING)
                self._dispatcher.wake(lane.user_id)

    def _set_bounds(self, override: ScaleOverride | None) -> int:
        scale_memory.remember(self._database, override)
        count = self._scaler.set_override(override)
        least, most = (None, None) if override is None else (override.minimum, override.maximum)
        self._events.publish("workers.scaled", self._clock.now(), min=least, max=most)
        return count
