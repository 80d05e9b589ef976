"""How one account's GraphQL queries go: how many lists fit into one, how much of GitHub's time they
took, and when the next may go out.
"""

from collections import deque
from dataclasses import dataclass, field

from gitstars.clock import backoff_seconds
from gitstars.fetch.width import Width

#: GitHub allows 60 s of processor time for GraphQL in 60 s, to be estimated by the time its answers
#: take; a little is kept back.
QUERY_SECONDS_A_MINUTE = 50.0
#: Queries in flight at once while that lasts.
QUERIES_IN_FLIGHT = 2
#: Lists that one query asks for at most; a query of so many costs one point.
MOST_LISTS = 100
#: A list that is refused costs GitHub next to nothing: such a list counts for this part of one.
REFUSED_WEIGHT = 0.3
#: How fast the share of given lists among the unknown ones is learnt.
LEARNING = 0.5
#: After a query that failed as a whole the next one waits: this, doubled, up to the cap (seconds).
PAUSE_SECONDS, PAUSE_CAP_SECONDS = 0.25, 20.0


@dataclass(slots=True)
class Queries:
    """``given`` is the share of unknown lists that GitHub gave lately: 1 at first, so that the
    first queries are narrow; with usual refusals many more of them fit into one query.
    """

    width: Width = field(default_factory=Width)
    given: float = 1.0
    in_flight: int = 0
    failures: int = 0
    not_before: float = 0.0
    _spent: deque[tuple[float, float]] = field(default_factory=deque)

    @property
    def unknown_weight(self) -> float:
        """What a list counts of which nobody knows whether GitHub gives it."""
        return REFUSED_WEIGHT + (1 - REFUSED_WEIGHT) * self.given

    @property
    def most_lists(self) -> int:
        """How many lists the next query may ask for, when none of them is sure to be given."""
        return min(MOST_LISTS, max(1, int(self.width.aliases / self.unknown_weight)))

    def wait_seconds(self, now: float) -> float | None:
        """How long the next query has to wait (``now`` is monotonic); None: for one in flight."""
        while self._spent and self._spent[0][0] <= now - 60:
            self._spent.popleft()
        if self.in_flight >= QUERIES_IN_FLIGHT:
            return None
        if sum(seconds for _, seconds in self._spent) >= QUERY_SECONDS_A_MINUTE:
            return max(0.0, self._spent[0][0] + 60 - now)
        return max(0.0, self.not_before - now)

    def start(self) -> None:
        """A query goes out."""
        self.in_flight += 1

    def end(self, now: float, seconds: float) -> None:
        """A query ended at ``now`` (monotonic) after ``seconds``."""
        self.in_flight -= 1
        self._spent.append((now, seconds))

    def learn(
        self, weight: float, seconds: float, has_failed: bool, now: float, chance: float
    ) -> None:
        """What the answer tells about the next width; ``weight`` is what its lists counted."""
        self.width = self.width.adapt(max(1, round(weight)), seconds, has_failed)
        if has_failed:
            pause = backoff_seconds(self.failures, PAUSE_SECONDS, PAUSE_CAP_SECONDS, chance)
            self.failures += 1
            self.not_before = now + pause
        else:
            self.failures, self.not_before = 0, 0.0

    def learn_given(self, asked: int, given: int) -> None:
        """Of ``asked`` unknown lists GitHub gave so many."""
        if asked:
            self.given += LEARNING * (given / asked - self.given)
