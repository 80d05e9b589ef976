"""``gitstars simulate``: a simulated GitHub on loopback."""

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gitstars.simulator.scenario import Scenario

EPILOG = """\b
The scenario is a JSON object; everything has a default:
  {"accounts": [{"user_id": 1, "login": "ada", "token": "gho_ada", "kind": "classic",
                 "scopes": ["public_repo"], "starred": [1], "owned": [1]}],
   "repositories": [{"id": 1, "full_name": "acme/engine", "stars": 12345, "ghost_every": 50}],
   "limits": {"latency_seconds": 0.3},
   "rules": [{"match": "GET */stargazers*", "effect": "drop", "probability": 0.01}]}

\b
Control routes (JSON), while it runs:
  GET POST DELETE /_control/rules     faults, such as {"match": "*", "preset": "captive_portal"}
  POST /_control/repositories/ID      {"grow": 10, "unstar": [3], "rename": "a/b",
      "fate": "deleted"}
  POST /_control/world                {"restriction": "none", "revoke": ["gho_ada"],
                                       "remaining": [[1, "core", 0]], "logins": {"1000001": "eve"}}
  POST /_control/scenario             another scenario; nothing that was before is left
  POST /_control/accounts             another account or token
  GET  /_control/log                  what was asked; POST /_control/log/clear
  GET  /_control/counters             how many answers of each route and status
  GET  /_control/truth[/ID]           what there is to collect

\b
Lists are refused as at github.com since July 2026, unless "restriction" is "none". Under /api/v3
it is an Enterprise Server: no restriction, no budgets. docs/simulator.md tells everything.

\b
Exit codes: 0 stopped, 2 misuse.
"""


@click.command("simulate", short_help="Serve a simulated GitHub.", epilog=EPILOG)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8090,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--scenario",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="JSON file that says what the simulated GitHub holds.",
)
@click.option(
    "--child",
    is_flag=True,
    hidden=True,
    help="The scenario is the first line of standard input; end when that ends.",
)
def simulate(port: int, scenario: Path | None, child: bool) -> None:
    """Run a simulated GitHub on 127.0.0.1: REST and GraphQL with deterministic data, budgets,
    limits and faults.

    Without a scenario it holds 200 repositories. Point gitstars at it with github.api_url and
    github.graphql_url.
    """
    import gevent
    from gevent.event import Event
    from gevent.os import tp_read

    from gitstars.simulator.scenario import default_scenario, load_scenario, read_scenario
    from gitstars.simulator.server import SimulatedGitHub

    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, stop.set)
    if child:
        held = read_scenario(sys.stdin.buffer.readline(), "the scenario")
    else:
        held = load_scenario(scenario) if scenario else default_scenario()
    github = SimulatedGitHub(held)
    url = f"http://127.0.0.1:{github.start(port)}"
    if child:
        print(json.dumps({"url": url, "graphql_url": f"{url}/graphql"}), flush=True)

        def wait_for_parent() -> None:
            while tp_read(sys.stdin.fileno(), 1):
                pass
            stop.set()

        gevent.spawn(wait_for_parent)
    else:
        _introduce(held, url)
    stop.wait()
    github.stop()


def _introduce(held: "Scenario", url: str) -> None:
    click.echo(
        f"A simulated GitHub with {len(held.repositories)} repositories listens on {url} "
        f"(GraphQL: {url}/graphql)."
    )
    for account in held.accounts:
        click.echo(
            f"  token {account.token} is {account.login} ({account.kind}, starred "
            f"{len(account.starred)} repositories)"
        )
    click.echo("Press Ctrl+C to stop.")
