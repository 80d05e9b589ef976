"""Writes what the documents have of the program's own words: `python packaging/reference.py`. The
same program gives the same bytes.

The reference of the commands and the manual page come from their help texts, the reference of the
admin API from its OpenAPI description, the tables of settings from the settings.
"""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from gitstars import __version__
from gitstars.cli import COMMANDS, EXIT_CODES, cli
from gitstars.settings.catalogue import Setting, catalogue
from gitstars.settings.decoding import mask
from gitstars.web.openapi import describe_api

ROOT = Path(__file__).parent.parent

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


API_HEAD = """# Reference of the admin API

Written by `make reference` from the description at `GET /openapi.json`; a test holds it to that.
How the API is used is told in [admin-api.md](admin-api.md).
"""


def write_api() -> str:
    """The whole document."""
    described = describe_api()
    parts = [API_HEAD, "## Routes\n"]
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            parts.append(_describe_route(f"{method.upper()} {path}", operation))
    parts.append("## Values\n")
    for name, schema in sorted(described["components"]["schemas"].items()):
        parts.append(_describe_value(name, schema))
    return "\n".join(parts)


def _describe_route(title: str, operation: dict[str, Any]) -> str:
    lines = [f"### {title}", "", _wrap(f"{operation['summary']}."), ""]
    if operation["parameters"]:
        lines += ["| parameter | in | type | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{one['name']}` | {one['in']} | {_show_type(one['schema'])} | "
            f"{one.get('description', '')} |"
            for one in operation["parameters"]
        ]
        lines.append("")
    if "requestBody" in operation:
        lines += [f"Body: {_show_content(operation['requestBody']['content'])}.", ""]
    good, *bad = sorted(operation["responses"])
    content = _show_content(operation["responses"][good]["content"])
    answers = f"Answers {good}: {content}. Refusals: {', '.join(bad)}."
    return "\n".join([*lines, _wrap(answers), ""])


def _describe_value(name: str, schema: dict[str, Any]) -> str:
    lines = [f"### {name}", ""]
    if "description" in schema:
        lines += [_wrap(schema["description"]), ""]
    if "properties" not in schema:
        return "\n".join([*lines, _wrap(f"One of {_show_type(schema)}."), ""])
    lines += ["| field | type | meaning |", "|---|---|---|"]
    required = schema.get("required", ())
    for field, kind in schema["properties"].items():
        optional = "" if field in required else ", may be left out"
        lines.append(
            f"| `{field}` | {_show_type(kind)}{optional} | {kind.get('description', '')} |"
        )
    return "\n".join([*lines, ""])


def _wrap(text: str) -> str:
    return textwrap.fill(text, DOCUMENT_WIDTH, break_on_hyphens=False, break_long_words=False)


def _show_content(content: dict[str, Any]) -> str:
    kinds = [
        f"{_show_type(value['schema'])} as `{kind}`"
        if kind != "application/json"
        else _show_type(value["schema"])
        for kind, value in content.items()
    ]
    return " or ".join(kinds)


def _show_type(schema: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_show_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    kind = schema.get("type", "any")
    if kind == "array":
        if "prefixItems" in schema:
            return f"list of ({', '.join(map(_show_type, schema['prefixItems']))})"
        return f"list of {_show_type(schema.get('items') or {})}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_show_type(schema['additionalProperties'])}"
    forms = {"minimum": "from {}", "maximum": "to {}", "maxLength": "of up to {} characters"}
    bounds = [form.format(schema[key]) for key, form in forms.items() if key in schema]
    form = f" ({schema['format']})" if "format" in schema else ""
    return " ".join([f"{kind}{form}", *bounds])


def update_settings(document: str) -> str:
    """The document on configuration with the tables of settings as the settings are."""
    rows: dict[str, str] = {}
    for setting in catalogue():
        section = setting.key.partition(".")[0]
        rows[section] = rows.get(section, "") + _describe_setting(setting) + "\n"
    for section, lines in rows.items():
        table = re.compile(rf"(^### \[{section}\].*?^\|---[^\n]*\n)(\|[^\n]*\n)*", re.M | re.S)
        found = table.search(document)
        assert found is not None, f"docs/configuration.md has no table under ### [{section}]"
        document = document[: found.end(1)] + lines + document[found.end() :]
    return document


def _describe_setting(setting: Setting) -> str:
    flag, variable = (f"`{name}`" if name else "" for name in (setting.flag, setting.env))
    return (
        f"| `{setting.key}` | `{mask(setting.default)}` | {setting.expected} | {flag} | "
        f"{variable} | {setting.description} |"
    )


def write_all() -> dict[Path, str]:
    """Each file that is written, with its text."""
    settings = ROOT / "docs" / "configuration.md"
    return {
        ROOT / "docs" / "commands.md": write_document(),
        ROOT / "docs" / "api-reference.md": write_api(),
        settings: update_settings(settings.read_text(encoding="utf-8")),
        ROOT / "packaging" / "gitstars.1": write_page(),
    }


if __name__ == "__main__":
    for target, text in write_all().items():
        target.write_text(text, encoding="utf-8")
