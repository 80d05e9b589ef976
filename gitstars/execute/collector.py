"""Collects the repositories of one user: claims them, keeps calls in flight as far as pacing
allows, hands pages to the writer.

What to ask next is decided in ``plan`` and ``collection``; how a repository ends is ``settling``'s.
"""

import logging
from collections.abc import Callable
from typing import Any

from gevent.event import Event
from gevent.pool import Pool

from gitstars.dispatch.lane import GIANT_STARS
from gitstars.errors import DatabaseError, QueryFailed
from gitstars.execute.claiming import claim_repository
from gitstars.execute.collection import Ask, Collection, CountAsk
from gitstars.execute.plan import Call, QueryTime, next_call
from gitstars.execute.settling import Settler
from gitstars.execute.tasks import run_task
from gitstars.execute.tools import Tools
from gitstars.execute.waiting import TOLD_SECONDS, Waiting
from gitstars.fetch import answers
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.listing.protocol import PageAsk
from gitstars.fetch.width import Width
from gitstars.loops import spawn
from gitstars.model import Account, Job, PageWrite, Resource, Task
from gitstars.store import edges

logger = logging.getLogger(__name__)

#: Repositories open at once, as a multiple of the calls (REST) or aliases (GraphQL) in flight, so
#: that all of them stay busy.
OPEN_PER_CALL, OPEN_PER_ALIAS = 3, 3
#: So many giants are open beside the small lists, so that queries stay filled to the end.
GIANTS_OPEN = 2
#: A database that cannot be asked for a claim is asked again after this long (seconds).
CLAIM_PAUSE_SECONDS = 1.0
#: Calls that are cut off end at once, unless they hang (seconds).
KILL_SECONDS = 0.2


