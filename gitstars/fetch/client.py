"""GitHub's API: one call becomes one outcome.

Waits for the ledger, sends, feeds the ledger, retries what may pass, follows redirects.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import msgspec
from gevent.event import Event
from gevent.lock import BoundedSemaphore

from gitstars.clock import Clock, backoff_seconds
from gitstars.config import GithubConfig
from gitstars.fetch import answers, classify, classify_graph, graphql
from gitstars.fetch.answers import GraphAnswer, Outcome
from gitstars.fetch.classify import Answer, Verdict
from gitstars.fetch.ledger import Blocked, Grant, Ledger, Pause
from gitstars.fetch.transport import (
    JSON_MEDIA,
    STAR_MEDIA,
    CallFailed,
    Request,
    Transport,
    find_redirect,
    is_same_host,
)
from gitstars.model import Account, Resource

logger = logging.getLogger(__name__)

#: Tries of a call whose failure may pass, and the pauses between them (seconds).
TRIES, PAUSE_SECONDS, PAUSE_CAP_SECONDS = 4, 0.5, 20.0
#: Redirects followed: a renamed repository needs one.
REDIRECTS = 3
#: A block that ends this soon is waited for; a longer one is an outcome (seconds).
SHORT_BLOCK_SECONDS = 3.0
#: What GitHub allows in a name. Anything else would lead to another route.
FULL_NAME = re.compile(r"(?!\.{1,2}/)[\w.-]+/(?!\.{1,2}$)[\w.-]+", re.ASCII)

#: Told of every answer, for statistics: resource, class of the outcome, seconds.
Observe = Callable[[str, str, float], None]
Judge = Callable[[Answer], Outcome]
#: Outcomes that say nothing good about the way to GitHub.
TROUBLE = (
    answers.Transient,
    answers.Garbage,
    answers.BudgetSpent,
    answers.SecondaryLimit,
    answers.BadToken,
    answers.Stopped,
)


@dataclass(slots=True)
class _Places:
    """A user's places for calls, and how many calls hold one or wait for one."""

    free: BoundedSemaphore
    callers: int = 0


