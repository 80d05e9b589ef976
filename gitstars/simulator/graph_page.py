"""Pages of a GraphQL connection of stars, as JSON text: rows rendered by templates made from the
fields that are asked for, and the cursors that lead from page to page.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from gitstars.simulator import render
from gitstars.simulator.graph_query import Field
from gitstars.simulator.world import LiveRepository, World

#: Rows of one connection.
MOST_ROWS = 100
#: Edge templates kept.
KEPT_TEMPLATES = 256

USER_VALUES = {
    "id": '"U_%(id)d"',
    "databaseId": "%(id)d",
    "login": '"%(login)s"',
    "avatarUrl": '"https://avatars.githubusercontent.com/u/%(id)d?v=4"',
    "url": '"https://github.com/%(login)s"',
    "name": "null",
    "__typename": '"User"',
}
_EDGE_VALUES = {"cursor": '"%(cursor)s"', "starredAt": '"%(at)s"', "__typename": '"StargazerEdge"'}


class NoAnswer(Exception):
    """A connection cannot be answered, which its field's error tells; what becomes of the fields
    around it is the schema's business.
    """

    def __init__(self, text: str, kind: str | None) -> None:
        super().__init__(text)
        self.kind = kind


def as_object(values: Iterable[tuple[str, str]]) -> str:
    """A JSON object of keys and JSON texts."""
    return "{" + ",".join(f'"{key}":{text}' for key, text in values) + "}"


def as_plain(fields: Sequence[Field], values: Mapping[str, Any]) -> str:
    """A JSON object of the values that these fields ask for."""
    return as_object((inner.key, json.dumps(values.get(inner.name))) for inner in fields)


def as_connection(
    asked: Field,
    world: World,
    live: LiveRepository,
    numbers: Sequence[int],
    before: int,
    after: int,
    total: int,
) -> str:
    """A page of these star numbers, with so many stars before and after it, and ``total`` as
    the count.
    """
    cursors = [_cursor(number) for number in (*numbers[:1], *numbers[-1:])]
    values: list[tuple[str, str]] = []
    for inner in asked.fields:
        match inner.name:
            case "totalCount":
                values.append((inner.key, str(total)))
            case "pageInfo":
                values.append((inner.key, page_info(inner, cursors, before, after)))
            case "edges" | "nodes":
                values.append((inner.key, _rows(inner, world, live, numbers)))
            case _:
                values.append((inner.key, '"StargazerConnection"'))
    return as_object(values)


def page_info(asked: Field, cursors: Sequence[str], before: int, after: int) -> str:
    """``cursors`` are those of the page's rows, the first and the last at least; so many rows
    stand before and after it.
    """
    info = {
        "startCursor": cursors[0] if cursors else None,
        "endCursor": cursors[-1] if cursors else None,
        "hasNextPage": after > 0,
        "hasPreviousPage": before > 0,
        "__typename": "PageInfo",
    }
    return as_plain(asked.fields, info)


def check_amounts(asked: Field, arguments: Mapping[str, Any]) -> None:
    """A connection whose rows are asked for has bounds, and these are within the limit. Raises
    NoAnswer.
    """
    first, last = arguments.get("first"), arguments.get("last")
    wants_rows = any(inner.name in ("edges", "nodes") for inner in asked.fields)
    if first is None and last is None and wants_rows:
        text = (
            "You must provide a `first` or `last` value to properly paginate the "
            f"`{asked.name}` connection."
        )
        raise NoAnswer(text, "MISSING_PAGINATION_BOUNDARIES")
    for name, amount in (("first", first), ("last", last)):
        if amount is not None and (not isinstance(amount, int) or not 0 <= amount <= MOST_ROWS):
            text = (
                f"Requesting {amount} records on the `{asked.name}` connection exceeds the "
                f"`{name}` limit of {MOST_ROWS} records."
            )
            raise NoAnswer(text, "EXCESSIVE_PAGINATION")


def _rows(asked: Field, world: World, live: LiveRepository, numbers: Sequence[int]) -> str:
    known, ghost = _templates(asked)
    source, rows = live.listed.source, []
    for number in numbers:
        user_id, at = source.star(number)
        values = {
            "id": user_id,
            "login": world.login_of(user_id),
            "at": render.moment(at),
            "cursor": _cursor(number),
        }
        rows.append((known if user_id else ghost) % values)
    return f"[{','.join(rows)}]"


@lru_cache(KEPT_TEMPLATES)
def _templates(asked: Field) -> tuple[str, str]:
    """How ``edges`` or ``nodes`` render a user, and a ghost."""
    people = [asked] if asked.name == "nodes" else asked.fields
    foreign = [deep for one in people for deep in one.fields if deep.name not in USER_VALUES]
    if foreign:
        raise NoAnswer(f"`{foreign[0].name}` below a list of people is not simulated.", None)
    if asked.name == "nodes":
        return as_object((inner.key, USER_VALUES[inner.name]) for inner in asked.fields), "null"
    known, ghost = [], []
    for inner in asked.fields:
        person = as_object((deep.key, USER_VALUES[deep.name]) for deep in inner.fields)
        known.append((inner.key, _EDGE_VALUES.get(inner.name, person)))
        ghost.append((inner.key, _EDGE_VALUES.get(inner.name, "null")))
    return as_object(known), as_object(ghost)


def find_window(
    live: LiveRepository, after: int | None, before: int | None, is_newest_first: bool
) -> tuple[int, int]:
    """The positions, oldest first, between two cursors in the direction of reading."""
    older, newer = (before, after) if is_newest_first else (after, before)
    low = 0 if older is None else live.listed.rank(older + 1)
    high = live.stars if newer is None else live.listed.rank(newer)
    return low, max(low, high)


def _cursor(number: int) -> str:
    """Stars are remembered by number, so that a cursor keeps its place when others come and go."""
    return base64.b64encode(b"cursor:v2:%d" % number).decode()


def read_cursor(arguments: Mapping[str, Any], name: str) -> int | None:
    """The number in a cursor of stars; None: none is given. Raises NoAnswer."""
    place = read_place(arguments, name, 1)
    return None if place is None else place[0]


def read_place(arguments: Mapping[str, Any], name: str, numbers: int) -> tuple[int, ...] | None:
    """So many numbers in a cursor; None: none is given. Raises NoAnswer."""
    text = arguments.get(name)
    if text is None:
        return None
    try:
        content = base64.b64decode(str(text), validate=True)
        read = re.fullmatch(rb"cursor:v2" + rb":([0-9]{1,18})" * numbers, content)
    except ValueError:
        read = None
    if read is None:
        raise NoAnswer(
            f"`{text}` does not appear to be a valid cursor.", "INVALID_CURSOR_ARGUMENTS"
        )
    return tuple(map(int, read.groups()))
