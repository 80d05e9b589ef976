"""What the tests of the simulated GitHub share: one on a socket of this process, and a plain
HTTP client.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
import requests

from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from gitstars.simulator.server import SimulatedGitHub
from tests.waiting import PATIENCE_SECONDS

#: ann may list everything of hers, bob is a stranger; both have classic tokens.
ANN = SimAccount(
    user_id=1,
    login="ann",
    token="ghp_ann",
    scopes=("repo",),
    kind="classic",
    starred=(10, 11),
    collaborates=(10, 11),
)
BOB = SimAccount(
    user_id=2, login="bob", token="ghp_bob", scopes=("public_repo",), kind="classic", starred=(10,)
)
STAR_MEDIA = "application/vnd.github.star+json"


def make_scenario(*repositories: SimRepository, **changes: Any) -> Scenario:
    """ann, bob and these repositories, or two plain ones."""
    plain = (
        SimRepository(id=10, full_name="acme/engine", stars=250),
        SimRepository(id=11, full_name="acme/parser", stars=30),
    )
    here = repositories or plain
    known = {repository.id for repository in here}
    accounts = changes.pop("accounts", (ANN, BOB))
    kept = tuple(
        msgspec.structs.replace(
            account,
            **{
                name: tuple(i for i in getattr(account, name) if i in known)
                for name in ("starred", "collaborates", "owned")
            },
        )
        for account in accounts
    )
    return Scenario(**{"accounts": kept, "repositories": here, "population": 5000, **changes})


class Hub:
    """A simulated GitHub and a client of it."""

    def __init__(self, scenario: Scenario) -> None:
        self.github = SimulatedGitHub(scenario)
        self.url = f"http://127.0.0.1:{self.github.start()}"
        self.session = requests.Session()

    def ask(
        self, path: str, method: str = "GET", token: str | None = "ghp_ann", **options: Any
    ) -> requests.Response:
        """Any request; redirects are not followed."""
        headers = options.pop("headers", {}) | (
            {} if token is None else {"Authorization": f"Bearer {token}"}
        )
        return self.session.request(
            method,
            self.url + path,
            headers=headers,
            timeout=PATIENCE_SECONDS,
            allow_redirects=False,
            **options,
        )

    def read(self, path: str, **options: Any) -> Any:
        """The JSON of an answer that is 200."""
        answer = self.ask(path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def query(
        self, text: str, token: str = "ghp_ann", path: str = "/graphql", **variables: Any
    ) -> dict[str, Any]:
        """The whole body of a GraphQL answer."""
        answer = self.ask(path, "POST", token, json={"query": text, "variables": variables})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def control(self, path: str, body: Any = None, method: str = "POST") -> Any:
        """Call a control route; its answer has to be 200."""
        answer = self.ask(f"/_control{path}", method, None, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def close(self) -> None:
        self.session.close()
        self.github.stop()


MakeHub = Callable[..., Hub]


@pytest.fixture
def make_hub() -> Iterator[MakeHub]:
    """``make_hub(repository, …, limits=…)``: ann, bob and these repositories, or two plain ones."""
    hubs: list[Hub] = []

    def make(*repositories: SimRepository, **changes: Any) -> Hub:
        hubs.append(Hub(make_scenario(*repositories, **changes)))
        return hubs[-1]

    yield make
    for hub in hubs:
        hub.close()


@pytest.fixture
def scenario() -> Callable[..., Scenario]:
    """``scenario(repository, …, limits=…)``: what ``make_hub`` would hold."""
    return make_scenario
