"""Which build this is: the binary and the wheel carry a stamp, a checkout does not."""

import json
from pathlib import Path

from gitstars import __version__

#: Written by ``packaging/stamp.py`` when the binary or the wheel is built.
STAMP = Path(__file__).with_name("build.json")


def describe_version(stamp: Path = STAMP) -> str:
    """The version, and the commit with its day (UTC) where the build knows it."""
    try:
        told = json.loads(stamp.read_text(encoding="utf-8"))
        commit, day = str(told["commit"]), str(told["day"])
    except (OSError, ValueError, KeyError, TypeError):
        return __version__
    return f"{__version__} (commit {commit}, {day})" if commit else __version__
