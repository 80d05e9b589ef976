"""Values of settings as their types, and how they are shown: in errors, and by ``config show``."""

import json
import math
import re
from typing import Any

import msgspec

from gitstars.errors import ConfigInvalid
from gitstars.settings.catalogue import Setting

#: What is written without quotes, in words.
KINDS = {int: "a whole number", float: "a number", bool: "true or false"}
#: A value in an error message is cut after this many characters.
SHOWN_LENGTH = 80


def mask(value: object, is_secret: bool = False) -> str:
    """``value`` as it is written in TOML; secrets as stars, and no credentials inside of
    addresses.
    """
    if is_secret and value:
        return "***"
    return re.sub(r"//[^/\s]*@", "//***@", json.dumps(value, default=str, ensure_ascii=False))


def decode(setting: Setting, raw: Any, label: str, is_text: bool) -> Any:
    """``raw`` as the setting's type; text (flags, variables) is read leniently, ``"8080"`` as a
    number. Words that are chosen among some are taken in any case.
    """
    try:
        value = _convert(setting, raw, is_text)
    except msgspec.ValidationError as error:
        problem = f"must be {setting.expected}{_quotes_advice(setting, raw, is_text)}"
        raise invalid(label, setting, problem, raw) from error
    if isinstance(value, float) and not math.isfinite(value):
        raise invalid(label, setting, f"must be {setting.expected}", raw)
    return value


def _convert(setting: Setting, raw: Any, is_text: bool) -> Any:
    """Raises msgspec.ValidationError."""
    try:
        return msgspec.convert(raw, setting.type, strict=not is_text)
    except msgspec.ValidationError:
        if not isinstance(raw, str) or raw == raw.lower():
            raise
        return msgspec.convert(raw.lower(), setting.type, strict=not is_text)


def _quotes_advice(setting: Setting, raw: Any, is_text: bool) -> str:
    """What TOML's quotes have to do with it: a number in quotes is a text, and the other way
    round.
    """
    if is_text:
        return ""
    if isinstance(raw, str):
        try:
            meant = msgspec.convert(raw, setting.type, strict=False)
        except msgspec.ValidationError:
            return ""
        return f", {KINDS.get(type(meant), 'a value')} without quotes"
    is_plain = isinstance(raw, int | float) and not isinstance(raw, bool)
    return " in quotes" if is_plain and setting.expected.startswith("a text") else ""


def invalid(label: str, setting: Setting, problem: str, value: object) -> ConfigInvalid:
    """The error of a value: where it came from, its key, what is wrong, and what it is."""
    got = f"{len(str(value))} characters" if setting.secret else show(value)
    return ConfigInvalid(f"{label}: {setting.key} {problem}, got {got}")


def show(value: object) -> str:
    """A value as an error shows it."""
    text = mask(value)
    return text if len(text) <= SHOWN_LENGTH else text[:SHOWN_LENGTH] + "…"
