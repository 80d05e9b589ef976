"""What a failed statement means, by the database's own words: pure."""

from collections.abc import Mapping, Sequence
from typing import Any

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
THROWN: dict[str, type[DatabaseError]] = {"claim lost": ClaimLost, "users missing": UsersMissing}


def failure_of_request(answer: Mapping[str, Any]) -> DatabaseError:
    """The error of a request that was refused as a whole: ``{"error": {"message", "kind", …}}``,
    or something that is no answer.
    """
    error = answer.get("error")
    if not isinstance(error, Mapping):
        return failure_of(str(error or answer))
    text = str(error.get("message") or error)
    return (
        DatabaseRefused(f"the database user lacks a right that gitstars needs: {text}")
        if error.get("kind") == "NotAllowed"
        else failure_of(text)
    )


def first_cause(failed: Sequence[Mapping[str, Any]]) -> DatabaseError:
    """The error of the statement that broke a transaction, not of those that were not executed
    because of it.
    """
    for statement in failed:
        details = statement.get("details")
        kind = details.get("kind") if isinstance(details, dict) else None
        if kind == "TransactionConflict":
            return TransactionConflict(str(statement.get("result")))
    for statement in failed:
        text = str(statement.get("result"))
        if "not executed" not in text:
            return failure_of(text)
    return failure_of(str(failed[0].get("result")))


def failure_of(text: str) -> DatabaseError:
    """The error that a failed statement's text stands for."""
    for words, error in THROWN.items():
        if words in text:
            return error(text)
    lowered = text.lower()
    if (
        "can be retried" in lowered
        or "transaction conflict" in lowered
        or "write conflict" in lowered
    ):
        return TransactionConflict(text)
    if "no space left" in lowered or "quota exceeded" in lowered or "file too large" in lowered:
        return StorageFull(f"the database could not write, its disk is full: {text}")
    if "not enough permissions" in lowered or "iam error" in lowered:
        return DatabaseRefused(f"the database user lacks a right that gitstars needs: {text}")
    return QueryFailed(text)
