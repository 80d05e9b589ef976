"""Who this process is in the claims of the database, and whether another owner of a claim is
surely dead.

An owner is ``host:machine:boot:namespace:pid:started:nonce:number``. The host name is for people.
Process ids mean something only within one process namespace of one kernel, and are given again to
other processes: so the rest names the machine, this boot of its kernel, the namespace, and when the
process started.
"""

import hashlib
import itertools
import os
import re
import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gitstars.supervise.readings import is_running, started_at

PARTS = 8
#: A process id as the systems have them: it fits into 31 bits.
PID = re.compile(r"[0-9]{1,9}")
#: Where Linux tells who a machine is, which boot of its kernel this is, and in which process
#: namespace we are.
MACHINE_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
BOOT_FILE, NAMESPACE_LINK = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
#: The process namespace outside of all containers has this number on every Linux.
OUTER_NAMESPACE = "4026531836"


@dataclass(frozen=True, slots=True)
class Place:
    """Where process ids mean something; an empty part is unknown."""

    machine: str
    boot: str
    namespace: str


class Instance:
    """This process: every claim has an owner name of its own, made by ``owner``."""

    def __init__(self, place: Place | None = None) -> None:
        """``place``: where this process runs, when it is not to be looked up."""
        self._place = place or find_place()
        self._nonce = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        place, host = self._place, socket.gethostname().replace(":", "-")
        parts = (host, place.machine, place.boot, place.namespace, os.getpid())
        self._prefix = ":".join(map(str, (*parts, started_at(os.getpid()) or "", self._nonce, "")))

    @property
    def prefix(self) -> str:
        """What every owner name of this process begins with."""
        return self._prefix

    def owner(self) -> str:
        """A name for one more claim."""
        return f"{self.prefix}{next(self._numbers)}"

    def is_mine(self, owner: str) -> bool:
        """Whether this very process made the claim."""
        return owner.startswith(self.prefix)

    def is_dead(self, owner: str) -> bool:
        """Whether the process that made this claim is surely gone; False when nobody can tell.

        Nobody can tell of another machine, of another container, or of an owner of the form
        ``host:pid:nonce:number`` that former versions wrote, which names neither. Such a claim ends
        with its lease.
        """
        parts = owner.split(":")
        if len(parts) != PARTS or self.is_mine(owner):
            return False
        _, machine, boot, namespace, pid, started, _, _ = parts
        here = self._place
        if not PID.fullmatch(pid) or machine != here.machine or not (machine or boot):
            return False
        if boot != here.boot:
            return self._has_booted_again(machine, boot, namespace)
        return namespace == here.namespace and not _runs(int(pid), started)

    def _has_booted_again(self, machine: str, boot: str, namespace: str) -> bool:
        """Whether another boot of this very machine's kernel made the claim. The machine's id of a
        container is that of its image, which other machines run too.
        """
        is_outside = {namespace, self._place.namespace} == {OUTER_NAMESPACE}
        return bool(machine and boot and self._place.boot and is_outside)


def find_place() -> Place:
    """Where this process runs. Where no file tells the machine, and no namespaces exist, the host
    name stands for it.
    """
    boot, namespace = _read(BOOT_FILE).replace("-", "")[:12], ""
    with suppress(OSError):
        namespace = "".join(re.findall(r"[0-9]+", os.readlink(NAMESPACE_LINK)))
    machine = next(filter(None, map(_read, MACHINE_FILES)), "")
    if not machine and not namespace:
        machine = socket.gethostname()
    # The machine's own id is not for everybody to read.
    digest = hashlib.sha256(f"gitstars {machine}".encode()).hexdigest()[:12] if machine else ""
    return Place(digest, boot, namespace)


def _runs(pid: int, started: str) -> bool:
    """Whether the process runs that had this id and start; any start where that is unknown."""
    found = started_at(pid) if is_running(pid) else None
    return is_running(pid) and (found is None or not started or str(found) == started)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
