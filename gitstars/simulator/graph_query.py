"""GraphQL texts read into trees of fields, checked against the simulated part of GitHub's
schema.

Pure; ``graph`` executes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import GraphQLError, Undefined, parse
from graphql.language import (
    ArgumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_location,
)
from graphql.utilities import value_from_ast_untyped

#: Longer queries are refused (lexical tokens).
MOST_TOKENS = 200_000
#: Queries kept in their parsed form.
KEPT_QUERIES = 64

_ATTRIBUTES = (
    *(
        "id",
        "databaseId",
        "name",
        "nameWithOwner",
        "url",
        "stargazerCount",
        "createdAt",
        "updatedAt",
        "pushedAt",
    ),
    *("isPrivate", "isDisabled", "isArchived", "viewerPermission", "viewerHasStarred"),
    "description",
)
_PAGING = {"first", "last", "after", "before"}
#: type -> field -> (type of what it leads to, None for a plain value; arguments that it takes).
FIELDS: Mapping[str, Mapping[str, tuple[str | None, set[str]]]] = {
    "Query": {
        "viewer": ("User", set()),
        "user": ("User", {"login"}),
        "rateLimit": ("RateLimit", {"dryRun"}),
        "repository": ("Repository", {"owner", "name", "followRenames"}),
        "node": ("Node", {"id"}),
        "nodes": ("Node", {"ids"}),
    },
    "Node": {"id": (None, set())},
    "RateLimit": {
        name: (None, set())
        for name in ("limit", "cost", "remaining", "resetAt", "used", "nodeCount")
    },
    "User": {name: (None, set()) for name in ("id", "databaseId", "login", "url", "name")}
    | {
        "avatarUrl": (None, {"size"}),
        "starredRepositories": ("StarredRepositoryConnection", {*_PAGING, "orderBy"}),
    },
    "Repository": {name: (None, set()) for name in _ATTRIBUTES}
    | {
        "owner": ("RepositoryOwner", set()),
        "primaryLanguage": ("Language", set()),
        "stargazers": ("StargazerConnection", {*_PAGING, "orderBy"}),
    },
    "RepositoryOwner": {name: (None, set()) for name in ("id", "login", "url")}
    | {"avatarUrl": (None, {"size"})},
    "Language": {name: (None, set()) for name in ("id", "name", "color")},
    "StarredRepositoryConnection": {
        "totalCount": (None, set()),
        "isOverLimit": (None, set()),
        "pageInfo": ("PageInfo", set()),
        "edges": ("StarredRepositoryEdge", set()),
        "nodes": ("Repository", set()),
    },
    "StarredRepositoryEdge": {
        "cursor": (None, set()),
        "starredAt": (None, set()),
        "node": ("Repository", set()),
    },
    "StargazerConnection": {
        "totalCount": (None, set()),
        "pageInfo": ("PageInfo", set()),
        "edges": ("StargazerEdge", set()),
        "nodes": ("User", set()),
    },
    "PageInfo": {
        name: (None, set())
        for name in ("startCursor", "endCursor", "hasNextPage", "hasPreviousPage")
    },
    "StargazerEdge": {"cursor": (None, set()), "starredAt": (None, set()), "node": ("User", set())},
}


class QueryInvalid(Exception):
    """The query is none, or asks for what is not there; ``problem`` is the entry for ``errors``."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem["message"])
        self.problem = problem


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field that is asked for: its ``key`` in the answer, and what is asked below it.

    ``on`` is the type condition around it, if any.
    """

    key: str
    name: str
    arguments: tuple[ArgumentNode, ...]
    fields: tuple["Field", ...]
    on: str | None = None

    def values(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments' values; those whose variables were left out are left out."""
        read = {
            argument.name.value: value_from_ast_untyped(argument.value, dict(variables))
            for argument in self.arguments
        }
        return {name: value for name, value in read.items() if value is not Undefined}


