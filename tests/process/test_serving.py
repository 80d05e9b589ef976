"""Starting and stopping as a user sees it: sentences, exit codes, and nothing left claimed."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from gitstars.config import Config, DatabaseConfig, GithubConfig, HealthConfig
from gitstars.simulator.scenario import make_scenario
from gitstars.store.database import Database
from tests.harness import Flow, Server, SurrealServer, free_port
from tests.waiting import PATIENCE_SECONDS, wait_until

Serve = Callable[[Config], Server]


def run_serve(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-m", "gitstars", "serve", *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def test_a_server_that_is_killed_takes_its_engine_along(
    embedded_config: DatabaseConfig, serve: Serve
) -> None:
    run = Flow(make_scenario([100], population=5000), embedded_config)
    server = serve(run.config)
    server.start()
    server.wait_for_line("serves 1 accounts")
    lock = Path(embedded_config.url.removeprefix("surrealkv://") + ".lock")
    engine = int(lock.read_text().split()[1])

    server.signal(signal.SIGKILL)
    server.process.wait()

    run.wait_until(
        lambda: (
            not Path(f"/proc/{engine}").exists() or "Z" in Path(f"/proc/{engine}/stat").read_text()
        ),
        "the engine ended",
    )
    run.close()


def test_a_second_server_on_one_path_is_refused_with_a_sentence(
    embedded_config: DatabaseConfig, serve: Serve, tmp_path: Path
) -> None:
    run = Flow(make_scenario([100], population=5000), embedded_config)
    server = serve(run.config)
    server.start()
    server.wait_for_line("serves 1 accounts")

    second = run_serve(
        "--db-url", embedded_config.url, "--health-port", "0", "--admin-port", "0", cwd=tmp_path
    )

    assert second.returncode == 2
    assert f"is in use by another gitstars server (process {server.process.pid})" in second.stderr
    assert "Traceback" not in second.stderr
    run.close()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--config", "nowhere.toml"), 2, "nowhere.toml"),
        (
            ("--db-url", "ws://127.0.0.1:9", "--health-port", "0", "--admin-port", "0"),
            1,
            "no database answers at ws://127.0.0.1:9",
        ),
        (
            (
                "--db-url",
                "surrealkv:///proc/nowhere/stars.db",
                "--health-port",
                "0",
                "--admin-port",
                "0",
            ),
            2,
            "/proc/nowhere",
        ),
        (("--health-port", "70000"), 2, "70000"),
        (("--db-url", "ftp://example.org"), 2, "ftp"),
    ],
)
def test_bad_input_is_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    result = run_serve(*arguments, cwd=tmp_path)

    assert result.returncode == code, result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_a_directory_that_is_no_database_or_may_not_be_written_is_refused(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")

    result = run_serve(
        "--db-url",
        f"surrealkv://{blocked}",
        "--health-port",
        "0",
        "--admin-port",
        "0",
        cwd=tmp_path,
    )

    assert result.returncode == 2, result.stderr
    assert str(blocked) in result.stderr
    assert "Traceback" not in result.stderr


def test_a_wrong_password_and_missing_rights_are_told_apart(
    root_config: DatabaseConfig, tmp_path: Path
) -> None:
    wrong = run_serve(
        "--db-url",
        root_config.url,
        "--db-user",
        "root",
        "--db-pass",
        "wrong",
        "--health-port",
        "0",
        "--admin-port",
        "0",
        cwd=tmp_path,
    )
    assert wrong.returncode == 2, wrong.stderr
    assert "refuses user 'root'" in wrong.stderr
    assert "Traceback" not in wrong.stderr

    database = Database(root_config)
    database.open()
    database.run("DEFINE USER reader ON DATABASE PASSWORD 'reader' ROLES VIEWER")
    database.close()
    lacking = run_serve(
        *(
            "--db-url",
            root_config.url,
            "--db-user",
            "reader",
            "--db-pass",
            "reader",
            "--db-namespace",
            root_config.namespace,
        ),
        *("--health-port", "0", "--admin-port", "0"),
        cwd=tmp_path,
    )

    assert lacking.returncode == 2, lacking.stderr
    assert "right" in lacking.stderr
    assert "Traceback" not in lacking.stderr


def test_a_port_that_is_taken_is_named(embedded_config: DatabaseConfig, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        result = run_serve(
            "--db-url",
            embedded_config.url,
            "--health-port",
            port,
            "--admin-port",
            "0",
            cwd=tmp_path,
        )

    assert result.returncode == 2, result.stderr
    assert port in result.stderr
    assert "Traceback" not in result.stderr


def test_a_database_that_comes_up_later_is_waited_for(
    surreal_program: str | None, require: Callable[[bool, str], None], serve: Serve
) -> None:
    require(surreal_program is not None, "a SurrealDB server")
    assert surreal_program is not None
    database = SurrealServer(surreal_program)
    database.kill()
    config = Config(
        database=DatabaseConfig(url=database.url, user="root", password="root"),
        github=GithubConfig(api_url="http://127.0.0.1:9", graphql_url="http://127.0.0.1:9/graphql"),
    )
    server = serve(config)
    server.start("--wait-for-db", "20")
    server.wait_for_line("trying again")

    database.start()

    server.wait_for_line("serves 0 accounts")
    server.signal(signal.SIGTERM)
    assert server.process.wait(PATIENCE_SECONDS) == 0
    database.kill()


def test_health_answers_while_serving(embedded_config: DatabaseConfig, serve: Serve) -> None:
    port = free_port()
    run = Flow(make_scenario([100], population=5000), embedded_config)
    server = serve(msgspec.structs.replace(run.config, health=HealthConfig(port=port)))
    server.start()
    server.wait_for_line("serves 1 accounts")

    with urllib.request.urlopen(
        f"http://127.0.0.1:{port}/livez", timeout=PATIENCE_SECONDS
    ) as answer:
        assert answer.status == 200
    run.close()


def test_a_log_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    health, admin = free_port(), free_port()
    command = [sys.executable, "-m", "gitstars", "serve", "--db-url", "mem://"]
    command += ["--health-port", str(health), "--admin-port", str(admin), "--log-level", "debug"]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}

    def is_alive() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{health}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    with open("/dev/full", "w") as full:
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=full
        )
    try:
        wait_until(is_alive, "it is ready")
        process.send_signal(signal.SIGTERM)
        told, _ = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()

    assert process.returncode == 0
    assert told.startswith(b"stored 0 stars in 0 pages")
