"""Why a call failed, in plain words, made from the exceptions of the HTTP and TLS libraries.

The texts of those exceptions themselves are never shown or stored: they hold addresses in memory,
class names, and at times what was sent.
"""

import errno
import http.client
import os
import re
import socket
import ssl
from collections.abc import Iterator
from typing import TypeVar

import requests
import urllib3

#: Words about a whole answer that never came. ``{host}`` is whom we asked.
NOT_CONNECTED, NOT_ANSWERED = "could not connect to {host}: {cause}", "no answer of {host}: {cause}"
PROXY_PASSWORD = "a proxy asks for a password (407)"
#: How deep the causes of an exception are looked at.
DEPTH = 12

Failure = TypeVar("Failure", bound=BaseException)


class CallFailed(Exception):
    """No whole answer came: no connection, a time-out, an answer that was cut off or too large.

    The text is a sentence for users; ``cause`` is its last part ("connection refused").
    ``has_arrived`` is False where the request surely never reached GitHub.
    """

    def __init__(self, text: str, cause: str, has_arrived: bool = True) -> None:
        super().__init__(text)
        self.cause = cause
        self.has_arrived = has_arrived


def explain(error: BaseException, host: str, connect_seconds: float) -> CallFailed:
    """``error`` of a call to ``host``, translated."""
    chain = list(_causes(error))
    cause = _why_not_connected(chain, connect_seconds)
    if cause is not None:
        return CallFailed(NOT_CONNECTED.format(host=host, cause=cause), cause, has_arrived=False)
    cause = _why_not_answered(chain)
    return CallFailed(NOT_ANSWERED.format(host=host, cause=cause), cause)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and what led to it, the outermost first; libraries hide causes in
    ``args`` and ``reason`` too.
    """
    waiting, seen = [error], 0
    while waiting and seen < DEPTH:
        current = waiting.pop(0)
        seen += 1
        yield current
        hidden = (*current.args, getattr(current, "reason", None))
        inner = (current.__cause__, current.__context__, *hidden)
        waiting += [each for each in inner if isinstance(each, BaseException)]


def _find(chain: list[BaseException], *kinds: type[Failure]) -> Failure | None:
    return next((each for each in chain if isinstance(each, kinds)), None)


def _why_not_connected(chain: list[BaseException], connect_seconds: float) -> str | None:
    """Why no connection was made; None: there was one."""
    untrusted = _find(chain, ssl.SSLCertVerificationError)
    if untrusted is not None:
        return f"the certificate is not trusted ({untrusted.verify_message.rstrip('.')})"
    tunnel = _find_tunnel_status(chain)
    if tunnel is not None:
        return PROXY_PASSWORD if tunnel == 407 else f"the proxy refuses the way ({tunnel})"
    if _find(chain, socket.gaierror, urllib3.exceptions.NameResolutionError) is not None:
        is_proxy = _find(chain, requests.exceptions.ProxyError) is not None
        return f"the name {'of the proxy ' if is_proxy else ''}could not be resolved"
    if _find(chain, requests.ConnectTimeout) is not None:
        return f"no connection within {connect_seconds:g} s"
    if any("handshake operation timed out" in str(each) for each in chain):
        return "the TLS handshake was not answered"
    tls = _find(chain, ssl.SSLError)
    if tls is not None and _find(chain, requests.exceptions.SSLError) is not None:
        reason = (tls.reason or "no reason was given").replace("_", " ").lower()
        return f"the TLS connection failed ({reason})"
    is_proxy = _find(chain, requests.exceptions.ProxyError) is not None
    if is_proxy or _find(chain, urllib3.exceptions.NewConnectionError) is not None:
        cause = _name_system_error(chain) or "no connection could be made"
        return f"the proxy does not let us through ({cause})" if is_proxy else cause
    return None


def _find_tunnel_status(chain: list[BaseException]) -> int | None:
    """What a proxy answered when it was asked for a tunnel to GitHub."""
    for each in chain:
        found = re.match(r"Tunnel connection failed: (\d{3})\b", str(each))
        if isinstance(each, OSError) and found:
            return int(found[1])
    return None


def _name_system_error(chain: list[BaseException]) -> str | None:
    """The words of the operating system ("connection refused"), where it was its error."""
    for each in chain:
        if (
            isinstance(each, OSError)
            and isinstance(each.errno, int)
            and each.errno in errno.errorcode
        ):
            return os.strerror(each.errno).lower()
    return None


def _why_not_answered(chain: list[BaseException]) -> str:
    """What is wrong with an answer that began or should have begun."""
    if _find(chain, requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError, TimeoutError):
        return "it was silent for too long"
    if _find(chain, http.client.BadStatusLine) and not _find(chain, http.client.RemoteDisconnected):
        return "what answers does not speak HTTP"
    if _find(chain, http.client.LineTooLong) or any(
        type(each) is http.client.HTTPException for each in chain
    ):
        return "the head of the answer is too large"
    if _find(chain, urllib3.exceptions.DecodeError, requests.exceptions.ContentDecodingError):
        return "the answer could not be unpacked"
    if _find(chain, urllib3.exceptions.InvalidChunkLength, requests.exceptions.InvalidURL):
        return "the answer is no valid HTTP"
    return "the connection was closed before the whole answer came"
