"""The options that every command with a configuration shares, made from the settings' own table."""

import functools
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from gitstars.config import LoadedConfig, load
from gitstars.redaction import register_secret
from gitstars.settings.catalogue import Setting, catalogue


def with_config(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a click command ``--config``, ``--local`` and a flag for each setting that has one;
    call it with the LoadedConfig first.
    """
    flagged = [setting for setting in catalogue() if setting.flag]

    @functools.wraps(function)
    def wrapped(*args: Any, config: Path | None, local: bool, **rest: Any) -> Any:
        flags = {setting.key: rest.pop(_parameter(setting)) for setting in flagged}
        loaded = load(config, flags, is_local=local)
        admin, database = loaded.config.admin, loaded.config.database
        for secret in (database.password, admin.api_key, admin.read_key):
            register_secret(secret)
        return function(loaded, *args, **rest)

    options = [
        click.option(
            "--config",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="TOML file; config.toml is read when it exists.",
        ),
        click.option(
            "--local", is_flag=True, help="A server at ws://localhost:8000, user and password root."
        ),
        *(_option(setting) for setting in flagged),
    ]
    return functools.reduce(lambda command, option: option(command), reversed(options), wrapped)


def _parameter(setting: Setting) -> str:
    return setting.key.replace(".", "_")


def _option(setting: Setting) -> Callable[[Any], Any]:
    notes = [
        setting.expected if setting.expected not in ("a text", "a text that is not empty") else "",
        setting.env,
    ]
    if setting.default != "":
        notes.append(
            f"default {setting.default:g}"
            if isinstance(setting.default, float)
            else f"default {setting.default}"
        )
    text = setting.description.replace("`", "")
    return click.option(
        setting.flag,
        _parameter(setting),
        metavar="VALUE",
        help=f"{text[0].upper()}{text[1:]} [{'; '.join(filter(None, notes))}]",
    )


def value_of(loaded: LoadedConfig, setting: Setting) -> Any:
    """The value in force of one setting."""
    section, _, name = setting.key.partition(".")
    return getattr(getattr(loaded.config, section), name)


def since_option(help_text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--since`` with a UTC day, given as a date."""
    return click.option(
        "--since",
        metavar="YYYY-MM-DD",
        callback=lambda context, option, value: None if value is None else _read_day(value),
        help=help_text,
    )


def _read_day(value: str) -> date:
    try:
        return datetime.strptime(value, "%Y-%m-%d").date()
    except ValueError:
        raise click.BadParameter(f"{value!r} is no day; write it as 2026-01-31") from None
