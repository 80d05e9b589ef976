"""The GraphQL queries that gitstars asks, executed: repositories by name or node id with their
stargazers, the rate limit and the viewer.

The answer is put together as JSON text; pages of stargazers are ``graph_page``'s.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import Undefined

from gitstars.simulator.faults import Faults, Rule
from gitstars.simulator.graph_page import (
    USER_VALUES,
    NoAnswer,
    as_connection,
    as_object,
    as_plain,
    check_amounts,
    find_window,
    read_cursor,
)
from gitstars.simulator.graph_query import Field, QueryInvalid, read_query
from gitstars.simulator.graph_repository import attribute
from gitstars.simulator.graph_starred import starred_connection
from gitstars.simulator.rest import BLOCKED_TEXT, PERMISSION_TEXT, REFUSAL_TEXTS
from gitstars.simulator.scenario import SimAccount
from gitstars.simulator.world import LiveRepository, World

#: Rows of a whole query.
MOST_NODES = 500_000
#: The connection of stars, and that of what a person starred.
LIST, STARRED = "stargazers", "starredRepositories"


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
            if inner.name in (LIST, STARRED) and any(
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
    and up to which, oldest first; ``starred`` those of lists of what somebody starred, in the order
    asked for.
    """

    world: World
    account: SimAccount
    faults: Faults
    rate: dict[str, Any] | None
    is_enterprise: bool = False
    errors: list[dict[str, Any]] = field(default_factory=list)
    pages: list[tuple[str, int, int]] = field(default_factory=list)
    starred: list[tuple[int, int]] = field(default_factory=list)
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
                return self._person(top, self.account.user_id)
            case "user":
                login = str(arguments.get("login"))
                user_id = self.world.user_of(login)
                if user_id is None:
                    text = f"Could not resolve to a User with the login of '{login}'."
                    return self._fail(text, "NOT_FOUND", [top.key])
                return self._person(top, user_id)
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

    def _person(self, top: Field, user_id: int) -> str:
        """A person's own fields, and what the person starred."""
        values = {"id": user_id, "login": self.world.login_of(user_id)}
        found = []
        for inner in top.fields:
            if inner.name != STARRED:
                found.append((inner.key, USER_VALUES[inner.name] % values))
                continue
            try:
                text, positions = starred_connection(
                    inner, self._variables, self.world, self.account, user_id
                )
            except NoAnswer as problem:
                # The connection must not be null, so that the person around it is.
                return self._fail(str(problem), problem.kind, [top.key, inner.key])
            self.starred.append(positions)
            found.append((inner.key, text))
        return as_object(found)

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
                values.append((inner.key, attribute(inner, self.world, self.account, live)))
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
        check_amounts(asked, arguments)
        first, last = arguments.get("first"), arguments.get("last")
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


__all__ = ["Execution", "Query", "QueryInvalid", "WholeAnswer", "prepare"]
