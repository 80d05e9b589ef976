"""``gitstars config show`` in a process of its own."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitstars.settings.catalogue import catalogue

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_every_setting_is_shown_with_value_and_source(
    gitstars: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text("[github]\npage_size = 50\n")
    (tmp_path / ".env").write_text("DB_NAMESPACE=there\n")
    monkeypatch.setenv("HEALTH_PORT", "9000")

    lines = gitstars("config", "show", "--admin-port", "9001").stdout.splitlines()

    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in lines[1:]}
    assert list(rows) == [setting.key for setting in catalogue()]
    assert rows["github.page_size"] == ["50", "config.toml"]
    assert rows["database.namespace"] == ['"there"', ".env: DB_NAMESPACE"]
    assert rows["health.port"] == ["9000", "environment variable HEALTH_PORT"]
    assert rows["admin.port"] == ["9001", "--admin-port"]
    assert rows["github.concurrency"] == ["8", "default"]


def test_json_holds_the_same(gitstars: Run) -> None:
    shown = json.loads(gitstars("config", "show", "--json", "--health-port", "0").stdout)

    assert list(shown) == [setting.key for setting in catalogue()]
    assert shown["health.port"] == {"value": 0, "source": "--health-port"}
    assert shown["discover.include"]["value"] == ["starred", "owned", "collaborating"]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_secrets_are_masked(
    form: list[str], gitstars: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADMIN_API_KEY", "opensesame-opensesame")

    done = gitstars("config", "show", *form, "--local", "--db-pass", "opensesame")

    assert done.returncode == 0
    assert "sesame" not in done.stdout + done.stderr
    assert done.stdout.count("***") == 2


def test_each_flag_sets_its_setting(gitstars: Run) -> None:
    flags = {
        "--db-url": ("wss://db.example.org", "database.url"),
        "--db-user": ("joe", "database.user"),
        "--db-namespace": ("elsewhere", "database.namespace"),
        "--db-database": ("others", "database.database"),
        "--db-pool-max-size": (20, "database.pool_max_size"),
        "--db-pool-min-idle": (4, "database.pool_min_idle"),
        "--db-proxy": ("http://proxy.example.org:3128", "database.proxy"),
        "--db-connection-timeout": (7, "database.connection_timeout_seconds"),
        "--health-port": (9000, "health.port"),
        "--admin-port": (0, "admin.port"),
    }

    words = [word for flag, (value, _) in flags.items() for word in (flag, str(value))]
    shown = json.loads(gitstars("config", "show", "--json", *words, "--db-pass", "secret").stdout)

    assert shown["database.password"] == {"value": "***", "source": "--db-pass"}
    assert {key: shown[key] for _, key in flags.values()} == {
        key: {"value": value, "source": flag} for flag, (value, key) in flags.items()
    }


def test_without_anything_the_defaults_are_the_documented_ones(gitstars: Run) -> None:
    shown = json.loads(gitstars("config", "show", "--json").stdout)

    expected = {
        "database.namespace": "gitstars",
        "database.database": "stars",
        "database.pool_max_size": 10,
        "database.pool_min_idle": 2,
        "database.connection_timeout_seconds": 30,
        "github.requests_per_hour": 4000,
        "health.port": 8080,
        "admin.port": 8081,
    }
    assert {key: shown[key]["value"] for key in expected} == expected
    assert {row["source"] for row in shown.values()} == {"default"}
