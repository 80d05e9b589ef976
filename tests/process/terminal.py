"""A terminal of somebody new: a shell in an empty home beside a simulated GitHub, and what of its
output differs from run to run.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from gitstars.simulator.process import SimulatorProcess
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from tests.harness import free_port
from tests.waiting import PATIENCE_SECONDS

ROOT = Path(__file__).parent.parent.parent
#: The terminal is as wide as the README's examples were on (columns).
COLUMNS = 170
TOKEN = "gho_ada000000"
WORLD = Scenario(
    accounts=(SimAccount(user_id=101, login="ada", token=TOKEN, starred=(1, 2, 3), owned=(4, 5)),),
    repositories=(
        SimRepository(id=1, full_name="acme/anvil", stars=640),
        SimRepository(id=2, full_name="globex/atlas", stars=812),
        SimRepository(id=3, full_name="initech/printer", stars=95),
        SimRepository(id=4, full_name="ada/engine", stars=1284),
        SimRepository(id=5, full_name="ada/notes", stars=37),
    ),
)
#: What differs from run to run, and what stands in its place on both sides.
VARIES = (
    (r"\x1b\[[0-9;?]*[A-Za-z]", ""),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"gitstars( +)\d+\.\d+\.\d+\S*", r"gitstars\1VERSION"),
    (r"\b(\d+ (d|h|min|s)\b ?)+", "SPAN "),
    (r"(127\.0\.0\.1|api\.github\.com)(:\d+)?", "ADDRESS"),
    (r"(?<=[ /:])/\S*/gitstars\b", "DATA"),
    (r"[\d.]+ (GiB|MB|ms|% )", r"N \1"),
    (r"[\d,]+ requests left", "N requests left"),
    (r"\d[\d,]* a second", "N a second"),
    (r"\d+ busy", "N busy"),
    # It is added up again every few seconds.
    (r"[\d,]+ in the database", "N in the database"),
    # What the server counted before the last one ended.
    (r"\d+ processing, ", ""),
    (r"^. its stars are being listed.*", ""),
    (r"\b[45],\d{3}\b", "POINTS"),
    (r" {2,}", "  "),
)


def read_examples(lines: Iterable[str]) -> list[tuple[str, list[str]]]:
    """The commands of an example, each with the lines that it prints."""
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.startswith("$ "):
            found.append((line.removeprefix("$ "), []))
        else:
            found[-1][1].append(line)
    return found


def mask(line: str) -> str:
    for pattern, instead in VARIES:
        line = re.sub(pattern, instead, line)
    return line.rstrip()


class Terminal:
    """A shell in an empty home, on whose path are gitstars and a ``gh`` that knows the token."""

    def __init__(self, home: Path, github: SimulatorProcess) -> None:
        self.home = home
        programs = home / "bin"
        programs.mkdir()
        gitstars = f'exec {shlex.quote(sys.executable)} -m gitstars "$@"'
        for name, text in (("gitstars", gitstars), ("gh", f"echo {TOKEN}")):
            (programs / name).write_text(f"#!/bin/sh\n{text}\n")
            (programs / name).chmod(0o755)
        (home / "config.toml").write_text(
            f'[github]\napi_url = "{github.url}"\ngraphql_url = "{github.graphql_url}"\n'
            f"[health]\nport = {free_port()}\n[admin]\nport = {free_port()}\n"
        )
        root = str(ROOT)
        self._environment = {
            "HOME": str(home),
            "XDG_DATA_HOME": str(home / "share"),
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": root,
            "TERM": "xterm",
            "NO_COLOR": "1",
            "COLUMNS": str(COLUMNS),
        }
        self._servers: list[subprocess.Popen[str]] = []

    def serve(self, command: str, lines: int) -> list[str]:
        """Start a server; its first lines."""
        process = subprocess.Popen(
            f"exec {command}",
            shell=True,
            cwd=self.home,
            env=self._environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._servers.append(process)
        assert process.stdout is not None
        return [process.stdout.readline().rstrip("\n") for _ in range(lines)]

    def run(self, command: str) -> list[str]:
        """What the command shows on the terminal."""
        spawn = "import pty, sys; sys.exit(pty.spawn(['sh', '-c', sys.argv[1]]))"
        done = subprocess.run(
            [sys.executable, "-c", spawn, command],
            cwd=self.home,
            env=self._environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE_SECONDS,
        )
        lines = done.stdout.replace("\r\n", "\n").splitlines()
        return [line for line in lines if mask(line)]

    def counts(self) -> tuple[dict[str, int], list[tuple[int, int]]]:
        """What the server last counted: repositories by status, and of each account how many it
        starred and how many of these are settled.
        """
        stats = json.loads("".join(self.run("gitstars stats --json")))
        accounts = json.loads("".join(self.run("gitstars accounts --json")))
        starred = [account["repositories"] for account in accounts]
        return stats["repositories"], [(one["total"], one["settled"]) for one in starred]

    def is_settled(self) -> bool:
        """Whether all is collected, and the server's counts, which lag behind, say so too."""
        return self.counts() == ({"completed": 2, "restricted": 3}, [(3, 3)])

    def close(self) -> None:
        for process in self._servers:
            process.terminate()
            process.communicate(timeout=PATIENCE_SECONDS)
