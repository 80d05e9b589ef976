"""The stream of events, and what slow and many readers meet."""

import json
import socket
from collections.abc import Iterator

import gevent

from gitstars.cli.admin_client import AdminClient
from gitstars.events import Happening
from gitstars.web import events
from tests.waiting import PATIENCE_SECONDS
from tests.web.conftest import KEY, Serve, Served


def open_stream(running: Served) -> Iterator[bytes]:
    """The lines of a stream, from its first comment on."""
    connection = socket.create_connection(
        ("127.0.0.1", running.admin.port), timeout=PATIENCE_SECONDS
    )
    connection.sendall(
        f"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode()
    )
    lines = connection.makefile("rb")
    for line in lines:
        yield line
        if line == b": gitstars\n":
            break
    yield from lines


def test_events_come_as_they_happen(served: Serve) -> None:
    running = served()
    stream = AdminClient(f"http://127.0.0.1:{running.admin.port}", KEY).events()
    reading = gevent.spawn(next, stream)
    running.flow.wait_until(lambda: bool(running.app.events._listeners), "the stream is open")

    running.admin.post("/pause")
    event = reading.get(timeout=PATIENCE_SECONDS)

    assert (event.kind, set(event.data)) == ("paused", {"at"})
    assert event.data["at"].endswith("Z")


def test_a_stream_says_what_it_is(served: Serve) -> None:
    lines = open_stream(served())

    head = [next(lines) for _ in range(8)]

    assert any(
        line.lower() == b"content-type: text/event-stream; charset=utf-8\r\n" for line in head
    )
    assert any(line.lower() == b"cache-control: no-store\r\n" for line in head)


def test_line_ends_in_data_break_no_event() -> None:
    shown = events._show(
        Happening(7, "repo.failed", 0.0, {"reason": "one\ntwo\r\n\nevent: forged"})
    )

    assert shown.count("\n") == 4
    assert json.loads(shown.split("data: ")[1])["reason"].startswith("one\ntwo")


def test_a_reader_that_went_away_is_forgotten(served: Serve) -> None:
    running = served()
    connection = socket.create_connection(("127.0.0.1", running.admin.port))
    connection.sendall(
        f"GET /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode()
    )
    running.flow.wait_until(lambda: len(running.app.events._listeners) == 1, "the stream is open")
    connection.close()

    def publish_and_look() -> bool:
        running.app.events.publish("test", 0.0)
        return not running.app.events._listeners

    running.flow.wait_until(publish_and_look, "the stream is closed")


def test_a_stream_ends_when_the_server_stops(served: Serve) -> None:
    running = served()
    lines = open_stream(running)
    assert next(lines).startswith(b"HTTP/1.1 200")

    running.app.stop()

    assert list(lines)[-1] in (b"\r\n", b"\n")
