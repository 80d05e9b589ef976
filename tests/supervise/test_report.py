"""The report that the log gets each hour and on a signal."""

import signal
from collections.abc import Callable

import msgspec

from gitstars import api
from gitstars.config import Config, DatabaseConfig
from gitstars.simulator.scenario import SimLimits, make_scenario
from gitstars.supervise.report import render_report
from tests.harness import Flow, Server

POOL = api.Pool(maximum=10, idle=2, in_use=3, waiting=4)
STATUS = api.Stats(
    status="degraded",
    reasons=["the queue is full"],
    paused=True,
    version="1.2.3",
    uptime_seconds=100_000.0,
    database=api.DatabaseState(
        address="ws://db",
        is_embedded=False,
        reachable=False,
        latency_ms=1.25,
        error="nobody answers",
        schema_problem=None,
        pool=POOL,
    ),
    github=api.GitHubState(
        reachable=True,
        error=None,
        since=None,
        next_probe_at=None,
        routes=api.Routes(graphql=True, history=True),
    ),
    workers=api.WorkerCounts(count=7, busy=3, waiting=2, idle=1, retiring=1, replaced=5),
    queue=api.QueueState(depth=12_345, oldest_seconds=200.0, is_full=True),
    accounts=api.AccountCounts(count=2, out=1, left_out=0, watcher_problem=None),
    budgets=api.BudgetSums(
        core=api.BudgetSum(limit=10_000, remaining=1234),
        graphql=api.BudgetSum(limit=10_000, remaining=9999),
    ),
    repositories={"completed": 1000, "pending": 20},
    counted_at=None,
    stars_kept=7_000_000,
    totals=api.Totals(
        stars_stored=1_234_567,
        pages_stored=0,
        repositories_completed=0,
        repositories_failed=0,
        repositories_refused=0,
    ),
    rates=api.Rates(stars_per_second=45.25),
    resources=api.Resources(
        cpu_percent=12.0,
        machine_cpu_percent=30.0,
        memory_mb=120.0,
        memory_percent=40.0,
        open_files=54,
        disk_free_mb=7890,
    ),
    duties=[],
    at="2026-11-24T08:00:00Z",
)
BUDGET = api.Budget(limit=5000, remaining=None, reset_at=None)


def account(user_id: int, login: str, reason: str | None) -> api.Account:
    return api.Account(
        user_id=user_id,
        login=login,
        scopes=None,
        token=api.Token(state="usable", text=None, look_again_at=None),
        access=api.AccessCounts(allowed=0, refused=0),
        repositories=api.AccountRepositories(total=0, settled=0, waiting=0),
        seconds_left=None,
        budgets=api.Budgets(core=BUDGET, graphql=BUDGET),
        cooldown_until=None,
        reason=reason,
        activity=None,
        sync=None,
    )


ACCOUNTS = [
    account(1, "ada", None),
    account(2, "", "its budget is spent until 2026-11-24T08:00:00Z"),
]


def test_the_report_tells_of_processing_workers_resources_database_and_budgets() -> None:
    assert render_report(STATUS, ACCOUNTS, {"workers replaced": 5, "hangs of the hub": 0}) == [
        "report: degraded, paused, up for 1 d 3 h: the queue is full",
        "processing: 12,345 repositories wait, the oldest for 3 min 20 s; all: 1,000 completed, "
        "20 pending; "
        "1,234,567 stars written since the start, 45.2 a second now",
        "workers: 7 (3 busy, 2 waiting, 1 idle, 1 retiring), 5 replaced",
        "resources: CPU 12 % of a core, the machine's 30 %; memory 120 MB, all that there is 40 "
        "% full; "
        "54 open files; 7,890 MB of disk free",
        (
            "database: not reachable, nobody answers; 3 of 10 connections in use, 4 callers wait "
            "for "
            "one"
        ),
        "budgets: core 1,234 of 10,000, graphql 9,999 of 10,000 left over 2 accounts, 1 out",
        "account ? (2) is out: its budget is spent until 2026-11-24T08:00:00Z",
        "since the start: 5 workers replaced, 0 hangs of the hub",
    ]


def test_the_report_tells_of_a_github_that_is_away_and_of_missing_routes() -> None:
    github = api.GitHubState(
        reachable=False,
        error="connection refused",
        since="2026-11-24T07:00:00Z",
        next_probe_at="2026-11-24T08:00:30Z",
        routes=api.Routes(graphql=False, history=True),
    )

    lines = render_report(msgspec.structs.replace(STATUS, github=github), [], {})

    assert (
        "GitHub: has not answered since 2026-11-24T07:00:00Z (connection refused); it is tried "
        "again at 2026-11-24T08:00:30Z"
    ) in lines
    assert "GitHub: not used on this server: graphql" in lines


def test_of_many_accounts_that_are_out_some_are_named() -> None:
    out = [account(number, "x", "spent") for number in range(50)]

    lines = render_report(STATUS, out, {})

    assert sum("is out: spent" in line for line in lines) == 10
    assert "and 40 more accounts are out" in lines


def test_a_signal_brings_the_report(
    embedded_config: DatabaseConfig, serve: Callable[[Config], Server]
) -> None:
    limits = SimLimits(
        points_per_window=1_000_000, rest_points_per_minute=1_000_000, latency_seconds=0.4
    )
    run = Flow(make_scenario([900] * 30, limits=limits, population=20_000), embedded_config)
    server = serve(run.config)
    server.start()
    server.wait_for_line("serves 1 accounts")

    server.signal(signal.SIGUSR1)
    server.wait_for_line("hangs of the hub")

    printed = server.printed()
    for word in (
        "report: ",
        "processing: ",
        "workers: ",
        "resources: ",
        "database: answers",
        "budgets: ",
    ):
        assert f"info    app: {word}" in printed, printed
    assert "Traceback" not in printed
    assert server.process.poll() is None
    run.close()
