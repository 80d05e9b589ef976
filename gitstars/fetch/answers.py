"""The outcomes of a call to GitHub, as values.

Which answer becomes which outcome is decided in ``classify``.
"""

from dataclasses import dataclass

from gitstars.model import Resource, Stargazer, Week


@dataclass(frozen=True, slots=True)
class Page:
    """A page of stargazers in the order asked for; an empty one without a next is the end.

    ``ghosts`` are stars whose user is gone, ``ghost_times`` their ``starred_at``. ``last_page`` is
    REST's; ``end_cursor``, ``total`` (the present count) and ``repository`` are GraphQL's.
    """

    stargazers: tuple[Stargazer, ...]
    ghosts: int
    has_next: bool
    last_page: int | None = None
    end_cursor: str | None = None
    total: int | None = None
    repository: "Metadata | None" = None
    ghost_times: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metadata:
    """A repository's own record.

    ``may_list``: whether its ``permissions`` let this account list stargazers (None: not said).

    ``etag``, given back with the next call of the same account, makes an unchanged record cost
    nothing.
    """

    github_id: int
    full_name: str
    stars: int
    is_private: bool = False
    may_list: bool | None = None
    updated_at: str | None = None
    is_disabled: bool = False
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Repositories:
    """A page of the repositories that an account owns or collaborates on."""

    repositories: tuple[Metadata, ...]
    has_next: bool


@dataclass(frozen=True, slots=True)
class Count:
    """How many stars a repository has; open to everybody."""

    stars: int


@dataclass(frozen=True, slots=True)
class Weeks:
    """A page of the star history, newest week first."""

    weeks: tuple[Week, ...]
    has_next: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose token it is. ``scopes`` None: this kind of token has none (fine-grained, app)."""

    user_id: int
    login: str
    scopes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class NotModified:
    """304: the record is still what it was when its ``etag`` came."""


@dataclass(frozen=True, slots=True)
class RouteMissing:
    """This server does not have the route; the repository is there."""


@dataclass(frozen=True, slots=True)
class BudgetSpent:
    """The hourly budget of ``resource`` is used up until ``until`` (epoch seconds)."""

    resource: Resource
    until: float


@dataclass(frozen=True, slots=True)
class SecondaryLimit:
    """GitHub asks this user to pause, on every resource, until ``until`` (epoch seconds)."""

    until: float
    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The list is not for this account.

    ``face`` is a short stable word, ``text`` GitHub's own, ``repository`` its record where told.
    """

    face: str
    text: str
    repository: Metadata | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """404: refused, or gone; the repository's own record tells which."""

    text: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The repository is not to be had: ``reason`` is ``deleted``, ``blocked`` or ``disabled``."""

    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class BadToken:
    """401: the account's token is not accepted."""

    text: str


@dataclass(frozen=True, slots=True)
class PaginationWall:
    """422: the REST list ends at 40,000 stars."""

    text: str


@dataclass(frozen=True, slots=True)
class Transient:
    """The call failed in a way that may pass: no connection, time-out, cut-off answer, 5xx."""

    text: str


@dataclass(frozen=True, slots=True)
class Garbage:
    """The answer is not what the route promises."""

    text: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """gitstars is stopping, or the worker retires; the call did not go out."""


Outcome = (
    Page
    | Metadata
    | Repositories
    | Count
    | Weeks
    | Identity
    | NotModified
    | RouteMissing
    | BudgetSpent
    | SecondaryLimit
    | Refused
    | Missing
    | Gone
    | BadToken
    | PaginationWall
    | Transient
    | Garbage
    | Stopped
)


@dataclass(frozen=True, slots=True)
class GraphAnswer:
    """What a GraphQL query brought: one outcome an alias, in the order asked.

    ``has_failed``: the query as a whole was too much for GitHub or got lost (every outcome is
    Transient); a narrower one may succeed. ``seconds`` is how long GitHub took, ``cost`` the points
    it charged (0: it did not say).
    """

    outcomes: tuple[Outcome, ...]
    seconds: float = 0.0
    cost: int = 0
    has_failed: bool = False
