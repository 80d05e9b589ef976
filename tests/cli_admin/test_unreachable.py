"""What the commands say when there is no gitstars server, or something else in its place."""

import socket
import subprocess
from collections.abc import Callable

import pytest

from gitstars.simulator.process import SimulatorProcess

Run = Callable[..., subprocess.CompletedProcess[str]]

COMMANDS = [
    ("stats",),
    ("stats", "--watch"),
    ("repos",),
    ("repo", "acme/engine"),
    ("reprocess", "acme/engine"),
    ("stargazers", "acme/engine"),
    ("users", "ann"),
    ("export", "stars", "--output", "x.csv"),
    ("history", "acme/engine"),
    ("chart", "acme/engine", "--output", "x.svg"),
    ("accounts",),
    ("workers",),
    ("workers", "scale", "3"),
    ("queue",),
    ("queue", "clear", "--yes"),
    ("pause",),
    ("resume",),
]


def unused_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_server_that_is_down_is_one_sentence_and_3(
    command: tuple[str, ...], gitstars: Run
) -> None:
    url = unused_url()

    done = gitstars(*command, "--url", url)

    assert (done.returncode, done.stdout) == (3, "")
    assert (
        done.stderr == f"no gitstars server answers at {url}; is `gitstars serve` running there?\n"
    )


def test_the_group_hands_its_address_to_the_subcommand(gitstars: Run) -> None:
    url = unused_url()

    done = gitstars("workers", "--url", url, "scale", "3")

    assert done.returncode == 3
    assert url in done.stderr


def test_the_admin_port_comes_from_the_configuration(
    gitstars: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = unused_url()
    monkeypatch.setenv("ADMIN_PORT", url.rpartition(":")[2])

    assert url in gitstars("stats").stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("stats", "--url", "localhost:8081"), "--url must begin with http:// or https://"),
        (("repos", "--json", "--csv"), "--json and --csv exclude each other"),
        (("repos", "--status", "lost"), "'lost' is not one of"),
        (("repo",), "Missing argument 'REPO'"),
        (("workers", "scale", "0"), "workers scale takes 1 to 1000, or auto, got '0'"),
        (("workers", "scale", "many"), "workers scale takes 1 to 1000, or auto, got 'many'"),
        (("workers", "scale", "1001"), "workers scale takes 1 to 1000"),
        (("queue", "clear"), "nobody can be asked here; give --yes to drop what waits"),
        (("repos", "--sort", "age"), "'age' is not one of 'name'"),
        (
            ("export", "stars", "--format", "sqlite", "--output", "-"),
            "a SQLite file cannot go to standard output: give --output a name",
        ),
        (
            ("export", "history", "--include-unstarred", "--output", "x"),
            "an export of history has no part for stars that were found gone",
        ),
        (("queue", "empty"), "No such command 'empty'"),
        (("stats", "--config", "missing.toml"), "missing.toml: cannot be read"),
    ],
)
def test_misuse_is_told_and_ends_with_2(
    arguments: tuple[str, ...], sentence: str, gitstars: Run
) -> None:
    done = gitstars(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr


def test_an_admin_api_that_is_switched_off_is_told(
    gitstars: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADMIN_PORT", "0")

    done = gitstars("stats")

    assert (done.returncode, done.stderr) == (
        2,
        "the admin API is switched off (admin.port is 0); name another server with --url\n",
    )


def test_something_else_on_the_port_is_not_taken_for_gitstars(
    gitstars: Run, github: SimulatorProcess
) -> None:
    done = gitstars("repos", "--url", github.url)

    assert done.returncode == 1
    assert done.stderr == (
        f"what answers at {github.url} is not the admin API of this gitstars (status 401); check "
        "--url, which is not the health port's address, and that both are of the same version\n"
    )


@pytest.mark.parametrize("command", [*COMMANDS, ("doctor",), ("demo",)], ids=" ".join)
def test_help_documents_the_exit_codes(command: tuple[str, ...], gitstars: Run) -> None:
    shown = " ".join(gitstars(*command, "--help").stdout.split())

    assert "Exit codes: 0 " in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("a/b", "--output", "x.png"),
            "--output takes a file that ends with .svg, or -, got x.png\n",
        ),
        (
            (*"abcdefg", "--output", "-"),
            "a chart has 6 lines at most, got 7 repositories; --sum draws one line of all\n",
        ),
    ],
)
def test_a_chart_that_cannot_be_drawn_is_one_sentence_and_2(
    gitstars: Run, arguments: tuple[str, ...], said: str
) -> None:
    done = gitstars("chart", *arguments)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)
