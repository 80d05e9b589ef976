"""GraphQL's payloads as typed structs: what gitstars reads of them, checked, an alias at a time.

All ``decode_*`` functions raise ``decode.Undecodable`` when the body is anything else, and nothing
else.
"""

from collections.abc import Iterable

import msgspec
from msgspec import Raw, Struct

from gitstars.fetch.answers import Metadata, Page, StarredRepositories
from gitstars.fetch.decode import Amount, Moment, PositiveId, Text, decode_as
from gitstars.model import Repository, Stargazer, Starred


class GraphUser(Struct, rename="camel"):
    database_id: PositiveId | None
    login: Text
    avatar_url: str
    url: str


class GraphEdge(Struct, rename="camel"):
    starred_at: Moment
    node: GraphUser | None


class GraphPageInfo(Struct, rename="camel"):
    has_next_page: bool
    end_cursor: str | None = None


class GraphStargazers(Struct, rename="camel"):
    total_count: Amount
    edges: list[GraphEdge | None]
    page_info: GraphPageInfo


class GraphRepository(Struct, rename="camel"):
    database_id: PositiveId
    name_with_owner: Text
    stargazer_count: Amount
    is_private: bool = False
    is_disabled: bool = False
    updated_at: str | None = None
    viewer_permission: str | None = None
    stargazers: GraphStargazers | None = None


class GraphOwner(Struct, rename="camel"):
    login: Text
    avatar_url: str | None = None


class GraphLanguage(Struct):
    name: str


class GraphStarredRepository(Struct, rename="camel"):
    database_id: PositiveId
    name_with_owner: Text
    stargazer_count: Amount
    is_private: bool = False
    description: str | None = None
    url: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    primary_language: GraphLanguage | None = None
    owner: GraphOwner | None = None


class GraphStarredEdge(Struct, rename="camel"):
    starred_at: Moment
    node: GraphStarredRepository


class GraphStarredList(Struct, rename="camel"):
    edges: list[GraphStarredEdge | None]
    page_info: GraphPageInfo
    is_over_limit: bool = False


class GraphViewer(Struct, rename="camel"):
    starred_repositories: GraphStarredList


class GraphRate(Struct, rename="camel"):
    """The ``rateLimit`` that every query asks for beside its data."""

    cost: Amount
    remaining: Amount
    limit: Amount
    reset_at: Moment


class GraphExtensions(Struct):
    code: str | None = None


class GraphProblem(Struct):
    """An entry of ``errors``; without ``path`` it is about the whole query."""

    message: str = ""
    type: str | None = None
    path: list[str | int] | None = None
    code: str | None = None
    extensions: GraphExtensions | None = None


class GraphBody(Struct):
    """A GraphQL answer; ``data`` by alias, each still to be decoded, so that one bad alias
    spoils no other.
    """

    data: dict[str, Raw] | None = None
    errors: list[GraphProblem] | None = None


_GRAPH_BODY = msgspec.json.Decoder(GraphBody)
_GRAPH_REPOSITORY = msgspec.json.Decoder(GraphRepository | None)
_GRAPH_VIEWER = msgspec.json.Decoder(GraphViewer | None)
_GRAPH_RATE = msgspec.json.Decoder(GraphRate | None)


def decode_graph(body: bytes) -> GraphBody:
    """A GraphQL answer, its aliases still raw."""
    return decode_as(_GRAPH_BODY, body)


def decode_graph_rate(raw: Raw) -> GraphRate | None:
    """The ``rateLimit`` of a GraphQL answer; a server without limits says null."""
    rate: GraphRate | None = decode_as(_GRAPH_RATE, raw)
    return rate


def decode_graph_repository(raw: Raw) -> tuple[Metadata, Page | None] | None:
    """An alias: the repository's record, and the page of its list where there is one; None:
    GitHub answered null.
    """
    read = decode_as(_GRAPH_REPOSITORY, raw)
    if read is None:
        return None
    metadata = Metadata(
        read.database_id,
        read.name_with_owner,
        read.stargazer_count,
        read.is_private,
        read.viewer_permission,
        read.updated_at,
        read.is_disabled,
    )
    return metadata, None if read.stargazers is None else _to_page(read.stargazers, metadata)


def decode_graph_starred(raw: Raw) -> StarredRepositories | None:
    """A page of the repositories that whoever asks starred; None: GitHub answered null."""
    read = decode_as(_GRAPH_VIEWER, raw)
    if read is None:
        return None
    listed, info = read.starred_repositories, read.starred_repositories.page_info
    known = [edge for edge in listed.edges if edge is not None]
    return StarredRepositories(
        tuple(map(_to_starred, known)),
        info.has_next_page,
        end_cursor=info.end_cursor,
        hidden=len(listed.edges) - len(known),
        is_cut_off=listed.is_over_limit or (info.has_next_page and not info.end_cursor),
    )


def _to_starred(edge: GraphStarredEdge) -> Starred:
    place, owner = edge.node, edge.node.owner
    name = place.name_with_owner
    return Starred(
        Repository(name, name, place.database_id, place.stargazer_count, place.is_private),
        edge.starred_at,
        place.description,
        place.url,
        None if place.primary_language is None else place.primary_language.name,
        None if owner is None else owner.login,
        None if owner is None else owner.avatar_url,
        place.created_at,
        place.updated_at,
    )


def _to_page(read: GraphStargazers, metadata: Metadata) -> Page:
    stargazers: list[Stargazer] = []
    ghost_times: list[str | None] = []
    for starred_at, user in _dated(read.edges):
        if starred_at is None or user is None or user.database_id is None:
            ghost_times.append(starred_at)
        else:
            stargazers.append(
                Stargazer(user.database_id, user.login, user.avatar_url, user.url, starred_at)
            )
    return Page(
        tuple(stargazers),
        len(ghost_times),
        read.page_info.has_next_page,
        end_cursor=read.page_info.end_cursor,
        total=read.total_count,
        repository=metadata,
        ghost_times=tuple(at for at in ghost_times if at is not None),
    )


def _dated(edges: Iterable[GraphEdge | None]) -> Iterable[tuple[str | None, GraphUser | None]]:
    """Every edge with a time.

    The schema lets a null user take its edge, and the time, with it: then the edge before lends its
    own. None: no edge of the page has a time.
    """
    known = list(edges)
    starred_at = next((edge.starred_at for edge in known if edge is not None), None)
    for edge in known:
        if edge is not None:
            starred_at = edge.starred_at
        yield starred_at, None if edge is None else edge.node
