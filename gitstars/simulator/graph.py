"""The GraphQL queries that gitstars asks, executed: repositories by name or node id with their
stargazers, the rate limit and the viewer.

The answer is put together as JSON text; stargazers are rendered by templates made from the fields
that are asked for.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from graphql import Undefined

from gitstars.simulator import render
from gitstars.simulator.faults import Faults
from gitstars.simulator.graph_query import Field, QueryInvalid, read_query
from gitstars.simulator.rest import BLOCKED_TEXT, PERMISSION_TEXT, REFUSAL_TEXTS
from gitstars.simulator.scenario import SimAccount
from gitstars.simulator.world import Place, World

#: Rows of one connection, and of a whole query.
MOST_ROWS, MOST_NODES = 100, 500_000
#: Edge templates kept.
KEPT_TEMPLATES = 256

_USER_VALUES = {
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


@dataclass(frozen=True, slots=True)
class Query:
    """A query ready to run: ``lists`` is the number of requests that its connections need,
    ``rows`` what they can bring.
    """

    fields: tuple[Field, ...]
    variables: Mapping[str, Any]
    lists: int
    rows: int

    @property
    def cost(self) -> int:
        """Points: the requests needed, divided by 100 and rounded, one at least."""
        return max(1, round(self.lists / 100))


def prepare(text: str, variables: Mapping[str, Any]) -> Query:
    """Read and measure a query. Raises QueryInvalid."""
    fields, defaults = read_query(text)
    variables = {**defaults, **variables}
    for name, value in variables.items():
        if value is Undefined or (value is None and defaults.get(name) is Undefined):
            text = f"Variable ${name} was provided invalid value"
            raise QueryInvalid(
                {
                    "message": text,
                    "extensions": {
                        "value": None,
                        "problems": [{"path": [], "explanation": "must be given"}],
                    },
                }
            )
    lists, rows = 0, 0
    for top in fields:
        arguments = top.values(variables)
        times = len(arguments["ids"]) if isinstance(arguments.get("ids"), list) else 1
        for inner in top.fields:
            if inner.name == "stargazers" and any(
                argument.name.value in ("first", "last") for argument in inner.arguments
            ):
                asked = inner.values(variables)
                lists += times
                rows += times * sum(
                    n for n in (asked.get("first"), asked.get("last")) if isinstance(n, int)
                )
    if rows > MOST_NODES:
        text = (
            f"This query requests up to {rows:,} possible nodes which exceeds the maximum limit "
            f"of {MOST_NODES:,}."
        )
        raise QueryInvalid({"type": "MAX_NODE_LIMIT_EXCEEDED", "message": text})
    return Query(fields, variables, lists, rows)


@dataclass(slots=True)
class Execution:
    """A query on its way: who asks, the faults in force, the rate limit's figures (None: there
    is none), what went wrong so far.

    ``pages`` are the parts of stargazer lists that were given: full name, and the positions from
    and up to which, oldest first.
    """

    world: World
    account: SimAccount
    faults: Faults
    rate: dict[str, Any] | None
    is_enterprise: bool = False
    errors: list[dict[str, Any]] = field(default_factory=list)
    pages: list[tuple[str, int, int]] = field(default_factory=list)
    _variables: Mapping[str, Any] = field(default_factory=dict)

    def run(self, query: Query) -> str:
        """The answer's ``data`` as JSON text; what went wrong is in ``errors``."""
        self._variables = query.variables
        return _object((top.key, self._top(top)) for top in query.fields)

    def _top(self, top: Field) -> str:
        arguments = top.values(self._variables)
        match top.name:
            case "rateLimit" if self.rate is not None:
                return _plain(top.fields, self.rate | {"__typename": "RateLimit"})
            case "viewer":
                user_id = self.account.user_id
                values = {"id": user_id, "login": self.world.login_of(user_id)}
                return _object(
                    (inner.key, _USER_VALUES[inner.name] % values) for inner in top.fields
                )
            case "repository":
                name = f"{arguments.get('owner')}/{arguments.get('name')}"
                place = self.world.place(name) or self.world.moved(name)
                return self._repository(
                    top,
                    place,
                    [top.key],
                    f"Could not resolve to a Repository with the name '{name}'.",
                )
            case "node":
                return self._node(top, arguments.get("id"), [top.key])
            case "nodes":
                found = (
                    self._node(top, identity, [top.key, n])
                    for n, identity in enumerate(arguments.get("ids") or ())
                )
                return f"[{','.join(found)}]"
            case "__typename":
                return '"Query"'
        return "null"

    def _node(self, top: Field, identity: Any, path: list[str | int]) -> str:
        number = re.fullmatch(r"R_([0-9]{1,18})", str(identity))
        place = self.world.places.get(int(number[1])) if number else None
        return self._repository(
            top, place, path, f"Could not resolve to a node with the global id of '{identity}'"
        )

    def _repository(
        self, top: Field, place: Place | None, path: list[str | int], not_found: str
    ) -> str:
        if place is None or not self.world.may_see(self.account, place):
            return self._fail(not_found, "NOT_FOUND", path)
        rule = self.faults.find(f"ALIAS {place.full_name}", self.account.token)
        if rule is not None:
            self.errors.append({**json.loads(rule.body), "path": path})
            return "null"
        if place.fate == "blocked":
            return self._fail(BLOCKED_TEXT, "FORBIDDEN", path)
        values: list[tuple[str, str]] = []
        for inner in top.fields:
            if inner.name != "stargazers":
                values.append((inner.key, self._attribute(inner, place)))
                continue
            try:
                values.append((inner.key, self._stargazers(inner, place)))
            except NoAnswer as problem:
                text = self._fail(str(problem), problem.kind, [*path, inner.key])
                if (
                    not self.is_enterprise
                    and self.world.refusal(self.account, place) == "graph_null_repository"
                ):
                    return text
                values.append((inner.key, text))
        return _object(values)

    def _attribute(self, asked: Field, place: Place) -> str:
        if asked.name == "owner":
            owner, _, _ = place.full_name.partition("/")
            return _plain(
                asked.fields,
                {
                    "__typename": "Organization",
                    "id": f"O_{owner}",
                    "login": owner,
                    "url": f"https://github.com/{owner}",
                },
            )
        return json.dumps(_ATTRIBUTES[asked.name](place, self))

    def _stargazers(self, asked: Field, place: Place) -> str:
        refusal = None if self.is_enterprise else self.world.refusal(self.account, place)
        if refusal in ("usual", "empty"):
            total = 0 if refusal == "usual" else place.stars
            return _connection(asked, self.world, place, [], 0, 0, total)
        if refusal is not None:
            raise NoAnswer(REFUSAL_TEXTS.get(refusal, PERMISSION_TEXT), "FORBIDDEN")
        arguments = asked.values(self._variables)
        first, last = arguments.get("first"), arguments.get("last")
        if (
            first is None
            and last is None
            and any(inner.name in ("edges", "nodes") for inner in asked.fields)
        ):
            text = (
                "You must provide a `first` or `last` value to properly paginate the "
                "`stargazers` connection."
            )
            raise NoAnswer(text, "MISSING_PAGINATION_BOUNDARIES")
        for name, amount in (("first", first), ("last", last)):
            if amount is not None and (not isinstance(amount, int) or not 0 <= amount <= MOST_ROWS):
                text = (
                    f"Requesting {amount} records on the `stargazers` connection exceeds the "
                    f"`{name}` limit of {MOST_ROWS} records."
                )
                raise NoAnswer(text, "EXCESSIVE_PAGINATION")
        is_newest_first = (arguments.get("orderBy") or {}).get("direction") == "DESC"
        low, high = _window(
            place,
            _read_cursor(arguments, "after"),
            _read_cursor(arguments, "before"),
            is_newest_first,
        )
        for amount, is_at_low_end in ((first, not is_newest_first), (last, is_newest_first)):
            if amount is not None:
                low, high = (
                    (low, min(high, low + amount))
                    if is_at_low_end
                    else (max(low, high - amount), high)
                )
        numbers = place.listed.numbers(low, high)
        self.pages.append((place.full_name, low, high))
        after, before = (low, place.stars - high) if is_newest_first else (place.stars - high, low)
        shown = numbers[::-1] if is_newest_first else numbers
        return _connection(asked, self.world, place, shown, before, after, place.stars)

    def _fail(self, text: str, kind: str | None, path: list[str | int]) -> str:
        self.errors.append(
            {"type": kind, "path": path, "locations": [{"line": 1, "column": 1}], "message": text}
        )
        return "null"


