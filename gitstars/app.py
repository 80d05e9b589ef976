"""The composition root: builds the parts from a Config, wires them, and starts and stops them in
a stated order.
"""

import json
import logging
import os
import signal
import sys
import time
from pathlib import Path

import gevent
from gevent.event import Event

from gitstars import __version__, api
from gitstars.clock import Clock, SystemClock
from gitstars.config import Config, admin_key_path, data_folder
from gitstars.discover.needs import Rules
from gitstars.discover.watcher import AccountWatcher
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.errors import ConfigInvalid, DatabaseError, GitstarsError
from gitstars.events import EventBus
from gitstars.execute.engine import Engine
from gitstars.execute.obstacles import Gates
from gitstars.execute.pool import WorkerPool
from gitstars.execute.taking import plan_of
from gitstars.fetch.client import GitHubClient
from gitstars.fetch.device import DeviceFlow
from gitstars.fetch.finder import Finder
from gitstars.fetch.ledger import Ledger
from gitstars.fetch.owner import find_owner
from gitstars.interrupts import on_interrupts
from gitstars.loops import spawn
from gitstars.model import Account, Job, Priority
from gitstars.naming import web_host
from gitstars.store import lifecycle, schema
from gitstars.store.database import Database
from gitstars.store.engine import EngineHost
from gitstars.store.trial import TRIAL_SECONDS, Trial
from gitstars.store.writer import PageWriter, count_writers
from gitstars.supervise import deadman, pulse, scale_memory
from gitstars.supervise.accounts import AccountReader
from gitstars.supervise.budgets import KEEP_SECONDS, BudgetKeeper
from gitstars.supervise.following import FollowDesk
from gitstars.supervise.instance import Instance
from gitstars.supervise.operations import Operations
from gitstars.supervise.pausing import Pausing
from gitstars.supervise.public import PublicReader
from gitstars.supervise.readings import Readings
from gitstars.supervise.report import REPORT_SECONDS, render_report
from gitstars.supervise.repositories import RepositoryOperations
from gitstars.supervise.scaling import SCALE_SECONDS, Scaler
from gitstars.supervise.seen import TokenOut
from gitstars.supervise.signing import AccountDesk
from gitstars.supervise.snapshot import Machine, Snapshots
from gitstars.supervise.supervisor import Duty, Supervisor
from gitstars.supervise.tokens import TokenDesk
from gitstars.supervise.watchdog import Watchdog
from gitstars.supervise.work import WorkReader
from gitstars.web import servers
from gitstars.web.metrics import CallTimes
from gitstars.web.serving import HttpServer, raise_file_limit

logger = logging.getLogger(__name__)

#: Stopping takes less than 10 s, whatever hangs (seconds): the page in hand, each later step at
#: most, the engine's end at the latest.
DRAIN_SECONDS, STEP_SECONDS, ENGINE_END_SECONDS = 5.0, 0.5, 8.5
#: Pause between looks for claims whose lease ran out, or whose owner is dead (seconds).
STALE_SECONDS = 60.0
#: Pause between tries of settlements that the database could not take (seconds).
SETTLE_SECONDS = 5.0
#: An operator who asks for what waits for a token waits so long for GitHub's word on it (seconds).
ASK_SECONDS = 10.0
#: Pause between looks whether a probe of GitHub is due (seconds).
OUTAGE_SECONDS = 5.0


