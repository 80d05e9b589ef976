"""``gitstars doctor`` with the server down: a real database and a simulated GitHub, in every
state that it should notice.
"""

import json
import re
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gevent.pywsgi import WSGIServer
from gevent.server import StreamServer

from gitstars import api
from gitstars.cli.doctor_database import check_clock, check_version, compare_with_server
from gitstars.cli.doctor_finding import Finding, Patient
from gitstars.cli.doctor_github import check_github_clock, choose_repository
from gitstars.config import Config, DatabaseConfig
from gitstars.fetch.answers import Metadata
from gitstars.model import Account
from gitstars.simulator.process import SimulatorProcess
from gitstars.store import schema, seeding
from gitstars.store.database import Database

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path, github: SimulatorProcess) -> Path:
    """A folder with a configuration and a database that holds eight accounts."""
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
    seeding.sign_in(database, 5, "barbara", "github_pat_barbara")
    seeding.sign_in(database, 6, "trudy", "gho_ada0000")
    seeding.sign_in(database, 7, "eve", "gho_broken\nin two")
    seeding.sign_in(database, 8, "alan", "gho_alan000")
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


def test_every_token_is_asked_what_it_may_do(home: Path, gitstars: Run) -> None:
    code, findings = examine(gitstars)

    tokens = {text.partition(":")[0]: (state, text) for state, text in told(findings, "tokens")}
    advice = {one["text"].partition(":")[0]: one["advice"] for one in findings}
    assert code == 1
    assert tokens["ada"][0] == "ok"
    assert "scopes public_repo, read:user" in tokens["ada"][1]
    assert tokens["ada"][1].endswith("it lists the stargazers of ada/engine")
    assert tokens["grace"][0] == "warning"
    assert "may not list the stargazers of its own grace/cobol" in tokens["grace"][1]
    assert "grant public_repo" in advice["grace"]
    assert tokens["edsger"][0] == "warning"
    assert "Resource not accessible by personal access token" in tokens["edsger"][1]
    assert "Contents: read and write" in advice["edsger"]
    assert "contents=write" in advice["edsger"]
    assert tokens["barbara"][0] == "ok"
    assert tokens["alan"] == ("ok", tokens["alan"][1])
    assert "no starred repository to try" in tokens["alan"][1]


def test_tokens_that_cannot_be_used_are_problems_that_say_why(home: Path, gitstars: Run) -> None:
    _, findings = examine(gitstars)

    problems = [text for state, text in told(findings, "tokens") if state == "problem"]
    left_out = told(findings, "accounts")
    assert len(problems) == 2
    assert any("mallory: GitHub rejects the token" in text for text in problems)
    assert any("trudy: the token of this account belongs to ada (1)" in text for text in problems)
    assert left_out == [
        (
            "problem",
            "eve is left out: its token has a line break at character 11, which cannot be sent to "
            "GitHub",
        )
    ]
    assert all(finding["advice"] for finding in findings if finding["state"] != "ok")
    assert not any(piece in json.dumps(findings) for piece in ("gho_", "github_pat_", "in two"))


def test_database_schema_and_clocks_are_looked_at(home: Path, gitstars: Run) -> None:
    _, findings = examine(gitstars)

    assert told(findings, "database")[0][0] == "ok"
    assert told(findings, "schema") == [
        ("ok", f"version {len(schema.STEPS)} of {len(schema.STEPS)}"),
        ("ok", "the tables take what gitstars writes"),
    ]
    assert told(findings, "clocks") == [
        ("ok", "the database's clock agrees with this machine's"),
        ("ok", "GitHub's clock agrees with this machine's"),
    ]


def test_a_table_that_takes_nothing_from_gitstars_is_named(home: Path, gitstars: Run) -> None:
    database = Database(DatabaseConfig(url=f"surrealkv://{home}/stars.db"))
    database.open()
    database.run("DEFINE FIELD mood ON github_user TYPE string")
    database.close()

    code, findings = examine(gitstars)

    assert code == 1
    (problem,) = [text for state, text in told(findings, "schema") if state == "problem"]
    assert "mood" in problem
    assert "github_user" in problem


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


def test_a_github_that_does_not_answer_is_told_once_with_the_true_cause(
    home: Path, gitstars: Run, github: SimulatorProcess
) -> None:
    github.stop()

    code, findings = examine(gitstars)

    assert code == 1
    (finding,) = [finding for finding in findings if finding["check"] == "github"]
    assert finding["state"] == "problem"
    assert "directly, without a proxy" in finding["text"]
    assert finding["text"].endswith("connection refused")
    assert told(findings, "tokens") == []


def test_something_else_than_github_is_told(home: Path, gitstars: Run) -> None:
    portal = Portal()
    try:
        config = home / "config.toml"
        config.write_text(
            re.sub(r'api_url = ".*?"', f'api_url = "{portal.url}"', config.read_text(), count=1)
        )
        code, findings = examine(gitstars)
    finally:
        portal.stop()

    assert code == 1
    ((state, text),) = told(findings, "github")
    assert state == "problem"
    assert "something that is not GitHub answers (HTML)" in text


