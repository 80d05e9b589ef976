"""The GraphQL queries that gitstars asks, executed: aliased repositories with stargazers, counts, the rate limit and the viewer."""

from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError, parse
from graphql.language import FieldNode, InlineFragmentNode, OperationDefinitionNode, VariableNode
from graphql.utilities import value_from_ast_untyped

from gitstars.simulator.people import Star
from gitstars.simulator.render import moment
from gitstars.simulator.scenario import SimAccount
from gitstars.simulator.world import Place, World

FORBIDDEN_TEXT = "You do not have permission to view the stargazers of this repository"


@dataclass(slots=True)
class Execution:
    """A query on its way: what it answers, what went wrong by alias, and what it costs."""

    world: World
    account: SimAccount
    variables: dict[str, Any]
    errors: list[dict[str, Any]] = field(default_factory=list)
    lists: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A parsed query: its top-level fields and the number of requests that its connections need."""

    fields: tuple[FieldNode, ...]
    lists: int

    @property
    def cost(self) -> int:
        """Points: the requests needed, divided by 100 and rounded, one at least."""
        return max(1, round(self.lists / 100))


def read_query(text: str) -> Plan:
    """Parse a query. Raises GraphQLError when it is none."""
    document = parse(text)
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) != 1:
        raise GraphQLError("exactly one operation is expected")
    top = tuple(node for node in operations[0].selection_set.selections if isinstance(node, FieldNode))
    lists = sum(
        1 for node in top for inner in _fields(node) if inner.name.value == "stargazers" and _argument_names(inner) & {"first", "last"}
    )
    return Plan(top, lists)


def execute(plan: Plan, execution: Execution, rate: dict[str, Any]) -> dict[str, Any]:
    """The ``data`` of the answer; errors are collected in ``execution``."""
    data: dict[str, Any] = {}
    for node in plan.fields:
        alias = node.alias.value if node.alias else node.name.value
        match node.name.value:
            case "rateLimit":
                data[alias] = {name: rate.get(name) for name in (inner.name.value for inner in _fields(node))}
            case "viewer":
                data[alias] = {"login": execution.account.login, "databaseId": execution.account.user_id}
            case "repository":
                data[alias] = _repository(node, alias, execution)
            case other:
                execution.errors.append({"message": f"Field '{other}' is not simulated", "path": [alias]})
                data[alias] = None
    return data


def _repository(node: FieldNode, alias: str, execution: Execution) -> dict[str, Any] | None:
    arguments = _arguments(node, execution.variables)
    full_name = f"{arguments.get('owner')}/{arguments.get('name')}"
    place = execution.world.place(full_name) or execution.world.moved(full_name)
    if (
        place is None
        or place.fate == "deleted"
        or (place.repository.private and not execution.world.may_collaborate(execution.account, place))
    ):
        text = f"Could not resolve to a Repository with the name '{full_name}'."
        execution.errors.append({"type": "NOT_FOUND", "path": [alias], "message": text})
        return None
    if place.fate == "blocked":
        execution.errors.append({"type": "FORBIDDEN", "path": [alias], "message": "Repository access blocked"})
        return None
    answer: dict[str, Any] = {}
    for inner in _fields(node):
        name = inner.name.value
        key = inner.alias.value if inner.alias else name
        if name == "stargazers":
            refusal = execution.world.refusal(execution.account, place)
            if refusal == "graph_null_repository":
                execution.errors.append({"type": "FORBIDDEN", "path": [alias, key], "message": FORBIDDEN_TEXT})
                return None
            answer[key] = _stargazers(inner, (alias, key), place, refusal, execution)
        else:
            answer[key] = _plain_field(name, place, execution)
    return answer


def _plain_field(name: str, place: Place, execution: Execution) -> Any:
    collaborates = execution.world.may_collaborate(execution.account, place)
    return {
        "databaseId": place.repository.id,
        "nameWithOwner": place.full_name,
        "stargazerCount": place.stars,
        "isPrivate": place.repository.private,
        "isDisabled": place.fate == "disabled",
        "updatedAt": moment(1_790_000_000 + place.updated),
        "viewerPermission": "WRITE" if collaborates else "READ",
    }.get(name)


def _stargazers(node: FieldNode, path: tuple[str, str], place: Place, refusal: str | None, execution: Execution) -> dict[str, Any] | None:
    arguments = _arguments(node, execution.variables)
    if refusal == "empty":
        return {"totalCount": place.stars, "edges": [], "pageInfo": _page_info(0, 0, 0)}
    if refusal is not None:
        execution.errors.append({"type": "FORBIDDEN", "path": list(path), "message": FORBIDDEN_TEXT})
        return None
    order = arguments.get("orderBy") or {"direction": "ASC"}
    newest_first = order.get("direction") == "DESC"
    count = int(arguments.get("first") or arguments.get("last") or 0)
    after = arguments.get("after")
    start = _position(str(after)) + 1 if after else 0
    if newest_first:
        last = place.stars - start
        page = place.slice(max(0, last - count), min(count, last))[::-1] if last > 0 else []
    else:
        page = place.slice(start, count)
    edges = [_edge(execution.world, star, start + offset) for offset, star in enumerate(page)]
    return {"totalCount": place.stars, "edges": edges, "pageInfo": _page_info(start, len(page), place.stars)}


def _edge(world: World, star: Star, position: int) -> dict[str, Any]:
    node = None
    if star.user_id:
        login = world.login_of(star.user_id)
        avatar = f"https://avatars.githubusercontent.com/u/{star.user_id}?v=4"
        node = {"databaseId": star.user_id, "login": login, "avatarUrl": avatar, "url": f"https://github.com/{login}"}
    return {"starredAt": moment(star.starred_at), "cursor": _cursor(position), "node": node}


def _page_info(start: int, count: int, total: int) -> dict[str, Any]:
    return {
        "startCursor": _cursor(start) if count else None,
        "endCursor": _cursor(start + count - 1) if count else None,
        "hasNextPage": start + count < total,
        "hasPreviousPage": start > 0,
    }


def _cursor(position: int) -> str:
    return f"cursor:{position}"


def _position(cursor: str) -> int:
    return int(cursor.partition(":")[2] or -1)


def _fields(node: FieldNode) -> list[FieldNode]:
    found: list[FieldNode] = []
    for selection in node.selection_set.selections if node.selection_set else ():
        if isinstance(selection, FieldNode):
            found.append(selection)
        elif isinstance(selection, InlineFragmentNode):
            found.extend(inner for inner in selection.selection_set.selections if isinstance(inner, FieldNode))
    return found


def _argument_names(node: FieldNode) -> set[str]:
    return {argument.name.value for argument in node.arguments or ()}


def _arguments(node: FieldNode, variables: dict[str, Any]) -> dict[str, Any]:
    return {
        argument.name.value: variables.get(argument.value.name.value)
        if isinstance(argument.value, VariableNode)
        else value_from_ast_untyped(argument.value, variables)
        for argument in node.arguments or ()
    }
