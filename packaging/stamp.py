"""Writes which commit a build was made of, for ``gitstars --version``: `python packaging/stamp.py
FILE`.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

#: A commit's abbreviated name, and its day in UTC.
ASK = ("git", "log", "-1", "--format=%h %cd", "--date=format-local:%Y-%m-%d", "--abbrev=10")


def write(target: Path, is_dated: bool = False) -> None:
    """Write the stamp of the checkout in the current folder; without git it names no commit.

    ``is_dated``: it also tells the day of the build, or that of ``SOURCE_DATE_EPOCH``. A wheel has
    none, since the same commit gives the same bytes.
    """
    try:
        environment = {"TZ": "UTC", "PATH": "/usr/local/bin:/usr/bin:/bin"}
        done = subprocess.run(ASK, capture_output=True, text=True, check=True, env=environment)
        commit, _, day = done.stdout.strip().partition(" ")
    except (OSError, subprocess.CalledProcessError):
        commit = day = ""
    target.parent.mkdir(parents=True, exist_ok=True)
    stamp = {"commit": commit, "day": day}
    if is_dated:
        built = float(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
        stamp["built"] = time.strftime("%Y-%m-%d", time.gmtime(built))
    target.write_text(json.dumps(stamp) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
