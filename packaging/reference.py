"""Writes the reference of the commands, as a document and as a manual page, from their own help
texts: `python packaging/reference.py DOCUMENT PAGE`. The same commands give the same bytes.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from gitstars import __version__
from gitstars.cli import COMMANDS, EXIT_CODES, cli

#: As wide as the documents are, and as manual pages usually are (columns).
DOCUMENT_WIDTH, PAGE_WIDTH = 100, 72
HEAD = """# The commands

Written by `make reference` from what `gitstars COMMAND --help` prints; a test holds it to that.
"""


def write_document() -> str:
    """The whole document."""
    parts = [f"## {path}\n\n```\n{text}\n```\n" for path, text in _commands(DOCUMENT_WIDTH)]
    return "\n".join([HEAD, *parts, f"## Exit codes\n\n```\n{_exit_codes()}\n```\n"])


def write_page() -> str:
    """The manual page, as roff."""
    lines = [
        f'.TH GITSTARS 1 "" "gitstars {__version__}"',
        ".SH NAME",
        "gitstars \\- collects the stargazers of GitHub repositories into SurrealDB",
        ".SH SYNOPSIS",
        ".B gitstars",
        "COMMAND [OPTIONS] [ARGUMENTS]",
    ]
    for path, text in _commands(PAGE_WIDTH):
        lines += [f'.SH "{path.upper()}"', ".nf", *map(_escape, text.splitlines()), ".fi"]
    lines += ['.SH "EXIT STATUS"', ".nf", *map(_escape, _exit_codes().splitlines()), ".fi"]
    return "\n".join(lines) + "\n"


def _commands(width: int) -> Iterator[tuple[str, str]]:
    """Every command that is not hidden, with its help text."""
    root = click.Context(cli, info_name="gitstars", terminal_width=width, max_content_width=width)
    for name in COMMANDS:
        command = cli.get_command(root, name)
        assert command is not None
        yield from _describe(command, root, f"gitstars {name}", width)


def _describe(
    command: click.Command, parent: click.Context, path: str, width: int
) -> Iterator[tuple[str, str]]:
    name = path.rpartition(" ")[2]
    context = click.Context(
        command, parent, info_name=name, terminal_width=width, max_content_width=width
    )
    # The exit codes stand at the end once.
    if "Exit codes" in (command.epilog or ""):
        command.epilog = None
    yield path, command.get_help(context).rstrip()
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None and not found.hidden:
                yield from _describe(found, context, f"{path} {child}", width)


def _exit_codes() -> str:
    return "\n".join(line.strip() for line in EXIT_CODES.splitlines()[2:])


def _escape(line: str) -> str:
    """A line that roff shows as it is."""
    plain = line.replace("\\", "\\e").replace("-", "\\-")
    shown = "".join(c if c.isascii() else f"\\[u{ord(c):04X}]" for c in plain)
    return f"\\&{shown}" if shown.startswith((".", "'")) else shown


if __name__ == "__main__":
    for target, text in zip(sys.argv[1:], (write_document(), write_page()), strict=True):
        Path(target).write_text(text, encoding="utf-8")
