"""What a simulated GitHub holds: accounts, repositories, limits. Frozen values, readable from a JSON file."""

import math
import random
from pathlib import Path

import msgspec
from msgspec import Struct

from gitstars.errors import UserMistake

#: Numeric ids of stargazers start here, those of repositories and account users lie below.
FIRST_STARGAZER_ID = 1_000_000


class SimAccount(Struct, frozen=True, kw_only=True):
    """A person with a token. ``kind``: classic, oauth, fine_grained or app."""

    user_id: int
    login: str
    token: str
    scopes: tuple[str, ...] = ("read:user", "public_repo")
    kind: str = "oauth"
    starred: tuple[int, ...] = ()
    collaborates: tuple[int, ...] = ()


class SimRepository(Struct, frozen=True, kw_only=True):
    """A repository. Its stargazers follow from ``id``, ``stars`` and the scenario's population; nothing is stored.

    ``ghost_every`` k: each k-th star belongs to a deleted user. ``face`` is how this repository's list is refused (None: the scenario's).
    ``fate``: ok, deleted, blocked or disabled.
    """

    id: int
    full_name: str
    stars: int
    private: bool = False
    ghost_every: int = 0
    fate: str = "ok"
    face: str | None = None
    renamed_from: str | None = None
    unstarred: tuple[int, ...] = ()


class SimLimits(Struct, frozen=True, kw_only=True):
    """Budgets and time. ``latency_seconds`` goes before every answer, ``alias_seconds`` before every aliased list of a query."""

    points_per_window: int = 5000
    window_seconds: float = 3600.0
    rest_points_per_minute: int = 900
    graphql_points_per_minute: int = 2000
    concurrent: int = 100
    latency_seconds: float = 0.0
    alias_seconds: float = 0.0
    query_cut_seconds: float = 10.0


class Scenario(Struct, frozen=True, kw_only=True):
    """A whole simulated GitHub. ``restriction``: ``2026`` (lists for collaborators only) or ``none`` (Enterprise Server)."""

    accounts: tuple[SimAccount, ...] = ()
    repositories: tuple[SimRepository, ...] = ()
    restriction: str = "none"
    face: str = "permission"
    population: int = 2_000_000
    limits: SimLimits = SimLimits()
    has_counts: bool = True
    has_graphql: bool = True


def load_scenario(path: Path) -> Scenario:
    """The scenario of a JSON file. Raises UserMistake naming the file and what is wrong in it."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Scenario)
    except OSError as error:
        raise UserMistake(f"{path}: cannot be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise UserMistake(f"{path}: {error}") from error


def long_tail(count: int, median: int, largest: int, seed: int = 1) -> list[int]:
    """``count`` sizes of a long tail (log-normal around ``median``, ``largest`` at most), the same for the same seed."""
    chance = random.Random(seed)
    return [min(largest, max(0, round(math.exp(chance.gauss(math.log(median), 1.6))))) for _ in range(count)]


def make_scenario(
    sizes: list[int], accounts: int = 1, restriction: str = "none", limits: SimLimits | None = None, population: int = 2_000_000
) -> Scenario:
    """A plain scenario: repositories of these sizes, dealt to ``accounts`` accounts in turn."""
    repositories = tuple(SimRepository(id=1000 + n, full_name=f"org{n % 17}/repo-{n}", stars=size) for n, size in enumerate(sizes))
    people = tuple(
        SimAccount(
            user_id=1 + n,
            login=f"account-{n}",
            token=f"gho_simulated{n:04d}",
            starred=tuple(repository.id for repository in repositories[n::accounts]),
        )
        for n in range(accounts)
    )
    return Scenario(
        accounts=people, repositories=repositories, restriction=restriction, limits=limits or SimLimits(), population=population
    )


def default_scenario() -> Scenario:
    """What ``gitstars simulate`` holds when it is given nothing: two accounts, 200 repositories of a long tail, no restriction."""
    return make_scenario(long_tail(200, 80, 20_000), accounts=2)
