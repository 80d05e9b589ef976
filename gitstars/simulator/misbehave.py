"""Carries faults out: on the socket of the request where no HTTP server would do it on purpose."""

import zlib
from collections.abc import Callable, Iterator

import gevent
from bottle import HTTPResponse, request
from gevent.socket import socket

from gitstars.simulator.faults import Rule
from gitstars.simulator.presets import fill_in
from gitstars.simulator.reply import Reply

MEGABYTE = 1_000_000
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def answer_status(rule: Rule, path: str, now: float) -> Reply:
    """The answer that a rule states, with times filled in."""
    headers = {name: fill_in(value, path, now) for name, value in rule.headers.items()}
    return Reply(rule.status, fill_in(rule.body, path, now), "fault", headers)


def commit(rule: Rule) -> HTTPResponse | None:
    """Carry a fault of the connection out; None: the request goes on (it was only delayed, or is
    cut off later). What is returned otherwise reaches nobody.
    """
    match rule.effect:
        case "delay" | "hang":
            gevent.sleep(rule.seconds)
        case "endless_body":
            return _stream(_OK + b'Transfer-Encoding: chunked\r\n\r\n2\r\n["\r\n', rule, _chunk)
        case "endless_headers":
            return _stream(_OK, rule, _header_lines)
        case "gzip_bomb":
            return _stream(
                _OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", rule, _bomb
            )
    return None if rule.effect in ("delay", "truncate") else hang_up(b"")


def cut(response: HTTPResponse) -> HTTPResponse:
    """Send half of the body and hang up."""
    body = response.body
    head = _OK + f"Content-Length: {len(body)}\r\n\r\n".encode()
    return hang_up(head + body[: len(body) // 2])


def hang_up(last_words: bytes) -> HTTPResponse:
    """Break the connection off after these bytes; the response is sent to nobody."""
    connection: socket = request.environ["simulator.socket"]
    try:
        if last_words:
            connection.sendall(last_words)
        connection.shutdown(2)
    except OSError:
        pass  # the other side was quicker
    return HTTPResponse(b"", 500)


def _stream(head: bytes, rule: Rule, pieces: Callable[[int], Iterator[bytes]]) -> HTTPResponse:
    """Send a head and pieces until there are no more of them, or nobody reads them."""
    connection: socket = request.environ["simulator.socket"]
    try:
        connection.sendall(head)
        for piece in pieces(rule.megabytes):
            connection.sendall(piece)
            gevent.sleep(0)
    except OSError:
        pass  # this is what a sensible client does
    return hang_up(b"")


def _chunk(megabytes: int) -> Iterator[bytes]:
    piece = b"a" * MEGABYTE
    return (b"%x\r\n%b\r\n" % (MEGABYTE, piece) for _ in range(megabytes))


def _header_lines(megabytes: int) -> Iterator[bytes]:
    line = b"x-filler: " + b"a" * 988 + b"\r\n"
    return (line * 1000 for _ in range(megabytes))


def _bomb(megabytes: int) -> Iterator[bytes]:
    """A JSON text of so many megabytes, packed."""
    packer = zlib.compressobj(9, wbits=31)
    texts = [b'["', *[b"a" * MEGABYTE] * megabytes, b'"]']
    for text in texts:
        if piece := packer.compress(text):
            yield b"%x\r\n%b\r\n" % (len(piece), piece)
    rest = packer.flush()
    yield b"%x\r\n%b\r\n0\r\n\r\n" % (len(rest), rest)
