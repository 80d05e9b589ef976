"""Reads the configuration: flag > environment > ``.env`` > TOML file > default, into the frozen
values of ``settings``.

The only module that reads the environment, and the one that knows where this user's data lives.
Every error is one sentence that names source, key and value. What the settings mean is left to the
stages that they are handed to.
"""

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from msgspec.structs import fields

from gitstars import way_out
from gitstars.errors import ConfigInvalid, UserMistake
from gitstars.settings import (
    AdminConfig,
    CollectConfig,
    Config,
    DatabaseConfig,
    DiscoverConfig,
    GithubConfig,
    HealthConfig,
    LogConfig,
    PublicConfig,
    RefreshConfig,
    WorkersConfig,
)
from gitstars.settings.catalogue import Setting, catalogue
from gitstars.settings.decoding import decode, invalid, mask, show
from gitstars.settings.files import is_there, read_dotenv, read_toml
from gitstars.settings.rules import violations

__all__ = [
    "AdminConfig",
    "CollectConfig",
    "Config",
    "DatabaseConfig",
    "DiscoverConfig",
    "GithubConfig",
    "HealthConfig",
    "LoadedConfig",
    "LogConfig",
    "PublicConfig",
    "RefreshConfig",
    "WorkersConfig",
    "admin_key_path",
    "data_folder",
    "load",
    "mask",
]

#: Read when no file is named and it exists in the current folder.
DEFAULT_FILE = "config.toml"
#: What ``--local`` stands for.
LOCAL_SERVER = {
    "database.url": "ws://localhost:8000",
    "database.user": "root",
    "database.password": "root",
}


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """The settings in force. ``origins`` tells for every key where its value came from."""

    config: Config
    origins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Source:
    """One layer of values; ``labels`` names for each key the place to correct it."""

    values: Mapping[str, Any]
    labels: Mapping[str, str]
    is_text: bool


def data_folder() -> Path:
    """The folder for this user's embedded database, admin key and crash reports.

    It need not exist yet. Raises ConfigInvalid where this user has no home folder, as in some
    containers.
    """
    try:
        return platformdirs.user_data_path("gitstars", appauthor=False)
    except (RuntimeError, KeyError) as error:
        raise ConfigInvalid(
            "this user has no home folder: set HOME or XDG_DATA_HOME to a folder that it may write"
        ) from error


def admin_key_path() -> Path:
    """Where the server keeps an admin key that it made itself, for the command line of the same
    user.
    """
    return data_folder() / "admin.key"


