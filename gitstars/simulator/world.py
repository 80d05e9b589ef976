"""The state of a simulated GitHub while it runs: the scenario, what was changed since, who may
list what, and what was asked.
"""

import re
from collections import Counter, deque
from typing import Any

from gitstars.simulator.people import Stars, login_of
from gitstars.simulator.scenario import FIRST_STARGAZER_ID, Scenario, SimAccount, SimRepository

#: Requests kept in the log.
LOG_BOUND = 20_000
#: A classic or OAuth token needs one of these to be shown a list.
LISTING_SCOPES = frozenset({"public_repo", "repo"})


class Place:
    """A repository as it stands now."""

    def __init__(self, repository: SimRepository, population: int) -> None:
        self.repository = repository
        self.full_name = repository.full_name
        self.fate = repository.fate
        self.face = repository.face
        self.updated = 0
        self.listed = Stars(repository, population)

    @property
    def stars(self) -> int:
        """The present count, ghosts included."""
        return len(self.listed)

    def grow(self, amount: int) -> None:
        """New stars, the newest."""
        self.listed.grow(amount)
        self.updated += amount > 0

    def unstar(self, number: int) -> None:
        """Star ``number`` is taken back."""
        self.updated += self.listed.unstar(number)


class World:
    """All of it. Lookups answer None for what is not there."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.restriction = scenario.restriction
        self.face = scenario.face
        self.places = {
            repository.id: Place(repository, scenario.population)
            for repository in scenario.repositories
        }
        self._names = {
            repository.full_name.lower(): repository.id for repository in scenario.repositories
        }
        self._old_names = {
            r.renamed_from.lower(): r.id for r in scenario.repositories if r.renamed_from
        }
        self.accounts = {account.token: account for account in scenario.accounts}
        self.revoked: set[str] = set()
        self.logins: dict[int, str] = {
            account.user_id: account.login for account in scenario.accounts
        }
        self.asked: deque[dict[str, Any]] = deque(maxlen=LOG_BOUND)
        self.counters: Counter[str] = Counter()

    def account(self, token: str) -> SimAccount | None:
        """Whose token this is."""
        return None if token in self.revoked else self.accounts.get(token)

    def place(self, full_name: str) -> Place | None:
        """The repository that bears this name now."""
        identity = self._names.get(full_name.lower())
        return None if identity is None else self.places[identity]

    def moved(self, full_name: str) -> Place | None:
        """The repository that bore this name once."""
        identity = self._old_names.get(full_name.lower())
        return None if identity is None else self.places[identity]

    def rename(self, place: Place, full_name: str) -> None:
        """Another name; the old one leads to it from now on.

        Raises ValueError when the name is another repository's.
        """
        if self._names.get(full_name.lower(), place.repository.id) != place.repository.id:
            raise ValueError(f"{full_name} is taken")
        del self._names[place.full_name.lower()]
        self._old_names[place.full_name.lower()] = place.repository.id
        self._names[full_name.lower()] = place.repository.id
        place.full_name = full_name
        place.updated += 1

    def login_of(self, user_id: int) -> str:
        """What this user is called now."""
        return self.logins.get(user_id) or login_of(user_id)

    def user_of(self, login: str) -> int | None:
        """Who is called so now: whoever took the name over comes before the one who bore it
        first.
        """
        for user_id, name in reversed(self.logins.items()):
            if name.lower() == login.lower():
                return user_id
        number = re.fullmatch(r"user-(\d{1,12})", login.lower())
        user_id = int(number[1]) if number else 0
        return user_id if user_id >= FIRST_STARGAZER_ID and user_id not in self.logins else None

    def role(self, account: SimAccount, place: Place) -> str:
        """GraphQL's name for what the account may do with a repository: ADMIN, WRITE or READ."""
        if place.repository.id in account.owned:
            return "ADMIN"
        return "WRITE" if place.repository.id in account.collaborates else "READ"

    def may_see(self, account: SimAccount, place: Place) -> bool:
        """Whether the repository is there at all, as far as this account can tell."""
        if place.fate == "deleted":
            return False
        is_private_reader = self.role(account, place) != "READ" and (
            "repo" in account.scopes or account.kind not in ("classic", "oauth")
        )
        return is_private_reader or not place.repository.private

    def refusal(self, account: SimAccount, place: Place) -> str | None:
        """The face with which the list is refused to this account; None: it may list."""
        if self.restriction == "none":
            return None
        if account.kind == "fine_grained":
            return "token"
        if account.kind == "app":
            return "integration"
        if self.role(account, place) == "READ":
            return place.face or self.face
        return None if LISTING_SCOPES & set(account.scopes) else "permission"

    def record(self, **entry: Any) -> None:
        """One request, for the log."""
        self.asked.append(entry)
        self.counters[f"{entry['route']} {entry['status']}"] += 1
