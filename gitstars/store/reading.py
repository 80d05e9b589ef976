"""Values of rows as other programs may have written them: what has the wrong type reads as absent.

Stateless; which rows are left out is decided by those who read them.
"""

from typing import Any

#: The largest whole number that SurrealDB, JSON and a float all hold exactly.
MOST_COUNT = 2**53


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
