"""Writes the report of an unexpected error into the data folder.

What the user is told is left to ``run``.
"""

import os
import platform
import time
from collections.abc import Sequence

from gitstars import __version__
from gitstars.clock import show_time
from gitstars.config import data_folder
from gitstars.errors import ConfigInvalid
from gitstars.redaction import redact

#: Older reports make room (files).
REPORTS_KEPT = 20


def write_report(story: str, command: Sequence[str]) -> str:
    """Keep ``story`` (a traceback) without its secrets, readable by this user only; half a
    sentence that tells where, or why not.
    """
    try:
        data = data_folder()
    except ConfigInvalid as error:
        return f"a report could not be written ({error}): gitstars --debug shows it"
    folder = data / "crashes"
    now = show_time(time.time())
    file = folder / f"crash-{now.replace(':', '')}-{os.getpid()}.txt"
    try:
        # One call would make the data folder itself with the rights that are usual.
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(exist_ok=True, mode=0o700)
        for old in sorted(folder.glob("crash-*.txt"))[: -REPORTS_KEPT + 1]:
            old.unlink(missing_ok=True)
        with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as report:
            report.write(
                f"gitstars {__version__}, Python {platform.python_version()}, "
                f"{platform.platform()}\n"
            )
            report.write(f"{now} gitstars {' '.join(command)}\n\n{redact(story)}")
    except OSError as error:
        return (
            f"a report could not be written to {folder} ({error.strerror}): gitstars --debug "
            "shows it"
        )
    return f"the report is in {file}"
