"""Logging set-up: one event a line on standard error, as text or JSON, without secrets.

Our modules log at the configured level, libraries at warning. What is worth an event is left to the
modules.
"""

import json
import logging
import sys
import threading
from typing import Any, TextIO

import gevent

from gitstars.clock import to_datetime
from gitstars.redaction import redact
from gitstars.settings import LogConfig

logger = logging.getLogger(__name__)

#: Characters that would break a line or steer a terminal.
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {
    10: "\\n",
    13: "\\r",
    9: "\\t",
}


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


class PatientHandler(logging.StreamHandler[TextIO]):
    """Logging never stands in the way: what cannot be written, to a full disk say, is counted, and
    told with the next line that can.
    """

    lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        if self.lost:
            count, self.lost = self.lost, 0
            text = f"{count} lines before this one could not be written"
            super().emit(logging.LogRecord(__name__, logging.WARNING, "", 0, text, None, None))
            if self.lost:
                self.lost = count + 1
                return
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
        if isinstance(sys.exc_info()[1], OSError):
            self.lost += 1
        else:
            super().handleError(record)


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
    handler = PatientHandler(stream or sys.stderr)
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
