"""The budgets of one user, and how the user goes on after a secondary limit. No I/O.

Times are epoch seconds.
"""

import math
from dataclasses import dataclass, field

from gitstars.fetch.budget import Budget
from gitstars.fetch.headers import LONGEST_PAUSE_SECONDS
from gitstars.model import Resource

#: After a secondary limit the points a minute are halved, down to this part of them. They come
#: back in steps, one each RECOVERY_SECONDS without a limit.
LEAST_SHARE, SHARE_STEP, RECOVERY_SECONDS = 1 / 16, 1 / 8, 60.0


@dataclass(slots=True)
class Recovery:
    """How a user goes on after a secondary limit: one call alone, then at a pace that recovers."""

    share: float = 1.0
    #: When the first call after the limit went well; infinite: none did yet.
    since: float = -math.inf
    #: The next call goes out alone.
    is_alone: bool = False

    def meet(self, now: float) -> None:
        """A secondary limit was met."""
        self.share = max(LEAST_SHARE, self.share_at(now) / 2)
        self.since, self.is_alone = math.inf, True

    def go_on(self, now: float) -> None:
        """A call that went out after the limit went well."""
        if self.is_alone:
            self.since, self.is_alone = now, False

    def share_at(self, now: float) -> float:
        """The part of the minute's points that may be used."""
        steps = max(0.0, (now - self.since) // RECOVERY_SECONDS)
        return min(1.0, self.share + SHARE_STEP * steps)


@dataclass(slots=True)
class UserBudgets:
    """What one user may still spend; a secondary limit holds on every resource.

    ``cooldown_until`` is when the pause after the last one ends, ``cooled_at`` when it was met,
    ``strikes`` how many there were in a row without a success.
    """

    budgets: dict[Resource, Budget]
    cooldown_until: float = 0.0
    cooled_at: float = -math.inf
    strikes: int = 0
    recovery: Recovery = field(default_factory=Recovery)

    @property
    def is_idle(self) -> bool:
        return not any(budget.in_flight for budget in self.budgets.values())

    def is_cooling(self, now: float) -> bool:
        """Whether the user pauses; an end further ahead than GitHub ever asks for was noted by a
        clock that was wrong.
        """
        return now < self.cooldown_until <= now + LONGEST_PAUSE_SECONDS
