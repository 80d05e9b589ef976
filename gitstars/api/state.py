"""Health and statistics of the whole server, as the admin API answers them."""

from typing import Literal

from msgspec import UNSET, UnsetType

from gitstars.api.base import Answered, Number, Time, Whole
from gitstars.api.work import WorkerCounts

Health = Literal["healthy", "degraded", "unhealthy"]


class Pool(Answered, frozen=True):
    """Connections to the database; `waiting` are callers without one."""

    maximum: Whole
    idle: Whole
    in_use: Whole
    waiting: Whole


class DatabaseState(Answered, frozen=True):
    """The database. `error` says why it counts as not reachable, `schema_problem` what keeps
    gitstars from writing.
    """

    address: str
    is_embedded: bool
    reachable: bool
    latency_ms: Number
    error: str | None
    schema_problem: str | None
    pool: Pool


class Routes(Answered, frozen=True):
    """Whether this GitHub server is believed to have GraphQL and the weekly star history."""

    graphql: bool
    history: bool


class GitHubState(Answered, frozen=True):
    """The way to GitHub. While it is not `reachable`, `error` says why, since when, and when it
    is probed next.
    """

    reachable: bool
    error: str | None
    since: Time | None
    next_probe_at: Time | None
    routes: Routes


class QueueState(Answered, frozen=True):
    """How much waits, and for how long the oldest has."""

    depth: Whole
    oldest_seconds: Number
    is_full: bool


class AccountCounts(Answered, frozen=True):
    """Accounts with a token, those that cannot be used now, and rows that cannot be served;
    `watcher_problem` says why new ones are not seen.
    """

    count: Whole
    out: Whole
    left_out: Whole
    watcher_problem: str | None


class BudgetSum(Answered, frozen=True):
    """One budget over all accounts; what is not known of one counts as full."""

    limit: Whole
    remaining: Whole


class BudgetSums(Answered, frozen=True):
    """Both budgets over all accounts."""

    core: BudgetSum
    graphql: BudgetSum


class Totals(Answered, frozen=True):
    """What this process did since its start."""

    stars_stored: Whole
    pages_stored: Whole
    repositories_completed: Whole
    repositories_failed: Whole
    repositories_refused: Whole


class Rates(Answered, frozen=True):
    """Stars a second, now; `history`, where it was asked for, has pairs of epoch seconds and
    stars a second of the last hours.
    """

    stars_per_second: Number
    history: list[tuple[Whole, Number]] | UnsetType = UNSET


class Resources(Answered, frozen=True):
    """What the process and its machine use; 100 % of CPU is one core for `cpu_percent`, all of
    them for `machine_cpu_percent`.
    """

    cpu_percent: Number
    machine_cpu_percent: Number
    memory_mb: Number
    memory_percent: Number
    open_files: Whole
    disk_free_mb: Whole


class DutyReport(Answered, frozen=True):
    """A background duty: good steps, bad ones since the last good one, and restarts."""

    name: str
    runs: Whole
    failures: Whole
    restarts: Whole
    last_run_at: Time | None
    last_error: str | None


class Stats(Answered, frozen=True):
    """Health with its reasons, and all statistics. `stars_kept`: how many stars the database holds
    in lists that were read, without those of lists that GitHub refuses now; null: not counted yet.
    """

    status: Health
    reasons: list[str]
    paused: bool
    version: str
    uptime_seconds: Number
    database: DatabaseState
    github: GitHubState
    workers: WorkerCounts
    queue: QueueState
    accounts: AccountCounts
    budgets: BudgetSums
    repositories: dict[str, Whole]
    counted_at: Time | None
    stars_kept: Whole | None
    totals: Totals
    rates: Rates
    resources: Resources
    duties: list[DutyReport]
    at: Time


class Summary(Answered, frozen=True):
    """The numbers that matter most."""

    status: Health
    reasons: list[str]
    paused: bool
    version: str
    uptime_seconds: Number
    repositories: dict[str, Whole]
    stars_stored: Whole
    stars_per_second: Number
    waiting: Whole
    workers: Whole
    accounts: Whole


class Probe(Answered, frozen=True):
    """The answer to a probe of health."""

    status: Literal["alive", "ready", "not ready"]
