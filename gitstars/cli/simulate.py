"""``gitstars simulate``: a simulated GitHub on loopback."""

import json
import sys
from pathlib import Path

import click


@click.command("simulate")
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option("--scenario", type=click.Path(path_type=Path), help="JSON file that says what the simulated GitHub holds.")
@click.option("--until-stdin-ends", is_flag=True, hidden=True, help="End when standard input ends, and speak JSON.")
def simulate(port: int, scenario: Path | None, until_stdin_ends: bool) -> None:
    """Run a simulated GitHub on 127.0.0.1: REST and GraphQL with deterministic data, budgets, limits and faults.

    Point gitstars at it with github.api_url and github.graphql_url. Control routes are under /_control.
    """
    from gevent import spawn
    from gevent.event import Event
    from gevent.os import tp_read

    from gitstars.simulator.scenario import default_scenario, load_scenario
    from gitstars.simulator.server import SimulatedGitHub

    held = load_scenario(scenario) if scenario else default_scenario()
    github = SimulatedGitHub(held)
    url = f"http://127.0.0.1:{github.start(port)}"
    stop = Event()
    if until_stdin_ends:
        print(json.dumps({"url": url, "graphql_url": f"{url}/graphql"}), flush=True)

        def wait_for_parent() -> None:
            while tp_read(sys.stdin.fileno(), 1):
                pass
            stop.set()

        spawn(wait_for_parent)
    else:
        click.echo(f"A simulated GitHub with {len(held.repositories)} repositories listens on {url} (GraphQL: {url}/graphql).")
        for account in held.accounts:
            click.echo(f"  token {account.token} is {account.login} ({account.kind}, starred {len(account.starred)} repositories)")
        click.echo("Press Ctrl+C to stop.")
    try:
        stop.wait()
    except KeyboardInterrupt:
        click.echo("stopped")
    finally:
        github.stop()