class Collector:
    """The work of one lane while a worker holds it."""

    def __init__(self, account: Account, tools: Tools, wake: Event) -> None:
        self.user_id = account.user_id
        self._tools = tools
        self._wake = wake
        self._calls = Pool(tools.concurrency)
        self._open: dict[str, Collection] = {}
        self._settler = Settler(self.user_id, tools, self._close_repository)
        self._waiting = Waiting(tools)
        self._width = Width()
        self._query_time = QueryTime()
        self._is_closing = False
        self._claiming: str | None = None
        self._claiming_as: str | None = None
        self._cannot_claim = False
        #: Jobs that claim nothing and wait for their budget.
        self._deferred: list[Job] = []
        self._passed_on = ""
        #: The last sign of life (monotonic): a page, a repository taken up, a wait with a stated
        #: end.
        self.progressed_at = tools.clock.monotonic()

    @property
    def is_idle(self) -> bool:
        """Nothing is claimed, nothing is in flight and nothing is put off."""
        return (
            not self._open
            and len(self._calls) == 0
            and self._claiming is None
            and not self._deferred
        )

    @property
    def owners(self) -> list[str]:
        """The owners of the claims in hand, and of one that may be granted at this moment."""
        claiming = [self._claiming_as] if self._claiming_as else []
        return [collection.claim.owner for collection in self._open.values()] + claiming

    @property
    def open_repositories(self) -> list[str]:
        claiming = [self._claiming] if self._claiming else []
        return [collection.full_name for collection in self._open.values()] + claiming

    def pump(self) -> float | None:
        """Start all that may start now; seconds after which to look again, None to wait until
        woken.
        """
        tools = self._tools
        self._is_closing = False
        while not (self._is_closing or tools.stop.is_set()):
            lane = tools.dispatcher.lane(self.user_id)
            if lane is None or tools.paused.is_set():
                self.close()
                return None
            if tools.ledger.is_rejected(self.user_id, lane.account.token, tools.clock.now()):
                self._end_all(answers.BadToken("it is out until the account signs in again"))
                self._pass_on(lane.account)
                return None
            outage = tools.client.outage
            if outage is not None:
                self._end_all(outage)
                return max(0.05, outage.until - tools.clock.now())
            if self._calls.full():
                return None
            for collection in list(self._open.values()):
                self._settler.reap_writes(collection)
            usable, pause = self._usable_resources()
            self._end_where_spent(usable)
            if not usable:
                self.progressed_at = tools.clock.monotonic()
                self._waiting.tell(lane, pause or 0.0)
                return pause
            call = self._plan(usable, is_filling=self._has_room and len(lane) > 0)
            if call is not None:
                self._start(lane.account, call)
                continue
            try:
                is_claimed = self._has_room and self._claim_next(lane.account, usable)
            except DatabaseError as error:
                # Told once an outage, not with every try.
                level = logging.DEBUG if self._cannot_claim else logging.ERROR
                logger.log(level, "user %d: nothing can be claimed: %s", self.user_id, error)
                self._cannot_claim = True
                return CLAIM_PAUSE_SECONDS
            self._cannot_claim = False
            if not is_claimed:
                return pause
        return None

    def close(self) -> None:
        """Take nothing new and give back what is open, each repository after the page in hand."""
        self._is_closing = True
        self._return_deferred()
        self._end_all(answers.Stopped())

    def _return_deferred(self) -> None:
        for job in self._deferred:
            self._tools.dispatcher.put_back(job)
        self._deferred.clear()

    def _pass_on(self, account: Account) -> None:
        """Once for a rejected token: what waits in its lane goes to the accounts that may try
        it.
        """
        if self._passed_on != account.token:
            self._passed_on = account.token
            self._return_deferred()
            self._spawn(
                f"pass on {self.user_id}",
                self._settler.pass_on,
                self._tools.dispatcher.clear([self.user_id]),
            )

    def _end_all(self, outcome: answers.Outcome) -> None:
        for collection in list(self._open.values()):
            collection.end(outcome)
            self._settler.settle_if_finished(collection)

    def kill(self) -> None:
        """End every call at once; what was open is given back as far as it is stored."""
        self._is_closing = True
        self._calls.kill(block=False)
        self._calls.join(timeout=KILL_SECONDS)
        for collection in list(self._open.values()):
            collection.in_flight = 0
        self._end_all(answers.Stopped())

    # Budgets and planning

    def _usable_resources(self) -> tuple[frozenset[Resource], float | None]:
        """The resources that are neither spent nor cooling, and when the next one comes back
        (seconds).
        """
        now = self._tools.clock.now()
        wanted = (
            [Resource.CORE, Resource.GRAPHQL] if self._tools.server.has_graphql else [Resource.CORE]
        )
        blocked = {
            resource: self._tools.ledger.blocked_until(self.user_id, resource, now)
            for resource in wanted
        }
        pause = min((until - now for until in blocked.values() if until is not None), default=None)
        return frozenset(
            resource for resource, until in blocked.items() if until is None
        ), pause and max(0.05, pause)

    def _end_where_spent(self, usable: frozenset[Resource]) -> None:
        """Repositories whose resource is spent wait in the lane; from there the other resource
        may take them.
        """
        now = self._tools.clock.now()
        for collection in list(self._open.values()):
            needed = collection.needed
            if needed not in usable and not collection.is_busy:
                until = self._tools.ledger.blocked_until(self.user_id, needed, now)
                if needed is Resource.GRAPHQL and not self._tools.server.has_graphql:
                    # Taken up before that was known: from the lane REST takes it.
                    collection.end(answers.Stopped())
                elif until is not None and (usable or until - now > TOLD_SECONDS):
                    collection.end(answers.BudgetSpent(needed, until))
                self._settler.settle_if_finished(collection)

    def _plan(self, usable: frozenset[Resource], is_filling: bool) -> Call | None:
        wait = self._query_time.wait_seconds(self._tools.clock.monotonic())
        if wait != 0.0:
            usable -= {Resource.GRAPHQL}
        return next_call(
            list(self._open.values()),
            usable,
            self._tools.settings.pages_ahead,
            self._width.aliases,
            is_filling,
        )

    @property
    def _has_room(self) -> bool:
        per_call = OPEN_PER_CALL * self._tools.concurrency
        return len(self._open) < (
            max(per_call, OPEN_PER_ALIAS * self._width.aliases)
            if self._tools.server.has_graphql
            else per_call
        )

    # Claiming

    def _claim_next(self, account: Account, usable: frozenset[Resource]) -> bool:
        """Claim the lane's next repository that can be claimed; False when the lane is empty."""
        giants = sum(
            collection.claim.repository.stars > GIANT_STARS for collection in self._open.values()
        )
        takes_giant = Resource.GRAPHQL in usable and giants < GIANTS_OPEN
        if any(self._start_task(account, job, usable) for job in list(self._deferred)):
            return True
        while (job := self._tools.dispatcher.take(self.user_id, giant=takes_giant)) is not None:
            self._claiming = job.repository.full_name
            self.progressed_at = self._tools.clock.monotonic()
            try:
                started = (
                    self._claim(account, job, usable)
                    if job.task is Task.LIST
                    else self._start_task(account, job, usable)
                )
                if started:
                    return True
            except QueryFailed as error:
                # Its own fault: first in the lane again it would keep all others waiting.
                logger.error(
                    "%s cannot be claimed, the next scan tries again: %s",
                    job.repository.full_name,
                    error,
                )
            except DatabaseError:
                self._tools.dispatcher.put_back(job)
                raise
            finally:
                self._claiming = self._claiming_as = None
        return False

    def _start_task(self, account: Account, job: Job, usable: frozenset[Resource]) -> bool:
        """Start a job that claims nothing; while its budget is spent it is put off, and others
        go first.
        """
        if job in self._deferred:
            self._deferred.remove(job)
        has_graph = job.task is Task.COUNTS and self._tools.server.has_graphql
        if (Resource.GRAPHQL if has_graph else Resource.CORE) not in usable:
            self._deferred.append(job)
            return False
        self._spawn(
            f"{job.task} {self.user_id} {job.repository.full_name}", self._run_task, account, job
        )
        return True

    def _claim(self, account: Account, job: Job, usable: frozenset[Resource]) -> bool:
        tools = self._tools
        if not self._settler.may_try(job):
            return False
        self._claiming_as = tools.owner()
        collection = claim_repository(tools, job, self._claiming_as, usable)
        if collection is None:
            logger.debug(
                "%s is claimed elsewhere, fresh or waiting: left alone", job.repository.full_name
            )
            tools.events.publish(
                "repo.left", tools.clock.now(), repo=job.repository.full_name, user=self.user_id
            )
            return False
        self._open[collection.key] = collection
        tools.events.publish(
            "repo.claimed", tools.clock.now(), repo=collection.full_name, user=self.user_id
        )
        return True

    def _run_task(self, account: Account, job: Job) -> None:
        try:
            run_task(self._tools, account, job, self._is_stopping)
        finally:
            self.progressed_at = self._tools.clock.monotonic()

    def _is_stopping(self) -> bool:
        return self._is_closing or self._tools.stop.is_set()

    def _close_repository(self, collection: Collection) -> None:
        self._open.pop(collection.key, None)
        self._wake.set()

    # Calling

    def _spawn(self, name: str, function: Callable[..., None], *args: Any) -> None:
        """One more in flight; the worker is woken once its place is free again."""
        spawn(name, function, *args, pool=self._calls).rawlink(lambda _: self._wake.set())

    def _start(self, account: Account, call: Call) -> None:
        for collection, ask in call.items:
            collection.start(ask)
        first = call.items[0][0].full_name
        if call.resource is Resource.GRAPHQL:
            self._query_time.start()
        self._spawn(
            f"call {self.user_id} {first} and {len(call.items) - 1} more", self._call, account, call
        )

    def _call(self, account: Account, call: Call) -> None:
        """One call and what follows from it; runs in a greenlet of its own."""
        try:
            for (collection, ask), outcome in zip(
                call.items, self._ask(account, call), strict=True
            ):
                self._accept(collection, ask, outcome)
        except Exception as error:
            if not isinstance(error, DatabaseError):
                logger.exception("collecting %s failed", call.items[0][0].full_name)
            for collection, _ in call.items:
                collection.end(error)
        finally:
            for collection, _ in call.items:
                collection.in_flight -= 1
                self._settler.settle_if_finished(collection)

    def _ask(self, account: Account, call: Call) -> list[answers.Outcome]:
        client = self._tools.client
        collection, ask = call.items[0]
        if isinstance(ask, CountAsk):
            return [
                client.get_repository(
                    account, collection.claim.repository.github_id or collection.full_name
                )
            ]
        if isinstance(ask, PageAsk):
            return [client.list_stargazers(account, collection.full_name, ask.number, ask.per_page)]
        asks = [ask for _, ask in call.items if isinstance(ask, GraphAsk)]
        seconds = 0.0
        try:
            answer = client.graph_stargazers(account, asks)
            seconds = answer.seconds
        finally:
            self._query_time.end(self._tools.clock.monotonic(), seconds)
        self._width = self._width.adapt(len(asks), answer.seconds, answer.has_failed)
        if all(isinstance(outcome, answers.RouteMissing) for outcome in answer.outcomes):
            return [answers.Stopped()] * len(asks)
        return list(answer.outcomes)

    def _accept(self, collection: Collection, ask: Ask, outcome: answers.Outcome) -> None:
        with collection.order:
            known = frozenset[int]()
            if collection.is_refresh and isinstance(outcome, answers.Page):
                ids = [star.github_id for star in outcome.stargazers]
                known = frozenset(
                    edges.find_known(self._tools.database, collection.claim.repository, ids)
                )
            generation = collection.generation
            for ready in collection.accept(ask, outcome, known):
                self._store(
                    collection,
                    PageWrite(collection.claim, ready.stargazers, ready.progress, generation),
                )
        if isinstance(outcome, answers.Page):
            self.progressed_at = self._tools.clock.monotonic()

    def _store(self, collection: Collection, write: PageWrite) -> None:
        """Hand a page to the writer; the worker is woken when it is durable."""
        result = self._tools.writer.submit(write)
        collection.writes.append((result, write))
        result.rawlink(lambda _: self._wake.set())
