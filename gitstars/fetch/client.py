"""GitHub's API: one call becomes one outcome.

How a call is made is ``caller``'s business: the token, the budget, the way to GitHub.
"""

import logging
import re
from collections.abc import Callable, Sequence

import msgspec
from gevent.event import Event

from gitstars import tokens
from gitstars.clock import Clock, backoff_seconds
from gitstars.config import GithubConfig
from gitstars.fetch import answers, classify, classify_graph, graphql
from gitstars.fetch.answers import GraphAnswer, Outcome
from gitstars.fetch.attempt import Observe, Read, read_whole
from gitstars.fetch.caller import Caller
from gitstars.fetch.classify import CallResult
from gitstars.fetch.headers import Answer
from gitstars.fetch.identity import Identities
from gitstars.fetch.ledger import Ledger
from gitstars.fetch.routes import Routes
from gitstars.fetch.transport import JSON_MEDIA, STAR_MEDIA, Request, Transport
from gitstars.model import Account, FollowedOwner, Resource

logger = logging.getLogger(__name__)

#: Pauses between tries, where more than one is wanted (seconds).
PAUSE_SECONDS, PAUSE_CAP_SECONDS = 0.5, 20.0
#: What GitHub allows in a name. Anything else would lead to another route.
FULL_NAME = re.compile(r"(?!\.{1,2}/)[\w.-]+/(?!\.{1,2}$)[\w.-]+", re.ASCII)


