"""The bounds on the number of workers that an operator set, kept through a restart."""

import logging
from typing import Any

import msgspec

from gitstars.store import state
from gitstars.store.database import Database
from gitstars.supervise.scaling import ScaleOverride

logger = logging.getLogger(__name__)

#: Under this name the database keeps them; all servers of one database share them.
STATE_KEY = "worker bounds"
VERSION = 1


class KeptBounds(msgspec.Struct):
    """How they are kept."""

    version: int
    minimum: int
    maximum: int


def remember(database: Database, override: ScaleOverride | None) -> None:
    """Keep the bounds, or that there are none. Raises DatabaseError."""
    kept: Any = None
    if override is not None:
        kept = msgspec.to_builtins(KeptBounds(VERSION, override.minimum, override.maximum))
    state.write(database, STATE_KEY, kept)


def recall(database: Database, most: int) -> ScaleOverride | None:
    """What was kept, with ``most`` workers at most; None: nothing, or nothing that this version
    can read. Raises DatabaseError.
    """
    value = state.read(database, STATE_KEY)
    if value is None:
        return None
    try:
        kept = msgspec.convert(value, KeptBounds)
    except msgspec.ValidationError:
        kept = None
    if kept is None or kept.version != VERSION or not 1 <= kept.minimum <= kept.maximum:
        logger.warning("the number of workers that was set is not readable; the load decides")
        return None
    return ScaleOverride(min(kept.minimum, most), min(kept.maximum, most))
