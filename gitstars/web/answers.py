"""The shapes of what the admin API answers, errors among it, and how a request is read: queries,
and bodies into typed values.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import gevent
import msgspec
from bottle import HTTPError, HTTPResponse, request, response

from gitstars import api
from gitstars.errors import DatabaseError, GitHubAway, NotKnown, NotNow, TokenUnusable
from gitstars.redaction import redact

logger = logging.getLogger(__name__)

#: Bodies beyond this are refused (bytes).
MOST_BODY_BYTES = 64 * 1024
#: A body must have arrived, and an answer must have been found, in this time (seconds).
BODY_SECONDS, ANSWER_SECONDS = 10.0, 20.0
#: Nothing of the API is for caches, or for anything but programs.
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
#: status -> code, for refusals that come from the routing itself.
CODES = {400: "bad_request", 404: "unknown_route", 405: "wrong_method", 500: "failed"}

B = TypeVar("B")


def answer(
    value: msgspec.Struct, status: int = 200, headers: Mapping[str, str] | None = None
) -> HTTPResponse:
    """``value`` as JSON."""
    body = msgspec.json.encode(value)
    return HTTPResponse(
        body, status, {**HEADERS, "Content-Type": "application/json", **(headers or {})}
    )


def refusal(status: int, code: str, message: str, **headers: str) -> HTTPResponse:
    """The one shape of every error; raise it. ``headers`` by their names with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return answer(_mistake(code, message), status, named)


def _mistake(code: str, message: str) -> api.Error:
    return api.Error(error=api.Mistake(code=code, message=redact(message)))


def translated(callback: Callable[..., Any]) -> Callable[..., Any]:
    """A bottle plugin: typed values become JSON, our errors their refusals; an answer that takes
    too long is given up.
    """

    def answering(*args: Any, **rest: Any) -> Any:
        try:
            with gevent.Timeout(
                ANSWER_SECONDS,
                refusal(503, "too_slow", "the database does not answer in time", Retry_After="5"),
            ):
                value = callback(*args, **rest)
        except NotKnown as error:
            return refusal(404, "not_found", str(error))
        except TokenUnusable as error:
            return refusal(422, "token_unusable", str(error))
        except GitHubAway as error:
            return refusal(503, "github_unavailable", str(error), Retry_After="60")
        except NotNow as error:
            return refusal(409, "conflict", str(error))
        except DatabaseError as error:
            return refusal(503, "database_unavailable", str(error), Retry_After="5")
        return answer(value) if isinstance(value, msgspec.Struct) else value

    return answering


def tell_breaks(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks of a long answer. Where the database fails between them, the connection is closed
    without the end, so that the caller sees that something is missing.
    """
    try:
        yield from blocks
    except DatabaseError as error:
        logger.warning("an export broke off: %s", error)
        raise ConnectionAbortedError from error


def tell_error(error: HTTPError) -> bytes:
    """For bottle: its own refusals in our shape.

    What failed unexpectedly was logged by then, and is not told.
    """
    messages = {
        404: f"there is no {request.path}",
        405: f"{request.path} does not take {request.method}",
        500: "the server failed to answer; its log tells more",
    }
    status = error.status_code
    # Bottle has copied the error's own headers by now: these go beside them.
    for name, value in {**HEADERS, "Content-Type": "application/json"}.items():
        response.set_header(name, value)
    code = CODES.get(status, "refused")
    return msgspec.json.encode(_mistake(code, messages.get(status, str(error.body))))


def read_query(kind: type[B]) -> B:
    """The query as a ``kind``, unknown names refused with 422."""
    pairs = parse_qsl(request.query_string, keep_blank_values=True, errors="replace")
    query = dict(pairs)
    if len(query) < len(pairs):
        raise refusal(422, "invalid", "a name is given more than once in the query")
    return _convert(query, kind, strict=False)


def read_body(kind: type[B]) -> B:
    """The JSON body as a ``kind``; no body counts as ``{}``.

    Refuses with 400, 408, 413, 415 and 422.
    """
    raw = _read_raw()
    if not raw:
        return _convert({}, kind)
    if request.content_type.partition(";")[0].strip().lower() != "application/json":
        raise refusal(
            415,
            "unsupported_type",
            "the body must be JSON, sent with Content-Type: application/json",
            Accept_Post="application/json",
        )
    try:
        decoded = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise refusal(400, "malformed", "the body is not valid JSON in UTF-8") from None
    if not isinstance(decoded, dict):
        raise refusal(422, "invalid", "the body must be a JSON object")
    return _convert(decoded, kind)


def _read_raw() -> bytes:
    """The body, whether its length was told or it comes in chunks."""
    too_large = refusal(
        413,
        "too_large",
        f"a body may have {MOST_BODY_BYTES // 1024} KiB at most",
        Connection="close",
    )
    if request.content_length > MOST_BODY_BYTES:
        raise too_large
    body = request.environ["wsgi.input"]
    try:
        with gevent.Timeout(
            body.patience.body,
            refusal(408, "too_slow", "the body did not arrive in time", Connection="close"),
        ):
            raw: bytes = body.read(MOST_BODY_BYTES + 1)
    except OSError:
        raise refusal(
            400, "malformed", "the body broke off before its end", Connection="close"
        ) from None
    if len(raw) > MOST_BODY_BYTES:
        raise too_large
    return raw


def _convert(value: Any, kind: type[B], strict: bool = True) -> B:
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise refusal(422, "invalid", explain_mismatch(str(error))) from None


def explain_mismatch(text: str) -> str:
    """Our sentence for what ``msgspec`` says of a value that does not fit.

    ``Expected `int` <= 500 - at `$.limit``` becomes ``limit: expected int <= 500``.
    """
    said, _, place = text.replace("`", "").partition(" - at $")
    sentence = said[:1].lower() + said[1:]
    return f"{place.strip('.')}: {sentence}" if place.strip(".") else sentence
