"""Many repositories, slow calls, two servers, a full disk: the engine stays live and nothing is
lost or doubled.
"""

import subprocess
import sys
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gitstars.config import Config, DatabaseConfig, HealthConfig
from gitstars.model import Repository
from gitstars.simulator.scenario import (
    Scenario,
    SimAccount,
    SimRepository,
    make_scenario,
)
from gitstars.store import seeding
from tests.harness import NO_LIMITS, Flow, Server, free_port

MakeFlow = Callable[..., Flow]


def most_at_once(asked: list[dict[str, Any]]) -> int:
    """How many of these calls were on their way at the same time."""
    began = [(entry["at"], 1) for entry in asked]
    ended = [(entry["at"] + entry["seconds"], -1) for entry in asked]
    return max(accumulate(change for _, change in sorted(began + ended)))


@pytest.mark.parametrize("concurrency", [8, 1])
def test_as_many_calls_of_one_token_as_allowed_are_on_their_way_at_once(
    flow: MakeFlow, concurrency: int
) -> None:
    slow = msgspec.structs.replace(NO_LIMITS, latency_seconds=0.1)
    run = flow(
        make_scenario([300] * 12, limits=slow, population=5000),
        github={"concurrency": concurrency},
    )
    run.start()

    run.wait_idle()

    assert most_at_once(run.github.asked()) == concurrency
    assert run.stored() == run.truth()


def test_alive_is_answered_while_the_engine_writes_at_full_speed(flow: MakeFlow) -> None:
    run = flow(make_scenario([1000] * 60, accounts=4, limits=NO_LIMITS, population=50_000))
    port = free_port()
    run.config = msgspec.structs.replace(run.config, health=HealthConfig(port=port))
    app = run.start()
    run.wait_until(lambda: app.events.totals["pages.stored"] > 20, "it writes")

    probe = f"""
import urllib.request
for _ in range(10):
    print(urllib.request.urlopen("http://127.0.0.1:{port}/livez", timeout=100).status, flush=True)
"""
    before = app.events.totals["pages.stored"]
    prober = subprocess.Popen([sys.executable, "-c", probe], stdout=subprocess.PIPE, text=True)
    output, _ = prober.communicate()

    assert output.split() == ["200"] * 10
    assert not app.is_idle
    run.wait_until(lambda: app.events.totals["pages.stored"] > before, "it goes on writing")


def test_thousands_of_repositories_at_once_are_all_taken_up(flow: MakeFlow, soak: bool) -> None:
    count = 10_000 if soak else 2_000
    places = tuple(
        SimRepository(id=1000 + n, full_name=f"org{n % 40}/repo-{n}", stars=n % 3)
        for n in range(count)
    )
    account = SimAccount(
        user_id=1,
        login="ann",
        token="gho_annann",
        starred=tuple(place.id for place in places),
        owns_starred=True,
    )
    run = flow(
        Scenario(accounts=(account,), repositories=places, limits=NO_LIMITS, population=5000)
    )

    app = run.build()
    app.paused.set()
    app.start()
    run.wait_until(lambda: len(app.dispatcher) >= count * 0.99, "all are queued")
    smallest = {entry.stars for entry in app.dispatcher.head(10)}
    app.pausing.resume()
    run.wait_until(
        lambda: app.events.totals["repo.completed"] >= 500, "the first ones are complete"
    )

    assert smallest == {0}


def test_two_servers_started_on_one_database_at_the_same_moment_share_the_work(
    flow: MakeFlow, server_config: DatabaseConfig, serve: Callable[[Config], Server]
) -> None:
    # Nothing is answered before both of them are there, and none takes up so many at once.
    slow = msgspec.structs.replace(NO_LIMITS, latency_seconds=0.05)
    run = flow(
        make_scenario([30] * 250, limits=slow, population=20_000),
        database=server_config,
        has_schema=False,
    )
    run.github.control("POST", "/rules", {"match": "*", "effect": "delay", "seconds": 3})
    servers = [serve(run.config), serve(run.config)]

    for server in servers:
        server.start()
    for server in servers:
        server.wait_for_line("serves 1 accounts")
    run.github.control("DELETE", "/rules")
    run.wait_until(
        lambda: (
            {row["status"] for row in run.rows().values()} == {"completed"}
            and len(run.rows()) == 250
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
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    require(mounted.returncode == 0, "the right to mount a small file system")
    try:
        run = Flow(
            make_scenario([1000] * 20, limits=NO_LIMITS, population=100_000),
            DatabaseConfig(url=f"surrealkv://{disk}/stars.db"),
        )
        app = run.start()
        run.wait_until(lambda: "its disk is full" in caplog.text, "it is told")
        acknowledged = app.events.totals["stars.stored"]
        completed = app.events.totals["repo.completed"]
        run.close()
        assert completed < 20
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


def test_what_a_full_disk_held_up_goes_on_when_there_is_room_again(
    tmp_path: Path, require: Callable[[bool, str], None], caplog: pytest.LogCaptureFixture
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    mounted = subprocess.run(command, capture_output=True, check=False)
    require(mounted.returncode == 0, "the right to mount a small file system")
    try:
        run = Flow(
            make_scenario([1000] * 12, limits=NO_LIMITS, population=100_000),
            DatabaseConfig(url=f"surrealkv://{disk}/stars.db"),
        )
        app = run.start()
        run.wait_until(lambda: len(app.engine.ends.owners) > 0, "settlements fail")
        subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
        run.wait_until(lambda: not app.engine.ends.owners, "they are written")
        rows = "UPDATE repo_processing_status SET next_retry_after = time::now()"
        app.database.run(f"{rows} WHERE status = 'pending'")
        run.wait_until(lambda: run.stored() == run.truth(), "everything is stored")
        run.wait_idle()

        assert {row["status"] for row in run.rows().values()} == {"completed"}
        assert not any(row["error_count"] for row in run.rows().values())
        assert "Traceback" not in caplog.text
        run.close()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)
