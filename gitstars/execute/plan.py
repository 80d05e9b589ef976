"""Which call goes out next: pure.

Pages of many lists share a GraphQL query; everything else is a call of its own.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from gitstars.execute.collection import Ask, Collection
from gitstars.fetch.graphql import GraphAsk
from gitstars.model import Resource

#: GitHub allows 60 s of processor time for GraphQL in 60 s, to be estimated by the time its answers
#: take; a little is kept back.
QUERY_SECONDS_A_MINUTE = 50.0
#: Queries in flight at once while that lasts.
QUERIES_IN_FLIGHT = 2


@dataclass(frozen=True, slots=True)
class Call:
    """What goes out together; one item, unless it is a query."""

    items: tuple[tuple[Collection, Ask], ...]

    @property
    def resource(self) -> Resource:
        return Resource.GRAPHQL if isinstance(self.items[0][1], GraphAsk) else Resource.CORE


def next_call(
    collections: Iterable[Collection],
    open_resources: frozenset[Resource],
    pages_ahead: int,
    width: int,
    is_filling: bool,
) -> Call | None:
    """The next call among what the open ``collections`` may ask.

    A query goes out when its ``width`` aliases are filled; with fewer only when nothing more is to
    come (``is_filling`` False: nothing can be claimed) and nothing is under way that would bring
    more asks.
    """
    asks: list[tuple[Collection, Ask]] = []
    is_busy = False
    for collection in collections:
        is_busy = is_busy or collection.is_busy
        for ask in collection.asks(pages_ahead):
            if isinstance(ask, GraphAsk):
                if Resource.GRAPHQL in open_resources and len(asks) < width:
                    asks.append((collection, ask))
            elif Resource.CORE in open_resources:
                return Call(((collection, ask),))
    if asks and (len(asks) >= width or not (is_filling or is_busy)):
        return Call(tuple(asks))
    return None


class QueryTime:
    """The seconds that GitHub spent on a user's queries in the last minute."""

    def __init__(self) -> None:
        self._spent: deque[tuple[float, float]] = deque()
        self.in_flight = 0

    def wait_seconds(self, now: float) -> float | None:
        """How long the next query has to wait; None: for one in flight to end."""
        while self._spent and self._spent[0][0] <= now - 60:
            self._spent.popleft()
        if self.in_flight >= QUERIES_IN_FLIGHT:
            return None
        if sum(seconds for _, seconds in self._spent) < QUERY_SECONDS_A_MINUTE:
            return 0.0
        return self._spent[0][0] + 60 - now

    def start(self) -> None:
        self.in_flight += 1

    def end(self, now: float, seconds: float) -> None:
        """A query ended at ``now`` (monotonic seconds) after ``seconds``."""
        self.in_flight -= 1
        self._spent.append((now, seconds))
