"""The outcomes of a call to GitHub, as values.

Which answer becomes which outcome is decided in ``classify``.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from gitstars.model import Resource, Stargazer, Starred, Week

#: Permissions with which a repository's stargazers may be listed, by a token that has the right
#: scope. What triage and reading collaborators may do is not known: the answer is believed.
LISTING_PERMISSIONS = frozenset({"ADMIN", "MAINTAIN", "WRITE"})


@dataclass(frozen=True, slots=True)
class Page:
    """A page of stargazers in the order asked for; an empty one without a next is the end.

    ``ghosts`` are stars whose user is gone, ``ghost_times`` their ``starred_at`` as far as it is
    told. ``last_page`` is REST's; ``end_cursor``, ``total`` (the present count) and ``repository``
    are GraphQL's.
    """

    stargazers: tuple[Stargazer, ...]
    ghosts: int
    has_next: bool
    last_page: int | None = None
    end_cursor: str | None = None
    total: int | None = None
    repository: "Metadata | None" = None
    ghost_times: tuple[str, ...] = ()

    def hide(self, user_ids: Collection[int]) -> "Page":
        """The page with the stars of these people as ghosts."""
        hidden = [star for star in self.stargazers if star.github_id in user_ids]
        return replace(
            self,
            stargazers=tuple(star for star in self.stargazers if star.github_id not in user_ids),
            ghosts=self.ghosts + len(hidden),
            ghost_times=(*self.ghost_times, *(star.starred_at for star in hidden)),
        )


@dataclass(frozen=True, slots=True)
class Metadata:
    """A repository's own record.

    ``permission`` is what this account may do there, in GraphQL's words (``ADMIN``, ``MAINTAIN``,
    ``WRITE``, ``TRIAGE``, ``READ``; None: not said). REST's ``permissions`` are translated.
    ``etag``, given back with the next call of the same account, makes an unchanged record cost
    nothing.
    """

    github_id: int
    full_name: str
    stars: int
    is_private: bool = False
    permission: str | None = None
    updated_at: str | None = None
    is_disabled: bool = False
    etag: str | None = None
    owner_id: int | None = None

    @property
    def may_list(self) -> bool | None:
        """Whether GitHub gives the list to people with this permission; None: nobody knows."""
        if self.permission is None or self.permission == "TRIAGE":
            return None
        return self.permission in LISTING_PERMISSIONS


@dataclass(frozen=True, slots=True)
class Repositories:
    """A page of the repositories that an account owns or collaborates on."""

    repositories: tuple[Metadata, ...]
    has_next: bool


@dataclass(frozen=True, slots=True)
class StarredRepositories:
    """A page of the repositories that an account starred, the newest star first.

    Of GraphQL alone come ``end_cursor``, ``hidden`` (stars whose repository is not shown) and
    ``is_cut_off``: the account has more stars than GraphQL lists.
    """

    stars: tuple[Starred, ...]
    has_next: bool
    end_cursor: str | None = None
    hidden: int = 0
    is_cut_off: bool = False


@dataclass(frozen=True, slots=True)
class Weeks:
    """A page of the star history, newest week first.

    The days of a week are not UTC days (they fit US Pacific time): never join them with
    ``starred_at``. ``etag``, given back with the next call of the same account for the same page,
    makes an unchanged page cost nothing.
    """

    weeks: tuple[Week, ...]
    has_next: bool
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose token it is. ``scopes`` None: this kind of token has none (fine-grained, app)."""

    user_id: int
    login: str
    scopes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Owner:
    """A person or an organisation, and how many public repositories it has."""

    user_id: int
    login: str
    is_organization: bool
    public_repositories: int


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
    """The list is not for this account. ``face`` is a short stable word, ``text`` GitHub's own.

    ``repository`` is its record where told; ``accepted_permissions`` is the header
    ``X-Accepted-GitHub-Permissions`` where there is one: what a fine-grained token lacks.
    """

    face: str
    text: str
    repository: Metadata | None = None
    accepted_permissions: str | None = None


@dataclass(frozen=True, slots=True)
class Withheld:
    """The list is missing for an account that may read it (WRITE and above, with the scope).

    It was seen to last for minutes. It proves nothing about the list: try again soon.
    """

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
    """The account's token cannot be used before ``until`` (epoch seconds; None: not decided yet).

    ``reason``: ``rejected`` (401, confirmed), ``foreign`` (it is another person's) or
    ``unsendable`` (it has characters that no header may hold). ``text`` is a sentence.
    """

    text: str
    reason: str = "rejected"
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Outage:
    """Nothing reaches GitHub at present; this says nothing about what was asked.

    ``since`` is when the outage began, ``until`` when the way is probed next (epoch seconds).
    """

    text: str
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class PaginationWall:
    """422: the REST list ends at 40,000 stars."""

    text: str


@dataclass(frozen=True, slots=True)
class Transient:
    """The call failed in a way that may pass: no connection, time-out, cut-off answer, 5xx.

    ``is_foreign``: something that is not GitHub answered (a proxy, a gateway, a captive portal).
    """

    text: str
    is_foreign: bool = False


@dataclass(frozen=True, slots=True)
class Garbage:
    """GitHub answered, and the answer is not what the route promises."""

    text: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """gitstars is stopping, or the worker retires; the call did not go out."""


Outcome = (
    Page
    | Metadata
    | Repositories
    | StarredRepositories
    | Weeks
    | Identity
    | Owner
    | NotModified
    | RouteMissing
    | BudgetSpent
    | SecondaryLimit
    | Refused
    | Withheld
    | Missing
    | Gone
    | BadToken
    | Outage
    | PaginationWall
    | Transient
    | Garbage
    | Stopped
)


#: Outcomes that say nothing about what was asked for: the account, or the way to GitHub, has to
#: wait.
ABOUT_THE_CALL = (BudgetSpent, SecondaryLimit, BadToken, Outage, Stopped)


@dataclass(frozen=True, slots=True)
class GraphAnswer:
    """What a GraphQL query brought: one outcome an alias, in the order asked.

    ``has_failed``: the query as a whole was too much for GitHub or got lost (every outcome is
    Transient); a narrower one may succeed. ``seconds`` is how long GitHub took, ``cost`` the points
    it charged (0: it did not say). ``is_too_wide``: some alias could not be answered beside the
    others; a narrower query may.
    """

    outcomes: tuple[Outcome, ...]
    seconds: float = 0.0
    cost: int = 0
    has_failed: bool = False
    is_too_wide: bool = False
