"""The command line: a table of commands, each imported only when it is called, and ``run``,
which turns every ending into an exit code.

What a command does is left to its module: ``gitstars/cli/<name>.py`` holds a click command called
``<name>`` (dashes as underscores).
"""

import difflib
import errno
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click

from gitstars import early
from gitstars.build import describe_version
from gitstars.errors import GitstarsError

#: name -> what it does, in the order of ``--help``. Kept here so that help imports no command; a
#: test holds it to the commands' own words.
COMMANDS = {
    "serve": "Collect stargazers until stopped.",
    "demo": "Show it at work against a simulated GitHub.",
    "stats": "Show what a running server has done and is doing.",
    "repos": "List repositories and the state that they are in.",
    "repo": "Show everything known about one repository.",
    "reprocess": "Collect a repository again.",
    "stargazers": "List who starred a repository, newest first.",
    "users": "List what a person starred, newest first.",
    "export": "Write what is stored to a file.",
    "forget": "Delete what is stored of a person, for good.",
    "history": "Show how the stars of a repository came and went.",
    "chart": "Draw the star history of repositories.",
    "similar": "List repositories that share stargazers.",
    "overlap": "Count the people who star two repositories.",
    "accounts": "List accounts, add, change or remove one.",
    "collect": "Collect repositories once, without a server.",
    "follow": "Collect repositories that nobody starred.",
    "unfollow": "Follow repositories or owners no more.",
    "workers": "Show the workers, or set their number.",
    "queue": "Show what waits, or clear it.",
    "pause": "Stop collecting at the next page.",
    "resume": "Go on after a pause.",
    "doctor": "Check database, tokens, clocks and ports, and say what to do.",
    "config": "Show the settings in force.",
    "simulate": "Serve a simulated GitHub.",
    "completion": "Print the completion script of a shell.",
}
HIDDEN_COMMANDS = ("engine-host",)
#: Commands that take signals over themselves; until then each ends the process at once.
SERVERS = ("serve", "collect")

EXIT_CODES = """\b
Exit codes:
  0    fine
  1    failed
  2    misuse: command line, configuration, credentials
  3    the server does not answer
  130  stopped by Ctrl+C"""
#: As a shell reports a process that SIGINT ended.
INTERRUPTED = 130


def module_of(name: str) -> str:
    """The module that holds the command ``name``."""
    return f"{__name__}.{name.replace('-', '_')}"


class LazyCommands(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in COMMANDS if find_spec(module_of(name))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in (*COMMANDS, *HIDDEN_COMMANDS) or not find_spec(module_of(cmd_name)):
            return super().get_command(ctx, cmd_name)
        if cmd_name not in SERVERS:
            early.hand_over()
        command: click.Command = getattr(
            import_module(module_of(cmd_name)), cmd_name.replace("-", "_")
        )
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            close = difflib.get_close_matches(args[0], COMMANDS, n=1) if args else []
            if not close:
                raise
            raise click.UsageError(f"{error.message} Did you mean {close[0]}?", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])


@dataclass(slots=True)
class Session:
    """What ``run`` needs to know of the command line when it has failed."""

    is_debug: bool = False


@click.group(
    cls=LazyCommands,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(describe_version(), message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")
@click.pass_obj
def cli(session: Session, debug: bool) -> None:
    """Collects the stargazers of every repository that an account starred into SurrealDB, within
    GitHub's limits.
    """
    session.is_debug = debug


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (default: this process's) and return the exit code.

    Whatever goes wrong is one sentence on standard error.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    session = Session()
    for number, argument in enumerate(arguments, 1):
        # Bytes that are no UTF-8 come as lone surrogates, which nothing further on can write.
        if any("\ud800" <= character <= "\udfff" for character in argument):
            _say(f"argument {number} is no text in UTF-8; give it in UTF-8")
            return 2
    try:
        result = cli.main(list(arguments), prog_name="gitstars", standalone_mode=False, obj=session)
        if sys.stdout is not None:  # as after >&-
            sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.ClickException as mistake:
        mistake.show()
        return mistake.exit_code
    except GitstarsError as error:
        _say(str(error))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # The reader went away, as in ``gitstars repos | head``; the interpreter must not flush once
        # more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001  (the outermost boundary: no traceback may reach a user)
        _report_crash(error, arguments, session.is_debug)
        return 1


def _say(sentence: str) -> None:
    from gitstars.redaction import redact

    click.echo(redact(sentence), err=True)


def _report_crash(error: Exception, arguments: Sequence[str], is_debug: bool) -> None:
    """Say that gitstars itself is at fault, and where the report is; ``is_debug`` shows the
    traceback too.
    """
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        _say("gitstars cannot write any more: no space is left on the device")
        return
    from gitstars.cli.crash import write_report

    story = "".join(traceback.format_exception(error))
    if is_debug:
        _say(story)
    # Names only: the values of flags may be secrets.
    command: list[Any] = [
        word.partition("=")[0] for word in arguments if word.startswith("-") or word in COMMANDS
    ]
    _say(f"gitstars failed unexpectedly ({type(error).__name__}); {write_report(story, command)}")
