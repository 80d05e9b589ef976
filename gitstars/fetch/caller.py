"""Calls on behalf of accounts: a slot among the calls in flight, a token that works, one attempt.

How an attempt is made is left to ``attempt``.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from gevent.event import Event
from gevent.lock import BoundedSemaphore

from gitstars import tokens
from gitstars.clock import Clock
from gitstars.config import GithubConfig
from gitstars.fetch import answers, classify, identity
from gitstars.fetch.answers import BadToken, BudgetSpent, Outcome
from gitstars.fetch.attempt import Attempts, Call, Observe, Read, read_whole
from gitstars.fetch.classify import CallResult
from gitstars.fetch.headers import Answer
from gitstars.fetch.identity import Identities
from gitstars.fetch.ledger import Ledger
from gitstars.fetch.transport import Request, Transport
from gitstars.fetch.way import WayToGitHub
from gitstars.model import Account, Resource

logger = logging.getLogger(__name__)

#: A token of which GitHub did not say whose it is, is asked about again after this long (seconds).
ANONYMOUS_SECONDS = 3600.0

UNSENDABLE = "the token of this account cannot be sent, because it has {found}: store it again"
NO_TOKEN = "this account has no token: sign in again"
FOREIGN = (
    "the token of this account belongs to {login} ({user_id}), another person, and is not used: "
    "sign in again"
)
REJECTED = "GitHub rejects the token of this account ({text}): sign in again"


@dataclass(slots=True)
class _Slots:
    """A user's slots for calls, the gate of whoever verifies the token, and how many calls hold
    one or wait for one.
    """

    free: BoundedSemaphore
    gate: BoundedSemaphore = field(default_factory=BoundedSemaphore)
    callers: int = 0


class Caller:
    """Makes calls; never more in flight than configured, for a user and in all."""

    def __init__(
        self,
        config: GithubConfig,
        ledger: Ledger,
        clock: Clock,
        stop: Event,
        observe: Observe,
        identities: Identities,
        transport: Transport,
    ) -> None:
        self.identities = identities
        self._config = config
        self._ledger = ledger
        self._clock = clock
        self._user_calls: dict[int, _Slots] = {}
        self._transport = transport
        self._attempts = Attempts(config, transport, ledger, clock, stop, observe)

    @property
    def way(self) -> WayToGitHub:
        """The way to GitHub, and whether it is broken."""
        return self._attempts.way

    def call(
        self, account: Account, resource: Resource, cost: int, request: Request, read: Read
    ) -> CallResult:
        """One attempt. A token that was not seen to work is verified first; a 401 is believed only
        where ``GET /user`` meets it too.
        """
        token = self._find_token(account)
        if isinstance(token, BadToken):
            return CallResult(token)
        call = Call(account, token, resource, cost, request, read)
        with self._slot(account.user_id) as slots:
            if account.is_anonymous:
                return self._attempts.follow(call)
            problem = self._verify(call, slots)
            if problem is not None:
                return CallResult(problem)
            result = self._attempts.follow(call)
            self.identities.learn_scopes(account.user_id, account.token, result.scopes)
            if isinstance(result.common, BadToken) and result.common.until is None:
                return CallResult(self._confirm(call, slots, result.common))
            return result

    def verify(self, account: Account) -> Outcome | None:
        """Ask whose token it is, unless that is known; the ledger and the log are told.

        None: the token works. Else why it is not used, or why nobody knows.
        """
        token = self._find_token(account)
        if token is None or isinstance(token, BadToken):
            return token
        request = Request(self._config.api_url + identity.IDENTITY_PATH)
        read = read_whole(classify.classify_identity)
        with self._slot(account.user_id) as slots:
            return self._verify(Call(account, token, Resource.CORE, 1, request, read), slots)

    def close(self) -> None:
        self._transport.close()

    # The token

    def _find_token(self, account: Account) -> str | BadToken | None:
        """The token as it is sent; None: the account has none and needs none."""
        if account.is_anonymous:
            return None
        token = tokens.clean_token(account.token) or ""
        if token and (found := tokens.find_unsendable(token)) is None:
            return token
        text = UNSENDABLE.format(found=found) if token else NO_TOKEN
        return self._reject(account, "unsendable", text)

    def _verify(self, call: Call, slots: _Slots) -> Outcome | None:
        """Why the account's token cannot be used; None: it works."""
        if self._is_verified(call, 0.0):
            return self._rejection(call)
        with slots.gate:
            if (problem := self._rejection(call)) or self._is_verified(call, 0.0):
                return problem
            return self._identify(call)

    def _confirm(self, call: Call, slots: _Slots, refused: BadToken) -> Outcome:
        """The call met a 401; whether that is about the token."""
        refused_at = self._clock.now()
        with slots.gate:
            if problem := self._rejection(call):
                return problem
            if not self._is_verified(call, refused_at):
                self.identities.forget(call.account.user_id, call.account.token)
                if (outcome := self._identify(call)) is not None:
                    return outcome
        return answers.Transient(f"GitHub refused the token ({refused.text}) and then took it")

    def _rejection(self, call: Call) -> BadToken | None:
        account = call.account
        return self._ledger.rejection(account.user_id, account.token, self._clock.now())

    def _is_verified(self, call: Call, since: float) -> bool:
        """Whether the token was seen to work at ``since`` or later. Where GitHub did not say whose
        it is, that holds for an hour.
        """
        key = call.account.user_id, call.account.token
        if self.identities.is_anonymous(*key):
            since = max(since, self._clock.now() - ANONYMOUS_SECONDS)
        at = self.identities.verified_at(*key)
        return at is not None and at >= since

    def _identify(self, call: Call) -> Outcome | None:
        """Ask whose token it is; why it cannot be used, or None."""
        account, now = call.account, self._clock.now()
        outcome = self._ask_identity(call)
        match outcome:
            case answers.Identity(user_id=user_id) if user_id == account.user_id:
                self.identities.keep(account.user_id, account.token, outcome, self._clock.now())
            case answers.Identity(user_id=user_id, login=login):
                text = FOREIGN.format(login=login, user_id=user_id)
                return self._reject(account, "foreign", text)
            case BadToken(text=text):
                return self._reject(account, "rejected", REJECTED.format(text=text))
            case answers.Refused() | answers.Missing() | answers.Garbage():
                # Tokens of App installations belong to nobody; they may work all the same.
                logger.info("account %s: GitHub does not say whose token it is", account)
                self.identities.keep(account.user_id, account.token, None, self._clock.now())
            case _:
                return outcome
        self._ledger.rejections.accept(account.user_id, account.token)
        logger.debug("account %s: the token works (%.1f s)", account, self._clock.now() - now)
        return None

    def _ask_identity(self, call: Call) -> Outcome:
        """By REST, or by GraphQL where REST's budget is spent."""
        url = self._config.api_url + identity.IDENTITY_PATH
        by_rest = self._read_one(call, Resource.CORE, Request(url), classify.classify_identity)
        if not isinstance(by_rest, BudgetSpent):
            return by_rest
        query = Request(self._config.graphql_url, body=identity.IDENTITY_QUERY)
        by_graph = self._read_one(call, Resource.GRAPHQL, query, identity.classify_viewer)
        return by_graph if isinstance(by_graph, answers.Identity | BadToken) else by_rest

    def _read_one(
        self, call: Call, resource: Resource, request: Request, read: Callable[[Answer], Outcome]
    ) -> Outcome:
        asked = replace(call, resource=resource, cost=1, request=request, read=read_whole(read))
        outcome = self._attempts.follow(asked).common
        assert outcome is not None
        return outcome

    def _reject(self, account: Account, reason: str, text: str) -> BadToken:
        now = self._clock.now()
        rejected = self._ledger.rejection(account.user_id, account.token, now)
        if rejected is not None:
            return rejected
        self.identities.forget(account.user_id, account.token)
        is_new = not self._ledger.rejections.knows(account.user_id, account.token)
        logger.log(logging.WARNING if is_new else logging.INFO, "account %s: %s", account, text)
        return self._ledger.rejections.reject(account.user_id, account.token, reason, text, now)

    @contextmanager
    def _slot(self, user_id: int) -> Iterator[_Slots]:
        """One of the user's slots; kept while a call waits for its pace, so that one user's
        waiting costs the others nothing.
        """
        slots = self._user_calls.setdefault(
            user_id, _Slots(BoundedSemaphore(self._config.concurrency))
        )
        slots.callers += 1
        try:
            with slots.free:
                yield slots
        finally:
            slots.callers -= 1
            if not slots.callers:
                self._user_calls.pop(user_id, None)
