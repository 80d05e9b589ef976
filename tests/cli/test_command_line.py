"""The frame of the command line: help, exit codes, what a user sees when something goes wrong."""

import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

from gitstars import __version__
from gitstars.cli import COMMANDS, HIDDEN_COMMANDS, cli, module_of, run
from tests.waiting import PATIENCE_SECONDS

Run = Callable[..., subprocess.CompletedProcess[str]]

#: A command line with one more command, ``boom``, whose body is put in.
WITH_BOOM = """
from gitstars import _monkey
import sys, click, gevent
from gitstars import cli, errors, log
from gitstars.cli.options import with_config

@click.command()
@with_config
def boom(loaded):
    {body}

cli.cli.add_command(boom)
sys.exit(cli.run())
"""


def boom(body: str) -> str:
    return WITH_BOOM.format(body=body)


def test_version_and_help_are_answered(gitstars: Run) -> None:
    assert gitstars("--version").stdout == f"gitstars {__version__}\n"
    assert "Exit codes:" in gitstars("--help").stdout
    assert gitstars("-h").stdout == gitstars("--help").stdout


def test_help_names_the_commands_that_are_there_in_their_order(gitstars: Run) -> None:
    shown = gitstars("--help").stdout
    there = [name for name in COMMANDS if find_spec(module_of(name))]

    places = [shown.index(f"\n  {name} ") for name in there]

    assert places == sorted(places)
    assert {"serve", "config", "completion"} <= set(there)
    assert not any(name in shown for name in HIDDEN_COMMANDS)


def test_help_imports_nothing_heavy(gitstars: Run) -> None:
    heavy = (
        "requests surrealdb bottle rich psutil msgspec graphql prometheus_client gitstars.config "
        "gitstars.app"
    )

    script = (
        "import sys; from gitstars import cli; cli.run(['--help']); print('loaded:', *{modules} "
        "& sys.modules.keys())"
    )
    done = gitstars(script=script.format(modules=set(heavy.split())))

    assert done.stdout.splitlines()[-1] == "loaded:"


@pytest.mark.parametrize("name", [*COMMANDS, *HIDDEN_COMMANDS])
def test_the_table_of_commands_says_what_the_commands_say(name: str) -> None:
    if not find_spec(module_of(name)):
        pytest.skip(f"{name} is not there yet")

    command = cli.get_command(click.Context(cli), name)

    assert command is not None
    assert command.name == name
    assert command.hidden == (name in HIDDEN_COMMANDS)
    assert command.hidden or command.get_short_help_str(limit=200) == COMMANDS[name]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["servv"], "No such command 'servv'. Did you mean serve?"),
        (["xyzzy"], "No such command 'xyzzy'."),
        (["serve", "--helth-port", "1"], "No such option"),
        (["serve", "surplus"], "unexpected extra argument"),
        (["serve", "--wait-for-db", "100000"], "100000 is not in the range"),
        (["completion", "tcsh"], "'tcsh' is not one of"),
        (
            ["serve", "--health-port", "99999"],
            '--health-port: health.port must be 0-65535, got "99999"',
        ),
        (
            ["serve", "--config", "missing.toml"],
            "missing.toml: cannot be read: No such file or directory",
        ),
        (["serve", "--local", "--db-url", "mem://"], "--local and --db-url exclude each other"),
    ],
)
def test_misuse_is_told_on_standard_error_and_ends_with_2(
    arguments: list[str], sentence: str, gitstars: Run
) -> None:
    done = gitstars(*arguments)

    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_mistake_in_the_configuration_is_exactly_one_line(gitstars: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[github]\npage_size = 250\n")

    done = gitstars("serve")

    assert (done.returncode, done.stderr) == (
        2,
        "config.toml: github.page_size must be 1-100, got 250\n",
    )


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ("return 7", 7, ""),
        ("return None", 0, ""),
        ("raise errors.DatabaseUnavailable('the database is away')", 1, "the database is away\n"),
        ("raise errors.DatabaseRefused('wrong password')", 2, "wrong password\n"),
        ("raise errors.ServerUnreachable('nobody answers')", 3, "nobody answers\n"),
        (
            "raise errors.GitstarsError('key ghp_0123456789abcdef was refused')",
            1,
            "key [redacted] was refused\n",
        ),
        (
            "raise errors.GitstarsError(f'no {loaded.config.database.password}')",
            1,
            "no [redacted]\n",
        ),
        ("raise KeyboardInterrupt", 130, "\n"),
        (
            "raise OSError(28, 'No space left on device')",
            1,
            "gitstars cannot write any more: no space is left on the device\n",
        ),
    ],
)
def test_every_ending_has_its_exit_code(body: str, code: int, text: str, gitstars: Run) -> None:
    done = gitstars(
        "boom",
        "--db-url",
        "ws://h",
        "--db-user",
        "joe",
        "--db-pass",
        "opensesame",
        script=boom(body),
    )

    assert (done.returncode, done.stderr) == (code, text)


