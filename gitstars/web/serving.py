"""A bottle application on a port, served by gevent: small answers at once, slow callers cut off,
no error but in our own words.
"""

import json
import logging
import os
import socket
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import gevent
from bottle import Bottle
from gevent.pool import Pool
from gevent.pywsgi import Input, WSGIHandler, WSGIServer

from gitstars.errors import PortTaken
from gitstars.web.answers import BODY_SECONDS

logger = logging.getLogger(__name__)

#: Callers at the same time; more wait to be accepted.
MOST_CALLERS = 1000
#: A body that nobody wanted is taken off the line up to this size (bytes): closing at once would
#: lose the answer.
MOST_UNREAD_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the server waits for its callers (seconds): for a request and for taking an answer
    (``silence``), for the whole of a head, for a body, and for a body that nobody wanted.
    """

    silence: float = 60.0
    head: float = 10.0
    body: float = BODY_SECONDS
    unread: float = 2.0


class Body(Input):  # type: ignore[misc]
    """A request's body; of one that nobody read the rest is thrown away, within bounds."""

    def __init__(self, patience: Patience, *args: Any) -> None:
        super().__init__(*args)
        self.patience = patience
        self.has_rest = False

    def _discard(self) -> None:
        if self._chunked_input_error or not (
            self.chunked_input or self.position < (self.content_length or 0)
        ):
            return
        self.send_100_continue_enabled = False
        left, self.has_rest = MOST_UNREAD_BYTES, True
        with gevent.Timeout(self.patience.unread, TimeoutError("the body did not arrive in time")):
            while left > 0:
                data = self.read(16384)
                if not data:
                    self.has_rest = False
                    return
                left -= len(data)


class Handler(WSGIHandler):  # type: ignore[misc]
    """One connection."""

    wsgi_input: Any

    @property
    def _patience(self) -> Patience:
        patience: Patience = self.server.patience
        return patience

    def handle(self) -> None:
        # pywsgi sends head and body apart: with Nagle's algorithm the body of a small answer waits
        # 40 ms for the client's delayed ACK.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(self._patience.silence)
        super().handle()

    def read_requestline(self) -> str:
        with gevent.Timeout(
            self._patience.silence, TimeoutError("the request did not arrive in time")
        ):
            line: str = super().read_requestline()
        return line

    def read_request(self, raw_requestline: str) -> bool:
        try:
            with gevent.Timeout(self._patience.head, ValueError("the head did not arrive in time")):
                return bool(super().read_request(raw_requestline))
        except OSError as error:
            # pywsgi takes anything but a ValueError for its own mistake, and prints a traceback.
            raise ValueError(f"the connection broke: {error}") from None

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        if self.wsgi_input is environ["wsgi.input"]:
            plain = self.wsgi_input
            self.wsgi_input = environ["wsgi.input"] = Body(
                self._patience,
                plain.rfile,
                plain.content_length,
                plain.socket,
                plain.chunked_input,
            )
        return environ

    def handle_one_request(self) -> Any:
        result = super().handle_one_request()
        if not isinstance(result, tuple):
            # The rest of a body that nobody wanted stands in front of the next request.
            return (
                None if isinstance(self.wsgi_input, Body) and self.wsgi_input.has_rest else result
            )
        # What pywsgi refuses by itself: too long a line, a head that makes no sense.
        status = HTTPStatus(int(result[0]))
        body = json.dumps(
            {
                "error": {
                    "code": "bad_request",
                    "message": f"this is no request: {status.phrase.lower()}",
                }
            }
        )
        head = (
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: "
            "close\r\n\r\n"
        )
        return str(status.value), f"HTTP/1.1 {status} {status.phrase}\r\n{head}{body}".encode()

    def handle_error(self, kind: Any, value: Any, traceback: Any) -> None:
        if isinstance(value, OSError):
            # The caller went away, or did not take the answer in time.
            self.close_connection = True
            return
        super().handle_error(kind, value, traceback)

    def log_error(self, msg: str, *args: Any) -> None:
        """What strangers send is no event."""
        logger.debug("%s: %s", self.client_address, msg % args if args else msg)


class HttpServer:
    """Listens from ``start`` to ``stop``."""

    def __init__(
        self, name: str, app: Bottle, host: str, port: int, patience: Patience | None = None
    ) -> None:
        self._name = name
        self.app = app
        self._callers = Pool(MOST_CALLERS)
        self._server = WSGIServer(
            (host, port),
            app,
            log=None,
            error_log=logger,
            handler_class=Handler,
            spawn=self._callers,
        )
        self._server.patience = patience or Patience()
        self._address = f"{host}:{port}"

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    @property
    def callers(self) -> int:
        """Connections that are open."""
        return len(self._callers)

    def start(self) -> None:
        """Raises PortTaken when the address cannot be had."""
        try:
            self._server.start()
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise PortTaken(
                f"the {self._name} server cannot listen on {self._address}: {reason}; choose "
                "another port or 0"
            ) from error

    def stop(self) -> None:
        self._server.stop(timeout=0.5)
