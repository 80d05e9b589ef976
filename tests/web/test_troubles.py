"""What health and the operator's calls say while GitHub, the database or a token is in trouble."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from gitstars.config import DatabaseConfig
from gitstars.model import Status
from gitstars.store import seeding, state
from gitstars.store.database import record
from gitstars.supervise import scale_memory
from tests.harness import SurrealServer
from tests.web.conftest import Serve, Served, small_world, start_served
from tests.web.test_operations import slow_world

FORCE = {"force": True}


def reasons(running: Served) -> list[str]:
    found: list[str] = running.health.get("/health").json["reasons"]
    return found


def metric(running: Served, name: str) -> float:
    text = running.health.get("/metrics").raw.decode()
    (line,) = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return float(line.rpartition(" ")[2])


def test_a_github_that_does_not_answer_degrades_until_it_answers(served: Serve) -> None:
    running = served()
    running.flow.github.control("POST", "/rules", {"match": "*", "effect": "drop"})
    for name in ("acme/tools", "acme/engine", "acme/reprocess"):
        assert running.admin.post(f"/repos/{name}/reprocess", FORCE).status == 202

    running.flow.wait_until(
        lambda: not running.admin.get("/stats").json["github"]["reachable"], "an outage is seen"
    )
    stats = running.admin.get("/stats").json
    seen = (metric(running, "gitstars_github_up"), running.health.get("/readyz").status)
    told = reasons(running)
    running.flow.github.control("DELETE", "/rules")
    running.flow.wait_until(
        lambda: running.admin.get("/stats").json["status"] == "healthy", "it is healthy again"
    )

    assert seen == (0.0, 200)
    assert stats["status"] == "degraded"
    assert stats["github"]["since"] <= stats["github"]["next_probe_at"]
    assert told[0].startswith("GitHub has not answered since ")
    assert stats["github"]["error"] in told[0]
    assert metric(running, "gitstars_github_up") == 1.0


@pytest.fixture
def own_server(
    surreal_program: str | None, server_config: DatabaseConfig
) -> Iterator[SurrealServer]:
    """A database server of this test's own."""
    assert surreal_program is not None
    own = SurrealServer(surreal_program)
    yield own
    own.kill()


