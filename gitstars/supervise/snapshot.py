"""What the server tells of itself, gathered from all stages as plain JSON values; how it is
shown over HTTP is left to ``web``.

Nothing here asks the database: what it holds is read in the background (``pulse``), so a busy or
hanging one never delays an answer. Answers are kept for a moment, so that a hundred callers cost
what one costs. Times are ISO 8601 texts.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from gevent.event import Event

from gitstars import __version__
from gitstars.clock import Clock, show_time
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.events import EventBus
from gitstars.execute.pool import WorkerPool
from gitstars.execute.worker import WorkerState
from gitstars.model import Account, Priority, Resource
from gitstars.store.database import Database
from gitstars.supervise.judgement import Facts, Health, judge_health
from gitstars.supervise.pulse import AccountProgress, Pulse
from gitstars.supervise.rates import Rates
from gitstars.supervise.readings import Reading
from gitstars.supervise.scaling import Scaler
from gitstars.supervise.supervisor import DutyState

#: An answer is used again for this long (seconds); the queue, which may be long, for longer.
FRESH_SECONDS, QUEUE_FRESH_SECONDS = 0.5, 2.0
#: Jobs shown of the queue's head.
HEAD_JOBS = 20
PRIORITIES = {
    value: name.lower() for name, value in vars(Priority).items() if isinstance(value, int)
}
#: Totals since the start: name here -> name on the event bus.
TOTALS = {
    "stars_stored": "stars.stored",
    "pages_stored": "pages.stored",
    "repositories_completed": "repo.completed",
    "repositories_failed": "repo.failed",
    "repositories_refused": "repo.refused",
}

T = TypeVar("T")


class Budgets(Protocol):
    """What is asked of the ledger."""

    def view(self, user_id: int, now: float) -> dict[str, Any]: ...

    def is_rejected(self, user_id: int, token: str, now: float) -> bool: ...

    def blocked_until(self, user_id: int, resource: Resource, now: float) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Sources:
    """Whoever is asked."""

    database: Database
    dispatcher: Dispatcher
    pool: WorkerPool
    scaler: Scaler
    budgets: Budgets
    events: EventBus
    clock: Clock
    read: Callable[[], Reading]
    duties: Callable[[], list[DutyState]]
    paused: Event
    stop: Event


class Snapshots:
    """Readings of the whole engine."""

    def __init__(self, sources: Sources) -> None:
        self._from = sources
        self._started_at = sources.clock.monotonic()
        self._kept: dict[str, tuple[float, Any]] = {}
        self.pulse = Pulse(
            sources.database,
            lambda: [lane.account for lane in sources.dispatcher.lanes()],
            sources.clock,
        )
        self.rates = Rates()
        self.rates.observe(0, sources.clock.monotonic(), sources.clock.now())

    def observe(self) -> None:
        """A duty's step: ping the database, and note how many stars are stored."""
        clock = self._from.clock
        self.rates.observe(self._from.events.totals["stars.stored"], clock.monotonic(), clock.now())
        self.pulse.ping()

    @property
    def is_ready(self) -> bool:
        """The database is reachable, workers run, and nothing is stopping."""
        return (
            self.pulse.problem is None
            and self._from.pool.count > 0
            and not self._from.stop.is_set()
        )

    def status(self) -> dict[str, Any]:
        """Health with its reasons, and all statistics."""
        return self._keep("status", FRESH_SECONDS, self._gather)

    def history(self) -> list[tuple[int, float]]:
        """(epoch seconds, stars a second) of the last hours, oldest first."""
        return list(self.rates.history)

    def latencies(self) -> list[float]:
        """How long the last queries of the database took (seconds)."""
        return list(self._from.database.latencies)

    def accounts(self) -> list[dict[str, Any]]:
        """Every account: progress, access, budgets, and why it is out."""
        return self._keep("accounts", FRESH_SECONDS, self._gather_accounts)

    def workers(self) -> dict[str, Any]:
        """Every worker, and the bounds that the operator set."""
        return self._keep("workers", FRESH_SECONDS, self._gather_workers)

    def queue(self) -> dict[str, Any]:
        """What waits: by priority and user, and the head."""
        return self._keep("queue", QUEUE_FRESH_SECONDS, self._gather_queue)

    def forget(self) -> None:
        """Something was changed on purpose: the next answers show it."""
        self._kept.clear()

    def _keep(self, name: str, seconds: float, gather: Callable[[], T]) -> T:
        now = self._from.clock.monotonic()
        kept = self._kept.get(name)
        if kept is None or now - kept[0] >= seconds:
            kept = self._kept[name] = (now, gather())
        value: T = kept[1]
        return value

    # Gathering

    def _gather(self) -> dict[str, Any]:
        source = self._from
        reading, workers, accounts = source.read(), self.workers(), self.accounts()
        health = self._judge(reading)
        return {
            "status": health.status,
            "reasons": health.reasons,
            "paused": source.paused.is_set(),
            "version": __version__,
            "uptime_seconds": round(source.clock.monotonic() - self._started_at, 1),
            "database": self._gather_database(),
            "workers": {
                name: workers[name]
                for name in ("count", "busy", "waiting", "idle", "retiring", "replaced")
            },
            "queue": {
                "depth": len(source.dispatcher),
                "oldest_seconds": self._oldest_seconds(),
                "is_full": source.dispatcher.is_full,
            },
            "accounts": {
                "count": len(accounts),
                "out": sum(account["reason"] is not None for account in accounts),
            },
            "budgets": _sum_budgets(accounts),
            "repositories": self.pulse.statuses,
            "counted_at": _time(self.pulse.counted_at),
            "totals": {name: source.events.totals[kind] for name, kind in TOTALS.items()},
            "rates": {"stars_per_second": self.rates.per_second},
            "resources": _show_reading(reading),
            "duties": [_show_duty(duty) for duty in source.duties()],
            "at": show_time(source.clock.now()),
        }

    def _gather_database(self) -> dict[str, Any]:
        database, pool = self._from.database, self._from.database.pool_state()
        ping = self.pulse.ping_seconds
        return {
            "address": database.address,
            "is_embedded": database.is_embedded,
            "reachable": self.pulse.problem is None,
            "latency_ms": round((ping or 0.0) * 1000, 2),
            "error": self.pulse.problem,
            "pool": {
                "maximum": pool.maximum,
                "idle": pool.idle,
                "in_use": pool.in_use,
                "waiting": pool.waiting,
            },
        }

    def _judge(self, reading: Reading) -> Health:
        source = self._from
        facts = Facts(
            is_started=source.pool.initial > 0,
            is_stopping=source.stop.is_set(),
            database_problem=self.pulse.problem if source.pool.initial else None,
            database_seconds=self.pulse.ping_seconds,
            workers=source.pool.count,
            failing_duties=[
                (duty.name, duty.last_error or "?") for duty in source.duties() if duty.failures
            ],
            rejected=[
                str(lane.account)
                for lane in source.dispatcher.lanes()
                if source.budgets.is_rejected(lane.user_id, lane.account.token, source.clock.now())
            ],
            is_queue_full=source.dispatcher.is_full,
            disk_free_bytes=reading.disk_free_bytes,
            memory_percent=reading.memory_percent,
        )
        return judge_health(facts)

    def _gather_accounts(self) -> list[dict[str, Any]]:
        return [
            self._show_account(lane.account, len(lane)) for lane in self._from.dispatcher.lanes()
        ]

    def _show_account(self, account: Account, waiting: int) -> dict[str, Any]:
        now = self._from.clock.now()
        view = self._from.budgets.view(account.user_id, now)
        progress = self.pulse.progress.get(account.user_id, AccountProgress())
        cooldown = view.pop("cooldown_until")
        return {
            "user_id": account.user_id,
            "login": account.login,
            "scopes": None if account.scopes is None else sorted(account.scopes),
            "access": {"allowed": progress.access.allowed, "refused": progress.access.refused},
            "repositories": {
                "total": progress.total,
                "settled": progress.settled,
                "waiting": waiting,
            },
            "seconds_left": None if progress.seconds_left is None else round(progress.seconds_left),
            "budgets": {
                name: {**budget, "reset_at": _time(budget["reset_at"])}
                for name, budget in view.items()
            },
            "cooldown_until": _time(cooldown),
            "reason": self._why_out(account, cooldown, now),
        }

    def _why_out(self, account: Account, cooldown: float | None, now: float) -> str | None:
        budgets = self._from.budgets
        if budgets.is_rejected(account.user_id, account.token, now):
            return (
                "GitHub refuses its token; signing in again to the web application brings a new one"
            )
        if cooldown is not None:
            return f"GitHub asked it to pause until {show_time(cooldown)}"
        until = [budgets.blocked_until(account.user_id, resource, now) for resource in Resource]
        known = [moment for moment in until if moment is not None]
        return (
            f"its budget is spent until {show_time(min(known))}"
            if len(known) == len(until)
            else None
        )

    def _gather_workers(self) -> dict[str, Any]:
        pool, override = self._from.pool, self._from.scaler.override
        workers = [
            _show_worker(state) for state in sorted(pool.states(), key=lambda state: state.number)
        ]
        counts = Counter(worker["state"] for worker in workers)
        return {
            "count": pool.count,
            **{state: counts[state] for state in ("busy", "waiting", "idle", "retiring")},
            "replaced": pool.replaced,
            "override": None
            if override is None
            else {"min": override.minimum, "max": override.maximum},
            "workers": workers,
        }

    def _gather_queue(self) -> dict[str, Any]:
        dispatcher = self._from.dispatcher
        lanes = {lane.user_id: lane for lane in dispatcher.lanes()}
        by_priority: Counter[int] = Counter()
        for lane in lanes.values():
            by_priority.update(lane.count_by_priority())
        return {
            "depth": len(dispatcher),
            "oldest_seconds": self._oldest_seconds(),
            "by_priority": {name: by_priority[value] for value, name in sorted(PRIORITIES.items())},
            "by_user": [
                {"user_id": user_id, "login": lane.account.login, "depth": len(lane)}
                for user_id, lane in lanes.items()
            ],
            "head": [
                {
                    "repo": entry.job.repository.full_name,
                    "priority": PRIORITIES.get(entry.priority, str(entry.priority)),
                    "stars": entry.stars,
                    "user": lanes[entry.job.user_id].account.login,
                    "user_id": entry.job.user_id,
                    "task": str(entry.job.task),
                }
                for entry in dispatcher.head(HEAD_JOBS)
            ],
        }

    def _oldest_seconds(self) -> float:
        oldest = self._from.dispatcher.oldest_at
        return 0.0 if oldest is None else round(max(0.0, self._from.clock.monotonic() - oldest), 1)


