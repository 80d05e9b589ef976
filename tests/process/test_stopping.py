"""Being stopped: the page in hand is finished and claims go back, within ten seconds, whatever
hangs.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import gevent
import msgspec
import pytest

from gitstars.config import Config, DatabaseConfig
from gitstars.simulator.scenario import make_scenario
from gitstars.store.database import Database
from tests.harness import (
    NO_LIMITS,
    Flow,
    Server,
    SurrealServer,
    count_refetched,
    hear_signals,
)
from tests.waiting import PATIENCE_SECONDS

Serve = Callable[[Config], Server]
#: Three times what ``App.stop`` promises (seconds): machines differ by so much. What hangs here
#: hangs for ever.
STOP_SECONDS = 30.0


def stop(server: Server, number: signal.Signals = signal.SIGTERM) -> None:
    """Ask for the end: it comes in time, with exit code 0, final numbers and no traceback."""
    server.signal(number)
    code = server.process.wait(STOP_SECONDS)

    assert code == 0, server.printed()
    assert "stored" in server.printed().splitlines()[-1]
    assert "Traceback" not in server.printed()


@pytest.mark.parametrize(
    ("engine", "number"),
    [("embedded", signal.SIGINT), ("server", signal.SIGTERM), ("embedded", signal.SIGHUP)],
)
def test_a_signal_finishes_the_page_in_hand_and_gives_claims_back(
    request: pytest.FixtureRequest, serve: Serve, engine: str, number: signal.Signals
) -> None:
    database: DatabaseConfig = request.getfixturevalue(f"{engine}_config")
    slow = msgspec.structs.replace(NO_LIMITS, latency_seconds=0.4)
    run = Flow(make_scenario([900] * 12, limits=slow, population=20_000), database)
    server = serve(run.config)
    server.start()
    server.wait_for_line("serves 1 accounts")
    run.wait_until(lambda: len(run.github.asked()) > 20, "some calls were made")

    stop(server, number)

    with_database = Database(run.config.database)
    with_database.open()
    rows = with_database.run("SELECT status, claimed_by, cursor FROM repo_processing_status")[0]
    with_database.close()
    assert {row["status"] for row in rows} <= {"pending", "completed"}
    assert not any(row.get("claimed_by") for row in rows)
    assert any(row.get("cursor") for row in rows)
    run.github.control("POST", "/world", {"limits": {"latency_seconds": 0}})
    run.start()
    run.wait_idle()
    assert run.stored() == run.truth()
    assert sum(count_refetched(run.github.asked()).values()) == 0
    run.close()


def test_a_second_signal_exits_at_once(embedded_config: DatabaseConfig, serve: Serve) -> None:
    run = Flow(make_scenario([900] * 30, limits=NO_LIMITS, population=20_000), embedded_config)
    # What is on its way holds up the first signal's stop for seconds.
    run.github.control("POST", "/rules", {"match": "*page=2*", "effect": "hang", "seconds": 60})
    server = serve(run.config)
    server.start()
    server.wait_for_line("serves 1 accounts")
    run.wait_until(lambda: len(run.github.asked()) >= 1, "a call was made")

    server.signal(signal.SIGTERM)
    server.wait_for_line("stopping")
    server.signal(signal.SIGTERM)

    assert server.process.wait(PATIENCE_SECONDS) == 130
    run.close()


def test_an_embedded_engine_that_hangs_does_not_hold_up_the_end(
    embedded_config: DatabaseConfig, serve: Serve
) -> None:
    run = Flow(
        make_scenario([900] * 60, accounts=3, limits=NO_LIMITS, population=50_000), embedded_config
    )
    server = serve(run.config)
    server.start()
    server.wait_for_line("serves 3 accounts")
    run.wait_until(lambda: len(run.github.asked()) > 100, "it is in the middle of its work")
    lock = Path(embedded_config.url.removeprefix("surrealkv://") + ".lock")
    os.kill(int(lock.read_text().split()[1]), signal.SIGSTOP)

    stop(server)

    run.close()


def test_a_database_server_that_hangs_does_not_hold_up_the_end(
    surreal_program: str | None, require: Callable[[bool, str], None], serve: Serve
) -> None:
    require(surreal_program is not None, "a SurrealDB server")
    assert surreal_program is not None
    database = SurrealServer(surreal_program)
    config = DatabaseConfig(url=database.url, user="root", password="root")
    run = Flow(make_scenario([900] * 60, accounts=3, limits=NO_LIMITS, population=50_000), config)
    server = serve(run.config)
    server.start()
    server.wait_for_line("serves 3 accounts")
    run.wait_until(lambda: len(run.github.asked()) > 100, "it is in the middle of its work")
    run.database.close()
    os.kill(database.process.pid, signal.SIGSTOP)

    stop(server)

    database.kill()
    run.close()


def test_a_github_that_hangs_does_not_hold_up_the_end(
    embedded_config: DatabaseConfig, serve: Serve
) -> None:
    run = Flow(make_scenario([900] * 30, limits=NO_LIMITS, population=20_000), embedded_config)
    run.github.control(
        "POST", "/rules", {"match": "GET */stargazers*", "effect": "hang", "seconds": 60}
    )
    server = serve(run.config)
    server.start()
    server.wait_for_line("serves 1 accounts")
    run.wait_until(lambda: len(run.github.asked()) >= 1, "a call was made")

    stop(server)

    run.close()


#: Starts ``gitstars serve`` and says when its first module is loaded.
EARLY = """
import sys
from gitstars import early
early.hear()
print("loaded", flush=True)
import runpy
sys.argv = ["gitstars", "serve", "--config", sys.argv[1]]
runpy.run_module("gitstars", run_name="__main__")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("seconds", [0.0, 0.15, 0.4])
def test_a_signal_of_the_first_moments_ends_it_without_a_word(
    embedded_config: DatabaseConfig, tmp_path: Path, number: signal.Signals, seconds: float
) -> None:
    server = Server(tmp_path, Config(database=embedded_config))
    command = [sys.executable, "-c", EARLY, str(server.config)]
    with subprocess.Popen(
        command,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=hear_signals,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "loaded\n"
        process.stdout.flush()
        gevent.sleep(seconds)
        process.send_signal(number)
        output, errors = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode in ((0, 130) if number is signal.SIGINT else (0,))
    assert "Traceback" not in output + errors


def test_the_last_line_is_json_where_logs_are(
    embedded_config: DatabaseConfig, serve: Serve
) -> None:
    server = serve(Config(database=embedded_config))
    server.config.write_text(f'{server.config.read_text()}\n[log]\nformat = "json"\n')
    server.start()
    server.wait_for_line("serves 0 accounts")

    server.signal(signal.SIGTERM)

    assert server.process.wait(STOP_SECONDS) == 0
    lines = [json.loads(line) for line in server.printed().splitlines()]
    assert lines[-1]["message"].startswith("stored 0 stars")
