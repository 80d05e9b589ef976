"""Where stored stars are read: from the running server, or by this command itself from the
database when no server runs.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import click

from gitstars import api, naming
from gitstars.cli.admin_client import AdminClient, with_client
from gitstars.cli.desk import is_answering
from gitstars.cli.options import since_option
from gitstars.config import load


class Reader(Protocol):
    """All raise NotKnown, or RequestRefused where a server answers."""

    def history(self, name: str, per: api.Per) -> api.StarHistory: ...

    def stargazers(self, name: str, wanted: api.StargazersQuery) -> api.Stargazers: ...

    def user(self, who: str, wanted: api.StargazersQuery) -> api.UserStars: ...

    def similar(self, name: str, wanted: api.SimilarQuery) -> api.SimilarRepositories: ...

    def overlap(self, names: Sequence[str]) -> api.Overlaps: ...

    def export(self, what: api.Export, wanted: api.ExportQuery) -> Iterable[bytes]: ...


class RemoteReader:
    """Asks the running server."""

    def __init__(self, client: AdminClient) -> None:
        self._client = client

    def history(self, name: str, per: api.Per) -> api.StarHistory:
        path = f"{self._client.repository_path(name)}/history"
        return self._client.get(path, api.StarHistory, per=per)

    def stargazers(self, name: str, wanted: api.StargazersQuery) -> api.Stargazers:
        path = f"{self._client.repository_path(name)}/stargazers"
        return self._client.get(path, api.Stargazers, **_to_query(wanted))

    def user(self, who: str, wanted: api.StargazersQuery) -> api.UserStars:
        path = f"/users/{quote(who, safe='')}/stars"
        return self._client.get(path, api.UserStars, **_to_query(wanted))

    def similar(self, name: str, wanted: api.SimilarQuery) -> api.SimilarRepositories:
        path = f"{self._client.repository_path(name)}/similar"
        return self._client.get(path, api.SimilarRepositories, limit=wanted.limit)

    def overlap(self, names: Sequence[str]) -> api.Overlaps:
        plain = ",".join(self._client.repository_name(name) for name in names)
        return self._client.get("/overlap", api.Overlaps, repos=plain)

    def export(self, what: api.Export, wanted: api.ExportQuery) -> Iterable[bytes]:
        return self._client.download(f"/export/{what}", wanted)


def _to_query(wanted: api.StargazersQuery) -> dict[str, Any]:
    return {
        "since": None if wanted.since is None else date.isoformat(wanted.since),
        "unstarred": "true" if wanted.unstarred else None,
        "limit": wanted.limit,
    }


def with_reader(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a click command ``--url`` and ``--config``; call it with the Reader first. Without a
    server, and without ``--url``, the configured database is opened.
    """

    @with_client
    @click.pass_context
    @functools.wraps(function)
    def wrapped(context: click.Context, client: AdminClient, *args: Any, **rest: Any) -> Any:
        with _open(client, context.params["url"] is None, context.params["config"]) as reader:
            return function(reader, *args, **rest)

    return wrapped


def with_wanted_stars(gone_help: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a click command the options that choose stars, of which ``gone_help`` tells about those
    that were found gone; call it with ``wanted``.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @since_option("Not before this UTC day.")
        @click.option("--unstarred", is_flag=True, help=gone_help)
        @click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
        @functools.wraps(function)
        def wrapped(
            *args: Any, since: date | None, unstarred: bool, limit: int, **rest: Any
        ) -> Any:
            return function(*args, wanted=api.StargazersQuery(since, unstarred, limit), **rest)

        return wrapped

    return decorate


@contextmanager
def _open(client: AdminClient, may_open: bool, config: Path | None) -> Iterator[Reader]:
    if is_answering(client, may_open):
        yield RemoteReader(client)
        return
    # The database's packages are loaded only where they are needed.
    from gitstars.cli.reader_direct import open_directly

    settings = load(config).config
    with open_directly(settings, naming.web_host(settings.github.api_url)) as reader:
        yield reader
