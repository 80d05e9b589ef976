"""What happens, as a stream of server-sent events."""

import json
from collections.abc import Iterator

from gevent.event import Event

from gitstars.clock import Clock, show_time
from gitstars.events import EventBus, Happening

#: A stream is never silent for longer than this (seconds), so that both sides notice a dead
#: connection.
HEARTBEAT_SECONDS = 15.0
#: How often a stream looks whether the server stops (seconds).
LOOK_SECONDS = 1.0
#: Streams at the same time.
MOST_STREAMS = 200

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


class Streams:
    """Hands every caller a stream of its own; a caller that reads slowly loses the oldest
    events, not the server its memory.
    """

    def __init__(self, bus: EventBus, clock: Clock, stop: Event) -> None:
        self._bus = bus
        self._clock = clock
        self._stop = stop
        self._open = 0

    @property
    def is_full(self) -> bool:
        return self._open >= MOST_STREAMS

    def read(self) -> Iterator[bytes]:
        """Blocks of the stream, until the server stops or the caller goes away."""
        self._open += 1
        try:
            with self._bus.listen() as listener:
                yield b": gitstars\n\n"
                told_at = self._clock.monotonic()
                while not self._stop.is_set():
                    happenings = listener.take(LOOK_SECONDS)
                    if happenings:
                        yield "".join(map(_show, happenings)).encode()
                    elif self._clock.monotonic() - told_at < HEARTBEAT_SECONDS:
                        continue
                    else:
                        yield b": alive\n\n"
                    told_at = self._clock.monotonic()
        finally:
            self._open -= 1


def _show(happening: Happening) -> str:
    # JSON escapes line ends, which would end the field.
    data = json.dumps({"at": show_time(happening.at), **happening.data}, ensure_ascii=False)
    return f"id: {happening.number}\nevent: {happening.kind}\ndata: {data}\n\n"
