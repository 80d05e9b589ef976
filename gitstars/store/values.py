"""Values to bind to statements, and what stored values are in Python."""

from datetime import UTC, datetime
from typing import Any

from surrealdb import Duration, RecordID


def record(table: str, key: Any) -> RecordID:
    """The id of a record; any key that SurrealDB allows."""
    return RecordID(table, key)


def key_of(identity: Any) -> Any:
    """The key of a record id, without its table."""
    return identity.id


def to_epoch(value: Any) -> float | None:
    """A stored datetime as seconds since the epoch; None for anything else."""
    return value.timestamp() if isinstance(value, datetime) else None


def to_datetime_or_none(epoch_seconds: float | None) -> datetime | None:
    """What is stored for a time that may be missing."""
    return None if epoch_seconds is None else datetime.fromtimestamp(epoch_seconds, UTC)


def seconds(amount: float) -> Duration:
    """A duration to bind."""
    return Duration.parse(f"{int(amount * 1000)}ms")
