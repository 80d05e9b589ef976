"""The GraphQL queries that gitstars asks, executed: repositories by name or node id with their
stargazers, the rate limit and the viewer.

The answer is put together as JSON text; pages of stargazers are ``graph_page``'s.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import Undefined

from gitstars.simulator import render
from gitstars.simulator.faults import Faults, Rule
from gitstars.simulator.graph_page import (
    USER_VALUES,
    NoAnswer,
    as_connection,
    as_object,
    as_plain,
    find_window,
    read_cursor,
)
from gitstars.simulator.graph_query import Field, QueryInvalid, read_query
from gitstars.simulator.rest import BLOCKED_TEXT, PERMISSION_TEXT, REFUSAL_TEXTS
from gitstars.simulator.scenario import SimAccount
from gitstars.simulator.world import LiveRepository, World

#: Rows of one connection, and of a whole query.
MOST_ROWS, MOST_NODES = 100, 500_000
#: The connection of stars.
LIST = "stargazers"


class WholeAnswer(Exception):
    """A fault of one repository takes the whole answer with it."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.match)
        self.rule = rule


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
            if inner.name == LIST and any(
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
    _width: int = 0

    def run(self, query: Query) -> str:
        """The answer's ``data`` as JSON text; what went wrong is in ``errors``.

        Raises WholeAnswer when a fault is about all of it.
        """
        self._variables = query.variables
        self._width = sum(top.name == "repository" for top in query.fields)
        return as_object((top.key, self._top(top)) for top in query.fields)

    def _top(self, top: Field) -> str:
        arguments = top.values(self._variables)
        match top.name:
            case "rateLimit" if self.rate is not None:
                return as_plain(top.fields, self.rate | {"__typename": "RateLimit"})
            case "viewer":
                user_id = self.account.user_id
                values = {"id": user_id, "login": self.world.login_of(user_id)}
                return as_object(
                    (inner.key, USER_VALUES[inner.name] % values) for inner in top.fields
                )
            case "repository":
                name = f"{arguments.get('owner')}/{arguments.get('name')}"
                live = self.world.find(name) or self.world.moved(name)
                return self._repository(
                    top,
                    live,
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
        live = self.world.repositories.get(int(number[1])) if number else None
        return self._repository(
            top, live, path, f"Could not resolve to a node with the global id of '{identity}'"
        )

    def _repository(
        self, top: Field, live: LiveRepository | None, path: list[str | int], not_found: str
    ) -> str:
        if live is None or not self.world.may_see(self.account, live):
            return self._fail(not_found, "NOT_FOUND", path)
        rule = self._find_fault(top, live)
        if rule is not None and rule.effect == "alias":
            self.errors.append({**json.loads(rule.body), "path": path})
            return "null"
        if rule is not None and rule.effect == "value":
            return rule.body
        if live.fate == "blocked":
            return self._fail(BLOCKED_TEXT, "FORBIDDEN", path)
        values: list[tuple[str, str]] = []
        for inner in top.fields:
            if inner.name != LIST:
                values.append((inner.key, self._attribute(inner, live)))
                continue
            try:
                values.append((inner.key, self._stargazers(inner, live, rule)))
            except NoAnswer as problem:
                text = self._fail(str(problem), problem.kind, [*path, inner.key])
                if (
                    not self.is_enterprise
                    and self.world.refusal(self.account, live) == "graph_null_repository"
                ):
                    return text
                values.append((inner.key, text))
        return as_object(values)

    def _attribute(self, asked: Field, live: LiveRepository) -> str:
        if asked.name == "owner":
            owner, _, _ = live.full_name.partition("/")
            is_person = owner.lower() in self.world.owners
            return as_plain(
                asked.fields,
                {
                    "__typename": "User" if is_person else "Organization",
                    "id": f"U_{self.world.owners[owner.lower()]}" if is_person else f"O_{owner}",
                    "login": owner,
                    "url": f"https://github.com/{owner}",
                },
            )
        return json.dumps(_ATTRIBUTES[asked.name](live, self))

    def _find_fault(self, top: Field, live: LiveRepository) -> Rule | None:
        """The fault of this repository in this query. Raises WholeAnswer."""
        asked = [inner.values(self._variables) for inner in top.fields if inner.name == LIST]
        rows = [row.get(name) for row in asked for name in ("first", "last")]
        first = max((amount for amount in rows if isinstance(amount, int)), default=0)
        alias = f"ALIAS {live.full_name}"
        rule = self.faults.find(alias, self.account.token, first, self._width)
        if rule is not None and rule.effect in ("cut", "poison"):
            raise WholeAnswer(rule)
        return rule

    def _stargazers(self, asked: Field, live: LiveRepository, rule: Rule | None) -> str:
        refusal = None if self.is_enterprise else self.world.refusal(self.account, live)
        if rule is not None and rule.effect == "withhold":
            refusal = "usual"
        if refusal in ("usual", "empty"):
            total = 0 if refusal == "usual" else live.stars
            return as_connection(asked, self.world, live, [], 0, 0, total)
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
        low, high = find_window(
            live,
            read_cursor(arguments, "after"),
            read_cursor(arguments, "before"),
            is_newest_first,
        )
        for amount, is_at_low_end in ((first, not is_newest_first), (last, is_newest_first)):
            if amount is not None:
                low, high = (
                    (low, min(high, low + amount))
                    if is_at_low_end
                    else (max(low, high - amount), high)
                )
        numbers = live.listed.numbers(low, high)
        self.pages.append((live.full_name, low, high))
        after, before = (low, live.stars - high) if is_newest_first else (live.stars - high, low)
        shown = numbers[::-1] if is_newest_first else numbers
        return as_connection(asked, self.world, live, shown, before, after, live.stars)

    def _fail(self, text: str, kind: str | None, path: list[str | int]) -> str:
        self.errors.append(
            {"type": kind, "path": path, "locations": [{"line": 1, "column": 1}], "message": text}
        )
        return "null"


_ATTRIBUTES: Mapping[str, Callable[[LiveRepository, Execution], Any]] = {
    "id": lambda live, _: f"R_{live.repository.id}",
    "databaseId": lambda live, _: live.repository.id,
    "name": lambda live, _: live.full_name.partition("/")[2],
    "nameWithOwner": lambda live, _: live.full_name,
    "url": lambda live, _: f"https://github.com/{live.full_name}",
    "stargazerCount": lambda live, _: live.stars,
    "createdAt": lambda live, _: render.moment(live.repository.created.timestamp()),
    "updatedAt": lambda live, _: render.touched(live),
    "pushedAt": lambda live, _: render.moment(render.TOUCHED_AT),
    "isPrivate": lambda live, _: live.repository.private,
    "isDisabled": lambda live, _: live.fate == "disabled",
    "isArchived": lambda live, _: False,
    "viewerPermission": lambda live, execution: execution.world.role(execution.account, live),
    "viewerHasStarred": lambda live, execution: live.repository.id in execution.account.starred,
    "__typename": lambda live, _: "Repository",
}


__all__ = ["Execution", "Query", "QueryInvalid", "WholeAnswer", "prepare"]
