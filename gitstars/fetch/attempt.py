"""One attempt of a call, from a request to a result: the budget, the answer, redirects.

The ledger and the circuit breaker learn of every attempt, however it went.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from gevent.event import Event
from gevent.lock import BoundedSemaphore

from gitstars.clock import Clock
from gitstars.config import GithubConfig
from gitstars.fetch import answers
from gitstars.fetch.answers import BadToken, BudgetSpent, Outcome, SecondaryLimit
from gitstars.fetch.classify import CallResult
from gitstars.fetch.failures import CallFailed
from gitstars.fetch.headers import Answer, read_rate, read_retry_after, read_scopes
from gitstars.fetch.ledger import Blocked, Grant, Ledger, Pause
from gitstars.fetch.transport import Request, Transport, find_redirect, keep_host
from gitstars.fetch.way import WayToGitHub, explain_failure
from gitstars.model import Account, Resource

#: Redirects followed: a renamed repository needs one.
REDIRECTS = 3
#: A block that ends this soon is waited for; a longer one is an outcome (seconds).
SHORT_BLOCK_SECONDS = 3.0
#: Told of every answer, for statistics: resource, class of the outcome, seconds.
Observe = Callable[[str, str, float], None]
#: What an answer means.
Read = Callable[[Answer], CallResult]
#: Outcomes that say nothing good about the way to GitHub.
TROUBLE = (
    answers.Transient,
    answers.Garbage,
    BudgetSpent,
    SecondaryLimit,
    BadToken,
    answers.Outage,
    answers.Stopped,
)


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks what: ``token`` is the account's as it is sent (None: without one), ``read`` tells
    what an answer means.
    """

    account: Account
    token: str | None
    resource: Resource
    cost: int
    request: Request
    read: Read


class Attempts:
    """Makes attempts; never more in flight than configured in all."""

    def __init__(
        self,
        config: GithubConfig,
        transport: Transport,
        ledger: Ledger,
        clock: Clock,
        stop: Event,
        observe: Observe,
    ) -> None:
        self.way = WayToGitHub(config.api_url, transport, clock)
        self._transport = transport
        self._ledger = ledger
        self._clock = clock
        self._stop = stop
        self._observe = observe
        self._all_calls = BoundedSemaphore(config.total_concurrency)

    def follow(self, call: Call) -> CallResult:
        """Send once, and once more for every redirect.

        The token goes to the API's own host only.
        """
        for _ in range(REDIRECTS + 1):
            granted = self._await_grant(call)
            if not isinstance(granted, Grant):
                return CallResult(granted)
            result, answer = self._exchange(call, granted)
            if answer is None:
                return result
            try:
                target = find_redirect(answer, call.request.url)
                kept = None if target is None else keep_host(call.request.url, target)
            except ValueError:
                return CallResult(answers.Transient("redirected to what is no address"))
            if target is None:
                return result
            if kept is None:
                host = urlsplit(target).netloc.rpartition("@")[2]
                return CallResult(answers.Transient(f"redirected to another host: {host[:100]}"))
            call = replace(call, request=replace(call.request, url=kept))
        return CallResult(answers.Garbage(f"redirected more than {REDIRECTS} times"))

    def _await_grant(self, call: Call) -> Grant | Outcome:
        """Wait as long as pacing asks for; a block that is more than short is an outcome
        instead, and so is an outage.
        """
        user_id = call.account.user_id
        while not self._stop.is_set():
            if outage := self.way.check():
                return outage
            now = self._clock.now()
            match self._ledger.reserve(user_id, call.resource, call.cost, now):
                case Grant() as grant:
                    return grant
                case Pause(seconds=seconds):
                    self._clock.wait(self._stop, seconds)
                case Blocked(until=until) if until - now <= SHORT_BLOCK_SECONDS:
                    self._clock.wait(self._stop, until - now)
                case Blocked(until=until, reason="spent"):
                    return BudgetSpent(call.resource, until)
                case Blocked(until=until):
                    return SecondaryLimit(until, "GitHub asked this user to pause")
        return answers.Stopped()

    def _exchange(self, call: Call, grant: Grant) -> tuple[CallResult, Answer | None]:
        """One answer and what it means; the ledger and the breaker learn of it however it went."""
        started = time.perf_counter()
        answer, result, cause, has_arrived = None, CallResult(answers.Stopped()), None, True
        try:
            with self._all_calls:
                if self._stop.is_set():
                    has_arrived = False
                else:
                    answer = self._transport.send(call.request, call.token)
                    result = call.read(answer)
                    cause = explain_failure(answer, result.common, call.request.url)
        except CallFailed as error:
            result, cause = CallResult(answers.Transient(str(error))), error.cause
            has_arrived = error.has_arrived
        finally:
            self._book(grant, result, has_arrived)
        if isinstance(result.common, answers.Stopped):
            return result, None
        result = replace(result, seconds=time.perf_counter() - started)
        kind = type(result.common or result.outcomes[0]).__name__
        self._observe(grant.resource.value, kind, result.seconds)
        outage = self.way.note(cause)
        if outage is not None and cause is not None:
            return replace(result, common=outage), None
        if answer is None:
            return result, None
        outcome = self._obey_limit(grant, result.common, answer)
        return replace(result, common=outcome, scopes=read_scopes(answer)), answer

    def _book(self, grant: Grant, result: CallResult, has_arrived: bool) -> None:
        # The figures of a 401 are those of the network address.
        rate = None if isinstance(result.common, BadToken) else result.rate
        went_well = not isinstance(result.common, TROUBLE)
        self._ledger.book(grant, rate, self._clock.now(), went_well, has_arrived)

    def _obey_limit(self, grant: Grant, outcome: Outcome | None, answer: Answer) -> Outcome | None:
        """The outcome, with the time until which a limit holds in the end."""
        match outcome:
            case SecondaryLimit(text=text):
                retry_after = read_retry_after(answer)
                chance = self._clock.random()
                return SecondaryLimit(
                    self._ledger.cool_down(grant, retry_after, answer.at, chance), text
                )
            case BudgetSpent(until=until):
                until = self._ledger.limit(grant, until, answer.at)
                return BudgetSpent(grant.resource, until)
        return outcome


def read_whole(read: Callable[[Answer], Outcome]) -> Read:
    """``read`` for a call that has one outcome, together with the budget's figures."""
    return lambda answer: CallResult(read(answer), read_rate(answer))
