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

#: The roles of people who may push, to whom GitHub gives the list.
PUSHING = frozenset({"ADMIN", "MAINTAIN", "WRITE"})
#: How a list is usually refused to tokens of these kinds; to all others in the face ``usual``.
TOKEN_FACES = {"fine_grained": "token", "app": "integration"}


class LiveRepository:
    """A repository as it stands now."""

    def __init__(self, repository: SimRepository, population: int) -> None:
        self.repository = repository
        self.full_name = repository.full_name
        self.fate = repository.fate
        self.face = repository.face
        self.updated = 0
        self.listed = Stars(repository, population)

    @property
    def owner(self) -> str:
        """The login of whoever it belongs to."""
        return self.full_name.partition("/")[0]

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
        self.repositories = {
            repository.id: LiveRepository(repository, scenario.population)
            for repository in scenario.repositories
        }
        self._names = {
            repository.full_name.lower(): repository.id for repository in scenario.repositories
        }
        self._old_names = {
            r.renamed_from.lower(): r.id for r in scenario.repositories if r.renamed_from
        }
        self.accounts: dict[str, SimAccount] = {}
        self.revoked: set[str] = set()
        self.logins: dict[int, str] = {}
        #: Lower-case logins that accounts began with -> user id: people who may own repositories.
        self.owners: dict[str, int] = {}
        for account in scenario.accounts:
            self.add_account(account)
        self.asked: deque[dict[str, Any]] = deque(maxlen=LOG_BOUND)
        self.counters: Counter[str] = Counter()

    def add_account(self, account: SimAccount) -> None:
        """One more token; a person who is known keeps the present login."""
        self.accounts[account.token] = account
        self.logins.setdefault(account.user_id, account.login)
        self.owners.setdefault(account.login.lower(), account.user_id)

    def account(self, token: str) -> SimAccount | None:
        """Whose token this is."""
        return None if token in self.revoked else self.accounts.get(token)

    def find(self, full_name: str) -> LiveRepository | None:
        """The repository that bears this name now."""
        identity = self._names.get(full_name.lower())
        return None if identity is None else self.repositories[identity]

    def moved(self, full_name: str) -> LiveRepository | None:
        """The repository that bore this name once."""
        identity = self._old_names.get(full_name.lower())
        return None if identity is None else self.repositories[identity]

    def rename(self, live: LiveRepository, full_name: str) -> None:
        """Another name; the old one leads to it from now on.

        Raises ValueError when the name is another repository's.
        """
        if self._names.get(full_name.lower(), live.repository.id) != live.repository.id:
            raise ValueError(f"{full_name} is taken")
        del self._names[live.full_name.lower()]
        self._old_names[live.full_name.lower()] = live.repository.id
        self._names[full_name.lower()] = live.repository.id
        live.full_name = full_name
        live.updated += 1

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

    def owned_by(self, login: str) -> list[LiveRepository]:
        """The repositories that a person or an organisation has now, oldest first."""
        prefix = f"{login.lower()}/"
        return [
            live
            for live in self.repositories.values()
            if live.full_name.lower().startswith(prefix) and live.fate in ("ok", "disabled")
        ]

    def role(self, account: SimAccount, live: LiveRepository) -> str | None:
        """GraphQL's name for what the account may do with a repository (READ: what everybody
        may); None for an App, to which it is not told.
        """
        return None if account.is_installation else self._membership(account, live) or "READ"

    def may_see(self, account: SimAccount, live: LiveRepository) -> bool:
        """Whether the repository is there at all, as far as this account can tell."""
        if live.fate == "deleted":
            return False
        if not live.repository.private:
            return True
        if account.has_scopes:
            return "repo" in account.scopes and self._membership(account, live) is not None
        return _is_selected(account, live) and (
            account.is_installation or self._membership(account, live) is not None
        )

    def refusal(self, account: SimAccount, live: LiveRepository) -> str | None:
        """The face with which the list is refused to this account; None: it may list."""
        if self.restriction == "none" or self._may_list(account, live):
            return None
        face = live.face or self.face
        return TOKEN_FACES.get(account.kind, face) if face == "usual" else face

    def _may_list(self, account: SimAccount, live: LiveRepository) -> bool:
        """Whether the person may push, and the token has what it takes."""
        if not account.is_installation:
            role = self._membership(account, live)
            if role not in PUSHING and not (role == "TRIAGE" and self.scenario.triage_lists):
                return False
        if account.has_scopes:
            return bool(LISTING_SCOPES & set(account.scopes))
        return _is_selected(account, live) and account.permissions.get("contents") == "write"

    @staticmethod
    def _membership(account: SimAccount, live: LiveRepository) -> str | None:
        """The person's role in the repository; None: a stranger."""
        identity = live.repository.id
        if identity in account.owned:
            return "ADMIN"
        if identity in account.collaborates:
            return "WRITE"
        return account.roles.get(identity)

    def record(self, **entry: Any) -> None:
        """One request, for the log."""
        self.asked.append(entry)
        self.counters[f"{entry['route']} {entry['status']}"] += 1


def _is_selected(account: SimAccount, live: LiveRepository) -> bool:
    """Whether a fine-grained or App token covers the repository."""
    owner, _, _ = live.full_name.partition("/")
    is_owners = owner.lower() == (account.resource_owner or account.login).lower()
    return is_owners and (account.selected is None or live.repository.id in account.selected)
