"""The routes of the admin API.

What they do is done by ``operations``, what they tell comes from ``snapshot``.
"""

from typing import Any
from urllib.parse import urlencode

from bottle import Bottle, HTTPResponse

from gitstars.supervise.operations import Operations
from gitstars.supervise.snapshot import Snapshots
from gitstars.web.answers import answer, read_body, read_query, refusal, tell_error, translated
from gitstars.web.auth import Gate
from gitstars.web.dashboard import add_dashboard
from gitstars.web.events import HEADERS as STREAM_HEADERS
from gitstars.web.events import Streams
from gitstars.web.openapi import describe_api
from gitstars.web.shapes import (
    Force,
    Nothing,
    ReposQuery,
    Scale,
    StatsQuery,
    show_details,
    show_repository,
)

#: What the summary tells of the statistics.
SUMMARY = ("status", "reasons", "paused", "version", "uptime_seconds", "repositories")
#: A record id, ``owner/name``, or a number.
NAME = "<name:re:[^/]+(?:/[^/]+)?>"


def build_admin_app(
    snapshots: Snapshots, operations: Operations, streams: Streams, gate: Gate
) -> Bottle:
    """The admin API and the dashboard."""
    app = Bottle()
    app.default_error_handler = tell_error
    app.add_hook("before_request", gate.check)
    app.install(translated)
    add_dashboard(app)
    _add_looking(app, Looking(snapshots, operations, streams))
    _add_doing(app, Doing(snapshots, operations))
    app.get("/openapi.json", callback=describe_api)
    return app


class Looking:
    """The routes that change nothing."""

    def __init__(self, snapshots: Snapshots, operations: Operations, streams: Streams) -> None:
        self._snapshots = snapshots
        self._operations = operations
        self._streams = streams

    def stats(self) -> dict[str, Any]:
        wanted = read_query(StatsQuery)
        status = self._snapshots.status()
        if not wanted.history:
            return status
        return {**status, "rates": {**status["rates"], "history": self._snapshots.history()}}

    def summary(self) -> dict[str, Any]:
        read_query(Nothing)
        status = self._snapshots.status()
        return {
            **{name: status[name] for name in SUMMARY},
            "stars_stored": status["totals"]["stars_stored"],
            "stars_per_second": status["rates"]["stars_per_second"],
            "waiting": status["queue"]["depth"],
            "workers": status["workers"]["count"],
            "accounts": status["accounts"]["count"],
        }

    def repos(self) -> HTTPResponse:
        wanted = read_query(ReposQuery)
        views, total = self._operations.search(
            wanted.status, wanted.q, wanted.sort, wanted.limit, wanted.offset
        )
        following = wanted.offset + len(views)
        target = None
        if views and following < total:
            asked = {
                "status": wanted.status,
                "q": wanted.q,
                "sort": wanted.sort,
                "limit": wanted.limit,
                "offset": following,
            }
            target = "/repos?" + urlencode(
                {name: value for name, value in asked.items() if value not in (None, "")}
            )
        links = {"Link": f'<{target}>; rel="next"'} if target else {}
        return answer(
            {"repos": [show_repository(view) for view in views], "total": total, "next": target},
            headers=links,
        )

    def repo(self, name: str) -> dict[str, Any]:
        read_query(Nothing)
        details = self._operations.describe(name)
        return show_details(
            details, {row.user_id: self._operations.login_of(row.user_id) for row in details.access}
        )

    def workers(self) -> dict[str, Any]:
        read_query(Nothing)
        return self._snapshots.workers()

    def queue(self) -> dict[str, Any]:
        read_query(Nothing)
        return self._snapshots.queue()

    def accounts(self) -> dict[str, Any]:
        read_query(Nothing)
        return {"accounts": self._snapshots.accounts()}

    def events(self) -> HTTPResponse:
        read_query(Nothing)
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

    def __init__(self, snapshots: Snapshots, operations: Operations) -> None:
        self._snapshots = snapshots
        self._operations = operations

    def reprocess(self, name: str) -> HTTPResponse:
        view = self._operations.reprocess(name, read_body(Force).force)
        self._snapshots.forget()
        return answer({"queued": True, "repo": show_repository(view)}, 202)

    def reset(self, name: str) -> dict[str, Any]:
        read_body(Nothing)
        view = self._operations.reset(name)
        self._snapshots.forget()
        return {"repo": show_repository(view)}

    def reprocess_user(self, user_id: int) -> HTTPResponse:
        waiting = self._operations.reprocess_user(user_id, read_body(Force).force)
        self._snapshots.forget()
        return answer({"user_id": user_id, "waiting": waiting}, 202)

    def scale(self) -> dict[str, Any]:
        asked = read_body(Scale)
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
        return {"count": count, "min": least, "max": most, "automatic": asked.automatic}

    def clear_queue(self) -> dict[str, Any]:
        read_body(Nothing)
        dropped = self._operations.clear_queue()
        self._snapshots.forget()
        return {"dropped": dropped}

    def pause(self) -> dict[str, Any]:
        return self._set_paused(True)

    def resume(self) -> dict[str, Any]:
        return self._set_paused(False)

    def _set_paused(self, is_paused: bool) -> dict[str, Any]:
        read_body(Nothing)
        self._operations.pause(is_paused)
        self._snapshots.forget()
        return {"paused": is_paused}


def _add_looking(app: Bottle, routes: Looking) -> None:
    app.get("/stats", callback=routes.stats)
    app.get("/stats/summary", callback=routes.summary)
    app.get("/repos", callback=routes.repos)
    app.get(f"/repos/{NAME}", callback=routes.repo)
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
