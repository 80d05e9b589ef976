"""A simulated GitHub in a process of its own: started by the demo, the tests and the benchmarks,
ended when its parent ends.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import msgspec

from gitstars.errors import GitstarsError
from gitstars.simulator.scenario import Scenario

#: A control call takes this long at most (seconds); the truth of millions of stars takes some.
CONTROL_SECONDS = 60


@dataclass(slots=True)
class SimulatorProcess:
    """A running simulated GitHub at ``url``."""

    url: str
    process: "subprocess.Popen[bytes]"

    @property
    def graphql_url(self) -> str:
        return f"{self.url}/graphql"

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call a control route, ``/_control`` left out; the decoded answer.

        Raises urllib.error.HTTPError when it is refused.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        direct = build_opener(ProxyHandler({}))
        with direct.open(
            Request(f"{self.url}/_control{path}", data, headers, method=method),
            timeout=CONTROL_SECONDS,
        ) as answer:
            return json.loads(answer.read())

    def load(self, scenario: Scenario) -> None:
        """Hold another scenario from now on; nothing that was before is left."""
        self.control("POST", "/scenario", msgspec.to_builtins(scenario))

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


def start_process(scenario: Scenario, port: int = 0) -> SimulatorProcess:
    """Start a simulated GitHub on a port (0: a free one) of 127.0.0.1.

    Raises GitstarsError when it does not come up.

    Its standard input is the scenario, then silence until we end.
    """
    program = (
        [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "gitstars"]
    )
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        [*program, "simulate", "--port", str(port), "--child"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(msgspec.json.encode(scenario) + b"\n")
        process.stdin.flush()
        line = process.stdout.readline()
    except BrokenPipeError:
        line = b""
    if not line:
        raise GitstarsError(f"the simulated GitHub did not start (exit code {process.wait()})")
    return SimulatorProcess(json.loads(line)["url"], process)