class GitHubClient:
    """Calls on behalf of accounts; never more in flight than configured, for a user and in all."""

    def __init__(
        self,
        config: GithubConfig,
        ledger: Ledger,
        clock: Clock,
        stop: Event,
        observe: Observe | None = None,
    ) -> None:
        self._config = config
        self._ledger = ledger
        self._clock = clock
        self._stop = stop
        self._observe = observe or (lambda resource, kind, seconds: None)
        self._all_calls = BoundedSemaphore(config.total_concurrency)
        self._user_calls: dict[int, _Places] = {}
        self._transport = Transport(config, clock)

    # REST. A repository is named by its full name, or by its numeric id, which finds it after a
    # renaming too.

    def list_stargazers(
        self, account: Account, repository: str | int, page: int, per_page: int | None = None
    ) -> Outcome:
        """Page ``page`` (from 1) of the list, oldest star first."""
        query = f"/stargazers?per_page={per_page or self._config.page_size}&page={page}"
        return self._get_of(account, repository, query, classify.classify_stars, STAR_MEDIA)

    def get_repository(
        self, account: Account, repository: str | int, etag: str | None = None
    ) -> Outcome:
        """The repository's record: Metadata; NotModified, for nothing, where ``etag`` (of this
        account's last record) still holds.
        """
        return self._get_of(account, repository, "", classify.classify_repository, etag=etag)

    def count_stargazers(self, account: Account, repository: str | int) -> Outcome:
        """How many stars: Count; RouteMissing on a server without the route."""
        return self._find_route(
            account,
            repository,
            self._get_of(account, repository, "/stargazers/count", classify.classify_count),
        )

    def star_history(self, account: Account, repository: str | int, page: int) -> Outcome:
        """Page ``page`` (from 1) of 30 weeks, newest first: Weeks; RouteMissing on a server
        without the route.
        """
        query = f"/stargazers/history?per_page=30&page={page}"
        return self._find_route(
            account, repository, self._get_of(account, repository, query, classify.classify_weeks)
        )

    def list_own_repositories(self, account: Account, page: int) -> Outcome:
        """Page ``page`` (from 1) of 100 repositories that the account owns or collaborates on:
        Repositories.
        """
        query = (
            "/user/repos?affiliation=owner,collaborator,"
            f"organization_member&per_page=100&page={page}"
        )
        return self._get(account, query, classify.classify_repositories)

    def get_identity(self, account: Account) -> Outcome:
        """Whose token it is, and its scopes: Identity."""
        return self._get(account, "/user", classify.classify_identity)

    # GraphQL

    def graph_stargazers(self, account: Account, asks: Sequence[graphql.GraphAsk]) -> GraphAnswer:
        """A page of each of several lists in one query.

        A query of several aliases is not tried again: a narrower one is the remedy.
        """
        return self._query(
            account,
            graphql.build_stars_query(asks),
            lambda answer: classify_graph.classify_graph_stars(answer, asks),
            len(asks),
        )

    def graph_counts(self, account: Account, full_names: Sequence[str]) -> GraphAnswer:
        """Metadata of some hundreds of repositories for one point."""
        width = len(full_names)
        return self._query(
            account,
            graphql.build_counts_query(full_names),
            lambda answer: classify_graph.classify_graph_counts(answer, width),
            width,
        )

    def close(self) -> None:
        self._transport.close()

    # From a route to an outcome

    def _get_of(
        self,
        account: Account,
        repository: str | int,
        rest: str,
        judge: Judge,
        media: str = JSON_MEDIA,
        etag: str | None = None,
    ) -> Outcome:
        if isinstance(repository, str) and not FULL_NAME.fullmatch(repository):
            return answers.Missing(f"{repository!r} is no name of a repository")
        root = (
            f"/repositories/{repository}" if isinstance(repository, int) else f"/repos/{repository}"
        )
        return self._get(account, root + rest, judge, media, etag)

    def _get(
        self,
        account: Account,
        path: str,
        judge: Judge,
        media: str = JSON_MEDIA,
        etag: str | None = None,
    ) -> Outcome:
        request = Request(self._config.api_url + path, media, etag=etag)
        verdict = self._call(
            account,
            Resource.CORE,
            1,
            request,
            lambda answer: Verdict(judge(answer), classify.read_rate(answer)),
            TRIES,
        )
        assert verdict.common is not None
        return verdict.common

    def _query(
        self,
        account: Account,
        query: graphql.GraphQuery,
        judge: Callable[[Answer], Verdict],
        width: int,
    ) -> GraphAnswer:
        if not width:
            return GraphAnswer(())
        body = msgspec.json.encode({"query": query.text, "variables": query.variables})
        request = Request(self._config.graphql_url, body=body)
        verdict = self._call(
            account, Resource.GRAPHQL, query.cost, request, judge, TRIES if width == 1 else 1
        )
        common = (
            answers.RouteMissing()
            if isinstance(verdict.common, answers.Missing)
            else verdict.common
        )
        outcomes = verdict.outcomes if common is None else (common,) * width
        has_failed = all(isinstance(outcome, answers.Transient) for outcome in outcomes)
        return GraphAnswer(outcomes, verdict.seconds, verdict.cost, has_failed, verdict.is_too_wide)

    def _find_route(self, account: Account, repository: str | int, outcome: Outcome) -> Outcome:
        """A 404 of a route that a server may lack: the repository's own record tells whether it
        is the route or the repository.
        """
        if not isinstance(outcome, answers.Missing):
            return outcome
        match self.get_repository(account, repository):
            case answers.Metadata():
                return answers.RouteMissing()
            case answers.Missing(text=text):
                return answers.Gone("deleted", text)
            case other:
                return other

    # From a request to a verdict

    def _call(
        self,
        account: Account,
        resource: Resource,
        cost: int,
        request: Request,
        judge: Callable[[Answer], Verdict],
        tries: int,
    ) -> Verdict:
        """Send until the verdict is final, ``tries`` times at most; what may pass is tried again
        with backoff and jitter.
        """
        with self._slot(account.user_id):
            for attempt in range(tries - 1):
                verdict = self._follow(account, resource, cost, request, judge)
                if not isinstance(verdict.common, answers.Transient):
                    return verdict
                logger.debug(
                    "user %d: %s; try %d of %d",
                    account.user_id,
                    verdict.common.text,
                    attempt + 1,
                    tries,
                )
                pause = backoff_seconds(
                    attempt, PAUSE_SECONDS, PAUSE_CAP_SECONDS, self._clock.random()
                )
                self._clock.wait(self._stop, pause)
            return self._follow(account, resource, cost, request, judge)

    def _follow(
        self,
        account: Account,
        resource: Resource,
        cost: int,
        request: Request,
        judge: Callable[[Answer], Verdict],
    ) -> Verdict:
        """Send once, and once more for every redirect.

        The token goes to the API's own host only.
        """
        for _ in range(REDIRECTS + 1):
            granted = self._await_grant(account, resource, cost)
            if not isinstance(granted, Grant):
                return Verdict(granted)
            verdict, target = self._exchange(account, granted, request, judge)
            if target is None:
                return verdict
            if not is_same_host(request.url, target):
                return Verdict(answers.Garbage(f"redirected to another host: {target[:200]}"))
            request = replace(request, url=target)
        return Verdict(answers.Garbage(f"redirected more than {REDIRECTS} times"))

    def _await_grant(self, account: Account, resource: Resource, cost: int) -> Grant | Outcome:
        """Wait as long as pacing asks for; a block that is more than short is an outcome
        instead.
        """
        while not self._stop.is_set():
            if self._ledger.is_rejected(account.user_id, account.token):
                return answers.BadToken("GitHub rejected this token before")
            now = self._clock.now()
            match self._ledger.reserve(account.user_id, resource, cost, now):
                case Grant() as grant:
                    return grant
                case Pause(seconds=seconds):
                    self._clock.wait(self._stop, seconds)
                case Blocked(until=until) if until - now <= SHORT_BLOCK_SECONDS:
                    self._clock.wait(self._stop, until - now)
                case Blocked(until=until, reason="spent"):
                    return answers.BudgetSpent(resource, until)
                case Blocked(until=until):
                    return answers.SecondaryLimit(until, "GitHub asked this user to pause")
        return answers.Stopped()

    def _exchange(
        self, account: Account, grant: Grant, request: Request, judge: Callable[[Answer], Verdict]
    ) -> tuple[Verdict, str | None]:
        """One answer, judged, and where it redirects to; the ledger learns of it however it
        went.
        """
        started = time.perf_counter()
        answer, verdict = None, Verdict(answers.Stopped())
        try:
            with self._all_calls:
                if not self._stop.is_set():
                    answer = self._transport.send(request, account.token)
                    verdict = judge(answer)
        except CallFailed as error:
            verdict = Verdict(answers.Transient(str(error)))
        finally:
            # The figures of a 401 are those of the network address.
            rate = None if isinstance(verdict.common, answers.BadToken) else verdict.rate
            self._ledger.settle(
                grant, rate, self._clock.now(), went_well=not isinstance(verdict.common, TROUBLE)
            )
        seconds = time.perf_counter() - started
        if not isinstance(verdict.common, answers.Stopped):
            self._observe(
                grant.resource.value, type(verdict.common or verdict.outcomes[0]).__name__, seconds
            )
        if answer is None:
            return replace(verdict, seconds=seconds), None
        if isinstance(verdict.common, answers.BadToken):
            self._ledger.reject_token(account.user_id, account.token)
        elif isinstance(verdict.common, answers.SecondaryLimit):
            until = self._ledger.cool_down(
                grant, classify.read_retry_after(answer), answer.at, self._clock.random()
            )
            verdict = Verdict(answers.SecondaryLimit(until, verdict.common.text))
        return replace(verdict, seconds=seconds), find_redirect(answer, request.url)

    @contextmanager
    def _slot(self, user_id: int) -> Iterator[None]:
        """One of the user's places; kept while a call waits for its pace, so that one user's
        waiting costs the others nothing.
        """
        places = self._user_calls.setdefault(
            user_id, _Places(BoundedSemaphore(self._config.concurrency))
        )
        places.callers += 1
        try:
            with places.free:
                yield
        finally:
            places.callers -= 1
            if not places.callers:
                self._user_calls.pop(user_id, None)