def _show_worker(state: WorkerState) -> dict[str, Any]:
    if state.is_retiring:
        name = "retiring"
    elif not state.is_idle:
        name = "busy"
    else:
        name = "waiting" if state.waits_until is not None else "idle"
    return {
        "number": state.number,
        "state": name,
        "users": state.users,
        "repositories": state.repositories,
        "waits_until": _time(state.waits_until),
        "idle_seconds": None if state.idle_seconds is None else round(state.idle_seconds, 1),
    }


def _show_reading(reading: Reading) -> dict[str, Any]:
    return {
        "cpu_percent": round(reading.process_cpu_percent, 1),
        "machine_cpu_percent": round(reading.cpu_percent, 1),
        "memory_mb": round(reading.memory_bytes / 2**20, 1),
        "memory_percent": round(reading.memory_percent, 1),
        "open_files": reading.open_files,
        "disk_free_mb": reading.disk_free_bytes // 2**20,
    }


def _show_duty(duty: DutyState) -> dict[str, Any]:
    return {
        "name": duty.name,
        "runs": duty.runs,
        "failures": duty.failures,
        "restarts": duty.restarts,
        "last_run_at": _time(duty.last_run_at),
        "last_error": duty.last_error,
    }


def _sum_budgets(accounts: list[dict[str, Any]]) -> dict[str, Any]:
    """All accounts' budgets added up; what is not known of one counts as full."""
    sums = {}
    for resource in Resource:
        budgets = [
            account["budgets"][resource.value]
            for account in accounts
            if resource.value in account["budgets"]
        ]
        limit = sum(budget["limit"] for budget in budgets)
        left = sum(
            budget["limit"] if budget["remaining"] is None else budget["remaining"]
            for budget in budgets
        )
        sums[resource.value] = {"limit": limit, "remaining": left}
    return sums


def _time(epoch_seconds: float | None) -> str | None:
    return None if epoch_seconds is None else show_time(epoch_seconds)
