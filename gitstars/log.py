"""Logging set-up: one event a line on standard error, as text or JSON, with everything secret
taken out.

Our modules log at the configured level, libraries at warning. What is worth an event is left to the
modules.
"""

import json
import logging
import re
import sys
import threading
from typing import Any, TextIO

import gevent

from gitstars.clock import to_datetime
from gitstars.settings import LogConfig

logger = logging.getLogger(__name__)

#: What replaces a secret.
REDACTED = "[redacted]"

#: GitHub's tokens by prefix (also the old forty hexadecimal digits behind ``token``/``bearer``),
#: and any Authorization value.
_TOKENS = re.compile(
    r"gh[pousr]_[A-Za-z0-9_]{4,}|github_pat_\w{4,}"
    r"|(?i:(?<=\bauthorization)(?P<quotes>['\"]?\s*[:=,"
    r"]\s*(?:b?['\"])?)(?:(?:bearer|token|basic)\s+)?[^\s'\",;)}\]]+)"
    r"|(?i:(?<=\bbearer )|(?<=\bbasic )|(?<=\btoken ))[A-Za-z0-9+/=._~-]{16,}"
    r"|(?<=://)[^/@\s:]*:[^/@\s]+(?=@)"
)
#: A registered secret shorter than this would blacken ordinary words (characters).
LEAST_SECRET_LENGTH = 6
#: Characters that would break a line or steer a terminal.
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {
    10: "\\n",
    13: "\\r",
    9: "\\t",
}


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
        """``text`` without secrets."""
        if self._values is not None:
            text = self._values.sub(REDACTED, text)
        return _TOKENS.sub(lambda found: (found["quotes"] or "") + REDACTED, text)


#: The one state of this module: logging belongs to the process, and so do the secrets that it must
#: not show.
_redactor = Redactor()


def register_secret(value: str) -> None:
    """Never log ``value`` (a password, a key; tokens of GitHub are known by their form)."""
    _redactor.register(value)


def redact(text: str) -> str:
    """``text`` without secrets, for what is written beside the log: crash reports, error
    sentences.
    """
    return _redactor.clean(text)


class TextFormatter(logging.Formatter):
    """``2026-11-24T08:00:00.123Z warning execute.worker: message``; a traceback follows,
    indented.
    """

    def format(self, record: logging.LogRecord) -> str:
        message = redact(record.getMessage()).translate(_CONTROL)
        line = (
            f"{_stamp(record)} {record.levelname.lower():7} "
            f"{record.name.removeprefix('gitstars.')}: {message}"
        )
        return "\n    ".join([line, *_traceback(self, record).splitlines()])


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        event = {
            "time": _stamp(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if traceback := _traceback(self, record):
            event["traceback"] = traceback
        return json.dumps(event, ensure_ascii=False)


def _stamp(record: logging.LogRecord) -> str:
    return to_datetime(record.created).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = [formatter.formatException(record.exc_info)] if record.exc_info else []
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return redact("\n".join(parts))


def configure(settings: LogConfig, stream: TextIO | None = None) -> None:
    """Log to ``stream`` (default: standard error) from now on, in place of whatever was set up
    before.

    What dies outside of our loops, in gevent's hub or in a thread, is logged too: written raw it
    could show a secret.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.format == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("gitstars").setLevel(settings.level.upper())
    logging.captureWarnings(True)
    gevent.get_hub().print_exception = _report_in_hub
    threading.excepthook = _report_in_thread


def _report_in_hub(context: object, kind: Any, value: Any, traceback: Any) -> None:
    what = context if isinstance(context, str | gevent.Greenlet) else type(context).__name__
    logger.error("%s failed", what, exc_info=(kind, value, traceback))


def _report_in_thread(args: threading.ExceptHookArgs) -> None:
    value = args.exc_value or args.exc_type()
    logger.error("thread %s failed", args.thread.name if args.thread else "?", exc_info=value)
