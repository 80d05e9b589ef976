"""The real parts of the execute stage between a simulated GitHub on a socket of this process and a
database. Nobody works by itself: a test takes the steps of an account, or starts workers.
"""

from collections.abc import Callable
from typing import Any

import gevent
import msgspec
from gevent.event import Event

from gitstars.clock import Event as Awaited
from gitstars.clock import SystemClock
from gitstars.config import CollectConfig, GithubConfig
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.dispatch.lane import Lane
from gitstars.events import EventBus
from gitstars.execute.account import AccountLoop
from gitstars.execute.engine import Engine
from gitstars.execute.obstacles import Gates, Wait
from gitstars.execute.pool import WorkerPool
from gitstars.execute.taking import Plan
from gitstars.fetch.client import GitHubClient
from gitstars.fetch.headers import RateInfo
from gitstars.fetch.ledger import Grant, Ledger
from gitstars.model import Account, Job, Priority, Repository, Resource, Task
from gitstars.simulator.faults import Rule
from gitstars.simulator.scenario import Scenario, SimAccount
from gitstars.simulator.server import SimulatedGitHub
from gitstars.store import seeding
from gitstars.store.database import Database
from gitstars.store.writer import PageWriter

#: Steps of one account until a test gives up: far more than any of them needs.
MOST_STEPS = 20_000
#: Who waits is given so long (seconds) for an answer before the clock is turned on.
PATIENCE_SECONDS = 0.02
#: An answer is waited for in pieces of this (seconds).
ANSWER_SECONDS = 0.1
#: While something is in hand the clock is turned on by this much at once (seconds).
BUSY_SECONDS = 1.0


