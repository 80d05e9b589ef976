"""What a socket sees: speed, slowness, nonsense."""

import json
import socket
import time
from collections.abc import Iterator

import gevent
import pytest
from bottle import Bottle, HTTPResponse

from gitstars.api import Force
from gitstars.errors import PortTaken
from gitstars.web import serving
from gitstars.web.answers import read_body, tell_error, translated
from gitstars.web.serving import HttpServer
from tests.waiting import PATIENCE_SECONDS


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A small application whose callers must hurry."""
    monkeypatch.setattr(serving, "SILENCE_SECONDS", 1.0)
    monkeypatch.setattr(serving, "HEAD_SECONDS", 0.6)
    monkeypatch.setattr(serving, "UNREAD_SECONDS", 0.5)
    app = Bottle()
    app.default_error_handler = tell_error
    app.install(translated)
    app.get("/small", callback=lambda: Force(force=True))
    app.get("/large", callback=lambda: HTTPResponse(b"x" * 50_000_000))
    app.get("/broken", callback=lambda: 1 / 0)
    app.post("/unread", callback=lambda: Force())
    app.post("/read", callback=lambda: read_body(Force))
    server = HttpServer("test", app, "127.0.0.1", 0)
    server.start()
    yield server.port
    server.stop()


def talk(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Send the parts, and read until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        for part in parts:
            try:
                connection.sendall(part)
            except OSError:
                break
            gevent.sleep(pause)
        received = b""
        try:
            while data := connection.recv(65536):
                received += data
        except ConnectionResetError:
            pass
        return received


def body_of(answer: bytes) -> dict[str, dict[str, str]]:
    decoded: dict[str, dict[str, str]] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return decoded


def test_small_answers_on_one_connection_do_not_wait_for_each_other(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        began = time.monotonic()
        for _ in range(20):
            connection.sendall(b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while not answer.endswith(b'{"force":true}'):
                answer += connection.recv(4096)
        assert time.monotonic() - began < 0.4


def test_a_caller_that_says_nothing_is_cut_off(port: int) -> None:
    began = time.monotonic()

    assert talk(port) == b""
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("start", [b"GET /small HTTP/1.1\r\nHost: x\r\n", b"GET /sm"])
def test_a_caller_that_dribbles_its_head_is_cut_off(port: int, start: bytes) -> None:
    began = time.monotonic()

    answer = talk(port, start, *[b"X" for _ in range(30)], pause=0.1)

    assert b"200" not in answer
    assert time.monotonic() - began < 6


def test_a_caller_that_does_not_take_its_answer_is_cut_off(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        gevent.sleep(2.5)
        received = 0
        try:
            while data := connection.recv(1 << 20):
                received += len(data)
        except ConnectionResetError:
            pass
    assert received < 50_000_000


NONSENSE = (
    b"\r\n\r\n",
    b"nonsense\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00",
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /read HTTP/1.1\r\nContent-Length: x\r\n\r\n",
)


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_is_refused_without_a_traceback(
    port: int, nonsense: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = talk(port, nonsense)

    assert answer == b"" or (
        answer.startswith(b"HTTP/1.1 400") and body_of(answer)["error"]["code"] == "bad_request"
    )
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_line_that_never_ends_is_refused(port: int) -> None:
    answer = talk(port, b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 414")
    assert body_of(answer)["error"]["code"] == "bad_request"


def test_what_breaks_inside_is_told_without_details(port: int) -> None:
    answer = talk(port, b"GET /broken HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 500")
    assert body_of(answer) == {
        "error": {"code": "failed", "message": "the server failed to answer; its log tells more"}
    }


def test_a_large_body_that_nobody_reads_is_not_taken(port: int) -> None:
    head = b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n\r\n"
    began = time.monotonic()

    answer = talk(port, head, *[b"x" * 100_000 for _ in range(40)])

    assert answer.count(b"HTTP/1.1") <= 1
    assert time.monotonic() - began < 5


def test_a_body_that_nobody_reads_does_not_become_the_next_request(port: int) -> None:
    smuggled = b"GET /broken HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(smuggled)

    answer = talk(
        port, head + smuggled + b"GET /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )

    assert [line for line in answer.split(b"\r\n") if b"HTTP/1.1" in line] == [
        b"HTTP/1.1 200 OK",
        b'{"force":false}HTTP/1.1 200 OK',
    ]


def test_a_body_in_chunks_is_read_up_to_the_bound(port: int) -> None:
    head = (
        b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: "
        b"chunked\r\nConnection: close\r\n\r\n"
    )

    good = talk(port, head, b'6\r\n{"forc\r\n', b'8\r\ne":true}\r\n0\r\n\r\n')
    large = talk(
        port, head, *[b"4000\r\n" + b"x" * 0x4000 + b"\r\n" for _ in range(5)], b"0\r\n\r\n"
    )
    broken = talk(port, head, b"zz\r\nnothing\r\n")

    assert good.endswith(b'{"force":true}')
    assert large.startswith(b"HTTP/1.1 413")
    assert broken.startswith(b"HTTP/1.1 400")


def test_a_body_that_never_comes_is_not_waited_for(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitstars.web.answers.BODY_SECONDS", 0.3)
    head = (
        b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
        b"100\r\n\r\n{"
    )

    assert talk(port, head).startswith(b"HTTP/1.1 408")


def test_a_taken_port_is_one_sentence(port: int) -> None:
    with pytest.raises(PortTaken, match=f"the second server cannot listen on 127.0.0.1:{port}"):
        HttpServer("second", Bottle(), "127.0.0.1", port).start()
