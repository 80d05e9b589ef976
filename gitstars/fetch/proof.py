"""Complete means proven: the list ended, and its length agrees with the count read before and after. Pure."""

from dataclasses import dataclass

#: Stars that come and go while a list is read: this part of the count, and at least this many, is tolerated and named.
CHURN_PART, CHURN_LEAST = 0.01, 3


@dataclass(frozen=True, slots=True)
class Proven:
    """The list is complete; ``churn`` stars came or went while it was read."""

    churn: int


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """The list does not agree with the counts."""

    reason: str


def prove(count_before: int, count_after: int | None, listed: int) -> Proven | ReadAgain:
    """Judge a list of ``listed`` entries, ghosts included; ``count_after`` None: the list was one page, one moment."""
    low, high = sorted((count_before, count_before if count_after is None else count_after))
    churn = max(0, low - listed, listed - high)
    tolerated = max(CHURN_LEAST, int(high * CHURN_PART)) if low != high or churn else 0
    if churn <= tolerated:
        return Proven(churn + high - low)
    counted = str(low) if low == high else f"{low} to {high}"
    return ReadAgain(f"{listed} stars were listed while the count is {counted}")
