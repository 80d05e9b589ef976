"""What a failure of the database means, told in sentences of ours. Stateless.

What the database or its library says is kept in ``DatabaseError.detail``, for the debug log.
"""

import re
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidStatus, ProxyError

from gitstars.errors import (
    ClaimLost,
    DatabaseError,
    DatabaseRefused,
    QueryFailed,
    StorageFull,
    TransactionConflict,
    UsersMissing,
)

#: What our own statements throw to undo a transaction, and the error that it becomes.
THROWN: dict[str, tuple[type[DatabaseError], str]] = {
    "claim lost": (ClaimLost, "the repository is claimed by somebody else"),
    "users missing": (UsersMissing, "users that were stored are gone from the database"),
}
#: Words of the database, and the sentence that tells them; ``{0}``, ``{1}`` … are the groups.
#: Servers of the 2.x and 3.x line differ.
SENTENCES: tuple[tuple[str, str], ...] = (
    (
        r"Found NONE for field `([^`]+)`, with record `([^:`]+):.*but expected an? (.+)$",
        "table {1} demands field {0} ({2}), which gitstars does not write",
    ),
    (
        r"Couldn't coerce value for field `([^`]+)` of `([^:`]+):.*Expected `([^`]+)` but found "
        r"`NONE`",
        "table {1} demands field {0} ({2}), which gitstars does not write",
    ),
    (
        r"Couldn't coerce value for field `([^`]+)` of `([^:`]+):.*Expected `([^`]+)`",
        "table {1} takes only {2} in field {0}, where gitstars writes something else",
    ),
    (
        r"Found .* for field `([^`]+)`, with record `([^:`]+):.*but field must conform to",
        "table {1} has a condition on field {0} that what gitstars writes does not meet",
    ),
    (
        r"Found .* for field `([^`]+)`, with record `([^:`]+):.*but expected an? (.+)$",
        "table {1} takes only {2} in field {0}, where gitstars writes something else",
    ),
    (
        r"Found field '([^']+)', but no such field exists for table '([^']+)'",
        "table {1} is SCHEMAFULL and has no field {0}, which gitstars writes",
    ),
    (
        r"Database index `([^`]+)` already contains .*, with record `([^:`]+):",
        "another record of table {1} has the same value under the unique index {0}",
    ),
    (
        r"Database record `([^:`]+):.*` already exists",
        "a record of table {0} exists already under the same id",
    ),
    (r"exceeded the timeout", "a statement took longer than the database allows"),
)
#: What the embedded engine says of a path, and the words that tell it.
PATHS = (
    ("permission denied", "it may not be read or written by this user"),
    ("read-only file system", "its file system is read-only"),
    ("no space left", "the disk is full"),
    ("not a directory", "a file is in the way"),
    ("file exists", "a file is in the way"),
    ("is a directory", "a folder is in the way"),
    ("no such file", "it does not exist"),
    ("too many open files", "this user has too many files open"),
)
#: So much of what no sentence tells is shown (characters).
SHOWN = 200


def failure_of_request(answer: Mapping[str, Any]) -> DatabaseError:
    """The error of a request that was refused as a whole: ``{"error": {"message", "kind", …}}``,
    or something that is no answer.
    """
    error = answer.get("error")
    if not isinstance(error, Mapping):
        return failure_of(str(error or "no answer that gitstars understands"))
    text = str(error.get("message") or "no reason")
    return _right_missing(text) if error.get("kind") == "NotAllowed" else failure_of(text)


def first_cause(failed: Sequence[Mapping[str, Any]]) -> DatabaseError:
    """The error of the statement that broke a transaction, not of those that were not executed
    because of it.
    """
    for statement in failed:
        details = statement.get("details")
        kind = details.get("kind") if isinstance(details, dict) else None
        if kind == "TransactionConflict":
            return _conflict(str(statement.get("result")))
    for statement in failed:
        text = str(statement.get("result"))
        if "not executed" not in text:
            return failure_of(text)
    return failure_of(str(failed[0].get("result")))


def failure_of(text: str) -> DatabaseError:
    """The error that a failed statement's text stands for."""
    for words, (error, sentence) in THROWN.items():
        if words in text:
            return error(sentence, text)
    lowered = text.lower()
    if (
        "can be retried" in lowered
        or "transaction conflict" in lowered
        or "write conflict" in lowered
    ):
        return _conflict(text)
    if "no space left" in lowered or "quota exceeded" in lowered or "file too large" in lowered:
        return StorageFull("the database could not write: its disk is full; free some space", text)
    if "not enough permissions" in lowered or "iam error" in lowered:
        return _right_missing(text)
    for pattern, sentence in SENTENCES:
        if found := re.search(pattern, text, re.S):
            groups = (group.removeprefix("none | ") for group in found.groups())
            return QueryFailed(sentence.format(*groups), text)
    return QueryFailed(f"the database rejects a statement of gitstars: {_shorten(text)}", text)


def explain_connection(error: BaseException) -> str:
    """Why a connection could not be made, or broke: a few words."""
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return f"its certificate is not trusted ({cause.verify_message})"
            case ssl.SSLError():
                return "it does not speak TLS as expected"
            case ConnectionRefusedError():
                return "connection refused"
            case ConnectionError():
                return "the connection was cut"
            case socket.gaierror():
                return "its host name is not known"
            case TimeoutError():
                return "no answer in time"
            case InvalidStatus():
                status = cause.response.status_code
                return f"it answers HTTP status {status} where a WebSocket was expected"
            case ProxyError():
                return "the proxy (database.proxy) does not let it through"
            case ConnectionClosed():
                return "the connection was closed"
            case OSError() if cause.strerror:
                return cause.strerror.lower()
    return "it does not speak the protocol of SurrealDB"


def explain_engine(text: str) -> str:
    """Why the embedded engine cannot open its path: a few words."""
    lowered = text.lower()
    known = (words for said, words in PATHS if said in lowered)
    return next(known, f"it is no SurrealKV database, or a damaged one ({_shorten(text)})")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from, the first cause first."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    return reversed(chain)


def _conflict(text: str) -> DatabaseError:
    return TransactionConflict("others write the same records at this moment", text)


def _right_missing(text: str) -> DatabaseError:
    return DatabaseRefused(
        "the database user lacks a right that gitstars needs; give it the role EDITOR or OWNER on "
        "this database",
        text,
    )


def _shorten(text: str) -> str:
    """One line of what no sentence tells."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
