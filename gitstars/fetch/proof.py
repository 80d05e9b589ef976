"""Complete means proven: the list ended, and its length agrees with the count read before and
after.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Proven:
    """The list is complete; ``churn`` stars came or went while it was read.

    ``is_short``: it has fewer stars than both counts, within what is tolerated. What it lacks may
    still be there, so it closes no star.
    """

    churn: int
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """The list does not agree with the counts."""

    reason: str


def prove(
    count_before: int, count_after: int | None, listed: int, page_size: int = 100
) -> Proven | ReadAgain:
    """Compare a list of ``listed`` entries, ghosts included, with the counts.
    ``count_after`` None: it was one page, one moment.

    A list between both counts is complete. Stars that came and others that went in the same time do
    not show in the counts: a quarter of the square root of the count is tolerated for them (5 of
    400, 50 of 40,000), one at least, and never so many that a lost page passes. An empty list is
    complete only where a count was 0.
    """
    low, high = sorted((count_before, count_before if count_after is None else count_after))
    outside = max(0, low - listed, listed - high)
    is_hidden = listed == 0 and low > 0
    if outside <= tolerated(high, page_size) and not is_hidden:
        return Proven(outside + high - low, is_short=listed < low)
    counted = str(low) if low == high else f"{low} to {high}"
    return ReadAgain(f"{listed} stars were listed while the count is {counted}")


def tolerated(count: int, page_size: int = 100) -> int:
    """How far a list may differ from its count: by less than a page."""
    return min(page_size - 1, max(1, math.isqrt(count) // 4))