def load(
    file: Path | None = None,
    flags: Mapping[str, Any] | None = None,
    *,
    is_local: bool = False,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> LoadedConfig:
    """The settings from ``file`` (else ``config.toml`` in ``folder``, when it exists) and
    everything above it.

    ``flags`` maps keys (``database.url``) to what was given on the command line, None where nothing
    was. ``folder`` is where ``.env`` is looked for and what relative paths from outside of the file
    start at (default: the current one). Raises ConfigInvalid.
    """
    folder = (folder or _current_folder()).absolute()
    settings = {setting.key: setting for setting in catalogue()}
    if file is None and is_there(folder / DEFAULT_FILE, DEFAULT_FILE):
        file = Path(DEFAULT_FILE)
    environ = os.environ if environ is None else environ
    sources = _sources(file, flags or {}, is_local, environ, folder, settings)
    values = {key: setting.default for key, setting in settings.items()}
    origins = dict.fromkeys(settings, "default")
    for source in sources:
        for key, raw in source.values.items():
            values[key] = decode(settings[key], raw, source.labels[key], source.is_text)
            origins[key] = source.labels[key]
    url_base = (folder / file).parent if file and origins["database.url"] == str(file) else folder
    values["database.url"] = _resolve_database(values["database.url"], url_base)
    for key in ("github.api_url", "github.graphql_url"):
        values[key] = values[key].rstrip("/")
    way_out.resolve(values, origins, environ)
    ca_base = (folder / file).parent if file and origins[way_out.CA_KEY] == str(file) else folder
    _resolve_certificates(values, origins, ca_base, settings)
    config = _build(values)
    for key, problem, other in violations(config):
        label = origins[other] if other and origins[key] == "default" else origins[key]
        raise invalid(label, settings[key], problem, values[key])
    return LoadedConfig(config, origins)


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except OSError as error:
        raise ConfigInvalid("the current folder is gone; change to another one") from error


def _build(values: Mapping[str, Any]) -> Config:
    sections: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        section, _, name = key.partition(".")
        sections.setdefault(section, {})[name] = value
    return Config(
        **{field.name: type(field.default)(**sections[field.name]) for field in fields(Config)}
    )


def _resolve_database(url: str, base: Path) -> str:
    """``url`` with an absolute path when it is embedded on disk; the place in the data folder
    when it is empty.
    """
    if not url:
        return f"surrealkv://{data_folder() / 'stars.db'}"
    scheme, separator, path = url.partition("://")
    return (
        f"{scheme}://{base / Path(path).expanduser()}"
        if separator and scheme == "surrealkv" and path
        else url
    )


def _resolve_certificates(
    values: dict[str, Any],
    origins: Mapping[str, str],
    base: Path,
    settings: Mapping[str, Setting],
) -> None:
    """Make the path of the certificates absolute. Raises ConfigInvalid when nothing is there."""
    if not values[way_out.CA_KEY]:
        return
    path = base / Path(values[way_out.CA_KEY]).expanduser()
    if not os.access(path, os.R_OK):
        problem = "must be a file of certificates that can be read"
        raise invalid(
            origins[way_out.CA_KEY], settings[way_out.CA_KEY], problem, values[way_out.CA_KEY]
        )
    values[way_out.CA_KEY] = str(path)


def _sources(
    file: Path | None,
    flags: Mapping[str, Any],
    is_local: bool,
    environ: Mapping[str, str],
    folder: Path,
    settings: Mapping[str, Setting],
) -> Iterator[_Source]:
    """All layers, the weakest first."""
    if file is not None:
        values = dict(_read_toml(file, folder, settings))
        yield _Source(values, dict.fromkeys(values, str(file)), is_text=False)
    for place, variables in (
        (".env: ", read_dotenv(folder / ".env", ".env")),
        ("environment variable ", environ),
    ):
        # An empty variable counts as none: that is how one switches a variable off in a unit or
        # compose file.
        values = {
            key: variables[setting.env]
            for key, setting in settings.items()
            if setting.env and variables.get(setting.env)
        }
        yield _Source(values, {key: place + settings[key].env for key in values}, is_text=True)
    if is_local:
        if flags.get("database.url") is not None:
            raise ConfigInvalid("--local and --db-url exclude each other")
        yield _Source(LOCAL_SERVER, dict.fromkeys(LOCAL_SERVER, "--local"), is_text=True)
    given = {key: value for key, value in flags.items() if value is not None}
    yield _Source(given, {key: settings[key].flag for key in given}, is_text=True)


def _read_toml(
    file: Path, folder: Path, settings: Mapping[str, Setting]
) -> Iterator[tuple[str, Any]]:
    tables = read_toml(folder / file, str(file))
    sections: dict[str, list[str]] = {}
    for section, _, name in (key.partition(".") for key in settings):
        sections.setdefault(section, []).append(name)
    for section, table in tables.items():
        if section not in sections:
            raise ConfigInvalid(f"{file}: [{section}] is unknown{_suggest(section, sections)}")
        if not isinstance(table, dict):
            raise ConfigInvalid(
                f"{file}: {section} must be a section, [{section}], got {show(table)}"
            )
        for name, value in table.items():
            if name not in sections[section]:
                raise ConfigInvalid(
                    f"{file}: {section}.{name} is unknown{_suggest(name, sections[section])}"
                )
            yield f"{section}.{name}", value


def _suggest(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"


def token_of_environment() -> str:
    """The token of GitHub in ``GITHUB_TOKEN``, else in ``GH_TOKEN``. Raises UserMistake."""
    token = os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN")
    if not token:
        raise UserMistake("neither GITHUB_TOKEN nor GH_TOKEN is set")
    return token
