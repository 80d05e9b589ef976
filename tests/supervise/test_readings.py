"""What this process and its machine use."""

import os
import subprocess
from pathlib import Path

import pytest

from gitstars.supervise.readings import Readings, cgroup_memory_percent, is_running
from tests.supervise.conftest import HandClock


def test_a_reading_tells_of_this_process(tmp_path: Path, clock: HandClock) -> None:
    readings = Readings(tmp_path / "not" / "there" / "yet", clock)
    clock.seconds += 90

    reading = readings.read()

    assert reading.uptime_seconds == 90
    assert reading.memory_bytes > 10_000_000
    assert 0 < reading.memory_percent <= 100
    assert reading.open_files >= 3
    assert reading.disk_free_bytes > 0
    assert reading.busiest_cpu_percent == max(reading.cpu_percent, reading.process_cpu_percent)


def test_a_reading_is_used_again_for_some_seconds(tmp_path: Path, clock: HandClock) -> None:
    readings = Readings(tmp_path, clock)
    first = readings.read()

    clock.seconds += 4
    soon = readings.read()
    clock.seconds += 2
    later = readings.read()

    assert soon is first
    assert later is not first


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


NEW = {
    "memory.max": "1000\n",
    "memory.current": "700\n",
    "memory.stat": "anon 400\ninactive_file 200\n",
}
OLD = {
    "memory/memory.limit_in_bytes": "1000\n",
    "memory/memory.usage_in_bytes": "700\n",
    "memory/memory.stat": "inactive_file 50\ntotal_inactive_file 100\n",
}


@pytest.mark.parametrize(
    ("files", "percent"),
    [
        (NEW, 50.0),
        (OLD, 60.0),
        ({**NEW, "memory.max": "max\n"}, None),
        ({}, None),
        ({**NEW, "memory.max": "0\n"}, None),
    ],
    ids=["version 2", "version 1", "no limit", "no groups", "nothing allowed"],
)
def test_a_containers_limit_counts_without_cached_files(
    tmp_path: Path, files: dict[str, str], percent: float | None
) -> None:
    write(tmp_path, files)

    assert cgroup_memory_percent(tmp_path) == percent


def test_a_process_runs_or_does_not() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()

    assert is_running(os.getpid())
    assert not is_running(ended.pid)