_ATTRIBUTES: Mapping[str, Callable[[Place, Execution], Any]] = {
    "id": lambda place, _: f"R_{place.repository.id}",
    "databaseId": lambda place, _: place.repository.id,
    "name": lambda place, _: place.full_name.partition("/")[2],
    "nameWithOwner": lambda place, _: place.full_name,
    "url": lambda place, _: f"https://github.com/{place.full_name}",
    "stargazerCount": lambda place, _: place.stars,
    "createdAt": lambda place, _: render.moment(place.repository.created.timestamp()),
    "updatedAt": lambda place, _: render.touched(place),
    "pushedAt": lambda place, _: render.moment(render.TOUCHED_AT),
    "isPrivate": lambda place, _: place.repository.private,
    "isDisabled": lambda place, _: place.fate == "disabled",
    "isArchived": lambda place, _: False,
    "viewerPermission": lambda place, execution: execution.world.role(execution.account, place),
    "viewerHasStarred": lambda place, execution: place.repository.id in execution.account.starred,
    "__typename": lambda place, _: "Repository",
}


def _object(values: Any) -> str:
    return "{" + ",".join(f'"{key}":{text}' for key, text in values) + "}"


def _plain(fields: Sequence[Field], values: Mapping[str, Any]) -> str:
    return _object((inner.key, json.dumps(values.get(inner.name))) for inner in fields)


