"""What there is to store: every star of a scenario without asking anybody, for tests to compare
with.
"""

from collections.abc import Iterator
from typing import NamedTuple

from gitstars.simulator.people import Stars, login_of
from gitstars.simulator.render import moment
from gitstars.simulator.scenario import Scenario, SimRepository


class TrueStar(NamedTuple):
    """A star as it should be stored."""

    user_id: int
    login: str
    starred_at: str


def truth(scenario: Scenario) -> dict[str, Iterator[TrueStar]]:
    """The present stars of each repository that is there, by its name, oldest first, without
    ghosts and without those taken back.

    This is the scenario as it begins; what control routes changed since, ``/_control/truth`` tells.
    """
    logins = {account.user_id: account.login for account in scenario.accounts}

    def listed(repository: SimRepository) -> Iterator[TrueStar]:
        for user_id, at in Stars(repository, scenario.population):
            if user_id:
                yield TrueStar(user_id, logins.get(user_id) or login_of(user_id), moment(at))

    return {
        repository.full_name: listed(repository)
        for repository in scenario.repositories
        if repository.fate == "ok"
    }
