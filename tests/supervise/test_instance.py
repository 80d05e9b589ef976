"""Who made a claim: this very process, one that is surely dead, or one of whom nobody here can
tell.
"""

import os
import socket
import subprocess
from collections.abc import Iterator

import pytest

from gitstars.supervise.instance import Instance


@pytest.fixture
def host() -> str:
    """This machine as owners name it."""
    return Instance().owner().split(":")[0]


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


def test_every_claim_has_an_owner_of_its_own() -> None:
    instance = Instance()

    owners = [instance.owner() for _ in range(100)]

    assert len(set(owners)) == 100
    assert all(owner.startswith(instance.prefix) for owner in owners)


def test_an_owner_names_host_process_nonce_and_number() -> None:
    instance = Instance()

    parts = instance.owner().split(":")

    assert len(parts) == 4
    assert parts[1] == str(os.getpid())
    assert parts[3] == "1"


def test_a_host_name_with_colons_makes_no_more_parts(
    monkeypatch: pytest.MonkeyPatch, ended_pid: int
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "fe80::1")
    instance = Instance()
    host, *rest = instance.owner().split(":")

    assert len(rest) == 3
    assert instance.is_dead(f"{host}:{ended_pid}:0a1b2c3d:1")


def test_what_this_process_claimed_is_its_own_and_not_dead() -> None:
    instance = Instance()
    owner = instance.owner()

    assert instance.is_mine(owner)
    assert not instance.is_dead(owner)


def test_a_process_that_had_this_ones_number_before_is_another_and_dead() -> None:
    owner = Instance().owner()
    instance = Instance()

    assert not instance.is_mine(owner)
    assert instance.is_dead(owner)


@pytest.mark.parametrize("owner", ["{prefix}", "{prefix}7"])
def test_an_owner_is_mine_by_all_that_stands_before_its_number(owner: str) -> None:
    instance = Instance()

    assert instance.is_mine(owner.format(prefix=instance.prefix))


def test_an_owner_whose_nonce_only_begins_like_mine_is_another() -> None:
    instance = Instance()
    longer = f"{instance.prefix.removesuffix(':')}0:1"

    assert not instance.is_mine(longer)


def test_a_process_of_this_machine_that_has_ended_is_dead(host: str, ended_pid: int) -> None:
    assert Instance().is_dead(f"{host}:{ended_pid}:0a1b2c3d:1")


def test_a_process_of_this_machine_that_runs_is_not_dead(host: str, running_pid: int) -> None:
    instance = Instance()
    owner = f"{host}:{running_pid}:0a1b2c3d:1"

    assert not instance.is_dead(owner)
    assert not instance.is_mine(owner)


@pytest.mark.parametrize("other", ["elsewhere", "", "{host}x", "x{host}"])
def test_of_a_process_on_another_machine_nobody_can_tell(
    host: str, ended_pid: int, other: str
) -> None:
    owner = f"{other.format(host=host)}:{ended_pid}:0a1b2c3d:1"

    assert not Instance().is_dead(owner)
    assert not Instance().is_mine(owner)


@pytest.mark.parametrize(
    "owner",
    [
        "",
        ":::",
        "worker-7",
        "{host}",
        "{host}:{pid}",
        "{host}:{pid}:0a1b2c3d",
        "{host}:{pid}:0a1b2c3d:1:1",
        "{host}::0a1b2c3d:1",
        "{host}:-{pid}:0a1b2c3d:1",
        "{host}: {pid}:0a1b2c3d:1",
        "{host}:{pid}.0:0a1b2c3d:1",
        "{host}:0x{pid}:0a1b2c3d:1",
        "{host}:None:0a1b2c3d:1",
    ],
)
def test_of_an_owner_that_is_none_of_ours_nobody_can_tell(
    host: str, ended_pid: int, owner: str
) -> None:
    text = owner.format(host=host, pid=ended_pid)

    assert not Instance().is_dead(text)
    assert not Instance().is_mine(text)
