"""HTTP requests as such: pooled connections, deadlines, a bound on bodies.

What an answer means is left to ``classify``.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urljoin, urlsplit

import gevent
import requests
import urllib3
from requests.adapters import HTTPAdapter

from gitstars import __version__
from gitstars.clock import Clock
from gitstars.config import GithubConfig
from gitstars.fetch.classify import Answer

STAR_MEDIA = "application/vnd.github.star+json"
JSON_MEDIA = "application/vnd.github+json"
#: No answer that gitstars asks for is larger (bytes).
BODY_BOUND = 32 * 1024 * 1024
REDIRECT_STATUSES = frozenset({301, 302, 307, 308})


class CallFailed(Exception):
    """No whole answer came: no connection, a time-out, an answer that was cut off or too large.

    The text says which.
    """


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent; a ``body`` makes it a POST."""

    url: str
    media: str = JSON_MEDIA
    body: bytes | None = None
    etag: str | None = None


class Transport:
    """Sends requests over kept-alive connections, ``total_concurrency`` at most of them kept."""

    def __init__(self, config: GithubConfig, clock: Clock) -> None:
        self._timeouts = (config.connect_timeout_seconds, config.read_timeout_seconds)
        # The read time-out is about every single read: a body that drips would never meet it.
        self._deadline_seconds = config.connect_timeout_seconds + 2 * config.read_timeout_seconds
        self._clock = clock
        self._session = requests.Session()
        # Neither a .netrc nor a cookie of one account may speak for another.
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.clear()
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=config.total_concurrency)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def send(self, request: Request, token: str) -> Answer:
        """The answer, redirects included as they are. Raises CallFailed."""
        late = CallFailed(f"no whole answer within {self._deadline_seconds:g} s")
        try:
            with gevent.Timeout(self._deadline_seconds, late):
                return self._send(request, _headers(request, token))
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
            ValueError,
        ) as error:
            # A ValueError: it redirects to what is no address.
            raise CallFailed(
                f"{type(error).__name__}: {str(error).split(' at 0x')[0][:300]}"
            ) from error

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
            body = response.raw.read(BODY_BOUND + 1, decode_content=True)
            if len(body) > BODY_BOUND:
                raise CallFailed(f"the answer is larger than {BODY_BOUND} bytes")
            return Answer(
                response.status_code,
                {name.lower(): value for name, value in response.headers.items()},
                body,
                self._clock.now(),
            )


def find_redirect(answer: Answer, url: str) -> str | None:
    """Where a redirect leads, the query that was asked kept; None: it is no redirect."""
    location = answer.headers.get("location")
    if answer.status not in REDIRECT_STATUSES or location is None:
        return None
    target, query = urljoin(url, location), urlsplit(url).query
    return f"{target}?{query}" if query and not urlsplit(target).query else target


def is_same_host(url: str, other: str) -> bool:
    """Whether a token that is meant for ``url`` may be sent to ``other``."""
    return urlsplit(url)[:2] == urlsplit(other)[:2]


def _headers(request: Request, token: str) -> dict[str, str]:
    headers = {
        "Accept": request.media,
        "Accept-Encoding": "gzip",
        "Authorization": f"Bearer {token}",
        "User-Agent": f"gitstars/{__version__}",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    return headers | ({"If-None-Match": request.etag} if request.etag else {})