def told_outages(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was told of outages, by whom that is the duty."""
    names = {"gitstars.supervise.outages"}
    return [record.getMessage() for record in caplog.records if record.name in names]


def test_a_database_that_refuses_its_user_is_unhealthy_and_told_once(
    own_server: SurrealServer, caplog: pytest.LogCaptureFixture
) -> None:
    config = DatabaseConfig(
        url=own_server.url, user="root", password="root", connection_timeout_seconds=2
    )
    with caplog.at_level(logging.INFO, "gitstars.supervise.outages"), start_served(config) as run:
        own_server.kill()
        own_server.start(password="another one")
        run.flow.wait_until(
            lambda: any("refuses user" in reason for reason in reasons(run)), "it is refused"
        )
        refused = run.health.get("/health"), run.health.get("/readyz").status
        up = metric(run, "gitstars_database_up")
        own_server.kill()
        own_server.start()
        run.flow.wait_until(lambda: run.health.get("/readyz").status == 200, "ready again")

        assert (refused[0].status, refused[0].json["status"], refused[1]) == (503, "unhealthy", 503)
        assert refused[0].json["database"]["reachable"] is False
        assert up == 0.0
        run.flow.wait_until(
            lambda: told_outages(caplog)[-1].startswith("the database works again after "),
            "the end is told",
        )
        told = told_outages(caplog)
        assert sum("refuses user" in text or "no database" in text for text in told) <= 2


def test_a_table_that_takes_nothing_from_gitstars_is_unhealthy_until_it_does(
    served: Serve,
) -> None:
    running = served()
    app = running.app
    app.database.run("DEFINE FIELD mood ON github_user TYPE string")
    app.trial.look()
    app.snapshots.forget()

    broken = running.health.get("/health"), running.health.get("/readyz").status
    writable = metric(running, "gitstars_database_writable")
    app.database.run("REMOVE FIELD mood ON github_user")
    app.trial.step()
    app.snapshots.forget()

    assert (broken[0].status, broken[0].json["status"], broken[1]) == (503, "unhealthy", 503)
    assert "mood" in broken[0].json["reasons"][0]
    assert "github_user" in broken[0].json["database"]["schema_problem"]
    assert writable == 0.0
    assert running.health.get("/health").json["status"] == "healthy"


def activity_of_ada(running: Served) -> dict[str, Any]:
    activity: dict[str, Any] = running.admin.get("/accounts").json["accounts"][0]["activity"]
    return activity


def test_an_account_that_works_tells_what_it_does(served: Serve) -> None:
    running = served(slow_world(), settle=False)
    running.flow.wait_until(
        lambda: bool(running.admin.get("/accounts").json["accounts"]), "the account is there"
    )
    running.flow.wait_until(
        lambda: "acme/large" in (activity_of_ada(running) or {"open": []})["open"],
        "the list is in hand",
    )

    activity = activity_of_ada(running)

    assert "acme/large" in activity["open"]
    assert set(activity["slots"]) <= {"list", "own", "counts", "history"}
    assert activity["progressed_at"] is not None


def test_an_account_whose_token_is_out_tells_what_it_waits_for_until_when(served: Serve) -> None:
    running = served()
    reject_ada(running)

    def waits() -> bool:
        activity = activity_of_ada(running)
        return "rejects the token" in (activity["waits_for"] or "") and activity["open"] == []

    running.flow.wait_until(waits, "the account waits, with nothing in hand")
    assert activity_of_ada(running)["waits_until"] > running.admin.get("/stats").json["at"]


def reject_ada(running: Served) -> None:
    """Ada's token is revoked, and gitstars has met that."""
    running.flow.github.control("POST", "/world", {"revoke": ["gho_ada0000"]})
    assert running.admin.post("/repos/acme/tools/reprocess", FORCE).status == 202
    ledger, clock = running.app.ledger, running.app.clock
    running.flow.wait_until(
        lambda: ledger.rejection(1, "gho_ada0000", clock.now()) is not None, "the token is out"
    )


@pytest.mark.parametrize("body", [{}, FORCE])
def test_what_waits_only_for_a_token_that_is_out_says_so(
    served: Serve, body: dict[str, bool]
) -> None:
    running = served()
    reject_ada(running)

    answers = [
        running.admin.post("/repos/acme/tools/reprocess", FORCE),
        running.admin.post("/users/1/reprocess", body),
    ]

    for answer in answers:
        message = answer.json["error"]["message"]
        assert (answer.status, answer.code) == (409, "conflict")
        assert message.startswith("account ada (1): GitHub rejects the token")
        assert "sign in again; it is looked at again at 20" in message


def test_a_repository_that_waits_for_such_a_token_tells_it(served: Serve) -> None:
    running = served()
    reject_ada(running)
    running.app.database.run(
        "UPDATE repo_processing_status SET status = 'pending' WHERE repo = $repo",
        repo=record("repo", "acme/tools"),
    )

    known = running.admin.get("/repos/acme/tools").json

    assert known["obstacle"].startswith("account ada (1) cannot be used now: GitHub rejects")
    assert running.admin.get("/repos/acme/reprocess").json["obstacle"] is None


def test_another_account_whose_token_works_does_it(served: Serve) -> None:
    running = served()
    reject_ada(running)

    assert running.admin.post("/repos/acme/engine/reprocess", FORCE).status == 202


def test_asking_looks_at_the_token_at_once(served: Serve) -> None:
    running = served()
    before = running.flow.stored()
    reject_ada(running)
    running.flow.github.control("POST", "/world", {"restore": ["gho_ada0000"]})

    assert running.admin.post("/repos/acme/tools/reprocess", FORCE).status == 202

    running.flow.wait_idle()
    known = running.admin.get("/repos/acme/tools").json
    assert (known["status"], running.flow.stored()) == (Status.COMPLETED, before)


def test_resume_looks_at_tokens_at_once(served: Serve) -> None:
    running = served()
    reject_ada(running)
    running.flow.github.control("POST", "/world", {"restore": ["gho_ada0000"]})
    running.admin.post("/pause")

    running.admin.post("/resume")

    running.flow.wait_idle()
    assert running.admin.get("/accounts").json["accounts"][0]["token"]["state"] == "usable"
    assert running.admin.get("/repos/acme/tools").json["status"] == Status.COMPLETED


def test_a_token_that_cannot_be_sent_is_told_and_shown_nowhere(
    served: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    running = served()
    seeding.sign_in(running.app.database, 9, "eve", "gho_topsecret\nin two parts")
    running.flow.wait_until(
        lambda: any(reason.startswith("account eve: its token has") for reason in reasons(running)),
        "the row is looked at",
    )

    (left_out,) = running.admin.get("/accounts").json["left_out"]
    shown = [
        running.admin.get(path).raw.decode()
        for path in ("/accounts", "/stats", "/repos", "/queue", "/workers")
    ]

    assert left_out["login"] == "eve"
    assert "a line break at character 14, which cannot be sent to GitHub" in left_out["reason"]
    assert not any(piece in text for piece in ("topsecret", "in two") for text in shown)
    assert "topsecret" not in caplog.text


def test_the_number_of_workers_that_was_set_holds_through_a_restart(
    embedded_config: DatabaseConfig,
) -> None:
    with start_served(embedded_config, small_world()) as running:
        running.admin.post("/workers/scale", {"min": 3, "max": 4})
        running.app.stop()
        again = running.flow.start()
        kept = (again.scaler.override, again.pool.count)
        running.admin.post("/workers/scale", {"automatic": True})
        again.stop()
        free = running.flow.start()

        assert kept[0] is not None
        assert (kept[0].minimum, kept[0].maximum, kept[1]) == (3, 4, 3)
        assert free.scaler.override is None


@pytest.mark.parametrize(
    "kept", ["three", {"version": 2, "minimum": 1, "maximum": 2}, {"version": 1, "minimum": 0}, [1]]
)
def test_bounds_that_this_version_cannot_read_are_left_alone(served: Serve, kept: object) -> None:
    running = served()
    state.write(running.app.database, scale_memory.STATE_KEY, kept)

    assert scale_memory.recall(running.app.database, 10) is None
