"""What happens, told to whoever listens: a bounded bus for the dashboard, ``--watch`` and the
demo, with running totals.
"""

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gevent.event import Event

from gitstars.redaction import redact_values

#: A listener that falls this many events behind loses the oldest ones: memory stays bounded.
LISTENER_BOUND = 1000


@dataclass(frozen=True, slots=True)
class Happening:
    """One event: ``kind`` is a dotted word such as ``repo.completed``; ``data`` holds plain JSON
    values; ``at`` is epoch seconds.
    """

    number: int
    kind: str
    at: float
    data: dict[str, Any] = field(default_factory=dict)


class Listener:
    """The events since it was opened, oldest dropped first."""

    def __init__(self) -> None:
        self._waiting: deque[Happening] = deque(maxlen=LISTENER_BOUND)
        self._arrived = Event()

    def put(self, happening: Happening) -> None:
        self._waiting.append(happening)
        self._arrived.set()

    def take(self, timeout: float | None = None) -> list[Happening]:
        """All waiting events, after waiting up to ``timeout`` seconds for a first one; empty
        when none came.
        """
        self._arrived.wait(timeout)
        self._arrived.clear()
        taken = list(self._waiting)
        self._waiting.clear()
        return taken


class EventBus:
    """Publishes to every open listener; never blocks the publisher."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._number = 0
        #: How often each kind happened since the start, and sums such as ``stars.stored``.
        self.totals: Counter[str] = Counter()

    def publish(self, kind: str, at: float, **data: Any) -> None:
        """Tell everybody; ``data`` must be plain JSON values. Secrets in it are redacted."""
        self._number += 1
        self.totals[kind] += 1
        happening = Happening(self._number, kind, at, redact_values(data))
        for listener in tuple(self._listeners):
            listener.put(happening)

    def add(self, name: str, amount: int) -> None:
        """Add to a running total without an event (for what happens too often to tell one by
        one).
        """
        self.totals[name] += amount

    @contextmanager
    def listen(self) -> Iterator[Listener]:
        """A listener for as long as the context lasts."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
