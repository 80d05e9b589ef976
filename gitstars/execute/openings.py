"""Which budgets an account's calls may use, as the ledger sees them at one moment. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from gitstars.fetch import answers
from gitstars.fetch.ledger import Blocked, Pause
from gitstars.model import Resource

#: While GraphQL's pace makes lists wait for longer than this (seconds), REST reads on.
IMPATIENT_SECONDS = 2.0
#: The shortest wait before looking again (seconds).
LEAST_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Openings:
    """``open``: a call may go out now. ``usable``: neither spent nor cooling, though the pace may
    make a call wait. ``blocks`` tells of the others. ``seconds``: when to look again (None: nothing
    but an answer changes it). ``is_graphql_slow``: REST should read on meanwhile.
    """

    open: frozenset[Resource]
    usable: frozenset[Resource]
    blocks: Mapping[Resource, Blocked]
    seconds: float | None
    is_graphql_slow: bool = False

    @property
    def leaves_rest_idle(self) -> bool:
        """Whether lists wait for GraphQL while REST calls could go out."""
        return self.is_graphql_slow and Resource.CORE in self.open

    @property
    def for_lists(self) -> frozenset[Resource]:
        """The budgets with which lists are taken up."""
        return self.usable - {Resource.GRAPHQL} if self.leaves_rest_idle else self.usable

    def block(self, resource: Resource) -> answers.BudgetSpent | answers.SecondaryLimit | None:
        """Why calls on this budget have to wait; None: they have not."""
        blocked = self.blocks.get(resource)
        if blocked is None:
            return None
        if blocked.reason == "secondary":
            return answers.SecondaryLimit(blocked.until, "GitHub asked this user to pause")
        return answers.BudgetSpent(resource, blocked.until)


def read_openings(
    obstacles: Mapping[Resource, Pause | Blocked | None], query_wait: float | None, now: float
) -> Openings:
    """``obstacles`` are what the ledger says of a call of one point on each budget that the server
    has; ``query_wait`` is how long the next query waits for GitHub's processor time (None: for a
    query in flight).
    """
    blocks = {
        resource: obstacle
        for resource, obstacle in obstacles.items()
        if isinstance(obstacle, Blocked)
    }
    pauses = {
        resource: obstacle.seconds
        for resource, obstacle in obstacles.items()
        if isinstance(obstacle, Pause)
    }
    usable = frozenset(obstacles) - frozenset(blocks)
    is_open = usable - frozenset(pauses)
    waits = [blocked.until - now for blocked in blocks.values()] + list(pauses.values())
    if Resource.GRAPHQL in usable and query_wait != 0.0:
        is_open -= {Resource.GRAPHQL}
        waits += [] if query_wait is None else [query_wait]
    slowness = max(pauses.get(Resource.GRAPHQL, 0.0), query_wait or 0.0)
    seconds = max(LEAST_SECONDS, min(waits)) if waits else None
    is_slow = Resource.GRAPHQL in usable and slowness > IMPATIENT_SECONDS
    return Openings(is_open, usable, blocks, seconds, is_slow)
