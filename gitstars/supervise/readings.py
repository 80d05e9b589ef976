"""What this process and its machine use: CPU, memory, open files, disk.

Only here is psutil asked.
"""

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from gitstars.clock import Clock

#: A reading is used again for this long (seconds): asking is not free, and CPU over a shorter time
#: is noise.
FRESH_SECONDS = 5.0
#: Where Linux tells the limit of the container or unit that we run in, and what of it is used:
#: version 2, then version 1.
CGROUP_FOLDER, CGROUP_OF_SELF = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
CGROUP_FILES = (
    ("memory.max", "memory.current", "memory.stat"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """Figures of one moment.

    ``process_cpu_percent`` 100 is one core; ``memory_percent`` tells how full the container or
    machine is.
    """

    cpu_percent: float
    process_cpu_percent: float
    memory_bytes: int
    memory_percent: float
    open_files: int
    disk_free_bytes: int
    uptime_seconds: float

    @property
    def busiest_cpu_percent(self) -> float:
        """The machine's CPU or our one core, whichever is busier: all greenlets share one core."""
        return max(self.cpu_percent, self.process_cpu_percent)


class Readings:
    """Reads the figures of this process; ``folder`` is on the disk whose free space is told, and
    need not exist yet.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._cgroup = _own_cgroup()
        self._process = psutil.Process()
        self._started_at = clock.monotonic()
        self._latest: Reading | None = None
        self._latest_at = 0.0
        # CPU is told since the last time somebody asked.
        psutil.cpu_percent()
        self._process.cpu_percent()

    def read(self) -> Reading:
        """The figures, at most ``FRESH_SECONDS`` old."""
        now = self._clock.monotonic()
        if self._latest is None or now - self._latest_at >= FRESH_SECONDS:
            self._latest, self._latest_at = self._measure(now), now
        return self._latest

    def _measure(self, now: float) -> Reading:
        with self._process.oneshot():
            return Reading(
                cpu_percent=psutil.cpu_percent(),
                process_cpu_percent=self._process.cpu_percent(),
                memory_bytes=self._process.memory_info().rss,
                memory_percent=max(
                    psutil.virtual_memory().percent, cgroup_memory_percent(self._cgroup) or 0.0
                ),
                open_files=self._process.num_fds(),
                disk_free_bytes=_free_bytes(self._folder),
                uptime_seconds=now - self._started_at,
            )


def is_running(pid: int) -> bool:
    """Whether a process of this number runs on this machine."""
    return psutil.pid_exists(pid)


def started_at(pid: int) -> int | None:
    """When the process of this number started: on Linux in ticks since the machine booted, which no
    correction of the clock moves, elsewhere in seconds since the epoch. None: nobody can tell.
    """
    with suppress(OSError, ValueError, IndexError):
        # The name, in brackets, may hold anything.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    with suppress(psutil.Error):
        return int(psutil.Process(pid).create_time())
    return None


def cgroup_memory_percent(folder: Path) -> float | None:
    """How full the memory is that the control group below ``folder`` allows; None where it sets
    no limit.

    Cached files do not count: they make room for whoever needs it.
    """
    for limit_name, used_name, details_name in CGROUP_FILES:
        try:
            limit = int((folder / limit_name).read_text())
            used = int((folder / used_name).read_text())
            details = dict(
                line.split() for line in (folder / details_name).read_text().splitlines()
            )
        except (OSError, ValueError):
            # Not there, or "max".
            continue
        cached = int(details.get("total_inactive_file", details.get("inactive_file", 0)))
        return 100.0 * max(0, used - cached) / limit if limit > 0 else None
    return None


def _own_cgroup() -> Path:
    """The folder of our control group: in a container the topmost one, in a unit of the service
    manager one below.
    """
    try:
        named = next(
            line[3:] for line in CGROUP_OF_SELF.read_text().splitlines() if line.startswith("0::")
        )
    except (OSError, StopIteration):
        return CGROUP_FOLDER
    own = CGROUP_FOLDER / named.lstrip("/")
    return own if (own / CGROUP_FILES[0][0]).exists() else CGROUP_FOLDER


def _free_bytes(folder: Path) -> int:
    """Free space of the disk that ``folder`` is or will be on."""
    there = next(
        parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists()
    )
    return shutil.disk_usage(there).free
