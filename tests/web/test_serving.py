"""What a socket sees: small answers, slow callers, nonsense."""

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace

import gevent
import pytest
from bottle import Bottle, HTTPResponse, request

from gitstars.api import Force
from gitstars.errors import PortTaken
from gitstars.web.answers import read_body, tell_error, translated
from gitstars.web.serving import HttpServer, Patience
from tests.waiting import PATIENCE_SECONDS, wait_until

Serve = Callable[..., HttpServer]


def build_app() -> Bottle:
    """A small application."""
    app = Bottle()
    app.default_error_handler = tell_error
    app.install(translated)
    app.get("/small", callback=lambda: Force(force=True))
    app.get("/large", callback=lambda: HTTPResponse(b"x" * 50_000_000))
    app.get("/broken", callback=lambda: 1 / 0)
    app.post("/unread", callback=lambda: Force())
    app.post("/read", callback=lambda: read_body(Force))
    app.get("/delays-small-pieces", callback=delays_small_pieces)
    return app


def delays_small_pieces() -> Force:
    """Whether the caller's connection waits for more before it sends a small piece."""
    connection = request.environ["wsgi.input"].socket
    return Force(force=not connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


@pytest.fixture
def serve() -> Iterator[Serve]:
    """``serve(head=0.3)``: a server with this patience (seconds), and more than enough of every
    other.
    """
    running: list[HttpServer] = []
    patient = Patience(silence=1000.0, head=1000.0, body=1000.0, unread=1000.0)

    def start(
        most_callers: int = 1000, most_of_address: int = 1000, **changes: float
    ) -> HttpServer:
        patience = replace(patient, **changes)
        running.append(
            HttpServer("test", build_app(), "0.0.0.0", 0, patience, most_callers, most_of_address)
        )
        running[-1].start()
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def port(serve: Serve) -> int:
    """The port of a server with some patience."""
    return serve(silence=1.0, head=0.6, unread=0.5).port


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


def test_several_small_answers_come_on_one_connection(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for _ in range(20):
            connection.sendall(b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while not answer.endswith(b'{"force":true}'):
                answer += connection.recv(4096)


def test_a_small_answer_is_sent_at_once(port: int) -> None:
    # pywsgi hands its socket to the application for this header alone.
    head = b"GET /delays-small-pieces HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"

    answer = talk(port, head + b"Connection: close\r\n\r\n")

    assert answer.endswith(b'{"force":false}')


def test_a_caller_that_says_nothing_is_cut_off(serve: Serve) -> None:
    assert talk(serve(silence=0.3).port) == b""


@pytest.mark.parametrize(
    ("start", "limit"),
    [(b"GET /small HTTP/1.1\r\nHost: x\r\n", "head"), (b"GET /sm", "silence")],
)
def test_a_caller_that_dribbles_its_head_is_cut_off(serve: Serve, start: bytes, limit: str) -> None:
    answer = talk(serve(**{limit: 0.3}).port, start, *[b"X"] * 10, pause=0.05)

    assert b"200" not in answer


def test_a_caller_that_does_not_take_its_answer_is_cut_off(serve: Serve) -> None:
    server = serve(silence=0.3)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: server.callers == 1, "the answer is on its way")
        wait_until(lambda: server.callers == 0, "the server gave the caller up")
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
    b"GET /small HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n",
    b"GET /small HTTP/1.1\r\nHost: \xe9\r\n\r\n",
    b"GET /small HTTP/1.1\r\nX-\xff: x\r\n\r\n",
    b"GET /small HTTP/1.1\r\nHost: x\r\nno header\r\nContent-Length: 5\r\n\r\nxxxxx",
    b"GET /small HTTP/1.1\r\n Host: x\r\n\r\n",
    b"GET /small HTTP/1.1\r\nHost: x\r\nFrom me\r\nX: y\r\n\r\n",
    b"GET /small HTTP/1.1\r\n" + b"X: 1\r\n" * 101 + b"\r\n",
    b"GET /small HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
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

    answer = talk(port, head, *[b"x" * 100_000 for _ in range(40)])

    assert answer.count(b"HTTP/1.1") <= 1


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


def test_a_body_that_never_comes_is_not_waited_for(serve: Serve) -> None:
    head = (
        b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
        b"100\r\n\r\n{"
    )

    assert talk(serve(body=0.3, unread=0.3).port, head).startswith(b"HTTP/1.1 408")


def test_a_taken_port_is_one_sentence(port: int) -> None:
    with pytest.raises(PortTaken, match=f"the second server cannot listen on 127.0.0.1:{port}"):
        HttpServer("second", Bottle(), "127.0.0.1", port).start()


def test_silent_callers_keep_nobody_out(serve: Serve) -> None:
    server = serve(most_callers=20)
    silent = [
        socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_SECONDS)
        for _ in range(60)
    ]
    request_text = b"GET /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    answers = [talk(server.port, request_text) for _ in range(5)]

    assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)
    assert server.callers <= 20
    # The longest silent were let go, the last ones are served.
    assert silent[0].recv(1) == b""
    silent[-1].sendall(request_text)
    assert silent[-1].recv(12) == b"HTTP/1.1 200"
    for connection in silent:
        connection.close()


def test_who_comes_while_all_are_busy_is_turned_away(serve: Serve) -> None:
    server = serve(most_callers=3)
    half = b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    busy = [
        socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_SECONDS)
        for _ in range(3)
    ]
    for connection in busy:
        connection.sendall(half)
    wait_until(lambda: not server.silent, "all are busy")

    assert talk(server.port, b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n") == b""

    for connection in busy:
        connection.close()
    wait_until(lambda: server.callers == 0, "they are gone")
    answer = talk(server.port, b"GET /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 2\r\nContent-Length: 2",
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: xchunked",
        "Content-Length: +2",
        "Content-Length: 2, 2",
        "Content-Length: 0x2",
        "Content-Length: -2",
        "Content-Length: \u0662",
        "Content-Length:",
    ],
)
def test_a_body_whose_end_is_said_twice_or_oddly_is_refused(port: int, framing: str) -> None:
    head = f"POST /read HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{framing}\r\n\r\n"
    behind = b"GET /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    answer = talk(port, head.encode() + b"{}" + behind)

    assert answer.startswith(b"HTTP/1.1 400"), answer
    assert answer.count(b"HTTP/1.1") == 1


def test_one_address_has_its_share_and_keeps_no_other_out(serve: Serve) -> None:
    server = serve(most_callers=8, most_of_address=4)
    request_text = b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n"

    def call(host: str) -> socket.socket:
        connection = socket.create_connection((host, server.port), PATIENCE_SECONDS, (host, 0))
        expected = server.callers + 1
        wait_until(lambda: server.callers >= min(expected, 8), "it is taken in")
        return connection

    greedy = [call("127.0.0.1") for _ in range(4)]
    others = [call("127.0.0.2") for _ in range(2)]
    one_more = socket.create_connection(("127.0.0.1", server.port), PATIENCE_SECONDS)
    one_more.sendall(request_text)

    assert one_more.recv(12) == b"HTTP/1.1 200"
    assert greedy[0].recv(1) == b"", "the longest silent one of its address went"
    for connection in (*greedy[1:], *others):
        connection.sendall(request_text)
        assert connection.recv(12) == b"HTTP/1.1 200"
    for connection in (*greedy, *others, one_more):
        connection.close()
    wait_until(lambda: server.callers == 0, "all left")
