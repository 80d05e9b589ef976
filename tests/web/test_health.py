"""Health over HTTP: what it says, and that nothing delays it."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import gevent
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gitstars import api
from gitstars.app import App
from gitstars.cli.admin_client import AdminClient
from gitstars.config import AdminConfig, Config, DatabaseConfig, HealthConfig
from gitstars.errors import DatabaseUnavailable, RequestRefused
from gitstars.model import Status
from tests.harness import SurrealServer, free_port
from tests.waiting import PATIENCE_SECONDS
from tests.web.conftest import Caller, Serve, start_served

#: An answer that asked the database would wait 30 s for it; one that does not takes milliseconds,
#: on a slow machine too (seconds).
FAR_LESS_SECONDS = 15.0
DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "metrics.md"


def test_a_command_that_is_given_the_health_port_says_so(served: Serve) -> None:
    client = AdminClient(f"http://127.0.0.1:{served().health.port}", "")

    with pytest.raises(RequestRefused, match=r"is not the admin API .* not the health port"):
        client.get("/stats/summary", api.Summary)


def test_a_healthy_server_tells_its_statistics(served: Serve) -> None:
    running = served()

    answer = running.health.get("/health")

    assert (answer.status, answer.json["status"], answer.json["reasons"]) == (200, "healthy", [])
    assert answer.json["repositories"] == {"completed": 3, "restricted": 1}
    assert answer.json["totals"]["stars_stored"] == 135
    assert answer.json["stars_kept"] == 135
    assert running.health.get("/healthz").json.keys() == answer.json.keys()


def test_alive_and_ready(served: Serve) -> None:
    running = served()

    assert running.health.get("/livez").json == {"status": "alive"}
    assert running.health.get("/readyz").status == 200


def test_a_server_that_stops_is_alive_and_not_ready(served: Serve) -> None:
    running = served()
    running.app.stopping.set()
    running.app.snapshots.forget()

    assert running.health.get("/livez").status == 200
    assert running.health.get("/readyz").status == 503
    assert (
        running.health.get("/health").status,
        running.health.get("/health").json["reasons"],
    ) == (503, ["it is stopping"])


def test_a_server_whose_database_is_not_there_yet_answers() -> None:
    health = Caller(free_port())
    nowhere = DatabaseConfig(url=f"ws://127.0.0.1:{free_port()}")
    app = App(
        Config(database=nowhere, health=HealthConfig(port=health.port), admin=AdminConfig(port=0))
    )
    starting = gevent.spawn(start_in_vain, app)
    gevent.sleep(0.5)

    answer, ready = health.get("/health"), health.get("/readyz")

    assert (answer.status, ready.status) == (503, 503)
    assert answer.json["reasons"] == ["it is starting"]
    assert starting.get(timeout=PATIENCE_SECONDS)


def start_in_vain(app: App) -> bool:
    with pytest.raises(DatabaseUnavailable):
        app.start(wait_for_db_seconds=2.0)
    return True


def test_a_token_that_github_refuses_degrades(served: Serve) -> None:
    running = served()
    app = running.app
    app.ledger.rejections.reject(1, "gho_ada0000", "rejected", "no", app.clock.now())
    running.app.snapshots.forget()

    answer = running.health.get("/health")

    assert (answer.status, answer.json["status"]) == (200, "degraded")
    assert len(answer.json["reasons"]) == 1
    assert answer.json["reasons"][0].startswith("account ada (1): no; it is looked at again at ")
    (token, _) = [one["token"] for one in running.admin.get("/accounts").json["accounts"]]
    assert (token["state"], token["text"]) == ("rejected", "no")
    assert token["look_again_at"] is not None


def test_a_database_that_goes_away_and_comes_back_is_told(
    surreal_program: str | None, server_config: DatabaseConfig
) -> None:
    assert surreal_program is not None
    own = SurrealServer(surreal_program)
    config = DatabaseConfig(url=own.url, user="root", password="root", connection_timeout_seconds=2)
    try:
        with start_served(config) as running:
            own.kill()
            running.flow.wait_until(
                lambda: running.health.get("/readyz").status == 503, "not ready"
            )
            gone = running.health.get("/health")
            assert (gone.status, gone.json["status"], gone.json["database"]["reachable"]) == (
                503,
                "unhealthy",
                False,
            )
            assert running.admin.get("/stats").status == 200
            assert running.admin.get("/repos/acme/tools").code == "database_unavailable"
            own.start()
            running.flow.wait_until(
                lambda: running.health.get("/readyz").status == 200, "ready again"
            )
    finally:
        own.kill()


def test_a_database_that_hangs_delays_no_answer(served: Serve) -> None:
    running = served()
    engine = running.app.database.engine
    assert engine is not None
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGSTOP)
    try:
        gevent.sleep(1.5)
        for path in ("/health", "/readyz", "/livez", "/metrics"):
            began = time.monotonic()
            running.health.get(path)
            assert time.monotonic() - began < FAR_LESS_SECONDS, path
        for path in ("/stats", "/accounts", "/workers", "/queue"):
            began = time.monotonic()
            assert running.admin.get(path).status == 200
            assert time.monotonic() - began < FAR_LESS_SECONDS, path
        running.flow.wait_until(
            lambda: running.health.get("/readyz").status == 503, "the silence is noticed"
        )
        assert "has not answered for" in running.health.get("/health").json["reasons"][0]
    finally:
        os.kill(engine.pid, signal.SIGCONT)


def test_a_hundred_callers_at_once_are_all_answered(served: Serve) -> None:
    running = served()

    def call(path: str) -> list[int]:
        caller = running.admin if path == "/stats" else running.health
        return [caller.get(path).status for _ in range(3)]

    callers = [
        gevent.spawn(call, path) for path in ("/health", "/metrics", "/stats") for _ in range(33)
    ]
    gevent.joinall(callers, raise_error=True)

    assert [caller.value for caller in callers] == [[200] * 3] * 99


def test_every_metric_is_documented_and_every_documented_one_is_there(served: Serve) -> None:
    running = served()
    running.app.calls.observe("graphql", "BudgetSpent", 0.1)

    families = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in text_string_to_metric_families(running.health.get("/metrics").raw.decode())
    }

    assert families == set(re.findall(r"^\| `(\w+)`", DOCUMENT.read_text(), re.MULTILINE))


def test_promtool_finds_nothing_wrong_with_the_metrics(
    served: Serve, require: Callable[[bool, str], None]
) -> None:
    promtool = shutil.which("promtool")
    require(promtool is not None, "promtool (Debian's package prometheus)")
    assert promtool is not None

    exposed = served().health.get("/metrics").raw
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=exposed, capture_output=True, check=False
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_metrics_tell_what_happened(served: Serve) -> None:
    running = served()

    text = running.health.get("/metrics").raw.decode()
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }

    assert samples["gitstars_stars_stored_total",] == 135
    assert samples["gitstars_repositories", str(Status.COMPLETED)] == 3
    assert (
        samples["gitstars_github_answers_total", "core", "page"]
        == samples["gitstars_page_seconds_count", "core"]
        == 4
    )
    assert samples["gitstars_budget_remaining", "1", "core"] < 5000
    assert samples["gitstars_database_up",] == 1
    assert "gho_" not in text


def test_two_servers_in_one_process_count_for_themselves(served: Serve, tmp_path: Path) -> None:
    first = served()
    with start_served(
        DatabaseConfig(url=f"surrealkv://{tmp_path}/second.db"), settle=False
    ) as second:
        first.app.calls.observe("core", "Garbage", 0.1)

        assert b"garbage" in first.health.get("/metrics").raw
        assert b"garbage" not in second.health.get("/metrics").raw


def test_the_health_port_of_this_machine_is_not_for_pages_of_other_names(served: Serve) -> None:
    running = served()
    for path in ("/health", "/livez", "/readyz", "/metrics"):
        answer = running.health.get(path, Host="evil.example")
        assert (answer.status, answer.code) == (403, "foreign_host")
        assert running.health.get(path, Host="localhost:8080").status in (200, 503)
