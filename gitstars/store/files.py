"""Who may read the files of the embedded database, which hold OAuth tokens: nobody but its user."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

#: What the group and everybody else may do with a file.
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def find_open(path: Path) -> list[Path]:
    """The folder of an embedded database, its files and its lock file, as far as others than its
    user have any right to them.
    """
    return [place for place in _places(path) if stat.S_IMODE(place.lstat().st_mode) & OTHERS]


def close_to_others(path: Path) -> list[Path]:
    """Take these rights away; those places where that is not allowed."""
    left = []
    for place in find_open(path):
        try:
            place.chmod(0o700 if place.is_dir() else 0o600)
        except OSError:
            left.append(place)
    return left


def _places(path: Path) -> Iterator[Path]:
    lock = path.with_name(path.name + ".lock")
    if lock.is_file():
        yield lock
    if path.is_dir():
        yield path
    for folder, folders, files in os.walk(path):
        # Others' rights to a link mean nothing.
        yield from (
            place for name in [*folders, *files] if not (place := Path(folder, name)).is_symlink()
        )
