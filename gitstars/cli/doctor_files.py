"""``gitstars doctor``: the data folder, the admin key, the embedded database's files, and who may
read them.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from gitstars.cli.doctor_finding import Finding, Patient
from gitstars.config import admin_key_path, data_folder
from gitstars.store.files import OTHERS, find_open

#: Less free space than this is worth a word (GiB).
LITTLE_GIB = 1.0


def check_files(patient: Patient) -> Iterator[Finding]:
    """The data folder, the key in it, and the embedded database's folder."""
    folder, key = data_folder(), admin_key_path()
    yield _check_folder("data folder", folder)
    if folder.is_dir() and stat.S_IMODE(folder.stat().st_mode) & OTHERS:
        yield Finding(
            "files",
            "warning",
            f"data folder {folder} may be opened by other users",
            f"chmod 700 {folder}",
        )
    if key.exists() and stat.S_IMODE(key.stat().st_mode) & OTHERS:
        yield Finding("files", "problem", f"{key} may be read by other users", f"chmod 600 {key}")
    scheme, _, path = patient.config.database.url.partition("://")
    if scheme == "surrealkv":
        yield from _check_database(Path(path.partition("?")[0]), folder)


def _check_database(path: Path, data: Path) -> Iterator[Finding]:
    """The embedded database holds OAuth tokens: nobody but its user may read it."""
    if not path.is_relative_to(data):
        yield _check_folder("folder of the database", path.parent)
    if not path.exists():
        return
    if open_places := find_open(path):
        yield Finding(
            "files",
            "problem",
            f"the database in {path} holds tokens and may be read by other users "
            f"({len(open_places)} of its files)",
            f"chmod -R go= {path}; gitstars serve does that too when it starts",
        )
    else:
        yield Finding("files", "ok", f"the database in {path} may be read by this user alone")


def _check_folder(name: str, folder: Path) -> Finding:
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Finding(
            "files",
            "problem",
            f"{name} {folder} cannot be written",
            "set HOME or XDG_DATA_HOME to a folder that this user may write"
            if there == Path("/")
            else f"give this user the right to write to {there}",
        )
    space = os.statvfs(there)
    free = space.f_bavail * space.f_frsize / 2**30
    shown = f"{free:.1f} GiB" if free >= 1 else f"{free * 1024:.0f} MiB"
    text = f"{name} {folder} can be {'written' if there == folder else 'made'}, {shown} free"
    if free > LITTLE_GIB:
        return Finding("files", "ok", text)
    return Finding("files", "warning", text, "make room: a full disk stops collecting")
