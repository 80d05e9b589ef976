"""The calls of one account: which may go out now, made, and each answer handed to its reading."""

import logging
from collections.abc import Iterable, Sequence

from gitstars.clock import Clock
from gitstars.errors import DatabaseError
from gitstars.execute.asks import (
    Ask,
    CountsAsk,
    OwnAsk,
    OwnerAsk,
    RecordAsk,
    StarredAsk,
    StarredGraphAsk,
    WeeksAsk,
)
from gitstars.execute.hand import Hand
from gitstars.execute.openings import Openings, read_openings
from gitstars.execute.queries import Queries
from gitstars.execute.reading import (
    Moment,
    Reading,
)
from gitstars.execute.readings.counts import CountsReading
from gitstars.execute.readings.stars import StarsReading
from gitstars.execute.schedule import Call
from gitstars.fetch import answers
from gitstars.fetch.client import GitHubClient
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.ledger import Ledger
from gitstars.fetch.listing.protocol import PageAsk
from gitstars.model import Account, Resource

logger = logging.getLogger(__name__)

#: Outcomes that say nothing about what a query asked for: the server may lack GraphQL as well.
ABOUT_A_QUERY = (*answers.ABOUT_THE_CALL, answers.RouteMissing)


def send(client: GitHubClient, account: Account, reading: Reading, ask: Ask) -> answers.Outcome:
    """GitHub's answer to an ask that is a call of its own."""
    match ask:
        case PageAsk(number=number, per_page=per_page):
            name = reading.full_name if isinstance(reading, StarsReading) else ""
            return client.list_stargazers(account, name, number, per_page)
        case RecordAsk(repository=repository, etag=etag):
            return client.get_repository(account, repository, etag)
        case WeeksAsk(repository=repository, page=page, etag=etag):
            return client.star_history(account, repository, page, etag)
        case OwnAsk(page=page):
            return client.list_own_repositories(account, page)
        case StarredAsk(page=page):
            return client.list_starred(account, page)
        case StarredGraphAsk(after=after):
            return client.graph_starred(account, after)
        case OwnerAsk(owner=owner, page=page):
            return client.list_repositories_of(account, owner, page)
    raise TypeError(f"{ask!r} is not asked alone")


