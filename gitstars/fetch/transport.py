"""HTTP requests as such: pooled connections, the proxy, certificates, deadlines, bounds on answers.

What an answer means is left to ``classify``, the words for failures to ``failures``.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urljoin, urlsplit, urlunsplit

import gevent
import requests
import urllib3
from requests.adapters import HTTPAdapter

from gitstars import __version__
from gitstars.clock import Clock
from gitstars.config import GithubConfig
from gitstars.fetch.failures import CallFailed, explain
from gitstars.fetch.headers import Answer

STAR_MEDIA = "application/vnd.github.star+json"
JSON_MEDIA = "application/vnd.github+json"
#: What GitHub's sign-in speaks, which is no part of the API.
PLAIN_JSON_MEDIA, FORM_MEDIA = "application/json", "application/x-www-form-urlencoded"
#: No answer that gitstars asks for is larger (bytes, unpacked). The standard library bounds the
#: head: 100 lines of 64 KiB.
BODY_BOUND = 32 * 1024 * 1024
REDIRECT_STATUSES = frozenset({301, 302, 307, 308})
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent; a ``body``, whose type is ``content``, makes it a POST."""

    url: str
    media: str = JSON_MEDIA
    body: bytes | None = None
    etag: str | None = None
    content: str = PLAIN_JSON_MEDIA


class _Session(requests.Session):
    """Leaves redirects alone: the library would read their bodies without a bound."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class Transport:
    """Sends requests over kept-alive connections, ``total_concurrency`` at most of them kept."""

    def __init__(self, config: GithubConfig, clock: Clock, body_bound: int = BODY_BOUND) -> None:
        self._timeouts = (config.connect_timeout_seconds, config.read_timeout_seconds)
        # The read time-out is about every single read: a body that drips would never meet it.
        self._deadline_seconds = config.connect_timeout_seconds + 2 * config.read_timeout_seconds
        self._clock = clock
        self._body_bound = body_bound
        self._session = _Session()
        # Proxy and certificates are the configuration's. Neither a .netrc nor a cookie of one
        # account may speak for another.
        self._session.trust_env = False
        if proxy := config.proxy_url:
            self._session.proxies = {"http": proxy, "https": proxy}
        if config.ca_file:
            self._session.verify = config.ca_file
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.clear()
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=config.total_concurrency)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def send(self, request: Request, token: str | None) -> Answer:
        """The answer, redirects included as they are. Without a token nobody is named.

        Raises CallFailed.
        """
        host = urlsplit(request.url).netloc
        cause = f"no whole answer within {self._deadline_seconds:g} s"
        late = CallFailed(f"{host} gave {cause}", cause)
        try:
            with gevent.Timeout(self._deadline_seconds, late):
                return self._send(request, _headers(request, token))
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
            ValueError,
        ) as error:
            raise explain(error, host, self._timeouts[0]) from error

    def close(self) -> None:
        self._session.close()

    def _send(self, request: Request, headers: Mapping[str, str]) -> Answer:
        method = "GET" if request.body is None else "POST"
        with closing(
            self._session.request(
                method,
                request.url,
                headers=headers,
                data=request.body,
                timeout=self._timeouts,
                allow_redirects=False,
                stream=True,
            )
        ) as response:
            body = response.raw.read(self._body_bound + 1, decode_content=True)
            if len(body) > self._body_bound:
                cause = f"the answer is larger than {self._body_bound} bytes"
                raise CallFailed(f"{urlsplit(request.url).netloc}: {cause}", cause)
            return Answer(
                response.status_code,
                {name.lower(): value for name, value in response.headers.items()},
                body,
                self._clock.now(),
            )


def find_redirect(answer: Answer, url: str) -> str | None:
    """Where a redirect leads, the query that was asked kept; None: it is no redirect.

    Raises ValueError when it leads to what is no address.
    """
    location = answer.headers.get("location")
    if answer.status not in REDIRECT_STATUSES or location is None:
        return None
    target, query = urljoin(url, location), urlsplit(url).query
    return f"{target}?{query}" if query and not urlsplit(target).query else target


def keep_host(url: str, target: str) -> str | None:
    """``target`` spelled with the host of ``url``; None: it is on another host, which must never
    get the token. A port that is the scheme's own, and the case of letters, make no difference.

    Raises ValueError when ``target`` is no address.
    """
    if _origin(url) != _origin(target) or any(mark in urlsplit(target).netloc for mark in "@\\"):
        return None
    own, other = urlsplit(url), urlsplit(target)
    return urlunsplit((own.scheme, own.netloc, other.path, other.query, ""))


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)


def _headers(request: Request, token: str | None) -> dict[str, str]:
    headers = {
        "Accept": request.media,
        "Accept-Encoding": "gzip",
        "User-Agent": f"gitstars/{__version__}",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if request.body is not None:
        headers["Content-Type"] = request.content
    return headers | ({"If-None-Match": request.etag} if request.etag else {})
