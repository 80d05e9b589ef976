"""The frozen values that the stages hand to each other.

No behaviour beyond what follows from a value alone.

Times are seconds since the epoch (float) unless a name says otherwise; ``starred_at`` stays the ISO
8601 text that GitHub sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

#: The resume position of a repository: plain strings and ints, opaque to the store. ``{}`` is the
#: beginning.
Cursor = Mapping[str, Any]


class Status(StrEnum):
    """``repo_processing_status.status``."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    RATE_LIMITED = "rate_limited"
    PAGINATION_LIMITED = "pagination_limited"
    RESTRICTED = "restricted"


class Resource(StrEnum):
    """GitHub's two budgets."""

    CORE = "core"
    GRAPHQL = "graphql"


@dataclass(frozen=True, slots=True)
class Account:
    """A GitHub account that signed in to the web application.

    Budgets and routing are keyed by ``user_id``. ``is_anonymous``: nobody's; calls bear no token.
    """

    key: str
    user_id: int
    login: str
    token: str = field(repr=False)
    scopes: frozenset[str] | None = None
    github_user: Any = None
    is_anonymous: bool = False

    def __str__(self) -> str:
        return f"{self.login or '?'} ({self.user_id})"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository record: ``key`` is its record id without the table, ``full_name`` its
    ``owner/name`` at GitHub.
    """

    key: str
    full_name: str
    github_id: int | None
    stars: int
    is_private: bool = False


class Stargazer(NamedTuple):
    """One star: who and when."""

    github_id: int
    login: str
    avatar_url: str
    profile_url: str
    starred_at: str


class Task(StrEnum):
    """What a job is about: a repository's list, its weekly history; the repositories an account
    holds, those that it starred, those of owners that are followed; the counts of many at once.
    """

    LIST = "list"
    HISTORY = "history"
    OWN = "own"
    STARRED = "starred"
    FOLLOWED = "followed"
    COUNTS = "counts"


def history_statuses(setting: str) -> frozenset[Status]:
    """The statuses in which a repository has a weekly history, by ``collect.history``."""
    chosen = {
        "none": (),
        "restricted": (Status.RESTRICTED,),
        "all": (Status.RESTRICTED, Status.COMPLETED),
    }
    return frozenset(chosen[setting])


def wants_history(setting: str, status: Status | None, repository: Repository) -> bool:
    """Whether a repository in this status has a weekly history, by ``collect.history``; GitHub
    gives none of private ones.
    """
    return status in history_statuses(setting) and not repository.is_private


class Week(NamedTuple):
    """Stars of one week that are still there.

    ``week`` is its Sunday in epoch seconds, ``days`` are seven numbers from that day on, and
    ``total`` is their sum. The days are not UTC days, although ``week`` is midnight UTC: they fit
    US Pacific time, so they are never joined with ``starred_at``. Days to come are zeros.
    """

    week: int
    total: int
    days: tuple[int, ...]


class Priority:
    """Order of the queue: lower goes first."""

    OWN = -1
    NEW_ACCOUNT = 0
    REQUESTED = 5
    EXISTING = 10
    REFRESH = 20
    HISTORY = 30


#: Stands where a job is about an account and no repository of its.
ALL_REPOSITORIES = Repository("", "all repositories", None, 0)


@dataclass(frozen=True, slots=True)
class Job:
    """Work on one repository (or ``ALL_REPOSITORIES``) with one account's token."""

    user_id: int
    repository: Repository
    priority: int = Priority.EXISTING
    force: bool = False
    task: Task = Task.LIST

    @property
    def key(self) -> tuple[Task, str]:
        """What a lane holds once."""
        return self.task, self.repository.key


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a repository has come; absolute numbers, so that writing it twice changes nothing."""

    cursor: Cursor = field(default_factory=dict)
    last_page: int = 0
    total_pages: int | None = None
    total_stargazers: int | None = None
    processed: int = 0
    ghosts: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """The lease on a repository: ``row`` is its status record (opaque outside the store),
    ``owner`` the token that every write proves, ``lease_seconds`` how long it holds from the claim
    and from each stored page on.

    ``generation`` is that of the last whole reading that ended (0: none did); ``swept_at`` when one
    closed the stars that had ended. ``updated_at`` and ``etag`` are what GitHub said of the
    repository when it was completed.

    ``former``: the figures of the last list that was proven, which holds until another one is; None
    where none was. ``begins_anew``: the list is read from its beginning because that was asked for.
    """

    row: Any
    repository: Repository
    owner: str
    progress: Progress
    lease_seconds: float
    error_count: int = 0
    completed_at: float | None = None
    generation: int = 0
    swept_at: float | None = None
    updated_at: str | None = None
    etag: str | None = None
    former: Progress | None = None
    begins_anew: bool = False


@dataclass(frozen=True, slots=True)
class TokenOwner:
    """Whose token this is, and its scopes (None: it is of a kind without scopes)."""

    token: str = field(repr=False)
    user_id: int
    login: str
    scopes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """A sign-in through GitHub's page has begun: ``user_code`` is to be entered at
    ``verification_uri`` within ``expires_seconds``, and GitHub may be asked every
    ``interval_seconds`` with ``device_code`` whether that was done.
    """

    device_code: str = field(repr=False)
    user_code: str
    verification_uri: str
    expires_seconds: int
    interval_seconds: int


@dataclass(frozen=True, slots=True)
class LoginPending:
    """The code was not entered yet; from now on pauses are so much longer (seconds)."""

    slower_seconds: int


@dataclass(frozen=True, slots=True)
class Starred:
    """A repository that an account starred, as GitHub describes it; times are ISO 8601 texts."""

    repository: Repository
    starred_at: str
    description: str | None = None
    url: str | None = None
    language: str | None = None
    owner: str | None = None
    owner_avatar_url: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


@dataclass(frozen=True, slots=True)
class FollowedOwner:
    """A person or an organisation whose public repositories are followed. ``known`` are GitHub ids
    of some of these, by which the owner is found under another login.
    """

    owner_id: int
    login: str
    is_organization: bool = False
    known: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PageWrite:
    """One page on its way to the database, with the progress that holds once it is stored.

    ``generation``: the whole reading that saw these stars; None for a page that belongs to none.
    """

    claim: Claim
    stargazers: Sequence[Stargazer]
    progress: Progress
    generation: int | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a claim ends: the row's next status, and why.

    ``generation``: a whole reading ended, and the next one has another number. ``is_swept``: it
    closed the stars that it did not see.

    ``progress`` None leaves the stored one; a fresh ``Progress()`` makes the next claim begin anew.

    ``restores`` (with ``COMPLETED``): nothing was proven, so the list of ``Claim.former`` holds
    again, with its figures and times; ``progress``, where given, stands for its figures. What an
    operator asked for is asked for again at ``next_retry_at``.
    """

    status: Status
    last_error: str | None = None
    next_retry_at: float | None = None
    notes: str | None = None
    error_count: int = 0
    progress: Progress | None = None
    star_count: int | None = None
    generation: int | None = None
    is_swept: bool = False
    restores: bool = False
    updated_at: str | None = None
    etag: str | None = None
