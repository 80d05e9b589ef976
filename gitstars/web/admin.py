"""The routes of the admin API.

What they do is done by ``operations``, what they tell comes from ``snapshot``; the values are those
of ``api``.
"""

from functools import partial
from urllib.parse import urlencode

import msgspec
from bottle import Bottle, HTTPResponse

from gitstars import api
from gitstars.errors import NotKnown
from gitstars.supervise.following import FollowDesk
from gitstars.supervise.operations import Operations
from gitstars.supervise.repositories import RepositoryOperations
from gitstars.supervise.signing import AccountDesk
from gitstars.supervise.snapshot import Snapshots
from gitstars.web.answers import (
    answer,
    read_body,
    read_query,
    refusal,
    tell_breaks,
    tell_error,
    translated,
)
from gitstars.web.auth import Gate
from gitstars.web.dashboard import add_dashboard
from gitstars.web.events import HEADERS as STREAM_HEADERS
from gitstars.web.events import Streams
from gitstars.web.following import add_following
from gitstars.web.openapi import answer_description
from gitstars.web.signing import add_signing

#: A record id, ``owner/name``, or a number.
NAME = "<name:re:[^/]+(?:/[^/]+)?>"


def build_admin_app(
    snapshots: Snapshots,
    repositories: RepositoryOperations,
    operations: Operations,
    desk: AccountDesk,
    follow_desk: FollowDesk,
    streams: Streams,
    gate: Gate,
) -> Bottle:
    """The admin API and the dashboard."""
    app = Bottle()
    app.default_error_handler = tell_error
    app.add_hook("before_request", gate.check)
    app.install(translated)
    add_dashboard(app)
    _add_looking(app, Looking(snapshots, repositories, streams, desk.has_login_page))
    _add_doing(app, Doing(snapshots, repositories, operations))
    add_signing(app, desk, snapshots)
    add_following(app, follow_desk, snapshots)
    app.get("/openapi.json", callback=answer_description)
    return app


class Looking:
    """The routes that change nothing."""

    def __init__(
        self,
        snapshots: Snapshots,
        repositories: RepositoryOperations,
        streams: Streams,
        has_login_page: bool,
    ) -> None:
        self._has_login_page = has_login_page
        self._snapshots = snapshots
        self._repositories = repositories
        self._streams = streams

    def stats(self) -> api.Stats:
        wanted = read_query(api.StatsQuery)
        status = self._snapshots.status()
        if not wanted.history:
            return status
        rates = msgspec.structs.replace(status.rates, history=self._snapshots.history())
        return msgspec.structs.replace(status, rates=rates)

    def summary(self) -> api.Summary:
        read_query(api.Nothing)
        status = self._snapshots.status()
        return api.Summary(
            status=status.status,
            reasons=status.reasons,
            paused=status.paused,
            version=status.version,
            uptime_seconds=status.uptime_seconds,
            repositories=status.repositories,
            stars_stored=status.totals.stars_stored,
            stars_per_second=status.rates.stars_per_second,
            waiting=status.queue.depth,
            workers=status.workers.count,
            accounts=status.accounts.count,
        )

    def repos(self) -> HTTPResponse:
        wanted = read_query(api.ReposQuery)
        found, total = self._repositories.search(wanted)
        following = wanted.offset + len(found)
        target = _address(wanted, following) if found and following < total else None
        links = {"Link": f'<{target}>; rel="next"'} if target else {}
        return answer(api.Repositories(repos=found, total=total, next=target), headers=links)

    def repo(self, name: str) -> api.RepositoryDetails:
        read_query(api.Nothing)
        return self._repositories.describe(name)

    def history(self, name: str) -> api.StarHistory | api.RepositoryDetails:
        per = read_query(api.HistoryQuery).per
        try:
            return self._repositories.stars.history(name, per)
        except NotKnown:
            if "/" in name:
                raise
            # The path may name a repository that is called history.
            return self._repositories.describe(f"{name}/history")

    def stargazers(self, name: str) -> api.Stargazers:
        return self._repositories.stars.stargazers(name, read_query(api.StargazersQuery))

    def similar(self, name: str) -> api.SimilarRepositories:
        return self._repositories.stars.similar(name, read_query(api.SimilarQuery))

    def overlap(self) -> api.Overlaps:
        names = read_query(api.OverlapQuery).repos.split(",")
        fewest, most = api.FEWEST_COMPARED, api.MOST_COMPARED
        if not fewest <= len(names) <= most:
            raise refusal(422, "invalid", f"repos: expected {fewest} to {most} names with commas")
        return self._repositories.stars.overlap(names)

    def user(self, who: str) -> api.UserStars:
        return self._repositories.stars.user(who, read_query(api.StargazersQuery))

    def export(self, what: api.Export) -> HTTPResponse:
        wanted = read_query(api.ExportQuery)
        unfitting = wanted.find_unfitting(what)
        if unfitting is not None:
            raise refusal(422, "invalid", unfitting)
        kind = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}[wanted.format]
        blocks = tell_breaks(self._repositories.stars.export(what, wanted))
        return HTTPResponse(blocks, 200, {"Content-Type": kind, "Cache-Control": "no-store"})

    def workers(self) -> api.Workers:
        read_query(api.Nothing)
        return self._snapshots.workers()

    def queue(self) -> api.Queue:
        read_query(api.Nothing)
        return self._snapshots.queue()

    def accounts(self) -> api.Accounts:
        read_query(api.Nothing)
        return api.Accounts(
            accounts=self._snapshots.accounts(),
            left_out=self._snapshots.left_out(),
            has_login_page=self._has_login_page,
        )

    def events(self) -> HTTPResponse:
        read_query(api.Nothing)
        if self._streams.is_full:
            raise refusal(
                503,
                "too_many_streams",
                "too many callers read the events already",
                Retry_After="10",
            )
        return HTTPResponse(self._streams.read(), 200, STREAM_HEADERS)


