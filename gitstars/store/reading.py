"""Values of rows as other programs may have written them: what has the wrong type reads as absent.

Stateless; which rows are left out is decided by those who read them.
"""

import logging
import math
from collections import OrderedDict
from typing import Any

logger = logging.getLogger(__name__)

#: The largest whole number that SurrealDB, JSON and a float all hold exactly.
MOST_COUNT = 2**53
#: The largest number that SurrealDB stores, and so the largest id of a user.
MOST_ID = 2**63 - 1
#: A repository's key is its ``owner/name``: 39 and 100 characters at GitHub.
LONGEST_KEY = 300
#: So many rows that were named are remembered; beyond that the oldest may be named again.
TOLD_KEPT = 1000


def as_count(value: Any) -> int | None:
    """A whole number from 0 to ``MOST_COUNT``; a float without a fraction is one too."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_COUNT
    return value if is_count else None


def as_text(value: Any) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value else None


def as_bool(value: Any) -> bool | None:
    """A truth value."""
    return value if isinstance(value, bool) else None


def as_number(value: Any) -> float | None:
    """A number that is finite."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def as_user_id(value: Any) -> int | None:
    """The numeric id of a GitHub user."""
    return value if type(value) is int and 0 < value <= MOST_ID else None


def as_key(identity: Any, table: str = "repo") -> Any:
    """The key of a record id of ``table``: a text or a number; None for anything else."""
    key = getattr(identity, "id", None)
    is_key = type(key) is int or (isinstance(key, str) and 0 < len(key) <= LONGEST_KEY)
    return key if is_key and identity.table_name == table else None


class LeftOut:
    """Names each row that cannot be used once in the log."""

    def __init__(self) -> None:
        self._logged: OrderedDict[str, None] = OrderedDict()

    def tell(self, what: str, why: str) -> None:
        """``what`` is the row's id as text, cut where it is long."""
        name = "".join(c if c.isprintable() else "?" for c in what[:120])
        if name in self._logged:
            return
        self._logged[name] = None
        if len(self._logged) > TOLD_KEPT:
            self._logged.popitem(last=False)
        logger.warning("%s is left out: %s", name, why)
