"""Many repositories, slow calls, two servers, a full disk: the engine stays live and nothing is
lost or doubled.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import gevent
import msgspec
import pytest

from gitstars.config import Config, DatabaseConfig, HealthConfig
from gitstars.model import Repository
from gitstars.simulator.scenario import (
    Scenario,
    SimAccount,
    SimLimits,
    SimRepository,
    make_scenario,
)
from gitstars.store import seeding
from tests.harness import NO_LIMITS, Flow, Server, free_port

MakeFlow = Callable[..., Flow]


def test_one_token_moves_ten_pages_a_second_in_a_burst_although_every_call_takes_long(
    shared_config: DatabaseConfig,
) -> None:
    slow = SimLimits(latency_seconds=0.3)
    pace = {"requests_per_hour": 4000, "rest_points_per_minute": 900}
    run = Flow(
        make_scenario([700] * 40, limits=slow, population=20_000), shared_config, github=pace
    )
    app = run.start()
    run.wait_until(lambda: app.events.totals["pages.stored"] >= 5, "the burst has begun")

    before, started = app.events.totals["pages.stored"], time.monotonic()
    gevent.sleep(4)
    pages_a_second = (app.events.totals["pages.stored"] - before) / (time.monotonic() - started)

    run.close()
    assert pages_a_second >= 10


def test_one_request_at_a_time_follows_the_other_without_a_pause(
    shared_config: DatabaseConfig,
) -> None:
    run = Flow(
        make_scenario([300] * 6, limits=NO_LIMITS, population=5000),
        shared_config,
        github={"concurrency": 1},
    )
    run.start()

    run.wait_idle()

    assert run.stored() == run.truth()
    run.close()


def test_alive_is_answered_while_the_engine_writes_at_full_speed(
    shared_config: DatabaseConfig,
) -> None:
    run = Flow(
        make_scenario([1000] * 60, accounts=4, limits=NO_LIMITS, population=50_000), shared_config
    )
    port = free_port()
    run.config = msgspec.structs.replace(run.config, health=HealthConfig(port=port))
    app = run.start()
    run.wait_until(lambda: app.events.totals["pages.stored"] > 20, "it writes")

    slowest = 0.0
    probe = f"""
import time, urllib.request
for _ in range(60):
    started = time.perf_counter()
    urllib.request.urlopen("http://127.0.0.1:{port}/livez", timeout=100).read()
    print(time.perf_counter() - started, flush=True)
    time.sleep(0.02)
"""
    before = app.events.totals["pages.stored"]
    prober = subprocess.Popen([sys.executable, "-c", probe], stdout=subprocess.PIPE, text=True)
    output, _ = prober.communicate()
    times = sorted(float(line) for line in output.split())
    is_still_writing = not app.is_idle and app.events.totals["pages.stored"] - before > 20
    run.wait_idle()
    run.close()

    slowest = times[int(len(times) * 0.95)]
    assert len(times) == 60
    assert is_still_writing
    assert slowest < 0.05, times[-5:]


def test_ten_thousand_repositories_at_once_are_all_taken_up(
    shared_config: DatabaseConfig,
) -> None:
    places = tuple(
        SimRepository(id=1000 + n, full_name=f"org{n % 40}/repo-{n}", stars=n % 3)
        for n in range(10_000)
    )
    account = SimAccount(
        user_id=1,
        login="ann",
        token="gho_annann",
        starred=tuple(place.id for place in places),
        owns_starred=True,
    )
    run = Flow(
        Scenario(accounts=(account,), repositories=places, limits=NO_LIMITS, population=5000),
        shared_config,
    )

    app = run.start()

    assert len(app.dispatcher) + app.events.totals["repo.claimed"] >= 9_900
    run.wait_until(
        lambda: app.events.totals["repo.completed"] >= 500, "the first ones are complete"
    )
    smallest = {entry.stars for entry in app.dispatcher.head(10)}
    run.close()
    assert smallest == {0}


def test_two_servers_started_on_one_database_at_the_same_moment_share_the_work(
    server_config: DatabaseConfig, serve: Callable[[Config], Server]
) -> None:
    unhurried = msgspec.structs.replace(NO_LIMITS, latency_seconds=0.05)
    run = Flow(
        make_scenario([350] * 150, accounts=3, limits=unhurried, population=20_000),
        server_config,
        has_schema=False,
    )
    servers = [serve(run.config), serve(run.config)]

    for server in servers:
        server.start()
    for server in servers:
        server.wait_for_line("serves 3 accounts")
    run.wait_until(
        lambda: (
            {row["status"] for row in run.rows().values()} == {"completed"}
            and len(run.rows()) == 150
        ),
        "all is done",
    )

    assert run.stored() == run.truth()
    assert all("completed" in server.printed() for server in servers)
    asked = [
        (entry["path"], entry["query"].get("page"))
        for entry in run.github.asked()
        if entry["route"] == "repo/stargazers"
    ]
    assert len(asked) == len(set(asked))
    run.close()


@pytest.mark.both_engines
def test_accounts_without_token_or_of_other_providers_are_left_alone(flow: MakeFlow) -> None:
    run = flow(make_scenario([30, 40], limits=NO_LIMITS, population=5000))
    database = run.database
    seeding.sign_in(database, 77, "tokenless", "")
    seeding.star(database, "tokenless", [Repository("a/b", "a/b", 1, 5)])
    database.run(
        "CREATE account:google SET providerId = 'google', access_token = 'x', userId = "
        "user:tokenless"
    )
    database.run("CREATE account:broken SET providerId = 'github', access_token = 'x'")
    database.run(
        "CREATE account:none SET providerId = 'github', access_token = NONE, "
        "providerAccountId = "
        "'5'"
    )

    app = run.start()
    run.wait_idle()

    assert [account.user_id for account in app.watcher.accounts] == [1]
    assert run.stored() == run.truth()


def test_a_full_disk_is_told_and_loses_nothing_that_was_acknowledged(
    tmp_path: Path, require: Callable[[bool, str], None], caplog: pytest.LogCaptureFixture
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    require(mounted.returncode == 0, "the right to mount a small file system")
    try:
        run = Flow(
            make_scenario([1000] * 40, limits=NO_LIMITS, population=100_000),
            DatabaseConfig(url=f"surrealkv://{disk}/stars.db"),
        )
        app = run.start()
        run.wait_until(lambda: "its disk is full" in caplog.text, "it is told")
        acknowledged = app.events.totals["stars.stored"]
        completed = app.events.totals["repo.completed"]
        run.close()
        assert completed < 40
        assert "Traceback" not in caplog.text

        subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
        again = Flow(run.scenario, run.config.database)
        stored = again.start().database.run(
            "RETURN count((SELECT id FROM starred WHERE source = 'stargazer_analysis'))"
        )[0]
        assert stored >= acknowledged
        again.wait_idle()
        assert again.stored() == again.truth()
        again.close()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)
