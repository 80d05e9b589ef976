"""Which build this is: the binary and the wheel carry a stamp, a checkout does not."""

import json
from pathlib import Path

from gitstars import __version__

#: Written by ``packaging/stamp.py`` when the binary or the wheel is built.
STAMP = Path(__file__).with_name("build.json")


def describe_version(stamp: Path = STAMP) -> str:
    """The version, and as far as the build knows them the commit with its day, and the day of the
    build (UTC).
    """
    try:
        told = json.loads(stamp.read_text(encoding="utf-8"))
        commit, day, built = str(told["commit"]), str(told["day"]), told.get("built")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return __version__
    parts = [f"commit {commit} of {day}"] if commit else []
    parts += [f"built {built}"] if built else []
    return f"{__version__} ({', '.join(parts)})" if parts else __version__
