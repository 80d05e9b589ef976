"""The whole engine in this process against a simulated GitHub in another, on a real database."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest

from gitstars.app import App
from gitstars.config import Config, DatabaseConfig, DiscoverConfig, GithubConfig
from gitstars.model import Repository
from gitstars.simulator.process import SimulatorProcess, start_process
from gitstars.simulator.render import moment
from gitstars.simulator.scenario import Scenario, SimAccount, SimLimits
from gitstars.store import schema, seeding
from gitstars.store.database import Database

#: Far more than any test asks for: pacing and budgets are off.
NO_LIMITS = SimLimits(points_per_window=1_000_000, rest_points_per_minute=1_000_000, graphql_points_per_minute=1_000_000)


class Flow:
    """A simulated GitHub, a database with what the web application wrote, and gitstars between them."""

    def __init__(self, scenario: Scenario, database: DatabaseConfig, **changes: Any) -> None:
        self.scenario = scenario
        self.github: SimulatorProcess = start_process(scenario)
        pace = {"requests_per_hour": 1_000_000, "rest_points_per_minute": 1_000_000}
        self.config = Config(
            database=database,
            github=GithubConfig(api_url=self.github.url, graphql_url=self.github.graphql_url, **(pace | changes.get("github", {}))),
            discover=DiscoverConfig(stable_seconds=0.5, poll_seconds=0.2, **changes.get("discover", {})),
        )
        self.app: App | None = None
        self.database = Database(database)
        self.database.open()
        schema.apply(self.database)
        for account in scenario.accounts[: changes.get("signed_in")]:
            self.sign_in(account)
        if self.database.is_embedded:
            self.database.close()

    def sign_in(self, account: SimAccount, database: Database | None = None) -> None:
        """Write an account and its stars, as the web application does."""
        target = database or self.database
        places = {repository.id: repository for repository in self.scenario.repositories}
        chosen = [places[identity] for identity in account.starred]
        seeding.sign_in(target, account.user_id, account.login, account.token, account.scopes)
        seeding.star(target, account.login, [Repository(p.full_name, p.full_name, p.id, p.stars, p.private) for p in chosen])

    def start(self) -> App:
        """Start gitstars; on the embedded engine the test reads through its connection."""
        self.app = App(self.config)
        self.app.start()
        if self.app.database.is_embedded:
            self.database = self.app.database
        return self.app

    def wait_until(self, is_true: Callable[[], bool], what: str, seconds: float = 25.0) -> None:
        """Wait for something to come true, with a deadline."""
        with gevent.Timeout(seconds, AssertionError(f"not within {seconds:g} s: {what}")):
            while not is_true():
                gevent.sleep(0.02)

    def wait_idle(self, seconds: float = 25.0) -> None:
        """Wait until nothing waits and nothing is in hand."""
        app = self.app
        assert app is not None
        self.wait_until(lambda: app.is_idle, "nothing waits", seconds)

    def rows(self) -> dict[str, dict[str, Any]]:
        """The status rows by repository name."""
        rows = self.database.run("SELECT *, repo.id AS repo FROM repo_processing_status")[0]
        return {row["repo"].id: row for row in rows}

    def stored(self) -> dict[str, set[tuple[int, str]]]:
        """(user id, time) of every stored edge of ours, by repository name; fails on a doubled edge."""
        stored: dict[str, set[tuple[int, str]]] = {}
        rows = self.database.run("SELECT in.github_id AS who, out.id AS repo, starred_at FROM starred WHERE source = 'stargazer_analysis'")[
            0
        ]
        for row in rows:
            star = (row["who"], row["starred_at"].strftime("%Y-%m-%dT%H:%M:%SZ"))
            assert star not in stored.setdefault(row["repo"].id, set())
            stored[row["repo"].id].add(star)
        return stored

    def truth(self, *identities: int) -> dict[str, set[tuple[int, str]]]:
        """What GitHub has of these repositories (all: none named), ghosts left out, by the name that the web application wrote."""
        truth = {}
        for repository in self.scenario.repositories:
            if not identities or repository.id in identities:
                stars = self.github.control("GET", f"/truth/{repository.id}")["stars"]
                listed = {(user_id, moment(at)) for user_id, at in stars if user_id}
                if listed:
                    truth[repository.full_name] = listed
        return truth

    def close(self) -> None:
        if self.app is not None:
            self.app.stop()
        if not self.database.is_embedded:
            self.database.close()
        self.github.stop()


@pytest.fixture
def flow(database_config: DatabaseConfig) -> Iterator[Callable[..., Flow]]:
    """``flow(scenario, github={...})`` on both engines in turn."""
    opened: list[Flow] = []

    def make(scenario: Scenario, **changes: Any) -> Flow:
        opened.append(Flow(scenario, database_config, **changes))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
    logging.getLogger("gitstars").setLevel(logging.NOTSET)


@pytest.fixture
def no_limits() -> SimLimits:
    return NO_LIMITS