class StageClock(SystemClock):
    """Waits that nothing ends turn the clock on, instead of taking time."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        return super().now() + self.offset

    def monotonic(self) -> float:
        return super().monotonic() + self.offset

    def random(self) -> float:
        return 0.0

    def wait(self, event: Awaited, seconds: float) -> bool:
        if event.wait(max(0.0, min(seconds, PATIENCE_SECONDS))):
            return True
        self.offset += max(0.0, seconds - PATIENCE_SECONDS)
        return event.is_set()


class Stage:
    """``settings`` are those of GitHub; limits are off unless they say otherwise."""

    def __init__(self, scenario: Scenario, database: Database, **settings: Any) -> None:
        self.scenario = scenario
        self.database = database
        self.github = SimulatedGitHub(scenario)
        self.port = self.github.start()
        url = f"http://127.0.0.1:{self.port}"
        no_pace = {
            "requests_per_hour": 1_000_000,
            "rest_points_per_minute": 100_000,
            "graphql_points_per_minute": 100_000,
        }
        config = GithubConfig(
            api_url=url,
            graphql_url=f"{url}/graphql",
            read_timeout_seconds=5.0,
            connect_timeout_seconds=2.0,
            **(no_pace | settings),
        )
        self.clock = StageClock()
        self.stop, self.paused = Event(), Event()
        self.fault: str | None = None
        self.events = EventBus()
        self.dispatcher = Dispatcher(monotonic=self.clock.monotonic)
        self.ledger = Ledger(config)
        self.client = GitHubClient(config, self.ledger, self.clock, self.stop)
        self.writer = PageWriter(database, 2)
        self.writer.start()
        self.owners = 0
        self.engine = Engine(
            database,
            self.writer,
            self.client,
            self.ledger,
            self.dispatcher,
            self.events,
            self.clock,
            Plan(
                collect=CollectConfig(),
                include=frozenset({"starred", "owned", "collaborating"}),
                page_size=config.page_size,
                fresh_seconds=86_400.0,
                sweep_seconds=30 * 86_400.0,
            ),
            config.concurrency,
            self.make_owner,
            Gates(self.stop.is_set, self.paused.is_set, lambda: self.fault),
            lambda: self.fault,
        )
        self.pool: WorkerPool | None = None
        for account in scenario.accounts:
            seeding.sign_in(database, account.user_id, account.login, account.token, account.scopes)
            self.dispatcher.open_lane(account_of(account))

    def make_owner(self) -> str:
        self.owners += 1
        return f"owner {self.owners}"

    # Accounts and their work

    def lane(self, user_id: int = 1) -> Lane:
        lane = self.dispatcher.lane(user_id)
        assert lane is not None
        return lane

    def loop(self, user_id: int = 1) -> AccountLoop:
        return self.engine.make_loop(self.lane(user_id))

    def put(
        self,
        *identities: int,
        user_id: int = 1,
        task: Task = Task.LIST,
        priority: int = Priority.EXISTING,
        force: bool = False,
    ) -> None:
        """Jobs on these repositories (all: none named), which the database gets to know."""
        places = [
            place
            for place in self.scenario.repositories
            if not identities or place.id in identities
        ]
        repositories = [
            Repository(place.full_name, place.full_name, place.id, place.stars, place.private)
            for place in places
        ]
        account = self.lane(user_id).account
        seeding.star(self.database, account.login, repositories)
        for repository in repositories:
            self.dispatcher.put(Job(user_id, repository, priority, force, task))

    def spend(self, resource: Resource, seconds: float = 3600.0, user_id: int = 1) -> None:
        """The ledger learns that nothing of this budget is left for so long."""
        now = self.clock.now()
        granted = self.ledger.reserve(user_id, resource, 1, now)
        assert isinstance(granted, Grant)
        rate = RateInfo(resource, 5000, 0, now + seconds)
        self.ledger.book(granted, rate, now, went_well=True)

    # Steps

    def serve(
        self, loop: AccountLoop, until: Callable[[Wait], bool], is_leaving: bool = False
    ) -> Wait:
        """Take steps until one returns what is waited for; its wait."""
        for _ in range(MOST_STEPS):
            loop.lane.wake.clear()
            wait = loop.step(is_leaving)
            if until(wait):
                return wait
            is_over = wait.leaves and loop.is_idle and not len(loop.lane)
            assert not is_over or loop.lane.wake.is_set(), f"all is done; statuses: {self.rows()}"
            self._wait(loop, wait)
        raise AssertionError(f"nothing came of {MOST_STEPS} steps; it waits for {wait.why}")

    def _wait(self, loop: AccountLoop, wait: Wait) -> None:
        """As a worker does; the clock is turned on only where no answer is on its way."""
        if sum(loop.state().in_flight.values()):
            loop.lane.wake.wait(ANSWER_SECONDS)
        else:
            most = BUSY_SECONDS if not loop.is_idle else 3600.0
            seconds = most if wait.seconds is None else min(most, wait.seconds)
            self.clock.wait(loop.lane.wake, seconds)

    def serve_to_end(self, loop: AccountLoop) -> None:
        """Take steps until nothing waits and nothing is in hand."""
        self.serve(loop, lambda wait: wait.leaves and loop.is_idle and not len(loop.lane))

    def start_workers(self, count: int) -> WorkerPool:
        self.pool = WorkerPool(
            self.dispatcher, self.clock, self.stop, self.paused, self.engine.make_loop, 100
        )
        self.pool.start(count)
        return self.pool

    # What came of it

    def misbehave(self, match: str, **rule: Any) -> None:
        """From now on, requests that ``match`` go wrong."""
        self.github.faults.rules.append(msgspec.convert({"match": match, **rule}, Rule))

    @property
    def asked(self) -> list[dict[str, Any]]:
        """What GitHub was asked, in its order."""
        return list(self.github.world.asked)

    def routes(self) -> list[str]:
        return [str(entry["route"]) for entry in self.asked]

    def rows(self) -> dict[str, dict[str, Any]]:
        """The status rows by repository name."""
        rows = self.database.run("SELECT *, repo.id AS repo FROM repo_processing_status")[0]
        return {row["repo"].id: row for row in rows}

    def statuses(self) -> dict[str, str]:
        return {name: row["status"] for name, row in self.rows().items()}

    def stars(self, name: str) -> int:
        """How many stars are stored of a repository."""
        rows = self.database.run(
            "SELECT count() AS count FROM starred WHERE out.full_name = $name "
            "AND source = 'stargazer_analysis' GROUP ALL",
            name=name,
        )[0]
        return int(rows[0]["count"]) if rows else 0

    def close(self) -> None:
        self.stop.set()
        if self.pool is not None:
            self.pool.stop(2.0)
        self.writer.stop()
        self.client.close()
        self.github.stop()
        gevent.sleep(0)


def account_of(account: SimAccount, token: str | None = None) -> Account:
    scopes = frozenset(account.scopes) if account.has_scopes else None
    return Account(
        account.login, account.user_id, account.login, token or account.token, scopes, account.login
    )