@lru_cache(KEPT_QUERIES)
def read_query(text: str) -> tuple[tuple[Field, ...], Mapping[str, Any]]:
    """The top-level fields of a query, and its variables' defaults: ``Undefined`` for those that
    have to be given.

    Raises QueryInvalid.
    """
    try:
        document = parse(text, max_tokens=MOST_TOKENS)
    except GraphQLError as error:
        place = [{"line": line.line, "column": line.column} for line in error.locations or ()]
        raise QueryInvalid({"message": error.message, "locations": place}) from error
    except RecursionError as error:
        raise QueryInvalid({"message": "The query is nested too deeply"}) from error
    operations = [
        node for node in document.definitions if isinstance(node, OperationDefinitionNode)
    ]
    if len(operations) != 1 or operations[0].operation != OperationType.QUERY:
        raise QueryInvalid(
            {"message": "Exactly one query is simulated; mutations and several operations are not"}
        )
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    fields = _Reader(fragments).read(operations[0].selection_set, "Query", ("query",))
    defaults: dict[str, Any] = {}
    for variable in operations[0].variable_definitions or ():
        if variable.default_value is not None:
            defaults[variable.variable.name.value] = value_from_ast_untyped(variable.default_value)
        elif variable.type.kind == "non_null_type":
            defaults[variable.variable.name.value] = Undefined
    return fields, defaults


class _Reader:
    """Flattens selections, fragments included."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments

    def read(
        self,
        selections: SelectionSetNode,
        type_name: str,
        path: tuple[str, ...],
        on: str | None = None,
    ) -> tuple[Field, ...]:
        found: list[Field] = []
        for node in selections.selections:
            if isinstance(node, FieldNode):
                found.append(self._read_field(node, type_name, path, on))
                continue
            if isinstance(node, FragmentSpreadNode):
                fragment = self._fragments.get(node.name.value)
                if fragment is None or len(path) > 20:
                    raise QueryInvalid(
                        {
                            "message": (
                                f"Fragment {node.name.value} was used, but not defined, or it "
                                "uses itself"
                            )
                        }
                    )
                condition, inner = fragment.type_condition.name.value, fragment.selection_set
            else:
                assert isinstance(node, InlineFragmentNode)
                condition, inner = (
                    node.type_condition.name.value if node.type_condition else type_name,
                    node.selection_set,
                )
            narrowed = None if condition in (type_name, "Node") else condition
            found.extend(
                self.read(
                    inner,
                    type_name if narrowed is None else condition,
                    (*path, f"... on {condition}"),
                    narrowed or on,
                )
            )
        return tuple(found)

    def _read_field(
        self, node: FieldNode, type_name: str, path: tuple[str, ...], on: str | None
    ) -> Field:
        name, key = node.name.value, node.alias.value if node.alias else node.name.value
        here = (*path, key)
        if name == "__typename":
            return Field(key, name, (), (), on)
        known = FIELDS.get(type_name, {}).get(name)
        if known is None:
            raise self._undefined(node, here, type_name)
        leads_to, allowed = known
        for argument in node.arguments or ():
            if argument.name.value not in allowed:
                text = f"Field '{name}' doesn't accept argument '{argument.name.value}'"
                raise QueryInvalid(
                    {
                        "message": text,
                        "path": list(here),
                        "extensions": {"code": "argumentNotAccepted"},
                    }
                )
        if (leads_to is None) != (node.selection_set is None):
            text = f"Field must{'' if leads_to else ' not'} have selections (field '{name}')"
            raise QueryInvalid(
                {"message": text, "path": list(here), "extensions": {"code": "selectionMismatch"}}
            )
        inner = (
            self.read(node.selection_set, leads_to, here) if node.selection_set and leads_to else ()
        )
        return Field(key, name, tuple(node.arguments or ()), inner, on)

    @staticmethod
    def _undefined(node: FieldNode, path: tuple[str, ...], type_name: str) -> QueryInvalid:
        name = node.name.value
        problem: dict[str, Any] = {
            "path": list(path),
            "message": f"Field '{name}' doesn't exist on type '{type_name}'",
        }
        problem["extensions"] = {"code": "undefinedField", "typeName": type_name, "fieldName": name}
        if node.loc is not None:
            place = get_location(node.loc.source, node.loc.start)
            problem["locations"] = [{"line": place.line, "column": place.column}]
        return QueryInvalid(problem)