def test_the_proxy_and_the_certificates_in_use_are_told(
    home: Path, gitstars: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = (home / "config.toml").read_text()
    (home / "config.toml").write_text(
        config.replace("[admin]", 'proxy = "http://joe:secret@127.0.0.1:9"\n[admin]')
    )

    _, findings = examine(gitstars)

    ((state, text),) = told(findings, "github")
    assert state == "problem"
    assert "through the proxy http://127.0.0.1:9" in text
    assert "with the certificates that come with gitstars" in text
    assert "secret" not in json.dumps(findings)


def test_a_certificate_that_is_not_trusted_is_told_and_which_authorities_are(
    home: Path, gitstars: Run
) -> None:
    key, own, other = (home / name for name in ("own.key", "own.pem", "authority.pem"))
    for file in (other, own):
        made = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "2"]
        named = ["-subj", f"/CN={file.stem}", "-addext", "subjectAltName=IP:127.0.0.1"]
        files = ["-keyout", str(key), "-out", str(file)]
        subprocess.run([*made, *named, *files], check=True, capture_output=True)
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(own, key)
    server = StreamServer(("127.0.0.1", 0), lambda *_: None, ssl_context=shown)
    server.start()
    config = re.sub(
        "(?m)^api_url = .*$",
        f'api_url = "https://127.0.0.1:{server.server_port}"\nca_file = "{other}"',
        (home / "config.toml").read_text(),
    )
    (home / "config.toml").write_text(config)

    _, findings = examine(gitstars)
    server.stop()

    ((state, text),) = told(findings, "github")
    assert state == "problem"
    assert str(other) in text
    assert "the certificate is not trusted (self-signed certificate)" in text


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
    assert states.count("problem") == 3
    assert lines[-1] == f"{len(states)} checks: 3 problems, {states.count('warning')} warnings"


def test_a_database_that_others_may_read_is_a_problem(home: Path, gitstars: Run) -> None:
    for place in (home / "stars.db").rglob("*"):
        place.chmod(0o755 if place.is_dir() else 0o644)

    code, findings = examine(gitstars)

    assert code == 1
    (problem,) = [text for state, text in told(findings, "files") if state == "problem"]
    assert "holds tokens and may be read by other users" in problem


@pytest.mark.parametrize(
    ("skew", "state", "text"),
    [
        (0.0, "ok", "GitHub's clock agrees with this machine's"),
        (3600.0, "problem", "GitHub's clock is 1 h behind this machine's"),
        (-90.0, "problem", "GitHub's clock is 1 min 30 s ahead of this machine's"),
    ],
)
def test_the_clock_of_github_is_checked(skew: float, state: str, text: str) -> None:
    finding = check_github_clock(skew)

    assert (finding.state, finding.text) == (state, text)


@pytest.mark.parametrize(
    ("drift", "state", "text"),
    [
        (9.0, "ok", "x agrees with this machine's"),
        (61.0, "problem", "x is 1 min 1 s ahead of this machine's"),
        (-61.0, "problem", "x is 1 min 1 s behind this machine's"),
    ],
)
def test_the_clock_of_the_database_is_checked(drift: float, state: str, text: str) -> None:
    finding = check_clock("x", drift)

    assert (finding.state, finding.text) == (state, text)


def test_a_schema_of_a_newer_gitstars_is_a_problem() -> None:
    assert check_version(9, 7).state == "problem"
    assert check_version(7, 7).text == "version 7 of 7"
    assert check_version(5, 7).text == "version 5 of 7; gitstars serve brings it up"


def test_a_repository_that_the_person_may_push_to_and_that_has_stars_is_tried() -> None:
    def place(name: str, stars: int, permission: str, is_private: bool = False) -> Metadata:
        return Metadata(1, name, stars, is_private, permission)

    few, many = place("a/few", 2, "ADMIN"), place("a/many", 9, "WRITE")
    hidden, read = place("a/hidden", 1, "ADMIN", True), place("b/read", 5, "READ")

    assert choose_repository([read, many, hidden, few]) == few
    assert choose_repository([read, hidden]) == hidden
    assert choose_repository([read, place("a/none", 0, "ADMIN")]) is None


def test_a_server_that_does_not_use_a_token_that_works_is_told() -> None:
    account = Account("a", 1, "ada", "gho_x")
    seen = shown_account(1, "ada", "rejected")
    patient = Patient(Config(), None, accounts={1: seen})
    works = Finding("tokens", "ok", "ada: the token works")

    (told_apart,) = compare_with_server(account, works, patient)

    assert told_apart.state == "warning"
    assert "the running server does not use this token yet: no" in told_apart.text
    assert list(compare_with_server(account, Finding("tokens", "problem", "x"), patient)) == []


def shown_account(user_id: int, login: str, state: api.TokenState) -> api.Account:
    """An account as a server shows it."""
    budget = api.Budget(limit=5000, remaining=None, reset_at=None)
    return api.Account(
        user_id=user_id,
        login=login,
        scopes=None,
        token=api.Token(state=state, text="no", look_again_at="2026-11-24T08:00:00Z"),
        access=api.AccessCounts(allowed=0, refused=0),
        repositories=api.AccountRepositories(total=0, settled=0, waiting=0),
        seconds_left=None,
        budgets=api.Budgets(core=budget, graphql=budget),
        cooldown_until=None,
        reason="no",
        activity=None,
        sync=None,
    )


class Portal:
    """A captive portal: HTML, whatever is asked."""

    def __init__(self) -> None:
        self._server = WSGIServer(("127.0.0.1", 0), self._answer, log=None)
        self._server.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.stop()

    @staticmethod
    def _answer(environ: object, start: Callable[..., object]) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/html")])
        return [b"<html>Please sign in to this network</html>"]
