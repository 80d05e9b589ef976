"""Who made a claim: this very process, one that is surely dead, or one of whom nobody here can
tell.
"""

import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

from gitstars.supervise.instance import OUTER_NAMESPACE, Instance, Place, find_place
from gitstars.supervise.readings import started_at

#: A machine outside of all containers.
HERE = Place("0a1b2c3d4e5f", "b00t1", OUTER_NAMESPACE)
#: A container of an image without a machine id, on a kernel of that boot.
CONTAINER = Place("", "b00t1", "4026539999")


@pytest.fixture
def ended_pid() -> int:
    """The number of a process that has ended."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    return ended.pid


@pytest.fixture
def running_pid() -> Iterator[int]:
    """The number of another process that runs."""
    running = subprocess.Popen(["sleep", "60"])
    yield running.pid
    running.kill()
    running.wait()


def name_owner(place: Place, pid: int, started: int | str = 1234) -> str:
    return f"host:{place.machine}:{place.boot}:{place.namespace}:{pid}:{started}:0a1b2c3d:1"


def test_every_claim_has_an_owner_of_its_own() -> None:
    instance = Instance()

    owners = [instance.owner() for _ in range(100)]

    assert len(set(owners)) == 100
    assert all(owner.startswith(instance.prefix) for owner in owners)


def test_an_owner_names_machine_boot_namespace_process_and_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "fe80::1")

    parts = Instance(HERE).owner().split(":")

    assert parts[:5] == ["fe80--1", HERE.machine, HERE.boot, HERE.namespace, str(os.getpid())]
    assert parts[5] == str(started_at(os.getpid()))
    assert (len(parts), parts[7]) == (8, "1")


def test_this_place_is_the_same_for_every_process_here() -> None:
    other = subprocess.run(
        ["cat", "/proc/sys/kernel/random/boot_id"], capture_output=True, text=True, check=False
    )

    assert find_place() == find_place()
    assert other.stdout.replace("-", "").startswith(find_place().boot)


def test_what_this_process_claimed_is_its_own_and_not_dead() -> None:
    instance = Instance()
    owner = instance.owner()

    assert instance.is_mine(owner)
    assert not instance.is_dead(owner)


def test_an_owner_whose_nonce_only_begins_like_mine_is_another() -> None:
    instance = Instance()

    assert not instance.is_mine(f"{instance.prefix.removesuffix(':')}0:1")


@pytest.mark.parametrize("place", [HERE, CONTAINER])
def test_a_process_of_this_place_that_has_ended_is_dead(place: Place, ended_pid: int) -> None:
    assert Instance(place).is_dead(name_owner(place, ended_pid))


@pytest.mark.parametrize("place", [HERE, CONTAINER])
def test_a_process_that_had_a_number_before_another_one_got_it_is_dead(
    place: Place, running_pid: int
) -> None:
    started = started_at(running_pid)
    assert started is not None

    assert Instance(place).is_dead(name_owner(place, running_pid, started - 1))
    assert Instance(place).is_dead(name_owner(place, os.getpid(), 1))


@pytest.mark.parametrize("place", [HERE, CONTAINER])
def test_a_process_of_this_place_that_runs_is_not_dead(place: Place, running_pid: int) -> None:
    started = started_at(running_pid)
    assert started is not None

    assert not Instance(place).is_dead(name_owner(place, running_pid, started))
    assert not Instance(place).is_dead(name_owner(place, running_pid, ""))


def test_a_second_server_in_a_container_with_the_same_host_name_and_pid_lives(
    ended_pid: int,
) -> None:
    other = replace(CONTAINER, namespace="4026538888")

    assert not Instance(CONTAINER).is_dead(name_owner(other, ended_pid))
    assert not Instance(HERE).is_dead(name_owner(replace(HERE, namespace="4026538888"), ended_pid))


def test_a_claim_from_before_this_machine_booted_is_dead(running_pid: int) -> None:
    started = started_at(running_pid)
    assert started is not None

    assert Instance(HERE).is_dead(name_owner(replace(HERE, boot="b00t0"), running_pid, started))


@pytest.mark.parametrize(
    ("here", "other"),
    [
        (HERE, replace(HERE, machine="ffffffffffff")),
        (HERE, replace(HERE, machine="")),
        (HERE, replace(HERE, boot="")),
        (CONTAINER, replace(CONTAINER, boot="b00t0")),
        (replace(CONTAINER, machine="image"), replace(CONTAINER, machine="image", boot="b00t0")),
        (Place("", "", ""), Place("", "", "")),
    ],
)
def test_of_a_process_elsewhere_nobody_can_tell(here: Place, other: Place, ended_pid: int) -> None:
    owner = name_owner(other, ended_pid)

    assert not Instance(here).is_dead(owner)
    assert not Instance(here).is_mine(owner)


@pytest.mark.parametrize(
    "owner",
    [
        "",
        ":::",
        ":::::::",
        "worker-7",
        "{host}:{pid}:0a1b2c3d:1",
        "{good}:1",
        "{host}:{place}::1:0a1b2c3d:1",
        "{host}:{place}:-{pid}:1:0a1b2c3d:1",
        "{host}:{place}: {pid}:1:0a1b2c3d:1",
        "{host}:{place}:{pid}.0:1:0a1b2c3d:1",
        "{host}:{place}:0x{pid}:1:0a1b2c3d:1",
        "{host}:{place}:None:1:0a1b2c3d:1",
    ],
)
def test_of_an_owner_that_this_version_did_not_name_nobody_can_tell(
    ended_pid: int, owner: str
) -> None:
    place = f"{HERE.machine}:{HERE.boot}:{HERE.namespace}"
    good = name_owner(HERE, ended_pid)
    text = owner.format(host=socket.gethostname(), place=place, pid=ended_pid, good=good)

    assert Instance(HERE).is_dead(good)
    assert not Instance(HERE).is_dead(text)
    assert not Instance(HERE).is_mine(text)
