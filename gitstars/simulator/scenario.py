"""What a simulated GitHub holds: accounts, repositories, limits, faults.

Frozen values, readable from a JSON file.
"""

import math
import random
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from gitstars.errors import UserMistake
from gitstars.simulator.faults import Rule

#: Numeric ids of stargazers start here, those of account users lie below.
FIRST_STARGAZER_ID = 1_000_000
#: The last star of every repository falls just before this day; those that a control route adds
#: come after it.
LAST_STAR_DAY = datetime(2026, 10, 1, tzinfo=UTC)

PositiveId = Annotated[int, Meta(ge=1)]
Amount = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(ge=0)]
FullName = Annotated[str, Meta(pattern=r"^[\w.-]+/[\w.-]+$")]
Login = Annotated[str, Meta(pattern=r"^[\w.-]+(\[bot\])?$")]
Token = Annotated[str, Meta(pattern=r"^[\x21-\x7e]+$")]
Kind = Annotated[str, Meta(pattern="^(classic|oauth|fine_grained|app)$")]
Fate = Annotated[str, Meta(pattern="^(ok|deleted|blocked|disabled)$")]
Face = Annotated[
    str,
    Meta(
        pattern="^(usual|permission|integration|token|not_found|empty|graph_null_repository)$",
    ),
]
Role = Literal["ADMIN", "MAINTAIN", "WRITE", "TRIAGE", "READ"]
Restriction = Annotated[str, Meta(pattern="^(none|2026)$")]


class SimAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token and the person behind it; several tokens may belong to one ``user_id``.

    ``owned`` and ``collaborates`` are the ids of the repositories that the person administers and
    may push to, ``roles`` gives any other role by id (``{7: "TRIAGE"}``). ``starred`` are ids too;
    ``starred_range`` (first and last id) is short for many of them. With ``owns_starred`` the
    person administers everything that they starred.

    ``scopes`` are those of a classic or OAuth token. A fine-grained or App token has
    ``permissions`` (``{"contents": "write"}``) on the repositories of ``resource_owner`` (None:
    of ``login``), on the ``selected`` ids alone unless that is None. A token that begins with
    ``ghs_`` is an installation's: there is no person behind it.
    """

    user_id: PositiveId
    login: Login
    token: Token
    scopes: tuple[str, ...] = ("read:user", "public_repo")
    kind: Kind = "oauth"
    starred: tuple[int, ...] = ()
    starred_range: tuple[int, int] | None = None
    collaborates: tuple[int, ...] = ()
    owned: tuple[int, ...] = ()
    owns_starred: bool = False
    roles: dict[int, Role] = {}
    permissions: dict[str, Literal["read", "write"]] = {}
    resource_owner: Login | None = None
    selected: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.starred_range is not None:
            first, last = self.starred_range
            msgspec.structs.force_setattr(self, "starred", (*self.starred, *range(first, last + 1)))
            msgspec.structs.force_setattr(self, "starred_range", None)
        if self.owns_starred:
            owned = tuple(dict.fromkeys((*self.owned, *self.starred)))
            msgspec.structs.force_setattr(self, "owned", owned)
            msgspec.structs.force_setattr(self, "owns_starred", False)

    @property
    def has_scopes(self) -> bool:
        """Whether the token is of a kind with scopes, classic or OAuth."""
        return self.kind in ("classic", "oauth")

    @property
    def is_installation(self) -> bool:
        """Whether an App acts here for itself, and not for a person."""
        return self.token.startswith("ghs_")


class SimRepository(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A repository.

    Its stargazers follow from ``seed`` (None: ``id``), ``stars`` and the scenario's population;
    nothing is stored.

    ``growth`` is how stars came in from ``created`` on: steady, rising (ever more) or fading (ever
    fewer). Every ``ghost_every``-th star belongs to a deleted user. The oldest stars are those of
    ``first_stars`` (user ids, of accounts say). ``unstarred`` are numbers of stars (from 0) that
    were taken back, ``unstarred_count`` so many, spread over the list. ``face`` is how this list is
    refused (None: the scenario's).
    """

    id: PositiveId
    full_name: FullName
    stars: Amount
    private: bool = False
    seed: int | None = None
    created: Annotated[datetime, Meta(tz=True)] = datetime(2015, 1, 1, tzinfo=UTC)
    growth: Literal["steady", "rising", "fading"] = "steady"
    ghost_every: Amount = 0
    fate: Fate = "ok"
    face: Face | None = None
    renamed_from: FullName | None = None
    first_stars: tuple[int, ...] = ()
    unstarred: tuple[int, ...] = ()
    unstarred_count: Amount = 0

    def __post_init__(self) -> None:
        _check(
            self.created < LAST_STAR_DAY,
            f"{self.full_name}: created must be before {LAST_STAR_DAY:%Y-%m-%d}",
        )
        _check(
            all(0 <= number < self.stars for number in self.unstarred),
            f"{self.full_name}: unstarred names stars that it has not",
        )
        _check(
            self.unstarred_count <= self.stars, f"{self.full_name}: unstarred_count is above stars"
        )
        _check(
            len(self.first_stars) <= self.stars, f"{self.full_name}: more first_stars than stars"
        )
        _check(
            all(0 < user < FIRST_STARGAZER_ID for user in self.first_stars),
            f"{self.full_name}: first_stars must be below a million",
        )
        _check(
            len(set(self.first_stars)) == len(self.first_stars),
            f"{self.full_name}: first_stars names somebody twice",
        )


class SimLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Budgets of each user, and time. GitHub's 90 s of CPU a minute are not simulated.

    ``address_points`` is what an address without a token has each window. ``latency_seconds`` goes
    before every answer, ``alias_seconds`` before every aliased list of a query.

    ``concurrent`` calls of one user may be in flight. ``spent_status`` and ``secondary_status``
    answer what is too much, with ``retry-after`` where ``spent_retry_after`` and
    ``secondary_retry_after`` say so; GraphQL answers 200 with an error unless ``graphql_limits`` is
    ``status``. Without ``rate_headers`` no answer tells a budget. A query that would take longer
    than ``query_cut_seconds`` ends there, with a 502 or an error of type null (``timedout``).
    """

    points_per_window: Amount = 5000
    address_points: Amount = 60
    window_seconds: Seconds = 3600.0
    rest_points_per_minute: Amount = 900
    graphql_points_per_minute: Amount = 2000
    concurrent: Amount = 100
    spent_status: Literal[403, 429] = 403
    secondary_status: Literal[403, 429] = 403
    spent_retry_after: bool = False
    secondary_retry_after: bool = True
    graphql_limits: Literal["errors", "status"] = "errors"
    rate_headers: bool = True
    latency_seconds: Seconds = 0.0
    alias_seconds: Seconds = 0.0
    query_cut_seconds: Seconds = 10.0
    query_cut: Literal["502", "timedout"] = "502"


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole simulated GitHub.

    ``restriction``: ``2026`` (lists for people who may push, and with some tokens only) or
    ``none``; under /api/v3 there never is one. What people with the role TRIAGE meet at GitHub is
    unknown: here they are refused unless ``triage_lists``.

    ``face`` is how a list is refused; ``usual`` is what GitHub answers to each kind of token.
    Everybody who starred something is one of ``population`` people. A sign-in through the page may
    be asked after every ``login_interval_seconds``, and expires. GraphQL lists the newest
    ``starred_most`` repositories that somebody starred, and says so where there are more.
    """

    accounts: tuple[SimAccount, ...] = ()
    repositories: tuple[SimRepository, ...] = ()
    restriction: Restriction = "2026"
    face: Face = "usual"
    triage_lists: bool = False
    population: PositiveId = 2_000_000
    limits: SimLimits = SimLimits()
    rules: tuple[Rule, ...] = ()
    has_counts: bool = True
    has_graphql: bool = True
    starred_most: PositiveId = 1_000_000
    login_interval_seconds: Amount = 5
    login_expires_seconds: Amount = 900

    def __post_init__(self) -> None:
        _check_distinct("id", (repository.id for repository in self.repositories))
        _check_distinct("name", (repository.full_name.lower() for repository in self.repositories))
        _check_distinct("token", (account.token for account in self.accounts))
        known = {repository.id for repository in self.repositories}
        for account in self.accounts:
            named = {*account.starred, *account.owned, *account.collaborates, *account.roles}
            unknown = {*named, *(account.selected or ())} - known
            _check(
                not unknown, f"{account.login}: no repository has the id {min(unknown, default=0)}"
            )


def _check(is_right: bool, what: str) -> None:
    if not is_right:
        raise ValueError(what)


def _check_distinct(what: str, values: Iterable[Any]) -> None:
    seen: set[Any] = set()
    for value in values:
        _check(value not in seen, f"the {what} {value} is used twice")
        seen.add(value)


def load_scenario(path: Path) -> Scenario:
    """The scenario of a JSON file. Raises UserMistake naming the file and what is wrong in it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserMistake(f"{path}: cannot be read: {error.strerror}") from error
    return read_scenario(content, str(path))


def read_scenario(content: bytes, source: str) -> Scenario:
    """The scenario of JSON text. Raises UserMistake naming the source and what is wrong in it."""
    try:
        return msgspec.json.decode(content, type=Scenario)
    except msgspec.MsgspecError as error:
        raise UserMistake(f"{source}: {error}") from error


def long_tail(count: int, median: int, largest: int, seed: int = 1) -> list[int]:
    """``count`` sizes of a long tail (log-normal around ``median``, ``largest`` at most), the
    same for the same seed.
    """
    chance = random.Random(seed)
    return [
        min(largest, max(0, round(math.exp(chance.gauss(math.log(median), 1.6)))))
        for _ in range(count)
    ]


def make_scenario(
    sizes: list[int],
    accounts: int = 1,
    limits: SimLimits | None = None,
    population: int = 2_000_000,
    *,
    owned: bool = True,
) -> Scenario:
    """A plain scenario: repositories of these sizes, dealt to ``accounts`` accounts in turn.

    Each account starred its repositories, and administers them when ``owned``: then every list
    may be read. Otherwise every list is refused.
    """
    repositories = tuple(
        SimRepository(id=1000 + n, full_name=f"org{n % 17}/repo-{n}", stars=size)
        for n, size in enumerate(sizes)
    )
    people = tuple(
        SimAccount(
            user_id=1 + n,
            login=f"account-{n}",
            token=f"gho_simulated{n:04d}",
            starred=tuple(repository.id for repository in repositories[n::accounts]),
            owns_starred=owned,
        )
        for n in range(accounts)
    )
    return Scenario(
        accounts=people,
        repositories=repositories,
        limits=limits or SimLimits(),
        population=population,
    )


def default_scenario() -> Scenario:
    """What ``gitstars simulate`` holds when it is given nothing: 200 repositories of a long tail
    and two accounts, each of which starred 100 and administers 10 of them. As at GitHub, the lists
    of all others are refused.
    """
    plain = make_scenario(long_tail(200, 80, 20_000), accounts=2, owned=False)
    replace = msgspec.structs.replace
    people = tuple(replace(person, owned=person.starred[:10]) for person in plain.accounts)
    return replace(plain, accounts=people)
