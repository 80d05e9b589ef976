"""A bottle application on a port, served by gevent: small answers at once, slow callers cut off,
no error but in our own words.
"""

import json
import logging
import os
import resource
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

import gevent
from bottle import Bottle
from gevent.pool import Group
from gevent.pywsgi import Input, WSGIHandler, WSGIServer

from gitstars.errors import PortTaken
from gitstars.web.answers import BODY_SECONDS
from gitstars.web.heads import check_framing, check_texts

logger = logging.getLogger(__name__)

#: Callers at the same time, in all and from one address. The one beyond takes the place of whoever
#: has been silent longest, of all or of its address.
MOST_CALLERS, MOST_OF_ADDRESS = 1000, 500
#: Open files that are wanted: callers, the database, GitHub, the log.
WANTED_FILES = 65_536
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
        self.server.silent[self.socket] = self.client_address[0]
        try:
            with gevent.Timeout(
                self._patience.silence, TimeoutError("the request did not arrive in time")
            ):
                line: str = super().read_requestline()
        finally:
            self.server.silent.pop(self.socket, None)
        return line

    def read_request(self, raw_requestline: str) -> bool:
        try:
            with gevent.Timeout(self._patience.head, ValueError("the head did not arrive in time")):
                is_read = bool(super().read_request(raw_requestline))
            if is_read:
                check_framing(self.headers)
                check_texts(self.headers)
            return is_read
        # pywsgi takes anything but a ValueError for its own mistake, and prints a traceback.
        except OSError as error:
            raise ValueError(f"the connection broke: {error}") from None
        except HTTPException as error:
            raise ValueError(f"the head is too long: {error}") from None

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


def raise_file_limit() -> None:
    """As many open files as are wanted, or as many as this process may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(hard, WANTED_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class HttpServer:
    """Listens from ``start`` to ``stop``."""

    def __init__(
        self,
        name: str,
        app: Bottle,
        host: str,
        port: int,
        patience: Patience | None = None,
        most_callers: int = MOST_CALLERS,
        most_of_address: int = MOST_OF_ADDRESS,
    ) -> None:
        self._name = name
        self.app = app
        self._most_callers = most_callers
        self._most_of_address = most_of_address
        self._callers = Group()
        self._addresses: Counter[str] = Counter()
        self._server = WSGIServer(
            (host, port),
            app,
            log=None,
            error_log=logger,
            handler_class=Handler,
            spawn=self._take_in,
        )
        #: The connections on which nothing of a request has come yet, each with its address, the
        #: longest silent first.
        self._server.silent = {}
        self._server.patience = patience or Patience()
        self._address = f"{host}:{port}"

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    @property
    def callers(self) -> int:
        """Connections that are open."""
        return len(self._callers)

    @property
    def silent(self) -> int:
        """Those of them on which nothing of a request has come yet."""
        return len(self._server.silent)

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
        self._server.stop()
        self._callers.join(timeout=0.5)
        self._callers.kill(block=True, timeout=1)

    def _take_in(self, serve: Callable[..., None], *details: Any) -> None:
        """Serve one more caller, in the place of a silent one where there are too many; who comes
        while all are busy is turned away.
        """
        # pywsgi hands over what it serves with, and last the connection and its address.
        connection, (address, *_) = details[-1][:2]
        has_room = True
        if self._addresses[address] >= self._most_of_address:
            has_room = self._send_away(address)
        elif len(self._callers) >= self._most_callers:
            has_room = self._send_away(None)
        if not has_room:
            connection.close()
            return
        self._addresses[address] += 1
        self._callers.spawn(serve, *details).link(lambda _: self._leave(address))

    def _send_away(self, address: str | None) -> bool:
        """Close the longest silent connection, of this address or of all; False: none is silent."""
        known = self._server.silent
        silent = next((one for one in known if address in (None, known[one])), None)
        if silent is None:
            return False
        del known[silent]
        with suppress(OSError):
            silent.shutdown(socket.SHUT_RDWR)
        return True

    def _leave(self, address: str) -> None:
        self._addresses[address] -= 1
        if self._addresses[address] <= 0:
            del self._addresses[address]
