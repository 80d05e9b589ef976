"""``gitstars doctor`` with the server down: a real database and a simulated GitHub, in every
state that it should notice.
"""

import json
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitstars.cli.doctor import judge_token
from gitstars.config import DatabaseConfig
from gitstars.model import Account
from gitstars.simulator.process import SimulatorProcess
from gitstars.store import schema, seeding
from gitstars.store.database import Database

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path, github: SimulatorProcess) -> Path:
    """A folder with a configuration and a database that holds three accounts."""
    (tmp_path / "config.toml").write_text(
        '[database]\nurl = "surrealkv://stars.db"\n[github]\napi_url = '
        f'"{github.url}"\ngraphql_url = "{github.graphql_url}"\n'
        "[admin]\nport = 0\n[health]\nport = 0\n"
    )
    database = Database(DatabaseConfig(url=f"surrealkv://{tmp_path}/stars.db"))
    database.open()
    schema.apply(database)
    seeding.sign_in(database, 1, "ada", "gho_ada0000")
    seeding.sign_in(database, 2, "grace", "gho_grace00")
    seeding.sign_in(database, 3, "edsger", "github_pat_edsger")
    seeding.sign_in(database, 4, "mallory", "gho_revoked")
    database.close()
    return tmp_path


def examine(gitstars: Run, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    done = gitstars("doctor", "--json", *arguments)
    findings: list[dict[str, Any]] = json.loads(done.stdout)
    return done.returncode, findings


def told(findings: list[dict[str, Any]], check: str) -> list[tuple[str, str]]:
    return [
        (finding["state"], finding["text"]) for finding in findings if finding["check"] == check
    ]


def test_every_token_is_judged_with_what_to_do(home: Path, gitstars: Run) -> None:
    code, findings = examine(gitstars)

    tokens = {text.partition(":")[0]: (state, text) for state, text in told(findings, "tokens")}
    assert code == 1
    assert tokens["ada"][0] == "ok"
    assert "public_repo, read:user" in tokens["ada"][1]
    assert tokens["grace"] == ("warning", tokens["grace"][1])
    assert "its scopes are read:user" in tokens["grace"][1]
    assert "fine-grained" in tokens["edsger"][1]
    assert tokens["mallory"] == ("problem", "mallory: GitHub rejects the token")
    assert all(finding["advice"] for finding in findings if finding["state"] != "ok")
    assert "gho_" not in json.dumps(findings)


def test_database_schema_and_clocks_are_looked_at(home: Path, gitstars: Run) -> None:
    _, findings = examine(gitstars)

    assert told(findings, "database")[0][0] == "ok"
    assert told(findings, "schema") == [
        ("ok", f"version {len(schema.STEPS)} of {len(schema.STEPS)}")
    ]
    assert told(findings, "clocks") == [
        ("ok", "the database's clock agrees with this machine's"),
        ("ok", "GitHub's clock agrees with this machine's"),
    ]


def test_nothing_is_made_where_nothing_is(
    gitstars: Run, tmp_path: Path, private_surroundings: Path
) -> None:
    code, findings = examine(
        gitstars,
        "--db-url",
        f"surrealkv://{tmp_path}/new/stars.db",
        "--admin-port",
        "0",
        "--health-port",
        "0",
    )

    assert code == 0
    assert told(findings, "database") == [
        ("ok", f"{tmp_path}/new/stars.db is not there yet; gitstars serve makes it")
    ]
    assert not (tmp_path / "new").exists()
    assert not private_surroundings.exists()


def test_a_port_that_is_taken_is_a_problem(gitstars: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, findings = examine(
            gitstars,
            "--db-url",
            f"surrealkv://{tmp_path}/stars.db",
            "--admin-port",
            "0",
            "--health-port",
            str(port),
        )

    assert code == 1
    assert (
        "problem",
        f"health port 127.0.0.1:{port} cannot be had: Address already in use",
    ) in told(findings, "ports")


def test_a_github_that_does_not_answer_is_told_once(
    home: Path, gitstars: Run, github: SimulatorProcess
) -> None:
    github.stop()

    code, findings = examine(gitstars)

    assert code == 1
    assert [state for state, _ in told(findings, "github")] == ["problem"]


def test_a_database_in_use_is_told(home: Path, gitstars: Run) -> None:
    database = Database(DatabaseConfig(url=f"surrealkv://{home}/stars.db"))
    database.open()
    try:
        code, findings = examine(gitstars)
    finally:
        database.close()

    assert code == 1
    ((state, text),) = told(findings, "database")
    assert state == "problem"
    assert "in use by another gitstars server" in text


def test_a_server_that_cannot_be_reached_is_told_with_what_to_do(gitstars: Run) -> None:
    code, findings = examine(
        gitstars, "--db-url", "ws://127.0.0.1:9", "--admin-port", "0", "--health-port", "0"
    )

    assert code == 1
    (finding,) = [finding for finding in findings if finding["check"] == "database"]
    assert finding["state"] == "problem"
    assert "database.url" in finding["advice"]


def test_wrong_credentials_of_a_real_server_are_told(
    gitstars: Run, server_config: DatabaseConfig
) -> None:
    flags = ("--db-url", server_config.url, "--db-user", "root", "--db-pass", "wrong-password")

    code, findings = examine(gitstars, *flags, "--admin-port", "0", "--health-port", "0")

    assert code == 1
    ((state, text),) = told(findings, "database")
    assert state == "problem"
    assert "root" in text
    assert "wrong-password" not in text


def test_a_key_that_others_may_read_is_a_problem(
    gitstars: Run, tmp_path: Path, private_surroundings: Path
) -> None:
    private_surroundings.mkdir(parents=True)
    key = private_surroundings / "admin.key"
    key.write_text("0123456789abcdef")
    key.chmod(0o644)

    _, findings = examine(
        gitstars,
        "--db-url",
        f"surrealkv://{tmp_path}/stars.db",
        "--admin-port",
        "0",
        "--health-port",
        "0",
    )

    assert ("problem", f"{key} may be read by other users") in told(findings, "files")


def test_people_get_lines_and_a_sum(home: Path, gitstars: Run) -> None:
    lines = gitstars("doctor").stdout.splitlines()

    assert any(line.startswith("problem  tokens     mallory") for line in lines)
    assert any(line.strip().startswith("-> sign in") for line in lines)
    states = [line.split()[0] for line in lines[:-1] if not line.startswith(" ")]
    assert states.count("problem") == 1
    assert lines[-1] == f"{len(states)} checks: 1 problems, {states.count('warning')} warnings"


@pytest.mark.parametrize(
    ("token", "status", "scopes", "state"),
    [
        ("gho_x", 200, "public_repo, read:user", "ok"),
        ("gho_x", 200, "repo", "ok"),
        ("gho_x", 200, "read:user", "warning"),
        ("gho_x", 200, "", "warning"),
        ("ghs_x", 200, None, "ok"),
        ("github_pat_x", 200, None, "warning"),
        ("gho_x", 401, None, "problem"),
        ("gho_x", 403, None, "warning"),
        ("gho_x", 500, None, "problem"),
    ],
)
def test_an_answer_to_a_token_is_judged(
    token: str, status: int, scopes: str | None, state: str
) -> None:
    finding = judge_token("ada", Account("a", 1, "ada", token), status, scopes, "4999")

    assert finding.state == state
    assert bool(finding.advice) == (state != "ok")
    assert token not in finding.text + finding.advice
