"""One collection without a server and without an account: what was named is read to its end, and
stored in the configured database.

The parts are those of ``app``. No account is written: the token is in memory alone.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import gevent
import msgspec
from gevent.event import Event

from gitstars.clock import SystemClock
from gitstars.config import Config
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.errors import DatabaseError, GitHubAway, NotKnown
from gitstars.events import EventBus
from gitstars.execute.engine import Engine
from gitstars.execute.obstacles import Gates
from gitstars.execute.pool import WorkerPool
from gitstars.execute.taking import plan_of
from gitstars.fetch.client import GitHubClient
from gitstars.fetch.finder import Finder
from gitstars.fetch.ledger import Ledger
from gitstars.fetch.owner import ask_owner
from gitstars.model import Account, Job, Priority, Repository, Status, Task, TokenOwner
from gitstars.store import access, history, lifecycle, repositories, schema
from gitstars.store.database import Database
from gitstars.store.trial import Trial
from gitstars.store.writer import PageWriter, count_writers
from gitstars.supervise.instance import Instance
from gitstars.supervise.supervisor import Duty, Supervisor
from gitstars.tokens import read_token

logger = logging.getLogger(__name__)

#: Stands for the user of calls without a token, or with one that is nobody's: larger than any id of
#: GitHub.
NOBODY_ID = 2**53
#: Stopping takes this long at most: the page in hand, and each later step (seconds).
DRAIN_SECONDS, STEP_SECONDS = 5.0, 0.5
#: Pause between tries of settlements that the database could not take (seconds).
SETTLE_SECONDS = 5.0
NO_TOKEN = "no token was given, and GitHub lists stargazers to nobody without one"


@dataclass(frozen=True, slots=True)
class Collected:
    """How far a repository has come. ``status`` None: it was not found, for the stated ``reason``.
    ``weekly_stars`` are in its weekly history, which is whole where it ``has_history``.
    """

    name: str
    status: Status | None
    reason: str | None = None
    stars: int | None = None
    stored: int = 0
    weekly_stars: int = 0
    has_history: bool = False

    @property
    def is_done(self) -> bool:
        """Its list is complete, or it has its whole history where the list is refused."""
        is_open = self.status is Status.RESTRICTED and self.has_history
        return self.status is Status.COMPLETED or is_open


class Once:
    """``start`` after the constructor, ``stop`` at the end, whatever happened. ``token`` None:
    histories alone.
    """

    def __init__(self, config: Config, token: str | None) -> None:
        self._config, self._given, self._user_id = config, token, NOBODY_ID
        self._clock, self._instance = SystemClock(), Instance()
        self._stopping, self._never = Event(), Event()
        self._database = Database(config.database, self._clock)
        self._dispatcher = Dispatcher(monotonic=self._clock.monotonic)
        self._ledger = Ledger(config.github)
        self._client = GitHubClient(config.github, self._ledger, self._clock, self._stopping)
        pool_size = config.database.pool_max_size
        self._writer = PageWriter(self._database, count_writers(self._database, pool_size))
        self._trial = Trial(self._database)
        history_of = "all" if config.collect.history == "all" else "restricted"
        wanted = msgspec.structs.replace(config.collect, history=history_of)
        plan = replace(plan_of(config), collect=wanted, include=frozenset())
        self._engine = Engine(
            self._database,
            self._writer,
            self._client,
            self._ledger,
            self._dispatcher,
            EventBus(),
            self._clock,
            plan,
            config.github.concurrency,
            self._instance.owner,
            Gates(self._stopping.is_set, self._never.is_set, lambda: self._trial.fault),
            self._trial.look,
        )
        self._client.way.on_recovery = self._dispatcher.wake_all
        self._pool = WorkerPool(
            self._dispatcher, self._clock, self._stopping, self._never, self._engine.make_loop, 1
        )
        self._supervisor = Supervisor(self._duties(), self._clock, self._stopping)
        #: What was asked for, in that order: the key of a repository, or why it cannot be read.
        self._wanted: list[str | Collected] = []

    def start(self, names: Sequence[str]) -> None:
        """Begin to collect these repositories. Raises TokenUnusable, GitHubAway where GitHub cannot
        be asked at all, and DatabaseError.
        """
        self._database.open()
        schema.apply(self._database)
        self._trial.look()
        lifecycle.give_back(self._database, self._is_dead)
        lifecycle.give_back_stale(self._database)
        account = self._identify()
        self._user_id = account.user_id
        self._dispatcher.open_lane(account)
        self._writer.start()
        for name in names:
            self._queue(account, name)
        self._pool.start(1)
        self._supervisor.start()

    @property
    def is_over(self) -> bool:
        """Nothing waits and nothing is in hand."""
        return not len(self._dispatcher) and all(one.is_idle for one in self._pool.states())

    @property
    def waits(self) -> str | None:
        """What is waited for, one phrase; None: nothing is."""
        outage = self._client.outage
        if outage is not None:
            return f"GitHub does not answer ({outage.text})"
        state = self._pool.account_state(self._user_id)
        return None if state is None else state.waits_for

    def look(self) -> Iterator[Collected]:
        """How far everything has come. Raises DatabaseError."""
        for key in self._wanted:
            if isinstance(key, Collected):
                yield key
                continue
            view = repositories.find(self._database, key)
            if view is None:
                continue
            place = Repository(key, view.full_name, view.github_id, view.stars, view.is_private)
            stored = history.read_stored(self._database, place)
            yield Collected(
                name=view.full_name,
                status=Status(view.status) if view.status in set(Status) else Status.PENDING,
                reason=view.last_error,
                stars=view.total_stargazers,
                stored=view.processed,
                weekly_stars=stored.total,
                has_history=stored.is_complete,
            )

    def stop(self) -> None:
        """Finish the page in hand, give claims back, close. Takes 10 s at most."""
        self._stopping.set()
        self._pool.stop(DRAIN_SECONDS)
        for step in (self._writer.stop, self._supervisor.stop, self._settle_last):
            with gevent.Timeout(STEP_SECONDS, False):
                step()
        self._client.close()
        self._database.close()

    def _identify(self) -> Account:
        """Whose budget is used."""
        if self._given is None:
            return Account("", NOBODY_ID, "callers without a token", "", is_anonymous=True)
        token = read_token(self._given)
        owner = ask_owner(self._config.github, self._clock, token)
        if isinstance(owner, TokenOwner):
            return Account("", owner.user_id, owner.login, token, owner.scopes)
        return Account("", NOBODY_ID, "this token", token)

    def _queue(self, account: Account, name: str) -> None:
        """Let the repository be read; what cannot be is told with the others."""
        try:
            _, found = Finder(self._client).repository([account], name)
        except (NotKnown, GitHubAway) as error:
            self._wanted.append(Collected(name, None, str(error)))
            return
        (place,) = access.keep_records(self._database, [found])
        lifecycle.ensure(self._database, place)
        self._wanted.append(place.key)
        lifecycle.go_on(self._database, place.key)
        if account.is_anonymous:
            lifecycle.restrict(self._database, place, NO_TOKEN, None)
            lifecycle.save_counts(self._database, {place.key: place.stars})
            job = Job(account.user_id, place, Priority.HISTORY, task=Task.HISTORY)
        else:
            access.allow_again(self._database, account.user_id, place.key)
            job = Job(account.user_id, place, Priority.REQUESTED)
        self._dispatcher.put(job)

    def _settle_last(self) -> None:
        if not self._database.is_up:
            return
        try:
            self._engine.ends.settle_remembered()
            lifecycle.give_back(self._database, self._instance.is_mine)
        except DatabaseError as error:
            logger.warning("claims are given back by the next start: %s", error)

    def _is_dead(self, owner: str) -> bool:
        return self._database.is_embedded or self._instance.is_dead(owner)

    def _duties(self) -> list[Duty]:
        def keep_leases() -> None:
            owners = [*self._pool.owners(), *self._engine.ends.owners]
            lifecycle.heartbeat(self._database, owners, self._config.collect.lease_seconds)

        return [
            Duty("settlements", self._engine.ends.settle_remembered, SETTLE_SECONDS),
            Duty("heartbeat", keep_leases, self._config.collect.heartbeat_seconds),
            Duty("trial write", self._trial.step, SETTLE_SECONDS),
            Duty("outage of GitHub", self._client.way.check, SETTLE_SECONDS),
        ]
