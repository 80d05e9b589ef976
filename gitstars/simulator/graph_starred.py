"""What a person starred, as a GraphQL connection in JSON text."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from gitstars.simulator import render
from gitstars.simulator.graph_page import as_object, check_amounts, page_info, read_place
from gitstars.simulator.graph_query import Field
from gitstars.simulator.graph_repository import attribute
from gitstars.simulator.lists import find_starred
from gitstars.simulator.scenario import SimAccount
from gitstars.simulator.world import LiveRepository, World

#: A star by its place in the order: when it was given (epoch seconds), and the repository's id.
_Place = tuple[int, int]


def starred_connection(
    asked: Field, variables: Mapping[str, Any], world: World, account: SimAccount, user_id: int
) -> tuple[str, tuple[int, int]]:
    """The page asked for, and the positions in the order asked for from and up to which it goes.
    Raises NoAnswer.
    """
    arguments = asked.values(variables)
    check_amounts(asked, arguments)
    newest = sorted(find_starred(world, account, user_id), key=_place, reverse=True)
    most = world.scenario.starred_most
    shown = newest[:most] if _is_newest_first(arguments) else newest[:most][::-1]
    low, high = _find_window(shown, arguments)
    page = shown[low:high]

    def show(inner: Field) -> str:
        match inner.name:
            case "totalCount":
                return str(len(newest))
            case "isOverLimit":
                return json.dumps(len(newest) > most)
            case "pageInfo":
                return page_info(inner, list(map(_cursor, page)), low, len(shown) - high)
            case "edges" | "nodes":
                return f"[{','.join(_row(inner, world, account, star) for star in page)}]"
        return '"StarredRepositoryConnection"'

    return as_object((inner.key, show(inner)) for inner in asked.fields), (low, high)


def _is_newest_first(arguments: Mapping[str, Any]) -> bool:
    return (arguments.get("orderBy") or {}).get("direction") == "DESC"


def _find_window(
    shown: Sequence[tuple[LiveRepository, int]], arguments: Mapping[str, Any]
) -> tuple[int, int]:
    """The positions between two cursors, of which so many are asked for."""
    is_newest_first = _is_newest_first(arguments)
    after, before = (read_place(arguments, name, 2) for name in ("after", "before"))
    low, high = 0, len(shown)
    if after is not None:
        low = _rank(shown, after, is_newest_first, is_behind=True)
    if before is not None:
        high = max(low, _rank(shown, before, is_newest_first, is_behind=False))
    if arguments.get("first") is not None:
        high = min(high, low + arguments["first"])
    if arguments.get("last") is not None:
        low = max(low, high - arguments["last"])
    return low, high


def _row(asked: Field, world: World, account: SimAccount, star: tuple[LiveRepository, int]) -> str:
    live, at = star
    if asked.name == "nodes":
        return _node(asked, world, account, live)
    plain = {
        "cursor": _cursor(star),
        "starredAt": render.moment(at),
        "__typename": "StarredRepositoryEdge",
    }
    return as_object(
        (
            inner.key,
            _node(inner, world, account, live)
            if inner.name == "node"
            else json.dumps(plain[inner.name]),
        )
        for inner in asked.fields
    )


def _node(asked: Field, world: World, account: SimAccount, live: LiveRepository) -> str:
    return as_object((inner.key, attribute(inner, world, account, live)) for inner in asked.fields)


def _place(star: tuple[LiveRepository, int]) -> _Place:
    live, at = star
    return at, live.repository.id


def _rank(
    shown: Sequence[tuple[LiveRepository, int]],
    place: tuple[int, ...],
    is_newest_first: bool,
    is_behind: bool,
) -> int:
    """How many stars stand before the place, and on it where ``is_behind``. A place keeps its
    meaning when stars come and go.
    """

    def is_before(star: tuple[LiveRepository, int]) -> bool:
        own = _place(star)
        if own == place:
            return is_behind
        return own > place if is_newest_first else own < place

    return sum(map(is_before, shown))


def _cursor(star: tuple[LiveRepository, int]) -> str:
    return base64.b64encode(b"cursor:v2:%d:%d" % _place(star)).decode()
