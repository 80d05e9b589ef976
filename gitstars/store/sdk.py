"""The connections of the SurrealDB library, as gitstars needs them.

The library is a beta, and some of what is used of it is private. All of that stands in this module;
``PRIVATE`` names it, and a test fails when one of them is gone.
"""

from io import BytesIO
from typing import Any
from uuid import UUID

import websockets
import websockets.sync.client
from surrealdb.cbor import CBORDecoder, CBORTag
from surrealdb.connections.blocking_ws import BlockingWsSurrealConnection
from surrealdb.data import cbor
from surrealdb.errors import UnexpectedResponseError
from surrealdb.request_message.message import RequestMessage
from surrealdb.request_message.methods import RequestMethod

from gitstars.errors import DatabaseTimeout, DatabaseUnavailable
from gitstars.store.engine import EngineHost
from gitstars.store.failures import explain_connection

#: What is used although the library promises nothing about it: owner and name. Attributes of
#: instances are looked for in an unconnected connection.
PRIVATE: tuple[tuple[Any, str], ...] = (
    (BlockingWsSurrealConnection, "_connect_socket"),
    (BlockingWsSurrealConnection, "_send"),
    (BlockingWsSurrealConnection, "_ping_interval"),
    (BlockingWsSurrealConnection, "_ping_timeout"),
    (BlockingWsSurrealConnection, "raw_url"),
    (BlockingWsSurrealConnection, "live_queues"),
    (BlockingWsSurrealConnection, "decode_response"),
    (BlockingWsSurrealConnection, "check_response_for_error"),
    (RequestMessage, "WS_CBOR_DESCRIPTOR"),
    (cbor, "tag_decoder"),
    (CBORDecoder, "null_value"),
)
#: A reply that takes longer than this (seconds) is given up, and so is its connection; the
#: library's own bound for sockets is the same.
REPLY_SECONDS = 30.0
#: The notification with which a live query ends, as the server sends it.
LIVE_ENDED: dict[str, Any] = {"action": "KILLED", "id": None}


def encode_use(namespace: str, database: str) -> bytes:
    """The frame that chooses namespace and database."""
    message = RequestMessage(RequestMethod.USE, namespace=namespace, database=database)
    frame: bytes = message.WS_CBOR_DESCRIPTOR
    return frame


def decode(frame: bytes) -> Any:
    """The value of a frame. NULL is None, and so is a value that Python cannot hold: a time beyond
    the year 9999, a type that a newer server has. It would hide all other rows of the answer.
    """
    with BytesIO(frame) as source:
        decoder = CBORDecoder(source, tag_hook=_decode_tag)
        decoder.null_value = None
        return decoder.decode()


def _decode_tag(decoder: CBORDecoder, tag: CBORTag, shareable_index: int | None = None) -> Any:
    try:
        return cbor.tag_decoder(decoder, tag, shareable_index)
    except Exception:  # noqa: BLE001  (whatever the value is, it is none that we know)
        return None


class SocketConnection(BlockingWsSurrealConnection):
    """A connection to a server. ``proxy`` is the address of an HTTP proxy on the way; empty: none,
    whatever the environment says.
    """

    def __init__(self, url: str, proxy: str = "") -> None:
        # With streaming, which is the default, any query over 5 ms takes 100 ms.
        super().__init__(url, streaming=False)
        self._proxy = proxy

    def _connect_socket(self) -> websockets.sync.client.ClientConnection:
        try:
            return websockets.sync.client.connect(
                self.raw_url,
                max_size=None,
                subprotocols=[websockets.Subprotocol("cbor")],
                ping_interval=self._ping_interval,
                ping_timeout=self._ping_timeout,
                proxy=self._proxy or None,
            )
        except TimeoutError as error:
            raise DatabaseTimeout(f"{self.raw_url} did not answer in time") from error
        except (websockets.WebSocketException, OSError) as error:
            raise DatabaseUnavailable(
                f"no database answers at {self.raw_url}: {explain_connection(error)}"
            ) from error

    @staticmethod
    def decode_response(body: bytes, process: str) -> dict[str, Any]:
        """The envelope of an answer."""
        try:
            decoded = decode(body)
        except Exception as error:
            raise UnexpectedResponseError(f"could not decode the response: {error}") from error
        if not isinstance(decoded, dict):
            raise UnexpectedResponseError(f"got {type(decoded).__name__} for a response")
        return decoded

    def end_live(self, live: UUID) -> None:
        """End a live query from here. The library's own ``kill`` waits for a lock that the reading
        greenlet never leaves to others for long enough.
        """
        for notifications in self.live_queues.get(str(live), []):
            notifications.put(LIVE_ENDED)


class EngineConnection(SocketConnection):
    """A connection of the library whose frames go to the embedded engine's child instead of a
    WebSocket.
    """

    def __init__(self, host: EngineHost, reply_seconds: float = REPLY_SECONDS) -> None:
        super().__init__("ws://embedded")
        self._host = host
        self._reply_seconds = reply_seconds

    def _send(self, message: RequestMessage, process: str, bypass: bool = False) -> dict[str, Any]:
        response = self.decode_response(
            self._host.execute(message.WS_CBOR_DESCRIPTOR, self._reply_seconds), process
        )
        if not bypass:
            self.check_response_for_error(response, process)
        return response

    def close(self) -> None:
        """Nothing to close: the host is shared."""
