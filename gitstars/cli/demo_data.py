"""What the demo's simulated GitHub holds, and the web application's records of it.

Deterministic; running it is left to ``demo``.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gitstars.model import Repository
from gitstars.simulator.scenario import Scenario, SimAccount, SimLimits, SimRepository, long_tail
from gitstars.store import seeding
from gitstars.store.database import Database

#: Ordinary repositories, their median and their largest size (stars).
ORDINARY, MEDIAN_STARS, MOST_STARS = 280, 60, 4000
#: More than the REST list shows (stars).
LARGEST_STARS = 41_500
#: Every so many ordinary repositories one is starred by two accounts; one has ghosts; one is the
#: account's own; one was renamed.
SHARED_EVERY, GHOSTS_EVERY, OWNED_EVERY, RENAMED_EVERY = 9, 8, 7, 40
#: One of so many lists is refused in another way than the usual one; these are the ways.
ODD_FACE_EVERY = 12
FACES = ("permission", "integration", "token", "empty", "not_found")
#: Repositories were created within so many days after this one, so that their weekly histories
#: are some pages long.
FIRST_CREATED, CREATED_DAYS = datetime(2024, 1, 1, tzinfo=UTC), 900
WORDS = (
    "parser",
    "engine",
    "atlas",
    "notes",
    "router",
    "canvas",
    "ledger",
    "orbit",
    "forge",
    "lens",
    "loom",
    "harbor",
    "quill",
    "relay",
)
#: The repository with most stars.
GIANT = "bigco/giant"
OWNERS = ("acme", "northwind", "globex", "initech", "umbra", "octave", "tern-labs")
LOGINS = ("ada", "grace", "edsger", "barbara")
#: Network and server of the simulated GitHub, for each call (seconds).
LATENCY_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class DemoData:
    """A simulated GitHub, and for each account what the web application knows when somebody
    signs in.
    """

    scenario: Scenario
    starred: dict[str, list[Repository]]

    @property
    def repositories(self) -> int:
        """Distinct repositories over all accounts."""
        return len({repository.key for listed in self.starred.values() for repository in listed})

    @property
    def listable_stars(self) -> int:
        """Stars that some account may list."""
        listable = {identity for account in self.scenario.accounts for identity in account.owned}
        return sum(
            r.stars for r in self.scenario.repositories if r.id in listable and r.fate == "ok"
        )

    def sign_in(self, database: Database, account: SimAccount) -> None:
        """Write an account and its stars as the web application does."""
        seeding.sign_in(database, account.user_id, account.login, account.token, account.scopes)
        seeding.star(database, account.login, self.starred[account.login])


def make_data() -> DemoData:
    """Some hundreds of repositories of every kind, shared out among the accounts."""
    ordinary = [
        _ordinary(number, stars)
        for number, stars in enumerate(long_tail(ORDINARY, MEDIAN_STARS, MOST_STARS))
    ]
    special = _special(1000 + ORDINARY)
    everything = [*ordinary, *special]
    accounts = tuple(_account(place, login, everything) for place, login in enumerate(LOGINS))
    scenario = Scenario(
        accounts=accounts,
        repositories=tuple(everything),
        limits=SimLimits(latency_seconds=LATENCY_SECONDS),
        population=150_000,
    )
    known = {
        r.id: Repository(r.full_name, r.renamed_from or r.full_name, r.id, r.stars, r.private)
        for r in everything
    }
    return DemoData(
        scenario,
        {account.login: [known[identity] for identity in account.starred] for account in accounts},
    )


def _ordinary(number: int, stars: int) -> SimRepository:
    name = f"{OWNERS[number % len(OWNERS)]}/{WORDS[number % len(WORDS)]}-{number}"
    return SimRepository(
        id=1000 + number,
        full_name=name,
        stars=stars,
        ghost_every=50 if number % GHOSTS_EVERY == 0 else 0,
        created=FIRST_CREATED + timedelta(days=number * 37 % CREATED_DAYS),
        face=FACES[number // ODD_FACE_EVERY % len(FACES)]
        if number % ODD_FACE_EVERY == ODD_FACE_EVERY - 1
        else None,
        renamed_from=f"{name}-old" if number % RENAMED_EVERY == 1 else None,
    )


def _special(first_id: int) -> list[SimRepository]:
    kinds: list[dict[str, object]] = [
        {"full_name": GIANT, "stars": LARGEST_STARS},
        {"full_name": "acme/nobody-knows", "stars": 0},
        {"full_name": "acme/first-fan", "stars": 1},
        {"full_name": "acme/one-page", "stars": 100},
        {"full_name": "acme/one-page-and-one", "stars": 101},
        {"full_name": "globex/deleted", "stars": 310, "fate": "deleted"},
        {"full_name": "globex/deleted-too", "stars": 12, "fate": "deleted"},
        {"full_name": "globex/blocked", "stars": 95, "fate": "blocked"},
        {"full_name": "globex/disabled", "stars": 44, "fate": "disabled"},
    ]
    return [SimRepository(id=first_id + number, **kind) for number, kind in enumerate(kinds)]  # type: ignore[arg-type]


def _account(place: int, login: str, repositories: list[SimRepository]) -> SimAccount:
    """Every fourth repository, and some that another account starred too; some of them are the
    account's own, as the special ones are.
    """
    starred = tuple(
        r.id
        for number, r in enumerate(repositories)
        if number % len(LOGINS) == place
        or (number % SHARED_EVERY == 0 and (number + 1) % len(LOGINS) == place)
    )
    return SimAccount(
        user_id=101 + place,
        login=login,
        token=f"gho_demo{place}simulated",
        starred=starred,
        owned=tuple(
            identity
            for identity in starred
            if (identity - 1000) % OWNED_EVERY == 0 or identity >= 1000 + ORDINARY
        ),
    )
