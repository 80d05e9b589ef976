"""Writes which commit a build was made of, for ``gitstars --version``: `python packaging/stamp.py
FILE`. The same commit gives the same bytes.
"""

import json
import subprocess
import sys
from pathlib import Path

#: A commit's abbreviated name, and its day in UTC.
ASK = ("git", "log", "-1", "--format=%h %cd", "--date=format-local:%Y-%m-%d", "--abbrev=10")


def write(target: Path) -> None:
    """Write the stamp of the checkout in the current folder; without git it names no commit."""
    try:
        environment = {"TZ": "UTC", "PATH": "/usr/local/bin:/usr/bin:/bin"}
        done = subprocess.run(ASK, capture_output=True, text=True, check=True, env=environment)
        commit, _, day = done.stdout.strip().partition(" ")
    except (OSError, subprocess.CalledProcessError):
        commit = day = ""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({"commit": commit, "day": day}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