class GitHubClient:
    """Calls on behalf of accounts; never more in flight than configured, for a user and in all."""

    def __init__(
        self,
        config: GithubConfig,
        ledger: Ledger,
        clock: Clock,
        stop: Event,
        observe: Observe | None = None,
        tries: int = 1,
        identities: Identities | None = None,
        transport: Transport | None = None,
    ) -> None:
        """``tries``: attempts of a call whose failure may pass, with backoff and jitter between
        them. ``identities`` are the tokens that are known to work.
        """
        self._config = config
        self._ledger = ledger
        self._clock = clock
        self._stop = stop
        self._tries = tries
        self._missed_queries = 0
        self._caller = Caller(
            config,
            ledger,
            clock,
            stop,
            observe or (lambda resource, kind, seconds: None),
            identities or Identities(),
            transport or Transport(config, clock),
        )
        self.way = self._caller.way
        self.routes = Routes(config.api_url, config.use_graphql, clock.now)

    # What is known

    @property
    def outage(self) -> answers.Outage | None:
        """The outage of the way to GitHub that goes on: since when, and why in plain words."""
        return self.way.outage

    def identity(self, user_id: int) -> answers.Identity | None:
        """Whose token the user's is, and the scopes that the newest answer told; None: not
        known.
        """
        return self._caller.identities.find(user_id)

    def scopes(self, account: Account) -> frozenset[str] | None:
        """The scopes of the account's token, GitHub's word before the web application's; None: not
        known, or of a kind without scopes.
        """
        identity = self.identity(account.user_id)
        return account.scopes if identity is None else identity.scopes

    def may_list(self, account: Account) -> bool | None:
        """Whether the account's token may list what its owner may list, as far as its scopes tell;
        None: only an answer tells.
        """
        return tokens.may_list(tokens.token_kind(account.token), self.scopes(account))

    def look_again(self, user_id: int) -> None:
        """The next call looks at the user's token, whatever was thought of it."""
        self._ledger.rejections.look_again(user_id)
        self._caller.identities.forget_all(user_id)

    def verify_token(self, account: Account) -> Outcome | None:
        """Ask whose token it is, unless that is known. None: it works; else why it is not used
        (``Ledger.rejection`` has it too), or why nobody knows.
        """
        return self._caller.verify(account)

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

    def star_history(
        self, account: Account, repository: str | int, page: int, etag: str | None = None
    ) -> Outcome:
        """Page ``page`` (from 1) of 30 weeks, newest first: Weeks; NotModified where ``etag`` (of
        this account's last answer) still holds; RouteMissing on a server without the route.
        """
        query = f"/stargazers/history?per_page=30&page={page}"
        read = classify.classify_weeks
        outcome = self._get_of(account, repository, query, read, etag=etag)
        if isinstance(outcome, answers.Missing):
            return self._explain_missing_history(account, repository)
        if isinstance(outcome, answers.Weeks):
            self.routes.history.find()
        return outcome

    def list_own_repositories(self, account: Account, page: int) -> Outcome:
        """Page ``page`` (from 1) of 100 that it owns or collaborates on: Repositories."""
        query = (
            "/user/repos?affiliation=owner,collaborator,"
            f"organization_member&per_page=100&page={page}"
        )
        return self._get(account, query, classify.classify_repositories)

    def list_starred(self, account: Account, page: int) -> Outcome:
        """Page ``page`` (from 1) of 100 repositories that the account starred, the newest star
        first: StarredRepositories.
        """
        query = f"/user/starred?sort=created&direction=desc&per_page=100&page={page}"
        return self._get(account, query, classify.classify_starred, STAR_MEDIA)

    def list_repositories_of(self, account: Account, owner: FollowedOwner, page: int) -> Outcome:
        """Page ``page`` (from 1) of 100 public repositories of this owner: Repositories."""
        root, kind = ("orgs", "public") if owner.is_organization else ("users", "owner")
        path = f"/{root}/{owner.login}/repos?type={kind}&per_page=100&page={page}"
        return self._get(account, path, classify.classify_repositories)

    def get_owner(self, account: Account, login: str) -> Outcome:
        """A person or an organisation: Owner."""
        return self._get(account, f"/users/{login}", classify.classify_owner)

    # GraphQL

    def graph_stargazers(self, account: Account, asks: Sequence[graphql.GraphAsk]) -> GraphAnswer:
        """A page of each of several lists in one query."""
        return self._query(
            account,
            graphql.build_stars_query(asks),
            lambda answer: classify_graph.classify_graph_stars(
                answer, asks, self.may_list(account)
            ),
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

    def graph_starred(self, account: Account, after: str | None) -> Outcome:
        """What ``list_starred`` lists, behind a cursor (None: the newest), for one point a 100."""
        query = graphql.build_starred_query(after)
        return self._query(account, query, classify_graph.classify_graph_starred, 1).outcomes[0]

    def close(self) -> None:
        self._caller.close()

    # From a route to an outcome

    def _get_of(
        self,
        account: Account,
        repository: str | int,
        rest: str,
        read: Callable[[Answer], Outcome],
        media: str = JSON_MEDIA,
        etag: str | None = None,
    ) -> Outcome:
        if isinstance(repository, str) and not FULL_NAME.fullmatch(repository):
            return answers.Missing(f"{repository!r} is no name of a repository")
        root = (
            f"/repositories/{repository}" if isinstance(repository, int) else f"/repos/{repository}"
        )
        return self._get(account, root + rest, read, media, etag)

    def _get(
        self,
        account: Account,
        path: str,
        read: Callable[[Answer], Outcome],
        media: str = JSON_MEDIA,
        etag: str | None = None,
    ) -> Outcome:
        request = Request(self._config.api_url + path, media, etag=etag)
        outcome = self._call(
            account, Resource.CORE, 1, request, read_whole(read), self._tries
        ).common
        assert outcome is not None
        return outcome

    def _query(
        self, account: Account, query: graphql.GraphQuery, read: Read, width: int
    ) -> GraphAnswer:
        if not width:
            return GraphAnswer(())
        body = msgspec.json.encode({"query": query.text, "variables": query.variables})
        request = Request(self._config.graphql_url, body=body)
        # A query of several aliases is not tried again: a narrower one is the remedy.
        tries = self._tries if width == 1 else 1
        result = self._call(account, Resource.GRAPHQL, query.cost, request, read, tries)
        common = result.common
        if common is None:
            self.routes.graphql.find()
            outcomes = result.outcomes
        else:
            outcomes = (self._check_graphql(common),) * width
        has_failed = all(isinstance(outcome, answers.Transient) for outcome in outcomes)
        return GraphAnswer(outcomes, result.seconds, result.cost, has_failed, result.is_too_wide)

    def _check_graphql(self, common: Outcome) -> Outcome:
        """A 404 of the GraphQL route is believed after several queries."""
        if not isinstance(common, answers.RouteMissing):
            return common
        self._missed_queries += 1
        if self.routes.graphql.miss(str(self._missed_queries), self._clock.now()):
            logger.warning("this server has no GraphQL; it is asked again in an hour")
            return common
        return answers.Transient("GraphQL answered 404")

    def _explain_missing_history(self, account: Account, repository: str | int) -> Outcome:
        """A 404 of the history: the repository's own record tells whether the route or the
        repository is missing.
        """
        match self.get_repository(account, repository):
            case answers.Metadata(github_id=github_id):
                if self.routes.history.miss(str(github_id), self._clock.now()):
                    logger.warning("this server has no star history; it is asked again in an hour")
                    return answers.RouteMissing()
                return answers.Missing("the star history answers 404, the repository is there")
            case answers.Missing(text=text):
                return answers.Gone("deleted", text)
            case other:
                return other

    def _call(
        self,
        account: Account,
        resource: Resource,
        cost: int,
        request: Request,
        read: Read,
        tries: int,
    ) -> CallResult:
        """One attempt, or up to ``tries`` where the failure may pass."""
        for attempt in range(tries - 1):
            result = self._caller.call(account, resource, cost, request, read)
            if not isinstance(result.common, answers.Transient):
                return result
            text, number = result.common.text, attempt + 1
            logger.debug("user %d: %s; try %d of %d", account.user_id, text, number, tries)
            chance = self._clock.random()
            pause = backoff_seconds(attempt, PAUSE_SECONDS, PAUSE_CAP_SECONDS, chance)
            self._clock.wait(self._stop, pause)
        return self._caller.call(account, resource, cost, request, read)
