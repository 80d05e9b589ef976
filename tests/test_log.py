"""What is logged, in which form, and that nothing secret is."""

import errno
import io
import json
import logging
import threading
from collections.abc import Iterator

import gevent
import pytest

from gitstars import log, redaction
from gitstars.settings import LogConfig

TOKEN = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root, ours, hub = logging.getLogger(), logging.getLogger("gitstars"), gevent.get_hub()
    monkeypatch.setattr(redaction, "_redactor", redaction.Redactor())
    before = root.handlers[:], root.level, ours.level, threading.excepthook
    yield io.StringIO()
    root.handlers[:], root.level, ours.level, threading.excepthook = before
    vars(hub).pop("print_exception", None)
    logging.captureWarnings(False)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_registered_secret_is_taken_out_of_message_arguments_and_traceback(
    stream: io.StringIO, form: str
) -> None:
    secret = 'open"sesame\\42'
    redaction.register_secret(secret)
    log.configure(LogConfig(format=form), stream)  # type: ignore[arg-type]

    try:
        raise ValueError(f"cannot use {secret}")
    except ValueError:
        logging.getLogger("gitstars.x").exception(
            "with %s and %r and %s", secret, {"key": secret}, json.dumps(secret)
        )

    assert "sesame" not in stream.getvalue()
    assert stream.getvalue().count(redaction.REDACTED) >= 4
    assert "ValueError" in stream.getvalue()


def test_our_modules_log_at_the_level_and_libraries_at_warning(stream: io.StringIO) -> None:
    log.configure(LogConfig(level="debug"), stream)

    logging.getLogger("gitstars.fetch.client").debug("ours")
    logging.getLogger("urllib3").info("theirs")
    logging.getLogger("urllib3").warning("their warning")

    lines = stream.getvalue().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == [
        "debug   fetch.client: ours",
        "warning urllib3: their warning",
    ]


def test_an_event_stays_one_line_whatever_its_text_holds(stream: io.StringIO) -> None:
    log.configure(LogConfig(), stream)

    logging.getLogger("gitstars.x").info("repository %s", "a\nb\x1b[31m")

    assert stream.getvalue().endswith("x: repository a\\nb\\x1b[31m\n")
    assert stream.getvalue().count("\n") == 1


def test_json_lines_carry_time_level_logger_message_and_traceback(stream: io.StringIO) -> None:
    log.configure(LogConfig(format="json"), stream)

    try:
        raise KeyError("gone")
    except KeyError:
        logging.getLogger("gitstars.x").exception("a\nb")

    event = json.loads(stream.getvalue())
    assert event["level"] == "error"
    assert event["logger"] == "gitstars.x"
    assert event["message"] == "a\nb"
    assert event["time"].endswith("Z")
    assert "KeyError" in event["traceback"]


def test_what_dies_in_a_greenlet_or_a_thread_is_logged_without_its_secrets(
    stream: io.StringIO,
) -> None:
    log.configure(LogConfig(), stream)

    def fail() -> None:
        raise RuntimeError(TOKEN)

    gevent.spawn(fail).join()
    thread = threading.Thread(target=fail, name="watchdog")
    thread.start()
    thread.join()

    assert stream.getvalue().count("RuntimeError") >= 2
    assert "thread watchdog failed" in stream.getvalue()
    assert TOKEN not in stream.getvalue()


class FullDisk(io.StringIO):
    """A stream onto a disk that is full for a while."""

    is_full = False

    def write(self, text: str) -> int:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


def test_lines_that_cannot_be_written_are_counted_and_told(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = FullDisk()
    log.configure(LogConfig(), disk)
    logger = logging.getLogger("gitstars.tests")

    logger.warning("before")
    disk.is_full = True
    for number in range(3):
        logger.warning("lost %d", number)
    disk.is_full = False
    logger.warning("after")
    logger.warning("later")

    lines = disk.getvalue().splitlines()
    assert [line.partition(": ")[2] for line in lines] == [
        "before",
        "3 lines before this one could not be written",
        "after",
        "later",
    ]
    assert capsys.readouterr() == ("", "")
