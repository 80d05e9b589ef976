"""What the scanner does next, and when: no I/O. Times are monotonic seconds."""

from collections import deque
from collections.abc import Collection

from gitstars.discover.reading import Walk
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.model import Task

#: While accounts are read at a start, this many times as long as a part took others have their
#: turn; what is not urgent at all gets one part in so many of the time.
START_PAUSE, CALM_PAUSE = 1.0, 30.0
#: A parked walk goes on when this much of its lane is left.
ROOM_PART = 0.5
#: The longest rest (seconds): a lane that has room again is noticed after it.
REST_SECONDS = 1.0


class Agenda:
    """``walks`` are the readings of whole accounts that are not over, by user: urgent ones first,
    a part of each in turn, so that every account has work soon. A walk whose lane is full waits
    apart. ``due_at``, ``compare_at`` and ``calm_at`` are when the other looks come.
    """

    def __init__(self) -> None:
        self.walks: dict[int, Walk] = {}
        self._urgent: deque[int] = deque()
        self._calm: deque[int] = deque()
        self._rotation: deque[int] = deque()
        self._walk_at = 0.0
        self.due_at = self.compare_at = self.calm_at = 0.0

    @property
    def is_behind(self) -> bool:
        """Whether a part of an account is to be read and its lane has room."""
        return bool(self._urgent or self._calm)

    def add(self, walk: Walk, is_urgent: bool) -> None:
        """Read this account; a reading of it that is not over begins anew."""
        user_id = walk.account.user_id
        self.drop(user_id)
        self.walks[user_id] = walk
        if walk.parked_at is None:
            (self._urgent if is_urgent else self._calm).append(user_id)

    def drop(self, user_id: int) -> None:
        """The user's reading is over, or not wanted any more."""
        self.walks.pop(user_id, None)
        for waiting in (self._urgent, self._calm):
            if user_id in waiting:
                waiting.remove(user_id)

    def unpark(self, dispatcher: Dispatcher) -> None:
        """Let walks go on whose lanes have room again."""
        for user_id, walk in self.walks.items():
            if walk.parked_at is not None:
                lane = dispatcher.lane(user_id)
                left = lane.count(Task.LIST) if lane is not None else 0
                if dispatcher.has_room(user_id) and left <= walk.parked_at * ROOM_PART:
                    walk.parked_at = None
                    self._urgent.append(user_id)

    def next(self, now: float) -> Walk | None:
        """The reading whose next part is to be read now."""
        if self._urgent:
            return self.walks[self._urgent[0]]
        if self._calm and now >= self._walk_at:
            return self.walks[self._calm[0]]
        return None

    def turn(self, walk: Walk, took_seconds: float, now: float) -> None:
        """A part of ``walk`` was read: the others have their turn."""
        user_id = walk.account.user_id
        for waiting in (self._urgent, self._calm):
            if user_id in waiting:
                waiting.remove(user_id)
                if walk.parked_at is None:
                    waiting.append(user_id)
                if waiting is self._calm:
                    self._walk_at = now + START_PAUSE * took_seconds

    def calm(self, took_seconds: float, now: float) -> None:
        """Something without any hurry was done."""
        self.calm_at = now + max(REST_SECONDS, CALM_PAUSE * took_seconds)

    def rotate(self, users: Collection[int], count: int) -> list[int]:
        """The next of these users, so that each has its turn."""
        known = set(self._rotation)
        self._rotation.extend(user for user in users if user not in known)
        chosen: list[int] = []
        while self._rotation and len(chosen) < min(count, len(users)):
            user = self._rotation.popleft()
            if user in users and user not in chosen:
                chosen.append(user)
        self._rotation.extend(chosen)
        return chosen

    def rest(self, now: float) -> float:
        """How long nothing is to be done (seconds)."""
        if self._urgent:
            return 0.0
        times = [self.due_at, self.compare_at, self.calm_at, now + REST_SECONDS]
        return max(0.0, min(times + ([self._walk_at] if self._calm else [])) - now)
