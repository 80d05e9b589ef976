"""The hidden command that hosts the embedded engine in a child process."""

import click


@click.command("engine-host", hidden=True)
@click.option("--fd", "descriptor", type=int, required=True)
@click.option("--server", type=int, required=True)
@click.argument("url")
def engine_host(descriptor: int, server: int, url: str) -> None:
    """Serve the database of URL to the process SERVER on an inherited socket."""
    from gitstars.store.engine_child import serve

    raise SystemExit(serve(descriptor, url, server))
