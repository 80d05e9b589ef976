"""The admin API as the commands see it: where it is, the key, calls and what may go wrong with
them, and the stream of events.
"""

import functools
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import click
import msgspec
import requests

from gitstars import api, naming
from gitstars.config import AdminConfig, admin_key_path, load
from gitstars.errors import ConfigInvalid, RequestRefused, ServerUnreachable, UserMistake
from gitstars.redaction import register_secret

#: Longest wait for a connection and for the answer (seconds): a busy server answers late, but it
#: answers.
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 60.0
#: The stream of events is never silent for longer than this (seconds): the server sends heartbeats.
SILENCE_SECONDS = 60.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")

EXIT_CODES = (
    "Exit codes: 0 fine, 1 failed (refused, unknown repository, wrong key), 2 misuse, 3 the "
    "server does not answer."
)


A = TypeVar("A", bound=api.Answered)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the stream: ``number`` grows, ``data`` holds plain values."""

    number: int
    kind: str
    data: dict[str, Any]


class AdminClient:
    """Calls the admin API at ``url`` with ``key``. ``host`` is where repositories have their
    pages.
    """

    def __init__(self, url: str, key: str, host: str = naming.PUBLIC_HOST) -> None:
        self.url = url.rstrip("/")
        self._host = host
        self._session = requests.Session()
        # Neither a proxy nor a .netrc has a say in what goes to our own server.
        self._session.trust_env = False
        self._session.headers["User-Agent"] = "gitstars-cli"
        if key:
            self._session.headers["Authorization"] = f"Bearer {key}"

    def repository_path(self, name: str) -> str:
        """The route of a repository, by address, record id, ``owner/name`` or number.

        Raises UserMistake for an address that names none.
        """
        return f"/repos/{quote(self.repository_name(name), safe='')}"

    def repository_name(self, name: str) -> str:
        """A repository as the routes name it. Raises UserMistake for an address that names none."""
        return naming.read_repository(name, self._host)

    def get(self, path: str, kind: type[A], **query: Any) -> A:
        """The answer, a ``kind`` of ``api``. Raises ServerUnreachable and RequestRefused."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._call("GET", path, kind, params=given)

    def post(self, path: str, kind: type[A], body: api.Asked | None = None) -> A:
        """The answer, a ``kind`` of ``api``. Raises ServerUnreachable and RequestRefused."""
        return self._call("POST", path, kind, json=_given(body or api.Nothing()))

    def put(self, path: str, kind: type[A], body: api.Asked) -> A:
        """The answer, a ``kind`` of ``api``. Raises ServerUnreachable and RequestRefused."""
        return self._call("PUT", path, kind, json=_given(body))

    def delete(self, path: str, kind: type[A], query: api.Asked) -> A:
        """The answer, a ``kind`` of ``api``. Raises ServerUnreachable and RequestRefused."""
        given = {name: "true" if value is True else value for name, value in _given(query).items()}
        return self._call("DELETE", path, kind, params=given)

    def events(self) -> Iterator[Event]:
        """What happens from now on, until the server goes away (ServerUnreachable)."""
        with self._send(
            "GET", "/events", stream=True, timeout=(CONNECT_SECONDS, SILENCE_SECONDS)
        ) as answer:
            _check(answer, self.url)
            answer.encoding = "utf-8"
            try:
                yield from _read_events(answer.iter_lines(chunk_size=1, decode_unicode=True))
            except requests.RequestException as error:
                raise ServerUnreachable(f"the server at {self.url} went away") from error
        raise ServerUnreachable(f"the server at {self.url} ended the stream of events")

    def download(self, path: str, query: api.Asked) -> Iterator[bytes]:
        """The pieces of a file. Raises ServerUnreachable, also where its end is missing."""
        given = {name: "true" if value is True else value for name, value in _given(query).items()}
        waits = (CONNECT_SECONDS, ANSWER_SECONDS)
        with self._send("GET", path, stream=True, timeout=waits, params=given) as answer:
            _check(answer, self.url)
            try:
                yield from answer.iter_content(65536)
            except requests.RequestException as error:
                raise ServerUnreachable(
                    f"the server at {self.url} broke off; what had come is not kept, try again"
                ) from error

    def _call(self, method: str, path: str, kind: type[A], **options: Any) -> A:
        with self._send(
            method, path, timeout=(CONNECT_SECONDS, ANSWER_SECONDS), **options
        ) as answer:
            _check(answer, self.url)
            try:
                return msgspec.json.decode(answer.content, type=kind)
            except msgspec.MsgspecError as error:
                raise _no_admin_api(answer, self.url) from error

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        try:
            return self._session.request(method, self.url + path, allow_redirects=False, **options)
        except requests.Timeout as error:
            raise ServerUnreachable(f"the server at {self.url} does not answer in time") from error
        except requests.ConnectionError as error:
            raise ServerUnreachable(
                f"no gitstars server answers at {self.url}; is `gitstars serve` running there?"
            ) from error
        except requests.RequestException as error:
            raise UserMistake(
                f"{self.url} cannot be called: it is no address of an admin API; check --url"
            ) from error