def _connection(
    asked: Field,
    world: World,
    place: Place,
    numbers: Sequence[int],
    before: int,
    after: int,
    total: int,
) -> str:
    """A page of these star numbers, with so many stars before and after it."""
    info = {
        "startCursor": _cursor(numbers[0]) if numbers else None,
        "endCursor": _cursor(numbers[-1]) if numbers else None,
        "hasNextPage": after > 0,
        "hasPreviousPage": before > 0,
    }
    values: list[tuple[str, str]] = []
    for inner in asked.fields:
        match inner.name:
            case "totalCount":
                values.append((inner.key, str(total)))
            case "pageInfo":
                values.append((inner.key, _plain(inner.fields, info | {"__typename": "PageInfo"})))
            case "edges" | "nodes":
                values.append((inner.key, _rows(inner, world, place, numbers)))
            case _:
                values.append((inner.key, '"StargazerConnection"'))
    return _object(values)


def _rows(asked: Field, world: World, place: Place, numbers: Sequence[int]) -> str:
    known, ghost = _templates(asked)
    source, rows = place.listed.source, []
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
    if asked.name == "nodes":
        return _object((inner.key, _USER_VALUES[inner.name]) for inner in asked.fields), "null"
    known, ghost = [], []
    for inner in asked.fields:
        person = _object((deep.key, _USER_VALUES[deep.name]) for deep in inner.fields)
        known.append((inner.key, _EDGE_VALUES.get(inner.name, person)))
        ghost.append((inner.key, _EDGE_VALUES.get(inner.name, "null")))
    return _object(known), _object(ghost)


def _window(
    place: Place, after: int | None, before: int | None, is_newest_first: bool
) -> tuple[int, int]:
    """The positions, oldest first, between two cursors in the direction of reading."""
    older, newer = (before, after) if is_newest_first else (after, before)
    low = 0 if older is None else place.listed.rank(older + 1)
    high = place.stars if newer is None else place.listed.rank(newer)
    return low, max(low, high)


def _cursor(number: int) -> str:
    """Stars are remembered by number, so that a cursor keeps its place when others come and go."""
    return base64.b64encode(b"cursor:v2:%d" % number).decode()


def _read_cursor(arguments: Mapping[str, Any], name: str) -> int | None:
    text = arguments.get(name)
    if text is None:
        return None
    try:
        read = re.fullmatch(rb"cursor:v2:([0-9]{1,18})", base64.b64decode(str(text), validate=True))
    except ValueError:
        read = None
    if read is None:
        raise NoAnswer(
            f"`{text}` does not appear to be a valid cursor.", "INVALID_CURSOR_ARGUMENTS"
        )
    return int(read[1])


__all__ = ["Execution", "Query", "QueryInvalid", "prepare"]