class App:
    """A whole gitstars in this process."""

    def __init__(
        self, config: Config, clock: Clock | None = None, engine: EngineHost | None = None
    ) -> None:
        """``engine``: an embedded engine that is open already, and stays open when this stops."""
        self.config = config
        self.clock = clock or SystemClock()
        self.stopping = Event()
        self.paused = Event()
        self.instance = Instance()
        self.events = EventBus()
        self.database = Database(config.database, self.clock, engine)
        self.dispatcher = Dispatcher(monotonic=self.clock.monotonic)
        self.ledger = Ledger(config.github)
        self.calls = CallTimes()
        self.client = GitHubClient(
            config.github,
            self.ledger,
            self.clock,
            self.stopping,
            self.calls.observe,
        )
        writers = count_writers(self.database, config.database.pool_max_size)
        self.writer = PageWriter(self.database, writers)
        self.trial = Trial(self.database)
        plan = plan_of(config)
        self.engine = Engine(
            self.database,
            self.writer,
            self.client,
            self.ledger,
            self.dispatcher,
            self.events,
            self.clock,
            plan,
            config.github.concurrency,
            self.instance.owner,
            Gates(self.stopping.is_set, self.paused.is_set, lambda: self.trial.fault),
            self.trial.look,
        )
        self.client.way.on_recovery = self.dispatcher.wake_all
        self.pool = WorkerPool(
            self.dispatcher,
            self.clock,
            self.stopping,
            self.paused,
            self.engine.make_loop,
            config.workers.maximum,
        )
        rules = Rules(plan.fresh_seconds, config.collect.history, plan.include)
        self.watcher = AccountWatcher(
            self.database,
            self.dispatcher,
            self.events,
            self.clock,
            config.discover,
            rules,
            self.stopping,
            why_out=self._why_out,
        )
        self.pausing = Pausing(self.paused, self.database, self.dispatcher, self.events, self.clock)
        self.readings = Readings(_folder_of(config.database.url), self.clock)
        self.scaler = Scaler(self.pool, self.dispatcher, self.readings.read, config.workers.maximum)
        self.budget_keeper = BudgetKeeper(self.database, self.ledger.snapshot)
        self.deadman = deadman.DeadMan(
            self.pool,
            self.database,
            self.events,
            self.clock,
            config.workers.stuck_after_hours * 3600,
            self.writer,
            self.watcher,
        )
        self.watchdog = Watchdog()
        self.supervisor = Supervisor(self._duties(), self.clock, self.stopping)
        self.snapshots = self._build_snapshots()
        self.supervisor.add(
            Duty("observing", self.snapshots.observe, pulse.PING_SECONDS),
            Duty("counting repositories", self.snapshots.pulse.count, pulse.LOOK_SECONDS),
            Duty("counting accounts", self.snapshots.pulse.count_accounts, pulse.LOOK_SECONDS),
        )
        tokens = self._build_token_desk()
        self.repositories = RepositoryOperations(
            self.database,
            self.dispatcher,
            tokens,
            self.events,
            self.clock,
            plan.fresh_seconds,
            self.watcher.obstacle,
        )
        self.operations = Operations(
            self.database,
            self.dispatcher,
            self.watcher.enqueue,
            tokens,
            self.scaler,
            self.pausing,
            self.events,
            self.clock,
        )
        self.servers = self._build_servers()

    def start(self, wait_for_db_seconds: float = 0.0) -> None:
        """Start everything.

        Raises the DatabaseError or PortTaken that stands in the way; nothing stays behind then.
        """
        try:
            self.watchdog.start()
            # 1. The ports: what is taken is told before anything else happens.
            for server in self.servers:
                server.start()
            # 2. The database, its tables, the claims that nobody holds any more, and what the last
            # run knew.
            self.database.open(wait_for_db_seconds)
            schema.apply(self.database)
            self.trial.look()
            self.give_back_claims()
            self.ledger.restore(self.budget_keeper.load())
            self.pausing.restore()
            # 3. From the last stage to the first, so that nothing arrives where nobody works.
            self.writer.start()
            self.watcher.start()
            self.pool.start(self.config.workers.initial or len(self.watcher.accounts))
            bounds = scale_memory.recall(self.database, self.config.workers.maximum)
            if bounds is not None:
                self.scaler.set_override(bounds)
            self.supervisor.start()
        except BaseException:
            self.stop()
            raise
        logger.info(
            "gitstars %s serves %d accounts from %s",
            __version__,
            len(self.watcher.accounts),
            self.database.address,
        )
        if not self.watcher.accounts:
            logger.info("%s: %s", api.NOBODY_HERE, api.SIGN_IN_ADVICE)
        if self.config.admin.port:
            host, port = self.config.admin.host, self.config.admin.port
            key = "admin.api_key" if self.config.admin.api_key else str(admin_key_path())
            logger.info("dashboard on http://%s:%d/, its key is in %s", host, port, key)

    def stop(self) -> None:
        """Stop taking work, finish the page in hand, give claims back, close.

        Takes 10 s at most.
        """
        began = time.monotonic()
        self.stopping.set()
        self.watcher.stop()
        self.pool.stop(DRAIN_SECONDS)
        steps = (
            self.writer.stop,
            self.supervisor.stop,
            self._settle_last,
            self.budget_keeper.finish,
        )
        for step in steps:
            with gevent.Timeout(STEP_SECONDS, False):
                step()
        self.client.close()
        self.database.close(max(STEP_SECONDS, ENGINE_END_SECONDS - (time.monotonic() - began)))
        for server in self.servers:
            server.stop()
        self.watchdog.stop()

    def _settle_last(self) -> None:
        """Write the settlements that the database could not take, and give back what is left."""
        if not self.database.is_up:
            return
        try:
            self.engine.ends.settle_remembered()
        except DatabaseError as error:
            logger.warning("a settlement could not be written, its claim is given back: %s", error)
        try:
            lifecycle.give_back(self.database, self.instance.is_mine)
        except DatabaseError as error:
            logger.warning("claims are given back by the next start: %s", error)

    @property
    def is_idle(self) -> bool:
        """Nothing waits and nothing is in hand."""
        return (
            not len(self.dispatcher)
            and all(state.is_idle for state in self.pool.states())
            and not self.watcher.is_anyone_arriving
        )

    def summary(self) -> str:
        """The final numbers, one line."""
        totals = self.events.totals
        return (
            f"stored {totals['stars.stored']} stars in {totals['pages.stored']} pages; "
            f"{totals['repo.completed']} repositories completed, {totals['repo.failed']} failed, "
            f"{len(self.dispatcher)} still queued"
        )

    def report(self) -> None:
        """Log how things are, a few lines."""
        upsets = {
            "workers replaced": self.pool.replaced,
            "writers replaced": self.deadman.writers_replaced,
            "watchers replaced": self.deadman.watchers_replaced,
            "duties restarted": sum(duty.restarts for duty in self.supervisor.states()),
            "engine restarts": self.database.engine.restarts if self.database.engine else 0,
            "hangs of the hub": self.watchdog.hangs,
        }
        for line in render_report(self.snapshots.status(), self.snapshots.accounts(), upsets):
            logger.info("%s", line)

    def _build_snapshots(self) -> Snapshots:
        counted = pulse.Pulse(
            self.database,
            lambda: [lane.account for lane in self.dispatcher.lanes()],
            self.clock,
            lambda: self.events.totals.total(),
        )
        return Snapshots(
            AccountReader(
                self.dispatcher, self.ledger, counted, self.clock, self.pool.account_state
            ),
            WorkReader(self.pool, self.dispatcher, self.scaler, self.clock),
            self.database,
            counted,
            self.client,
            Machine(self.readings.read, self.supervisor.states, self.stopping, self.paused),
            self.events,
            self.clock,
            self.watcher,
            lambda: self.trial.fault,
        )

    def _build_token_desk(self) -> TokenDesk:
        def find(account: Account) -> TokenOut | None:
            return self.ledger.rejection(account.user_id, account.token, self.clock.now())

        def ask(account: Account) -> None:
            with gevent.Timeout(ASK_SECONDS, False):
                self.client.verify_token(account)

        def forget(user_id: int) -> None:
            self.client.look_again(user_id)
            self.dispatcher.wake(user_id)

        return TokenDesk(find, forget, ask)

    def _build_desk(self) -> AccountDesk:
        github = self.config.github
        return AccountDesk(
            self.database,
            lambda token: find_owner(github, self.clock, token),
            DeviceFlow(github, self.clock, self.config.collect.private),
            web_host(github.api_url),
            self.watcher.look_soon,
        )

    def _build_servers(self) -> list[HttpServer]:
        health, admin, public = self.config.health, self.config.admin, self.config.public
        built = (
            [servers.build_health_server(health, self.snapshots, self.calls)] if health.port else []
        )
        if public.port:
            built.append(servers.build_public_server(public, PublicReader(self.database)))
        if admin.port:
            built.append(
                servers.build_admin_server(
                    admin,
                    self.snapshots,
                    self.repositories,
                    self.operations,
                    self._build_desk(),
                    FollowDesk(
                        self.database,
                        Finder(self.client),
                        self._usable_accounts,
                        self.config.collect.private,
                        self._queue_followed,
                    ),
                    self.events,
                    self.clock,
                    self.stopping,
                )
            )
        return built

    def _queue_followed(self, job: Job) -> None:
        """The job, and whatever else is due of what the account looks after: a repository that
        was collected once may have an old count or history.
        """
        self.dispatcher.put(job)
        lane = self.dispatcher.lane(job.user_id)
        if lane is not None:
            self.watcher.scanner.request(lane.account, Priority.EXISTING, is_urgent=True)

    def _usable_accounts(self) -> list[Account]:
        return [account for account in self.watcher.accounts if self._why_out(account) is None]

    def _why_out(self, account: Account) -> str | None:
        rejected = self.ledger.rejection(account.user_id, account.token, self.clock.now())
        return rejected.text if rejected is not None else None

    def _is_dead(self, owner: str) -> bool:
        if self.instance.is_mine(owner):
            return False
        # The lock on the embedded path proves that no other server is there.
        return self.database.is_embedded or self.instance.is_dead(owner)

    def _is_abandoned(self, owner: str) -> bool:
        # Asked after the row was read: a claim that was granted by then is in hand.
        return self.instance.is_mine(owner) and owner not in self._owners()

    def _owners(self) -> list[str]:
        """The owners of all claims in hand, and of those whose settlement is to be written."""
        return [*self.pool.owners(), *self.engine.ends.owners]

    def _duties(self) -> list[Duty]:
        return [
            Duty("settlements", self.engine.ends.settle_remembered, SETTLE_SECONDS),
            Duty("heartbeat", self.keep_leases, self.config.collect.heartbeat_seconds),
            Duty("stale claims", self.give_back_claims, STALE_SECONDS),
            Duty("trial write", self.trial.step, TRIAL_SECONDS),
            Duty("budgets", self.budget_keeper.step, KEEP_SECONDS),
            Duty("scaling", self.scaler.step, SCALE_SECONDS),
            Duty("stuck workers", self.deadman.look_at_workers, deadman.LOOK_SECONDS),
            Duty("silent watcher", self.deadman.look_at_watcher, deadman.LOOK_SECONDS),
            Duty("silent writers", self.deadman.look_at_writers, deadman.LOOK_SECONDS),
            Duty("silent live query", self.deadman.look_at_live_query, deadman.LOOK_SECONDS),
            Duty("silent engine", self.deadman.look_at_engine, deadman.LOOK_SECONDS),
            Duty("outage of GitHub", self.client.way.check, OUTAGE_SECONDS),
            Duty("report", self.report, REPORT_SECONDS),
        ]

    def keep_leases(self) -> None:
        """Extend the leases of what is in hand, and give back claims of ours that are not: their
        settlement failed.
        """
        lifecycle.heartbeat(self.database, self._owners(), self.config.collect.lease_seconds)
        returned = lifecycle.give_back(self.database, self._is_abandoned)
        if returned:
            logger.warning("%d claims that could not be settled were given back", returned)

    def give_back_claims(self) -> None:
        """Give back claims whose owner is dead, and those whose lease ran out, of any process."""
        returned = lifecycle.give_back(self.database, self._is_dead)
        if returned:
            logger.info("%d claims of dead servers were given back", returned)
        returned = lifecycle.give_back_stale(self.database)
        if returned:
            logger.warning("%d claims had run out and were given back", returned)