def with_client(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a click command ``--url`` and ``--config``; call it with an AdminClient first: a
    subcommand with its group's, unless told.
    """

    @click.option(
        "--url",
        metavar="URL",
        help="Address of the admin API; by default this machine, at the configured admin port.",
    )
    @click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="TOML file; config.toml is read when it exists.",
    )
    @functools.wraps(function)
    def wrapped(*args: Any, url: str | None, config: Path | None, **rest: Any) -> Any:
        inherited = click.get_current_context().obj
        is_told = url is not None or config is not None
        if isinstance(inherited, AdminClient) and not is_told:
            return function(inherited, *args, **rest)
        settings = load(config).config
        host = naming.web_host(settings.github.api_url)
        return function(open_client(settings.admin, url, host), *args, **rest)

    return wrapped


def open_client(
    settings: AdminConfig, url: str | None = None, host: str = naming.PUBLIC_HOST
) -> AdminClient:
    """A client for ``url``, else for the configured server, with the key that fits.

    Raises UserMistake.
    """
    # urllib3 tells of every connection that it could not make; the sentence of our error is enough.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    address = url or _configured_url(settings)
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserMistake(
            f"--url must begin with http:// or https:// and name a host, got {address!r}"
        )
    key = settings.api_key or (_own_key() if parts.hostname in LOOPBACK else "")
    register_secret(key)
    return AdminClient(address, key, host)


def _given(wish: api.Asked) -> dict[str, Any]:
    """The values of a wish, without those that say nothing."""
    sent: dict[str, Any] = msgspec.to_builtins(wish)
    return {name: value for name, value in sent.items() if value}


def _configured_url(settings: AdminConfig) -> str:
    if not settings.port:
        raise UserMistake(
            "the admin API is switched off (admin.port is 0); name another server with --url"
        )
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _own_key() -> str:
    """The key that a server of this user on this machine made; empty when there is none, or it
    is not ours to read.
    """
    try:
        return admin_key_path().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError, ConfigInvalid):
        return ""


def _check(answer: requests.Response, url: str) -> None:
    """Raises RequestRefused with the server's own sentence where an answer says no."""
    if answer.ok:
        return
    try:
        mistake = msgspec.json.decode(answer.content, type=api.Error).error
    except msgspec.MsgspecError as error:
        raise _no_admin_api(answer, url) from error
    message = mistake.message
    if answer.status_code == 404 and message.startswith("there is no /"):
        raise _no_admin_api(answer, url)
    if answer.status_code == 401:
        message = (
            f"the server at {url} refuses the admin key: set ADMIN_API_KEY, or admin.api_key in "
            "the configuration, to the server's"
        )
    raise RequestRefused(message, answer.status_code, mistake.code)


def _no_admin_api(answer: requests.Response, url: str) -> RequestRefused:
    status = answer.status_code
    return RequestRefused(
        f"what answers at {url} is not the admin API of this gitstars (status {status}); check "
        "--url, which is not the health port's address, and that both are of the same version",
        status,
        "",
    )


def _read_events(lines: Iterator[str]) -> Iterator[Event]:
    """The events of a ``text/event-stream``; comments and unknown fields are skipped."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif fields.get("data"):
            yield Event(
                int(fields.get("id") or 0),
                fields.get("event", "message"),
                json.loads(fields["data"]),
            )
            fields = {}
        else:
            fields = {}
