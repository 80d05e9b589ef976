"""What a failed statement means by the database's words, and which statement broke a
transaction.
"""

import socket
import ssl
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError, ProxyError

from gitstars.errors import (
    ClaimLost,
    DatabaseError,
    DatabaseRefused,
    QueryFailed,
    StorageFull,
    TransactionConflict,
    UsersMissing,
)
from gitstars.store.failures import explain_connection, failure_of, first_cause

NOT_EXECUTED = "The query was not executed due to a failed transaction"
LOST = "An error occurred: claim lost"
CONFLICT = (
    "Failed to commit transaction due to a read or write conflict. This transaction can be retried"
)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (LOST, ClaimLost),
        ("An error occurred: users missing", UsersMissing),
        (CONFLICT, TransactionConflict),
        ("The transaction failed. This transaction can be retried", TransactionConflict),
        ("Transaction write conflict", TransactionConflict),
        ("TRANSACTION CONFLICT", TransactionConflict),
        ("IO error: No space left on device (os error 28)", StorageFull),
        ("IO error: Disk quota exceeded (os error 122)", StorageFull),
        ("IO error: File too large (os error 27)", StorageFull),
        ("IAM error: Not enough permissions to perform this action", DatabaseRefused),
        ("Not enough permissions to perform this action", DatabaseRefused),
        ("IAM error: invalid token", DatabaseRefused),
        ("Parse error: Unexpected token", QueryFailed),
        ("Couldn't coerce value for field `stars`: Expected `int` but found `'x'`", QueryFailed),
        (
            "Database index `username` already contains 'ann', with record `github_user:ann`",
            QueryFailed,
        ),
        ("The query was not executed because it exceeded the timeout", QueryFailed),
        ("", QueryFailed),
    ],
)
def test_a_failed_statement_is_the_error_that_its_words_tell(
    text: str, error: type[DatabaseError]
) -> None:
    assert type(failure_of(text)) is error


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LOST, "the repository is claimed by somebody else"),
        (CONFLICT, "others write the same records at this moment"),
        ("Parse error", "the database rejects a statement of gitstars: Parse error"),
        (
            "No space left on device",
            "the database could not write: its disk is full; free some space",
        ),
        (
            "Not enough permissions",
            "the database user lacks a right that gitstars needs; give it the role EDITOR or OWNER "
            "on this database",
        ),
        (
            "Found NONE for field `team`, with record `repo:⟨a/b:c⟩`, but expected a string",
            "table repo demands field team (string), which gitstars does not write",
        ),
        (
            "Couldn't coerce value for field `team` of `repo:⟨a/b⟩`: Expected `string` but found "
            "`NONE`",
            "table repo demands field team (string), which gitstars does not write",
        ),
        (
            "Couldn't coerce value for field `stars` of `repo:⟨a/b⟩`: Expected `string` but found "
            "`7`",
            "table repo takes only string in field stars, where gitstars writes something else",
        ),
        (
            "Found field 'cursor', but no such field exists for table 'repo_processing_status'",
            "table repo_processing_status is SCHEMAFULL and has no field cursor, which gitstars "
            "writes",
        ),
        (
            "Database index `pair` already contains [1, 2], with record `starred:abc`",
            "another record of table starred has the same value under the unique index pair",
        ),
        ("x" * 300, "the database rejects a statement of gitstars: " + "x" * 199 + "…"),
        ("two\nlines\x07", "the database rejects a statement of gitstars: two lines"),
    ],
)
def test_the_error_is_a_sentence_and_the_databases_words_are_kept_beside_it(
    text: str, said: str
) -> None:
    error = failure_of(text)

    assert str(error) == said
    assert error.detail == text


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "connection refused"),
        (ConnectionResetError(104, "reset"), "the connection was cut"),
        (socket.gaierror(-2, "Name or service not known"), "its host name is not known"),
        (TimeoutError("timed out"), "no answer in time"),
        (OSError(113, "No route to host"), "no route to host"),
        (ssl.SSLError("WRONG_VERSION_NUMBER"), "it does not speak TLS as expected"),
        (ProxyError("rejected"), "the proxy (database.proxy) does not let it through"),
        (ConnectionClosedError(None, None), "the connection was closed"),
        (ValueError("garbage"), "it does not speak the protocol of SurrealDB"),
    ],
)
def test_a_connection_that_fails_is_explained_by_its_first_cause(
    cause: Exception, said: str
) -> None:
    wrapped = RuntimeError("could not connect to ws://db: <repr of something>")
    wrapped.__cause__ = cause

    assert explain_connection(wrapped) == said


def failed(text: str, kind: str | None = None) -> dict[str, Any]:
    return {"status": "ERR", "result": text} | ({"details": {"kind": kind}} if kind else {})


@pytest.mark.parametrize(
    ("statements", "error", "said"),
    [
        ([failed("Parse error")], QueryFailed, "Parse error"),
        (
            [failed(NOT_EXECUTED), failed(NOT_EXECUTED), failed(LOST), failed(NOT_EXECUTED)],
            ClaimLost,
            LOST,
        ),
        ([failed("Parse error"), failed(LOST)], QueryFailed, "Parse error"),
        ([failed(LOST), failed("Parse error")], ClaimLost, LOST),
        ([failed(NOT_EXECUTED), failed(CONFLICT)], TransactionConflict, CONFLICT),
        (
            [failed(NOT_EXECUTED), failed("busy", "TransactionConflict")],
            TransactionConflict,
            "busy",
        ),
        ([failed(LOST), failed("busy", "TransactionConflict")], TransactionConflict, "busy"),
        ([failed("Parse error", "Other"), failed(LOST, "Thrown")], QueryFailed, "Parse error"),
        ([failed(NOT_EXECUTED), failed(NOT_EXECUTED)], QueryFailed, NOT_EXECUTED),
        ([{"status": "ERR", "result": "Parse error", "details": None}], QueryFailed, "Parse error"),
        (
            [{"status": "ERR", "result": "Parse error", "details": "text"}],
            QueryFailed,
            "Parse error",
        ),
        ([{"status": "ERR", "result": "Parse error", "details": {}}], QueryFailed, "Parse error"),
        ([{"status": "ERR"}], QueryFailed, "None"),
    ],
    ids=[
        "one statement",
        "thrown in the middle of a transaction",
        "the first of two causes",
        "the first of two causes, thrown",
        "a conflict at the commit, by its words",
        "a conflict at the commit, by its kind",
        "a conflict whatever else was said",
        "kinds that mean nothing to us",
        "no cause at all",
        "no details",
        "details of another shape",
        "details without a kind",
        "no words",
    ],
)
def test_a_transaction_fails_for_the_statement_that_broke_it(
    statements: list[dict[str, Any]], error: type[DatabaseError], said: str
) -> None:
    cause = first_cause(statements)

    assert type(cause) is error
    assert cause.detail == said
