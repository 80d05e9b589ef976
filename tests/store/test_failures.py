"""What a failed statement means by the database's words, and which statement broke a
transaction.
"""

from typing import Any

import pytest

from gitstars.errors import (
    ClaimLost,
    DatabaseError,
    DatabaseRefused,
    QueryFailed,
    StorageFull,
    TransactionConflict,
    UsersMissing,
)
from gitstars.store.failures import failure_of, first_cause

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
        (LOST, LOST),
        (CONFLICT, CONFLICT),
        ("Parse error", "Parse error"),
        (
            "No space left on device",
            "the database could not write, its disk is full: No space left on device",
        ),
        (
            "Not enough permissions",
            "the database user lacks a right that gitstars needs: Not enough permissions",
        ),
    ],
)
def test_the_error_keeps_the_databases_words(text: str, said: str) -> None:
    assert str(failure_of(text)) == said


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
    assert str(cause) == said
