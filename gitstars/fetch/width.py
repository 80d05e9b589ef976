"""How many aliases a GraphQL query should have: pure.

Wide enough to be worth it, narrow enough not to be cut off.
"""

from dataclasses import dataclass

LEAST, FIRST, MOST = 1, 10, 30
#: How long a query should take (seconds); GitHub cuts it off at 10.
AIM_SECONDS = 3.0
#: A good query widens the next one by this much at most: one lucky answer says little.
GROWTH = 1.5


@dataclass(frozen=True, slots=True)
class Width:
    """The number of aliases that the next query may have."""

    aliases: int = FIRST

    def adapt(self, asked: int, seconds: float, has_failed: bool) -> "Width":
        """After a query of ``asked`` aliases that took ``seconds``: towards three seconds a
        query, halved where it failed.
        """
        if has_failed:
            return Width(max(LEAST, min(self.aliases, asked) // 2))
        fitting = int(asked * AIM_SECONDS / max(seconds, 0.001))
        if fitting >= self.aliases and asked < self.aliases:
            # A narrow query says nothing about a wide one, except that it need not be narrower.
            return self
        return Width(max(LEAST, min(MOST, fitting, int(self.aliases * GROWTH) + 1)))
