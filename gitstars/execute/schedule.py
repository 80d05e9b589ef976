"""The next call over both budgets: pages of many lists share a GraphQL query, everything else is a
call of its own. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gitstars.execute.asks import Ask, resource_of
from gitstars.execute.reading import (
    Reading,
)
from gitstars.fetch.graphql import GraphAsk
from gitstars.model import Resource, Task

#: Calls in flight at most for work that is no list, so that lists never wait for it.
OTHER_CALLS = 2


@dataclass(frozen=True, slots=True)
class Call:
    """What goes out together; one item, unless it is a query over lists."""

    items: tuple[tuple[Reading, Ask], ...]

    @property
    def resource(self) -> Resource:
        return resource_of(self.items[0][1])

    @property
    def is_query(self) -> bool:
        """Whether it asks for pages of lists in one GraphQL query."""
        return isinstance(self.items[0][1], GraphAsk)


@dataclass(frozen=True, slots=True)
class Offer:
    """What one reading would ask now.

    ``weight`` is what one of its pages counts in a query: 1 for a list that GitHub gives, less for
    one that it will probably refuse. ``brings_more``: something of it is on its way, after which it
    may ask for another page of its list.
    """

    reading: Reading
    asks: Sequence[Ask]
    weight: float = 1.0
    brings_more: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """``open`` are the budgets of which a call may go out now. ``calls`` slots are free in all,
    ``others`` of them for work that is no list. A query holds lists that count ``width`` together,
    ``most_lists`` of them; ``is_filling``: more lists may be taken up to fill it.
    """

    open: frozenset[Resource]
    calls: int
    others: int
    width: float
    most_lists: int
    is_filling: bool


def next_call(offers: Sequence[Offer], room: Room) -> Call | None:
    """The next call, most urgent readings first; None: nothing may go out now.

    A query over lists goes out when it is full; with fewer lists only when nothing more can fill
    it: no list can be taken up, and none of those at hand has something on its way.
    """
    if room.calls < 1:
        return None
    urgent_first = sorted(offers, key=lambda offer: offer.reading.job.priority)
    for offer in urgent_first:
        is_list = offer.reading.job.task is Task.LIST
        if not is_list and room.others < 1:
            continue
        for ask in offer.asks:
            if not isinstance(ask, GraphAsk) and resource_of(ask) in room.open:
                return Call(((offer.reading, ask),))
    return _fill_query(urgent_first, room) if Resource.GRAPHQL in room.open else None


def _fill_query(offers: Sequence[Offer], room: Room) -> Call | None:
    items: list[tuple[Reading, Ask]] = []
    weight = 0.0
    for offer in offers:
        for ask in offer.asks:
            if not isinstance(ask, GraphAsk):
                continue
            is_full = len(items) >= room.most_lists or weight + offer.weight > room.width
            if items and is_full:
                return Call(tuple(items))
            items.append((offer.reading, ask))
            weight += offer.weight
    can_grow = room.is_filling or any(offer.brings_more for offer in offers)
    is_full = len(items) >= room.most_lists or weight >= room.width
    return Call(tuple(items)) if items and (is_full or not can_grow) else None
