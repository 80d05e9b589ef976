"""The report in the log, each hour and on demand: short lines made from the snapshots."""

from collections.abc import Mapping, Sequence

from gitstars import api
from gitstars.clock import show_duration

#: Pause between two reports (seconds).
REPORT_SECONDS = 3600.0
#: Accounts that are out are named up to this number.
OUT_NAMED = 10


def render_report(
    status: api.Stats, accounts: Sequence[api.Account], upsets: Mapping[str, int]
) -> list[str]:
    """The lines of a report; ``upsets`` counts what went wrong, by name."""
    return [
        _render_state(status),
        _render_processing(status),
        _render_workers(status.workers),
        _render_resources(status.resources),
        _render_database(status.database),
        *_render_github(status.github),
        *_render_budgets(status.budgets, accounts),
        "since the start: " + ", ".join(f"{count:,} {name}" for name, count in upsets.items()),
    ]


def _render_state(status: api.Stats) -> str:
    reasons = "; ".join(status.reasons)
    paused = ", paused" if status.paused else ""
    return f"report: {status.status}{paused}, up for {show_duration(status.uptime_seconds)}" + (
        f": {reasons}" if reasons else ""
    )


def _render_processing(status: api.Stats) -> str:
    queue = status.queue
    oldest = f", the oldest for {show_duration(queue.oldest_seconds)}" if queue.depth else ""
    by_status = (
        ", ".join(f"{count:,} {name}" for name, count in sorted(status.repositories.items()))
        or "not counted yet"
    )
    return (
        f"processing: {queue.depth:,} repositories wait{oldest}; all: {by_status}; "
        f"{status.totals.stars_stored:,} stars written since the start, "
        f"{status.rates.stars_per_second:,.1f} a second now"
    )


def _render_workers(workers: api.WorkerCounts) -> str:
    return (
        f"workers: {workers.count} ({workers.busy} busy, {workers.waiting} waiting, "
        f"{workers.idle} idle, {workers.retiring} retiring), {workers.replaced} replaced"
    )


def _render_resources(resources: api.Resources) -> str:
    return (
        f"resources: CPU {resources.cpu_percent:.0f} % of a core, the machine's "
        f"{resources.machine_cpu_percent:.0f} %; memory {resources.memory_mb:,.0f} MB, all that "
        f"there is {resources.memory_percent:.0f} % full; {resources.open_files} open files; "
        f"{resources.disk_free_mb:,} MB of disk free"
    )


def _render_database(database: api.DatabaseState) -> str:
    pool = database.pool
    state = (
        f"answers in {database.latency_ms:.1f} ms"
        if database.reachable
        else f"not reachable, {database.error}"
    )
    return (
        f"database: {state}; {pool.in_use} of {pool.maximum} connections in use, "
        f"{pool.waiting} callers wait for one"
    )


def _render_github(github: api.GitHubState) -> list[str]:
    lines = []
    if not github.reachable:
        lines.append(
            f"GitHub: has not answered since {github.since} ({github.error}); it is tried again at "
            f"{github.next_probe_at}"
        )
    missing = [name for name in ("graphql", "history") if not getattr(github.routes, name)]
    if missing:
        lines.append(f"GitHub: not used on this server: {', '.join(missing)}")
    return lines


def _render_budgets(budgets: api.BudgetSums, accounts: Sequence[api.Account]) -> list[str]:
    sums = ", ".join(
        f"{name} {budget.remaining:,} of {budget.limit:,}"
        for name, budget in (("core", budgets.core), ("graphql", budgets.graphql))
    )
    out = [account for account in accounts if account.reason is not None]
    lines = [f"budgets: {sums} left over {len(accounts)} accounts, {len(out)} out"]
    lines += [
        f"account {account.login or '?'} ({account.user_id}) is out: {account.reason}"
        for account in out[:OUT_NAMED]
    ]
    if len(out) > OUT_NAMED:
        lines.append(f"and {len(out) - OUT_NAMED} more accounts are out")
    return lines
