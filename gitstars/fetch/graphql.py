"""GraphQL queries as texts with variables: aliases ``r0``, ``r1``, … of repositories, and the
rate limit in the same query.

Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: Users and stars that one alias may ask for.
MOST_STARS = 100

_RECORD = "databaseId nameWithOwner stargazerCount isPrivate isDisabled updatedAt viewerPermission"
_STARS = (
    "totalCount pageInfo{hasNextPage endCursor} edges{starredAt node{databaseId login avatarUrl "
    "url}}"
)
_STARRED = (
    "isOverLimit pageInfo{hasNextPage endCursor} edges{starredAt node{databaseId nameWithOwner "
    "stargazerCount isPrivate description url createdAt updatedAt primaryLanguage{name} "
    "owner{login avatarUrl}}}"
)
_RATE = "rateLimit{cost remaining limit resetAt}"


@dataclass(frozen=True, slots=True)
class GraphAsk:
    """A page of a repository's list: the ``first`` stars ``after`` a cursor, oldest first or
    newest first.
    """

    full_name: str
    first: int = MOST_STARS
    after: str | None = None
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class GraphQuery:
    """A query ready to be sent. ``cost`` is what GitHub is expected to charge (points)."""

    text: str
    variables: Mapping[str, object]
    cost: int


def aliases(width: int) -> list[str]:
    """The names of the first ``width`` aliases."""
    return [f"r{number}" for number in range(width)]


def estimate_cost(lists: int) -> int:
    """Points of a query over ``lists`` lists: GitHub counts the requests that they need, divides
    by 100 and rounds; one at least.
    """
    return max(1, round(lists / 100))


def build_stars_query(asks: Sequence[GraphAsk]) -> GraphQuery:
    """One page of each list asked for."""
    variables: dict[str, object] = {}
    fields = []
    for alias, ask in zip(aliases(len(asks)), asks, strict=True):
        variables |= _name_variables(alias, ask.full_name) | {
            f"{alias}_first": ask.first,
            f"{alias}_after": ask.after,
            f"{alias}_order": {
                "field": "STARRED_AT",
                "direction": "DESC" if ask.newest_first else "ASC",
            },
        }
        fields.append(
            f"{_repository(alias)}{{{_RECORD} stargazers(first:${alias}_first,"
            f"after:${alias}_after,orderBy:${alias}_order){{{_STARS}}}}}"
        )
    types = {"_first": "Int!", "_after": "String", "_order": "StarOrder!"}
    return GraphQuery(_compose(len(asks), types, fields), variables, estimate_cost(len(asks)))


def build_counts_query(full_names: Sequence[str]) -> GraphQuery:
    """The records of some hundreds of repositories; no lists, so one point."""
    variables: dict[str, object] = {}
    for alias, full_name in zip(aliases(len(full_names)), full_names, strict=True):
        variables |= _name_variables(alias, full_name)
    fields = [f"{_repository(alias)}{{{_RECORD}}}" for alias in aliases(len(full_names))]
    return GraphQuery(_compose(len(full_names), {}, fields), variables, estimate_cost(0))


def build_starred_query(after: str | None) -> GraphQuery:
    """100 repositories that whoever asks starred, the newest star first, behind a cursor."""
    (alias,) = aliases(1)
    text = (
        f"query(${alias}_after:String){{{_RATE} {alias}:viewer{{starredRepositories("
        f"first:{MOST_STARS},after:${alias}_after,"
        f"orderBy:{{field:STARRED_AT,direction:DESC}}){{{_STARRED}}}}}}}"
    )
    return GraphQuery(text, {f"{alias}_after": after}, estimate_cost(1))


def _name_variables(alias: str, full_name: str) -> dict[str, object]:
    owner, _, name = full_name.partition("/")
    return {f"{alias}_owner": owner, f"{alias}_name": name}


def _repository(alias: str) -> str:
    return f"{alias}:repository(owner:${alias}_owner,name:${alias}_name)"


def _compose(width: int, types: Mapping[str, str], fields: Sequence[str]) -> str:
    typed = {"_owner": "String!", "_name": "String!", **types}
    declared = ",".join(
        f"${alias}{suffix}:{kind}" for alias in aliases(width) for suffix, kind in typed.items()
    )
    return f"query({declared}){{{_RATE} {' '.join(fields)}}}"
