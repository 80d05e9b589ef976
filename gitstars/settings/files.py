"""Reads the files of a configuration: TOML and ``.env``, as texts and names with values.

Every error is one sentence that names the file and says what to do.
"""

import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import tomli
from dotenv.parser import parse_stream

from gitstars.errors import ConfigInvalid


def is_there(path: Path, label: str) -> bool:
    """Whether a file that is read where it exists is to be read. Raises ConfigInvalid where
    something else bears its name: what was meant to be in force would silently not be.
    """
    if not os.path.lexists(path):
        return False
    if not path.exists():
        raise ConfigInvalid(f"{label}: is a link to nothing; correct the link, or remove it")
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "a pipe or a device"
        raise ConfigInvalid(f"{label}: is {kind} and no file; remove it, or give it another name")
    return True


def read_toml(path: Path, label: str) -> dict[str, Any]:
    """The tables of a TOML file, which may begin with a byte order mark. Raises ConfigInvalid."""
    try:
        return tomli.loads(_read_text(path, label))
    except tomli.TOMLDecodeError as error:
        raise ConfigInvalid(f"{label}: is not valid TOML: {error}") from error


def read_dotenv(path: Path, label: str) -> Mapping[str, str]:
    """The names and values in a ``.env`` file; empty where there is none. Raises ConfigInvalid."""
    if not is_there(path, label):
        return {}
    found: dict[str, str] = {}
    # No interpolation: a password may hold a dollar sign.
    for binding in parse_stream(StringIO(_read_text(path, label))):
        if binding.error:
            raise ConfigInvalid(
                f"{label}: line {binding.original.line} cannot be read; a line is NAME=value, "
                "a value with spaces stands in quotes that are closed"
            )
        if binding.key is not None and binding.value is not None:
            found[binding.key] = binding.value
    return found


def _read_text(path: Path, label: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigInvalid(f"{label}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigInvalid(f"{label}: is no text in UTF-8; save it as UTF-8") from error