class Doing:
    """The routes that change something; whoever asks after them sees it."""

    def __init__(
        self, snapshots: Snapshots, repositories: RepositoryOperations, operations: Operations
    ) -> None:
        self._snapshots = snapshots
        self._repositories = repositories
        self._operations = operations

    def reprocess(self, name: str) -> HTTPResponse:
        repository = self._repositories.reprocess(name, read_body(api.Force).force)
        self._snapshots.forget()
        return answer(api.Requested(queued=True, repo=repository), 202)

    def reset(self, name: str) -> api.Reset:
        read_body(api.Nothing)
        repository = self._repositories.reset(name)
        self._snapshots.forget()
        return api.Reset(repo=repository)

    def reprocess_user(self, user_id: int) -> HTTPResponse:
        waiting = self._operations.reprocess_user(user_id, read_body(api.Force).force)
        self._snapshots.forget()
        return answer(api.UserRequested(user_id=user_id, waiting=waiting), 202)

    def scale(self) -> api.Scaled:
        asked = read_body(api.Scale)
        ways = [
            asked.count is not None,
            asked.min is not None or asked.max is not None,
            asked.automatic,
        ]
        if sum(ways) != 1 or (asked.min is None) != (asked.max is None):
            raise refusal(
                422, "invalid", 'give either "count", or "min" and "max", or "automatic": true'
            )
        least, most = asked.count or asked.min, asked.count or asked.max
        if least is None or most is None:
            count = self._operations.scale_freely()
        elif least > most:
            raise refusal(422, "invalid", "min must not be above max")
        else:
            count = self._operations.scale(least, most)
        self._snapshots.forget()
        return api.Scaled(count=count, min=least, max=most, automatic=asked.automatic)

    def clear_queue(self) -> api.Cleared:
        read_body(api.Nothing)
        dropped = self._operations.clear_queue()
        self._snapshots.forget()
        return api.Cleared(dropped=dropped)

    def pause(self) -> api.Paused:
        return self._set_paused(True)

    def resume(self) -> api.Paused:
        return self._set_paused(False)

    def _set_paused(self, is_paused: bool) -> api.Paused:
        read_body(api.Nothing)
        self._operations.pause(is_paused)
        self._snapshots.forget()
        return api.Paused(paused=is_paused)


def _address(wanted: api.ReposQuery, offset: int) -> str:
    """The address of the part of the list that begins at ``offset``."""
    asked = {
        "status": wanted.status,
        "q": wanted.q,
        "sort": wanted.sort,
        "limit": wanted.limit,
        "offset": offset,
    }
    given = {name: value for name, value in asked.items() if value not in (None, "")}
    return f"/repos?{urlencode(given)}"


def _add_looking(app: Bottle, routes: Looking) -> None:
    app.get("/stats", callback=routes.stats)
    app.get("/stats/summary", callback=routes.summary)
    app.get("/repos", callback=routes.repos)
    app.get(f"/repos/{NAME}/history", callback=routes.history)
    app.get(f"/repos/{NAME}/stargazers", callback=routes.stargazers)
    app.get(f"/repos/{NAME}/similar", callback=routes.similar)
    app.get("/overlap", callback=routes.overlap)
    app.get(f"/repos/{NAME}", callback=routes.repo)
    app.get("/users/<who>/stars", callback=routes.user)
    for what in api.EXPORTS:
        app.get(f"/export/{what}", callback=partial(routes.export, what))
    app.get("/workers", callback=routes.workers)
    app.get("/queue", callback=routes.queue)
    app.get("/accounts", callback=routes.accounts)
    app.get("/events", callback=routes.events)


def _add_doing(app: Bottle, routes: Doing) -> None:
    app.post(f"/repos/{NAME}/reprocess", callback=routes.reprocess)
    app.post(f"/repos/{NAME}/reset", callback=routes.reset)
    app.post("/users/<user_id:int>/reprocess", callback=routes.reprocess_user)
    app.post("/workers/scale", callback=routes.scale)
    app.post("/queue/clear", callback=routes.clear_queue)
    app.post("/pause", callback=routes.pause)
    app.post("/resume", callback=routes.resume)
