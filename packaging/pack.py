"""Packs the program's folder into one file that unpacks itself once for each build: `python
packaging/pack.py FOLDER FILE`. The same folder gives the same bytes.
"""

import gzip
import hashlib
import io
import re
import sys
import tarfile
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.sh")
#: Digits of the archive's hash that name a build.
BUILD_DIGITS = 16


def pack(folder: Path, target: Path) -> None:
    """Write the file."""
    archive = _archive(folder)
    build = hashlib.sha256(archive).hexdigest()[:BUILD_DIGITS]
    text = LAUNCHER.read_text(encoding="utf-8").replace("@BUILD@", build)
    # The place of the archive stands in the text before it, always with as many digits.
    offset = len(text.replace("@OFFSET@", "0" * 8).encode()) + 1
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.write_bytes(text.replace("@OFFSET@", f"{offset:08}").encode() + archive)
    target.chmod(0o755)


def oldest_glibc(folder: Path) -> str:
    """The oldest version of glibc that everything in the folder runs with, as ``2.36``."""
    found = [(0, 0)]
    for file in folder.rglob("*"):
        if file.is_file() and (data := file.read_bytes())[:4] == b"\x7fELF":
            found += [(int(a), int(b)) for a, b in re.findall(rb"GLIBC_(\d+)\.(\d+)", data)]
    return "{}.{}".format(*max(found))


def _archive(folder: Path) -> bytes:
    raw = io.BytesIO()
    # Level 6 is as small as level 9 within one in a hundred, in a third of the time.
    with (
        gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for file in sorted(folder.rglob("*")):
            name = Path("gitstars", file.relative_to(folder))
            archive.add(file, name, recursive=False, filter=_plain)
    return raw.getvalue()


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without whoever built it, and when."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member


if __name__ == "__main__":
    source, result = Path(sys.argv[1]), Path(sys.argv[2])
    pack(source, result)
    size = result.stat().st_size / 2**20
    print(f"{result}: {size:.0f} MB, needs glibc {oldest_glibc(source)} or newer")
