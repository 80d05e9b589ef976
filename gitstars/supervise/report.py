"""The report in the log, each hour and on demand: short lines rendered from the snapshots' plain
values.
"""

from collections.abc import Mapping, Sequence
from typing import Any

#: Pause between two reports (seconds).
REPORT_SECONDS = 3600.0
#: Accounts that are out are named up to this number.
OUT_NAMED = 10


def render_report(
    status: Mapping[str, Any], accounts: Sequence[Mapping[str, Any]], upsets: Mapping[str, int]
) -> list[str]:
    """The lines of a report.

    ``status`` and ``accounts`` are what ``Snapshots`` gives, ``upsets`` counts what went wrong, by
    name.
    """
    return [
        _render_state(status),
        _render_processing(status),
        _render_workers(status["workers"]),
        _render_resources(status["resources"]),
        _render_database(status["database"]),
        *_render_budgets(status["budgets"], accounts),
        "since the start: " + ", ".join(f"{count:,} {name}" for name, count in upsets.items()),
    ]


def show_seconds(seconds: float) -> str:
    """A length of time in its two largest units: ``45 s``, ``3 min 20 s``, ``5 h 12 min``, ``2 d
    3 h``.
    """
    whole = round(seconds)
    for size, name, smaller_size, smaller in (
        (86_400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            return f"{whole // size} {name} {whole % size // smaller_size} {smaller}"
    return f"{whole} s"


def _render_state(status: Mapping[str, Any]) -> str:
    reasons = "; ".join(status["reasons"])
    paused = ", paused" if status["paused"] else ""
    return (
        f"report: {status['status']}{paused}, up for {show_seconds(status['uptime_seconds'])}"
        + (f": {reasons}" if reasons else "")
    )


def _render_processing(status: Mapping[str, Any]) -> str:
    queue, totals = status["queue"], status["totals"]
    oldest = f", the oldest for {show_seconds(queue['oldest_seconds'])}" if queue["depth"] else ""
    by_status = (
        ", ".join(f"{count:,} {name}" for name, count in sorted(status["repositories"].items()))
        or "not counted yet"
    )
    return (
        f"processing: {queue['depth']:,} repositories wait{oldest}; all: {by_status}; "
        f"{totals['stars_stored']:,} stars stored since the start, "
        f"{status['rates']['stars_per_second']:,.1f} a second now"
    )


def _render_workers(workers: Mapping[str, Any]) -> str:
    states = ", ".join(
        f"{workers[name]} {name}" for name in ("busy", "waiting", "idle", "retiring")
    )
    return f"workers: {workers['count']} ({states}), {workers['replaced']} replaced"


def _render_resources(resources: Mapping[str, Any]) -> str:
    return (
        f"resources: CPU {resources['cpu_percent']:.0f} % of a core, the machine's "
        f"{resources['machine_cpu_percent']:.0f} %; "
        f"memory {resources['memory_mb']:,.0f} MB, all that there is "
        f"{resources['memory_percent']:.0f} % full; "
        f"{resources['open_files']} open files; {resources['disk_free_mb']:,} MB of disk free"
    )


def _render_database(database: Mapping[str, Any]) -> str:
    pool = database["pool"]
    state = (
        f"answers in {database['latency_ms']:.1f} ms"
        if database["reachable"]
        else f"not reachable, {database['error']}"
    )
    return (
        f"database: {state}; {pool['in_use']} of {pool['maximum']} connections in use, "
        f"{pool['waiting']} callers wait for one"
    )


def _render_budgets(
    budgets: Mapping[str, Mapping[str, int]], accounts: Sequence[Mapping[str, Any]]
) -> list[str]:
    sums = ", ".join(
        f"{name} {budget['remaining']:,} of {budget['limit']:,}" for name, budget in budgets.items()
    )
    out = [account for account in accounts if account["reason"] is not None]
    lines = [f"budgets: {sums} left over {len(accounts)} accounts, {len(out)} out"]
    lines += [
        f"account {account['login'] or '?'} ({account['user_id']}) is out: {account['reason']}"
        for account in out[:OUT_NAMED]
    ]
    if len(out) > OUT_NAMED:
        lines.append(f"and {len(out) - OUT_NAMED} more accounts are out")
    return lines
