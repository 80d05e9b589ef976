"""Takes secrets out of text. Everything that is stored, shown or logged passes ``redact``.

A secret is known by its form (GitHub's tokens, Authorization values, passwords in addresses), or by
its value, where somebody registered it.
"""

import json
import re
from typing import Any

#: What replaces a secret.
REDACTED = "[redacted]"

#: The forms of secrets, in this order: GitHub's tokens by prefix (those of app installations have
#: about 520 characters, with dots and dashes); JSON Web Tokens; the forty hexadecimal digits that
#: GitHub's tokens once were; the value of an Authorization header, in a header line, a dictionary
#: or a pair; what follows ``bearer``, ``basic`` or ``token`` and is no word; the user and password
#: of an address. What is already redacted stays as it is.
_FORMS = re.compile(
    r"(?:gh[pousr]_|github_pat_)[A-Za-z0-9_.\-]{3,}[A-Za-z0-9_]"
    r"|eyJ[A-Za-z0-9_.\-]{20,}"
    r"|[0-9a-fA-F]{40,}"
    r"|(?i:(?<=\bauthorization)(?P<before>['\"]?\s*[:=]\s*(?:b?['\"])?|['\"]\s*,\s*b?['\"])"
    r"(?:(?:bearer|token|basic)\s+)?+(?!\[redacted\])[^\s'\",;)}\]]+)"
    r"|(?:(?i:(?<=\bbearer )|(?<=\bbasic )|(?<=\btoken )))"
    r"(?=[a-z+/=._~-]*[A-Z0-9])[A-Za-z0-9+/=._~-]{16,}"
    r"|(?<=://)[^/@\s:]*:[^/@\s]+(?=@)"
)
#: A registered secret shorter than this would blacken ordinary words (characters).
LEAST_SECRET_LENGTH = 6


class Redactor:
    """Takes secrets out of text: by their form, and those that were registered by their value."""

    def __init__(self) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._values: re.Pattern[str] | None = None

    def register(self, value: str) -> None:
        """From now on ``value`` never appears, nor does its JSON or ``repr`` form."""
        if len(value) < LEAST_SECRET_LENGTH or value in self._secrets:
            return
        self._secrets |= {value, json.dumps(value)[1:-1], repr(value)[1:-1]}
        longest_first = sorted(self._secrets, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, longest_first)))

    def clean(self, text: str) -> str:
        """``text`` without secrets. Cleaning it again changes nothing."""
        spans = [
            (found.end("before") if found["before"] else found.start(), found.end())
            for found in _FORMS.finditer(text)
        ]
        if self._values is not None:
            spans += [found.span() for found in self._values.finditer(text)]
        if not spans:
            return text
        parts: list[str] = []
        end = 0
        for began, ended in sorted(spans):
            # A secret that overlaps or touches the one before is one with it.
            if began > end or not parts:
                parts += [text[end:began], REDACTED]
            end = max(end, ended)
        return "".join((*parts, text[end:]))


#: The one state of this module: what is secret is so for the whole process.
_redactor = Redactor()


def register_secret(value: str) -> None:
    """Never show ``value`` (a password, a key; tokens of GitHub are known by their form)."""
    _redactor.register(value)


def redact(text: str) -> str:
    """``text`` without secrets."""
    return _redactor.clean(text)


def redact_or_none(text: str | None) -> str | None:
    """``text`` without secrets, where there is one."""
    return None if text is None else _redactor.clean(text)


def redact_values(value: Any) -> Any:
    """A plain JSON value with every text in it redacted; keys are left as they are."""
    match value:
        case str():
            return _redactor.clean(value)
        case dict():
            return {key: redact_values(item) for key, item in value.items()}
        case list() | tuple():
            return [redact_values(item) for item in value]
        case _:
            return value
