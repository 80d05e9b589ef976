"""A simulated GitHub in a process of its own: started by the demo, the tests and the benchmarks, ended when its parent ends."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import msgspec

from gitstars.errors import GitstarsError
from gitstars.simulator.scenario import Scenario


@dataclass(slots=True)
class SimulatorProcess:
    """A running simulated GitHub at ``url``."""

    url: str
    process: "subprocess.Popen[bytes]"
    folder: "tempfile.TemporaryDirectory[str]"

    @property
    def graphql_url(self) -> str:
        return f"{self.url}/graphql"

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call a control route, ``/_control`` left out; the decoded answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        with urlopen(Request(f"{self.url}/_control{path}", data, headers, method=method), timeout=60) as answer:
            return json.loads(answer.read())

    def asked(self) -> list[dict[str, Any]]:
        """The requests so far, oldest first (the newest 20,000)."""
        entries: list[dict[str, Any]] = self.control("GET", "/log")["asked"]
        return entries

    def stop(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()


def start_process(scenario: Scenario, port: int = 0) -> SimulatorProcess:
    """Start a simulated GitHub. Raises GitstarsError when it does not come up."""
    folder = tempfile.TemporaryDirectory(prefix="gitstars-simulator-")
    path = Path(folder.name) / "scenario.json"
    path.write_bytes(msgspec.json.encode(scenario))
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "gitstars"]
    process = subprocess.Popen(
        [*program, "simulate", "--port", str(port), "--scenario", str(path), "--until-stdin-ends"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        folder.cleanup()
        raise GitstarsError(f"the simulated GitHub did not start (exit code {process.wait()})")
    return SimulatorProcess(json.loads(line)["url"], process, folder)
