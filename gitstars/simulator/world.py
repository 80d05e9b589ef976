"""The state of a simulated GitHub while it runs: the scenario, what was changed since, who may list what, and what was asked."""

import bisect
from collections import Counter, deque
from typing import Any

from gitstars.simulator.people import Star, Stargazers
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository

#: Requests kept in the log.
LOG_BOUND = 20_000


class Place:
    """A repository as it stands now."""

    def __init__(self, repository: SimRepository, population: int) -> None:
        self.repository = repository
        self.full_name = repository.full_name
        self.born = repository.stars
        self.fate = repository.fate
        self.face = repository.face
        self.updated = 0
        self._unstarred = sorted(set(repository.unstarred))
        self._source = Stargazers(repository, population)

    @property
    def stars(self) -> int:
        """The present count, ghosts included."""
        return self.born - len(self._unstarred)

    def grow(self, amount: int) -> None:
        """New stars, the newest."""
        self.born += amount
        self.updated += 1

    def unstar(self, index: int) -> None:
        """Star number ``index`` is taken back."""
        if 0 <= index < self.born and index not in self._unstarred:
            bisect.insort(self._unstarred, index)
            self.updated += 1

    def slice(self, start: int, count: int) -> list[Star]:
        """The present stars from position ``start`` on, oldest first."""
        return [self._source.star(self._index(position)) for position in range(max(0, start), min(start + count, self.stars))]

    def _index(self, position: int) -> int:
        """The star number at a position among the present ones."""
        index = position
        for gone in self._unstarred:
            if gone > index:
                break
            index += 1
        return index


class World:
    """All of it. Lookups answer None for what is not there."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.restriction = scenario.restriction
        self.face = scenario.face
        self.places = {repository.id: Place(repository, scenario.population) for repository in scenario.repositories}
        self._names = {repository.full_name.lower(): repository.id for repository in scenario.repositories}
        self._old_names = {r.renamed_from.lower(): r.id for r in scenario.repositories if r.renamed_from}
        self._accounts = {account.token: account for account in scenario.accounts}
        self.revoked: set[str] = set()
        self.logins: dict[int, str] = {account.user_id: account.login for account in scenario.accounts}
        self.asked: deque[dict[str, Any]] = deque(maxlen=LOG_BOUND)
        self.counters: Counter[str] = Counter()

    def account(self, token: str) -> SimAccount | None:
        return None if token in self.revoked else self._accounts.get(token)

    def place(self, full_name: str) -> Place | None:
        """The repository that bears this name now."""
        identity = self._names.get(full_name.lower())
        return None if identity is None else self.places[identity]

    def moved(self, full_name: str) -> Place | None:
        """The repository that bore this name once."""
        identity = self._old_names.get(full_name.lower())
        return None if identity is None else self.places[identity]

    def rename(self, place: Place, full_name: str) -> None:
        """Another name; the old one leads to it from now on."""
        del self._names[place.full_name.lower()]
        self._old_names[place.full_name.lower()] = place.repository.id
        self._names[full_name.lower()] = place.repository.id
        place.full_name = full_name

    def login_of(self, user_id: int) -> str:
        return self.logins.get(user_id) or f"user-{user_id}"

    def may_collaborate(self, account: SimAccount, place: Place) -> bool:
        return place.repository.id in account.collaborates

    def refusal(self, account: SimAccount, place: Place) -> str | None:
        """The face with which the list is refused to this account; None: it may list."""
        if self.restriction == "none":
            return None
        if account.kind == "fine_grained":
            return "token"
        if account.kind == "app":
            return "integration"
        if self.may_collaborate(account, place):
            return None if {"public_repo", "repo"} & set(account.scopes) else "permission"
        return place.face or self.face

    def record(self, **entry: Any) -> None:
        """One request, for the log."""
        self.asked.append(entry)
        self.counters[f"{entry['route']} {entry['status']}"] += 1