def test_an_unexpected_error_is_one_sentence_and_a_report_without_secrets(
    gitstars: Run, private_surroundings: Path
) -> None:
    body = "raise KeyError('token ghp_0123456789abcdef of ' + loaded.config.database.password)"

    done = gitstars("boom", "--db-user=joe", "--db-pass=opensesame", script=boom(body))

    (report,) = (private_surroundings / "crashes").iterdir()
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("gitstars failed unexpectedly (KeyError); ")
    assert done.stderr.endswith(f"the report is in {report}\n")
    assert "Traceback" in report.read_text()
    assert "--db-pass\n" in report.read_text()
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert {stat.S_IMODE(place.stat().st_mode) for place in list(report.parents)[:2]} == {0o700}
    assert not any(
        secret in done.stderr + report.read_text() for secret in ("ghp_0", "opensesame", "joe")
    )


def test_debug_shows_the_traceback_too(gitstars: Run) -> None:
    done = gitstars("--debug", "boom", script=boom("raise KeyError('x')"))

    assert "Traceback (most recent call last)" in done.stderr


def test_where_no_report_can_be_written_the_sentence_says_so(
    gitstars: Run, private_surroundings: Path
) -> None:
    private_surroundings.write_text("a file where the folder should be")

    done = gitstars("boom", script=boom("raise KeyError('x')"))

    assert done.returncode == 1
    assert f"a report could not be written to {private_surroundings / 'crashes'}" in done.stderr
    assert "Traceback" not in done.stderr


def test_only_the_latest_reports_are_kept(gitstars: Run, private_surroundings: Path) -> None:
    folder = private_surroundings / "crashes"
    folder.mkdir(parents=True)
    for day in range(30):
        (folder / f"crash-2020-01-{day:02}T000000Z-1.txt").touch()

    gitstars("boom", script=boom("raise KeyError('x')"))

    kept = sorted(path.name for path in folder.iterdir())
    assert len(kept) == 20
    assert kept[0] == "crash-2020-01-11T000000Z-1.txt"


def test_ctrl_c_ends_with_130_and_without_a_word(tmp_path: Path) -> None:
    # An event that nobody can set would end the command by itself.
    script = boom("print('ready', flush=True); gevent.sleep(1000)")
    with subprocess.Popen(
        [sys.executable, "-c", script, "boom"],
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell lets what it starts in the background ignore Ctrl+C, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=PATIENCE_SECONDS)

    assert (process.returncode, told.strip()) == (130, "")


def test_a_reader_that_goes_away_is_no_error_to_talk_about(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "gitstars", "config", "show"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()

        assert process.stderr.read() == b""


def test_a_closed_standard_output_does_no_harm(gitstars: Run) -> None:
    done = gitstars(
        script=(
            "import os, sys; os.close(1); os.execv(sys.executable, [sys.executable, '-m', "
            "'gitstars', 'config', 'show'])"
        )
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell: str, gitstars: Run) -> None:
    done = gitstars("completion", shell)

    assert done.returncode == 0
    assert "_GITSTARS_COMPLETE" in done.stdout
    assert "gitstars" in done.stdout


def test_the_completion_script_is_answered(gitstars: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_GITSTARS_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "gitstars com")
    monkeypatch.setenv("COMP_CWORD", "1")

    assert gitstars().stdout.split() == ["plain,completion"]


@pytest.mark.parametrize(
    "arguments", [["repo", "a/\udcff"], ["\udcff"], ["serve", "--db-url", "\udcff"]]
)
def test_an_argument_that_is_no_utf_8_is_one_sentence(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2

    number = next(n for n, argument in enumerate(arguments, 1) if "\udcff" in argument)
    assert capsys.readouterr().err == f"argument {number} is no text in UTF-8; give it in UTF-8\n"