def _folder_of(url: str) -> Path:
    """The folder that grows: of the embedded database, else our own."""
    scheme, _, path = url.partition("://")
    if scheme == "surrealkv":
        return Path(path.partition("?")[0])
    try:
        return data_folder()
    except ConfigInvalid:
        # A container whose database is elsewhere needs no home.
        return Path("/")


def serve_forever(config: Config, wait_for_db_seconds: float) -> int:
    """Serve until SIGINT or SIGTERM; the exit code. A second signal exits at once."""
    raise_file_limit()
    app = App(config)
    asked = Event()

    def ask() -> None:
        logger.info("stopping: finishing the page in hand (a second signal stops at once)")
        asked.set()

    def leave() -> None:
        sys.stderr.write("stopped at once; claims are given back at the next start\n")
        sys.stderr.flush()
        os._exit(130)

    on_interrupts(ask, leave)
    gevent.signal_handler(signal.SIGUSR1, spawn, "report", app.report)
    starting = spawn("start", _attempt, app, wait_for_db_seconds)
    gevent.wait([starting, asked], count=1)
    if not asked.is_set():
        failure = starting.get()
        if failure is not None:
            raise failure
        asked.wait()
    app.stop()
    summary = app.summary()
    print(json.dumps({"message": summary}) if config.log.format == "json" else summary)
    return 0


def _attempt(app: App, wait_for_db_seconds: float) -> GitstarsError | None:
    """Start; what stands in the way is a value here, since it is told to the user and not logged
    as a crash.
    """
    try:
        app.start(wait_for_db_seconds)
    except GitstarsError as error:
        return error
    return None
