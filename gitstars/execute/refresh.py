"""When and how a completed repository is read again: pure."""

from gitstars.fetch.proof import tolerated
from gitstars.model import Claim

#: A refresh comes when about so many new stars are to be expected: one page.
AIM_STARS = 100
#: Bounds of the pause, as multiples of ``refresh.after_hours``.
LEAST, MOST = 0.25, 4.0
#: A list this long (stars) costs as much whole as its newest page.
SMALL_STARS = 100


def refresh_seconds(after_seconds: float, gained: int | None, elapsed_seconds: float) -> float:
    """Seconds until the next refresh of a list that gained so many stars in ``elapsed_seconds``;
    None: the first time.

    The time in which one page of new stars comes at that growth, a quarter of ``after_seconds`` at
    least and four times at most.
    """
    if gained is None:
        return after_seconds
    wanted = elapsed_seconds * AIM_STARS / gained if gained > 0 else MOST * after_seconds
    return min(max(wanted, LEAST * after_seconds), MOST * after_seconds)


def is_sweep_due(claim: Claim, now: float, sweep_seconds: float) -> bool:
    """Whether the whole list is to be read, which finds stars that were taken back: never done,
    too old, or no dearer than one page.
    """
    is_small = max(claim.progress.total_stargazers or 0, claim.repository.stars) <= SMALL_STARS
    return is_small or claim.swept_at is None or claim.swept_at + sweep_seconds <= now


def has_drifted(count: int, expected: int) -> bool:
    """Whether a repository of ``count`` stars, of which ``expected`` are accounted for, has to
    be swept.
    """
    return abs(count - expected) > tolerated(count)
