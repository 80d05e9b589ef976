"""A person with a token and nothing but the binary, in an empty home: from the first start to the
removal of the account, against what ``gitstars simulate`` holds by itself.
"""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitstars.simulator.scenario import default_scenario
from tests.harness import free_port
from tests.waiting import PATIENCE_SECONDS, wait_until

BINARY = Path(__file__).parent.parent.parent / "dist" / "gitstars"
WORLD = default_scenario()
ME, OTHER = WORLD.accounts
NAMES = {place.id: place.full_name for place in WORLD.repositories}


class Home:
    """An empty home with the binary and a configuration that names the simulated GitHub."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        github = f"http://127.0.0.1:{(port := free_port())}"
        (folder / "config.toml").write_text(
            f'[github]\napi_url = "{github}"\ngraphql_url = "{github}/graphql"\n'
            f"[health]\nport = {free_port()}\n[admin]\nport = {free_port()}\n"
        )
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        self._started: list[subprocess.Popen[str]] = []
        self.start("Press Ctrl+C", "simulate", "--port", str(port))

    def start(self, until: str, *arguments: str) -> None:
        """Start a command that stays, and wait for this line of it."""
        process = subprocess.Popen(
            [str(BINARY), *arguments],
            cwd=self.folder,
            env=self._environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._started.append(process)
        assert process.stdout is not None
        assert any(until in line for line in process.stdout), arguments

    def run(self, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(BINARY), *arguments],
            cwd=self.folder,
            env=self._environment,
            input=given,
            text=True,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
        )

    def told(self, *arguments: str) -> Any:
        """What a command answers as JSON."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def end(self) -> None:
        for process in reversed(self._started):
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE_SECONDS)


@pytest.fixture
def home(tmp_path: Path, require: Callable[[bool, str], None]) -> Iterator[Home]:
    require(BINARY.is_file(), "dist/gitstars (make binary)")
    one = Home(tmp_path)
    yield one
    one.end()


def statuses(home: Home) -> dict[str, str]:
    found = home.told("repos", "--limit", "500")
    return {one["full_name"]: one["status"] for one in found}


def test_from_an_empty_home_to_the_removal_of_the_account(home: Home) -> None:
    home.start("dashboard on", "serve")
    added = home.run("accounts", "add", "--token-stdin", given=f"{ME.token}\n")
    owned = {NAMES[number] for number in ME.owned}
    starred = {NAMES[number] for number in ME.starred}

    assert added.returncode == 0, added.stderr
    assert "10 repositories that account-0 owns or may push to" in added.stdout
    assert "100 starred repositories" in added.stdout

    def is_settled() -> bool:
        found = statuses(home)
        complete = {name for name, status in found.items() if status == "completed"}
        refused = {name for name, status in found.items() if status == "restricted"}
        return (complete, refused) == (owned, starred - owned)

    wait_until(is_settled, "its own are complete, the others restricted", lambda: statuses(home))
    refused = min(starred - owned)
    wait_until(lambda: bool(home.told("repo", refused)["history"]), "it has its history")

    two = [NAMES[number] for number in OTHER.starred[:2]]
    followed = home.run("follow", *two)
    assert followed.returncode == 0, followed.stderr
    wait_until(
        lambda: {statuses(home).get(name) for name in two} == {"restricted"},
        "what is followed was asked for",
        lambda: statuses(home),
    )
    assert [one["name"] for one in home.told("follow")["follows"]] == sorted(two)

    removed = home.run("accounts", "remove", "account-0", "--yes")
    assert removed.returncode == 0, removed.stderr
    assert home.told("accounts") == []
    assert "nobody with an account here" in home.run("repo", two[0]).stdout


def test_without_a_token_the_history_of_a_public_repository_is_one_command(home: Home) -> None:
    name = NAMES[OTHER.starred[0]]
    stars = next(place.stars for place in WORLD.repositories if place.full_name == name)

    done = home.run("collect", name, "--no-token")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1].split("\t")[:5] == [
        name,
        "restricted",
        str(stars),
        "0",
        str(stars),
    ]