class Calls:
    """``make`` runs in a greenlet of its own for each call; everything else answers at once."""

    def __init__(self, client: GitHubClient, ledger: Ledger, hand: Hand, clock: Clock) -> None:
        self._client = client
        self._ledger = ledger
        self._hand = hand
        self._clock = clock
        self._queries = Queries()

    # What may go out

    @property
    def outage(self) -> answers.Outage | None:
        """Why nothing reaches GitHub; None: it answers."""
        return self._client.outage

    def rejection(self, account: Account) -> answers.BadToken | None:
        """Why the account's token cannot be used now; None: it may be tried."""
        return self._ledger.rejection(account.user_id, account.token, self._clock.now())

    def look(self, user_id: int, now: float) -> Openings:
        """Which budgets the user's calls may use at this moment."""
        resources = [Resource.CORE]
        if self._client.routes.has_graphql:
            resources.append(Resource.GRAPHQL)
        obstacles = {
            resource: self._ledger.peek(user_id, resource, 1, now) for resource in resources
        }
        query_wait = self._queries.wait_seconds(self._clock.monotonic())
        return read_openings(obstacles, query_wait, now)

    @property
    def counting_resource(self) -> Resource:
        """The budget that counting many repositories costs."""
        return Resource.GRAPHQL if self._client.routes.has_graphql else Resource.CORE

    @property
    def queries(self) -> Queries:
        """How the account's queries over lists go."""
        return self._queries

    # Making them

    def start(self, call: Call) -> None:
        """The call goes out: ``make`` follows."""
        for reading, ask in call.items:
            reading.start(ask)
        if call.is_query:
            self._queries.start()

    def make(self, account: Account, call: Call, weight: float) -> None:
        """Make the call and take its answer in; ``weight`` is what its lists count together.

        Whatever goes wrong here ends the readings that it was for.
        """
        try:
            if call.is_query:
                self._query(account, call.items, weight)
            else:
                self._ask_one(account, *call.items[0])
        except DatabaseError as error:
            self._fail(call, error)
        except Exception as error:
            logger.exception("the call for %s failed", call.items[0][0].job.repository.full_name)
            self._fail(call, error)

    def _fail(self, call: Call, error: Exception) -> None:
        for reading, _ in call.items:
            reading.end(error)

    def _moment(self) -> Moment:
        return Moment(self._clock.now(), self._clock.monotonic(), self._clock.random())

    def _ask_one(self, account: Account, reading: Reading, ask: Ask) -> None:
        if isinstance(ask, CountsAsk) and isinstance(reading, CountsReading):
            self._count(account, reading, ask)
            return
        outcome: answers.Outcome = answers.Stopped()
        try:
            outcome = send(self._client, account, reading, ask)
        finally:
            if isinstance(reading, StarsReading):
                reading.learn_token(self._client.may_list(account))
            self._accept(reading, ask, outcome)

    def _count(self, account: Account, reading: CountsReading, ask: CountsAsk) -> None:
        answer = answers.GraphAnswer((answers.Stopped(),))
        try:
            answer = self._client.graph_counts(account, ask.full_names)
        finally:
            if isinstance(answer.outcomes[0], ABOUT_A_QUERY):
                reading.give_up(ask)
            else:
                self._hand.apply(reading, reading.accept_counts(answer, self._moment()))

    def _query(self, account: Account, items: Sequence[tuple[Reading, Ask]], weight: float) -> None:
        """Pages of several lists. What failed as a whole says nothing about a list, unless that
        list stood alone.
        """
        asks = [ask for _, ask in items if isinstance(ask, GraphAsk)]
        answer = answers.GraphAnswer((answers.Stopped(),) * len(asks))
        try:
            answer = self._client.graph_stargazers(account, asks)
        finally:
            self._queries.end(self._clock.monotonic(), answer.seconds)
            self._learn(answer, items, weight)
            is_missing = isinstance(answer.outcomes[0], answers.RouteMissing)
            is_nobodys = is_missing or (answer.has_failed and len(items) > 1)
            pairs = zip(items, answer.outcomes, strict=True)
            self._accept_all(((r, a, o) for (r, a), o in pairs), is_nobodys)

    def _accept_all(
        self, outcomes: Iterable[tuple[Reading, Ask, answers.Outcome]], is_nobodys: bool
    ) -> None:
        """A failure of one list here must not keep the others from their answers."""
        for reading, ask, outcome in outcomes:
            if is_nobodys:
                reading.give_up(ask)
                continue
            try:
                self._accept(reading, ask, outcome)
            except DatabaseError as error:
                reading.end(error)
            except Exception as error:
                logger.exception("the answer for %s failed", reading.job.repository.full_name)
                reading.end(error)

    def _learn(
        self, answer: answers.GraphAnswer, items: Sequence[tuple[Reading, Ask]], weight: float
    ) -> None:
        if isinstance(answer.outcomes[0], answers.ABOUT_THE_CALL):
            return
        now, chance = self._clock.monotonic(), self._clock.random()
        is_lost = answer.has_failed or isinstance(answer.outcomes[0], answers.RouteMissing)
        has_failed = is_lost or answer.is_too_wide
        self._queries.learn(weight, answer.seconds, has_failed, now, chance)
        if is_lost:
            return
        unknown = [
            outcome
            for (reading, _), outcome in zip(items, answer.outcomes, strict=True)
            if isinstance(reading, StarsReading) and not reading.is_expected
        ]
        given = sum(isinstance(outcome, answers.Page) for outcome in unknown)
        self._queries.learn_given(len(unknown), given)

    def _accept(self, reading: Reading, ask: Ask, outcome: answers.Outcome) -> None:
        if isinstance(outcome, answers.ABOUT_THE_CALL):
            reading.give_up(ask)
            return
        known = frozenset[int]()
        if isinstance(outcome, answers.Page) and isinstance(reading, StarsReading):
            try:
                outcome = self._hand.hide_forgotten(outcome)
                known = self._hand.find_known(reading, outcome)
            except DatabaseError:
                reading.give_up(ask)
                raise
        self._hand.apply(reading, reading.accept(ask, outcome, self._moment(), known))
