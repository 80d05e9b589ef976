"""What the server tells of itself, gathered from all stages; how it is shown over HTTP is left to
``web``.

Nothing here asks the database: what it holds is read in the background (``pulse``), so a busy or
hanging one never delays an answer. Answers are kept for a moment, so that a hundred callers cost
what one costs.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from gevent.event import Event

from gitstars import __version__, api
from gitstars.clock import Clock, show_since, show_time
from gitstars.events import EventBus
from gitstars.store.database import Database
from gitstars.supervise.accounts import AccountReader
from gitstars.supervise.health import Facts, Health, decide_health
from gitstars.supervise.outages import OutageLog
from gitstars.supervise.pulse import Pulse
from gitstars.supervise.rates import Rates
from gitstars.supervise.readings import Reading
from gitstars.supervise.seen import GitHubSeen, WatcherSeen
from gitstars.supervise.supervisor import DutyState
from gitstars.supervise.views import (
    show_duty,
    show_github,
    show_left_out,
    show_resources,
    sum_budgets,
    time_or_none,
)
from gitstars.supervise.work import WorkReader

#: An answer is used again for this long (seconds); the queue, which may be long, for longer.
FRESH_SECONDS, QUEUE_FRESH_SECONDS = 0.5, 2.0

T = TypeVar("T")


class Machine:
    """The process, its duties, and whether it stops or is paused."""

    def __init__(
        self,
        read: Callable[[], Reading],
        duties: Callable[[], list[DutyState]],
        stop: Event,
        paused: Event,
    ) -> None:
        self.read = read
        self.duties = duties
        self._stop = stop
        self._paused = paused

    @property
    def is_stopping(self) -> bool:
        return bool(self._stop.is_set())

    @property
    def is_paused(self) -> bool:
        return bool(self._paused.is_set())


class Snapshots:
    """Readings of the whole engine."""

    def __init__(
        self,
        accounts: AccountReader,
        work: WorkReader,
        database: Database,
        pulse: Pulse,
        github: GitHubSeen,
        machine: Machine,
        events: EventBus,
        clock: Clock,
        watcher: WatcherSeen,
        find_schema_problem: Callable[[], str | None] = lambda: None,
    ) -> None:
        """``find_schema_problem``: why the tables do not take what gitstars writes, one sentence;
        None: they do.
        """
        self._accounts = accounts
        self._work = work
        self._database = database
        self._github = github
        self._machine = machine
        self._events = events
        self._clock = clock
        self._watcher = watcher
        self._find_schema_problem = find_schema_problem
        self.pulse = pulse
        self.rates = Rates()
        self.rates.observe(0, clock.monotonic(), clock.now())
        self._started_at = clock.monotonic()
        self._outages = OutageLog(clock)
        self._kept: dict[str, tuple[float, Any]] = {}

    def observe(self) -> None:
        """A duty's step: ping the database, and note how many stars are stored."""
        self.rates.observe(
            self._events.totals["stars.stored"], self._clock.monotonic(), self._clock.now()
        )
        self.pulse.ping()
        self._outages.note("the database", self.pulse.problem)

    @property
    def is_ready(self) -> bool:
        """The database is reachable and takes what is written, workers run, nothing is stopping."""
        return (
            self.pulse.problem is None
            and self._find_schema_problem() is None
            and self.workers().count > 0
            and not self._machine.is_stopping
        )

    def status(self) -> api.Stats:
        """Health with its reasons, and all statistics."""
        kept = self._kept.get("status")
        if kept is not None and kept[1].database.reachable != (self.pulse.problem is None):
            # What is ready and what is healthy must agree.
            self.forget()
        return self._keep("status", FRESH_SECONDS, self._gather)

    def history(self) -> list[tuple[int, float]]:
        """(epoch seconds, stars a second) of the last hours, oldest first."""
        return list(self.rates.history)

    def latencies(self) -> list[float]:
        """How long the last queries of the database took (seconds)."""
        return list(self._database.latencies)

    def accounts(self) -> list[api.Account]:
        """Every account: progress, access, budgets, and why it is out."""
        return self._keep("accounts", FRESH_SECONDS, self._accounts.read)

    def left_out(self) -> list[api.LeftOut]:
        """The rows of the table of accounts that are not served."""
        return [show_left_out(row) for row in self._watcher.left_out]

    def workers(self) -> api.Workers:
        """Every worker, and the bounds that the operator set."""
        return self._keep("workers", FRESH_SECONDS, self._work.read_workers)

    def queue(self) -> api.Queue:
        """What waits: by priority and user, and the head."""
        return self._keep("queue", QUEUE_FRESH_SECONDS, self._work.read_queue)

    def forget(self) -> None:
        """Something was changed on purpose: the next answers show it."""
        self._kept.clear()

    def _keep(self, name: str, seconds: float, gather: Callable[[], T]) -> T:
        now = self._clock.monotonic()
        kept = self._kept.get(name)
        if kept is None or now - kept[0] >= seconds:
            kept = self._kept[name] = (now, gather())
        value: T = kept[1]
        return value

    # Gathering

    def _gather(self) -> api.Stats:
        reading, duties = self._machine.read(), [show_duty(duty) for duty in self._machine.duties()]
        workers, accounts, queue = self.workers(), self.accounts(), self._work.read_depth()
        database, github = self._gather_database(), self._gather_github()
        health = self._decide_health(reading, duties, queue, database, github)
        totals = self._events.totals
        return api.Stats(
            status=health.status,
            reasons=health.reasons,
            paused=self._machine.is_paused,
            version=__version__,
            uptime_seconds=round(self._clock.monotonic() - self._started_at, 1),
            database=database,
            github=github,
            workers=api.WorkerCounts(
                **{name: getattr(workers, name) for name in api.WorkerCounts.__struct_fields__}
            ),
            queue=queue,
            accounts=api.AccountCounts(
                count=len(accounts),
                out=sum(account.reason is not None for account in accounts),
                left_out=len(self._watcher.left_out),
                watcher_problem=self._watcher.problem,
            ),
            budgets=sum_budgets(accounts),
            repositories=self.pulse.statuses,
            counted_at=time_or_none(self.pulse.counted_at),
            stars_kept=self.pulse.stars_kept,
            totals=api.Totals(
                stars_stored=totals["stars.stored"],
                pages_stored=totals["pages.stored"],
                repositories_completed=totals["repo.completed"],
                repositories_failed=totals["repo.failed"],
                repositories_refused=totals["repo.refused"],
            ),
            rates=api.Rates(stars_per_second=self.rates.per_second),
            resources=show_resources(reading),
            duties=duties,
            at=show_time(self._clock.now()),
        )

    def _gather_database(self) -> api.DatabaseState:
        pool, problem = self._database.pool_state(), self.pulse.problem
        return api.DatabaseState(
            address=self._database.address,
            is_embedded=self._database.is_embedded,
            reachable=problem is None,
            latency_ms=round((self.pulse.ping_seconds or 0.0) * 1000, 2),
            error=problem,
            schema_problem=self._find_schema_problem(),
            pool=api.Pool(
                maximum=pool.maximum, idle=pool.idle, in_use=pool.in_use, waiting=pool.waiting
            ),
        )

    def _gather_github(self) -> api.GitHubState:
        return show_github(self._github.outage, self._github.routes)

    def _decide_health(
        self,
        reading: Reading,
        duties: list[api.DutyReport],
        queue: api.QueueState,
        database: api.DatabaseState,
        github: api.GitHubState,
    ) -> Health:
        is_started, outage = self._work.is_started, self._github.outage
        facts = Facts(
            is_started=is_started,
            is_stopping=self._machine.is_stopping,
            database_problem=database.error if is_started else None,
            database_seconds=self.pulse.ping_seconds,
            workers=self.workers().count,
            failing_duties=[
                (duty.name, duty.last_error or "?") for duty in duties if duty.failures
            ],
            is_queue_full=queue.is_full,
            disk_free_bytes=reading.disk_free_bytes,
            memory_percent=reading.memory_percent,
            schema_problem=database.schema_problem,
            github_problem=None
            if outage is None
            else f"GitHub has not answered since {show_since(outage.since, self._clock.now())} "
            f"({github.error})",
            watcher_problem=self._watcher.problem,
            accounts_out=[
                (f"{account.login or '?'} ({account.user_id})", account.reason or "")
                for account in self.accounts()
                if account.token.state != "usable"
            ]
            + [(row.login or row.record_id, row.reason) for row in self.left_out()],
        )
        return decide_health(facts)
