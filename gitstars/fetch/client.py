"""GitHub over HTTP: one call becomes one outcome. Waits for the ledger, sends, feeds the ledger, retries what may pass."""

import json
import logging
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import gevent
import requests
import urllib3
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from requests.adapters import HTTPAdapter

from gitstars import __version__
from gitstars.clock import Clock, backoff_seconds
from gitstars.config import GithubConfig
from gitstars.fetch import answers, classify
from gitstars.fetch.classify import Answer
from gitstars.fetch.ledger import Blocked, Grant, Ledger, Pause
from gitstars.model import Account, Resource

logger = logging.getLogger(__name__)

#: Tries of a call whose failure may pass, and the first pause between them (seconds).
TRIES, PAUSE_SECONDS, PAUSE_CAP_SECONDS = 4, 0.5, 20.0
#: Redirects followed: a renamed repository needs one.
REDIRECTS = 3
#: No answer that gitstars asks for is larger (bytes).
BODY_BOUND = 32 * 1024 * 1024
STAR_MEDIA = "application/vnd.github.star+json"
JSON_MEDIA = "application/vnd.github+json"

#: Told of every answer: resource, class of outcome, seconds.
Observe = Callable[[str, str, float], None]


class GitHubClient:
    """Calls on behalf of accounts; never more in flight than configured, for a user and in all."""

    def __init__(self, config: GithubConfig, ledger: Ledger, clock: Clock, stop: Event, observe: Observe | None = None) -> None:
        self._config = config
        self._ledger = ledger
        self._clock = clock
        self._stop = stop
        self._observe = observe or (lambda resource, kind, seconds: None)
        self._all_calls = BoundedSemaphore(config.total_concurrency)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.clear()
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=config.total_concurrency)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def list_stargazers(self, account: Account, full_name: str, page: int) -> answers.Outcome:
        """Page ``page`` (from 1) of the REST list, oldest star first."""
        path = f"/repos/{quote(full_name)}/stargazers?per_page={self._config.page_size}&page={page}"
        return self._get(account, path, classify.classify_stars, STAR_MEDIA)

    def get_repository(self, account: Account, identity: str | int) -> answers.Outcome:
        """The record of a repository, by full name or numeric id."""
        path = f"/repositories/{identity}" if isinstance(identity, int) else f"/repos/{quote(identity)}"
        return self._get(account, path, classify.classify_repository, JSON_MEDIA)

    def close(self) -> None:
        self._session.close()

    def _get(self, account: Account, path: str, judge: Callable[[Answer], answers.Outcome], media: str) -> answers.Outcome:
        return self._call(account, Resource.CORE, 1, lambda: self._send("GET", self._config.api_url + path, account, media), judge)

    def _call(
        self, account: Account, resource: Resource, cost: int, send: Callable[[], Answer], judge: Callable[[Answer], answers.Outcome]
    ) -> answers.Outcome:
        """Send until the outcome is final; what may pass is tried again with backoff and jitter."""
        outcome: answers.Outcome = answers.Stopped()
        for attempt in range(TRIES):
            granted = self._await_grant(account, resource, cost)
            if not isinstance(granted, Grant):
                return granted
            outcome = self._exchange(account, granted, send, judge)
            if not isinstance(outcome, answers.Transient):
                return outcome
            logger.debug("user %d: %s; try %d of %d", account.user_id, outcome.text, attempt + 1, TRIES)
            pause = backoff_seconds(attempt, PAUSE_SECONDS, PAUSE_CAP_SECONDS, self._clock.random())
            if attempt + 1 < TRIES and self._clock.wait(self._stop, pause):
                return answers.Stopped()
        return outcome

    def _await_grant(self, account: Account, resource: Resource, cost: int) -> Grant | answers.Outcome:
        """Wait as long as pacing asks for; a block is an outcome instead."""
        while not self._stop.is_set():
            if self._ledger.is_rejected(account.user_id, account.token):
                return answers.BadToken("GitHub rejected this token before")
            match self._ledger.reserve(account.user_id, resource, cost, self._clock.now()):
                case Grant() as grant:
                    return grant
                case Pause(seconds=seconds):
                    self._clock.wait(self._stop, seconds)
                case Blocked(until=until, reason="spent"):
                    return answers.BudgetSpent(resource, until)
                case Blocked(until=until):
                    return answers.SecondaryLimit(until, "GitHub asked this user to pause")
        return answers.Stopped()

    def _exchange(
        self, account: Account, grant: Grant, send: Callable[[], Answer], judge: Callable[[Answer], answers.Outcome]
    ) -> answers.Outcome:
        """One answer, judged; the ledger learns of it either way."""
        rate = None
        started = time.perf_counter()
        try:
            with self._all_calls:
                answer = send()
            rate = classify.read_rate(answer)
            outcome = judge(answer)
        except (requests.RequestException, urllib3.exceptions.HTTPError, gevent.Timeout, OSError) as error:
            outcome = answers.Transient(f"{type(error).__name__}: {_without_address(error)}")
        finally:
            self._ledger.settle(grant, rate, self._clock.now())
        self._observe(grant.resource.value, type(outcome).__name__, time.perf_counter() - started)
        match outcome:
            case answers.BadToken():
                self._ledger.reject_token(account.user_id, account.token)
            case answers.SecondaryLimit(until=until, text=text):
                named = until - answer.at if "retry-after" in answer.headers else None
                until = self._ledger.cool_down(account.user_id, named, answer.at, self._clock.random())
                return answers.SecondaryLimit(until, text)
            case answers.Transient():
                pass
            case _:
                self._ledger.succeed(account.user_id)
        return outcome

    def _send(self, method: str, url: str, account: Account, media: str, body: Any = None) -> Answer:
        """The answer after redirects. The token goes to the API's own host only."""
        headers = {
            "Accept": media,
            "Accept-Encoding": "gzip",
            "Authorization": f"Bearer {account.token}",
            "User-Agent": f"gitstars/{__version__}",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        home = urlsplit(url)[:2]
        data = None if body is None else json.dumps(body).encode()
        with gevent.Timeout(self._config.connect_timeout_seconds + 2 * self._config.read_timeout_seconds):
            for _ in range(REDIRECTS + 1):
                answer = self._exchange_once(method, url, headers, data)
                location = answer.headers.get("location")
                if answer.status not in (301, 302, 307, 308) or location is None:
                    return answer
                target = urljoin(url, location)
                if urlsplit(target)[:2] != home:
                    return Answer(502, answer.headers, f"redirected to another host, {urlsplit(target).netloc}".encode(), answer.at)
                url = _with_query(target, url)
        return Answer(502, answer.headers, b"too many redirects", answer.at)

    def _exchange_once(self, method: str, url: str, headers: dict[str, str], data: bytes | None) -> Answer:
        timeout = (self._config.connect_timeout_seconds, self._config.read_timeout_seconds)
        with closing(
            self._session.request(method, url, headers=headers, data=data, timeout=timeout, allow_redirects=False, stream=True)
        ) as response:
            body = response.raw.read(BODY_BOUND + 1, decode_content=True)
            if len(body) > BODY_BOUND:
                raise requests.ConnectionError(f"the answer is larger than {BODY_BOUND} bytes")
            return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body, self._clock.now())


def _with_query(target: str, asked: str) -> str:
    """A redirect that names no query means the one that was asked."""
    return target if urlsplit(target).query or not urlsplit(asked).query else f"{target}?{urlsplit(asked).query}"


def _without_address(error: BaseException) -> str:
    """The error's text without the noise of object addresses."""
    return str(error).split(" at 0x")[0][:300]
