"""The outcomes of a call to GitHub, as values. Which answer becomes which outcome is decided in ``classify``."""

from dataclasses import dataclass

from gitstars.model import Resource, Stargazer


@dataclass(frozen=True, slots=True)
class Page:
    """A page of stargazers. ``ghosts`` are stars whose user is gone; ``total`` is GitHub's count where the answer carries it."""

    stargazers: tuple[Stargazer, ...]
    ghosts: int
    has_next: bool
    last_page: int | None = None
    start_cursor: str | None = None
    end_cursor: str | None = None
    total: int | None = None
    repository: "Metadata | None" = None


@dataclass(frozen=True, slots=True)
class Metadata:
    """A repository's own record. ``may_list``: whether its ``permissions`` let this account list stargazers (None: not said)."""

    github_id: int
    full_name: str
    stars: int
    is_private: bool = False
    may_list: bool | None = None
    updated_at: str | None = None
    is_disabled: bool = False


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
    """The list is not for this account. ``face`` is a short stable word, ``text`` GitHub's own; ``total`` the count where it was told."""

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
    Page | Metadata | BudgetSpent | SecondaryLimit | Refused | Missing | Gone | BadToken | PaginationWall | Transient | Garbage | Stopped
)
