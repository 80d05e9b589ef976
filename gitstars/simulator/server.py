"""The simulated GitHub's HTTP: limits, faults and latency around the REST routes, GraphQL and
the control routes.
"""

import hashlib
import json
import logging
import os
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import gevent
import msgspec
from bottle import Bottle, HTTPResponse, request
from gevent.pywsgi import WSGIHandler, WSGIServer

from gitstars.errors import PortTaken
from gitstars.simulator import control, graph, render, rest
from gitstars.simulator.budgets import Budgets, Verdict
from gitstars.simulator.faults import Faults, Rule
from gitstars.simulator.scenario import Scenario, SimAccount, SimLimits
from gitstars.simulator.world import World

logger = logging.getLogger(__name__)

SPENT_TEXT = (
    "API rate limit exceeded for user ID {user}. If you reach out to GitHub Support for help, "
    "please include the request ID and timestamp."
)
SECONDARY_TEXT = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "If you reach out to GitHub Support for help, please include the request ID and timestamp."
)
CUT_TEXT = (
    "Something went wrong while executing your query. This may be the result of a timeout, or it "
    "could be a GitHub bug."
)
ENTERPRISE_PREFIX = "/api/v3"
#: What GitHub tells whoever brings no token that it knows: the budget of their address.
STRANGER = Verdict("ok", 60, 60, 0, 0)
STRANGER_WINDOW_SECONDS = 3600
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class _Handler(WSGIHandler):  # type: ignore[misc]
    """Lets the application reach the socket, for faults that no HTTP server would commit on
    purpose.
    """

    def handle(self) -> None:
        # pywsgi sends head and body apart: with Nagle's algorithm the body of a small answer waits
        # 40 ms for the client's delayed ACK.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().handle()

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        environ["simulator.socket"] = self.socket
        return environ


class GraphBody(msgspec.Struct):
    """What is posted to GraphQL."""

    query: str
    variables: dict[str, Any] | None = None


class SimulatedGitHub:
    """One simulated GitHub, listening once ``start`` returned."""

    def __init__(self, scenario: Scenario) -> None:
        self.load(scenario)
        self._server: WSGIServer | None = None

    def load(self, scenario: Scenario) -> None:
        """Hold this scenario from now on; nothing that was before is left."""
        self.world = World(scenario)
        self.budgets = Budgets(scenario.limits)
        self.faults = Faults(scenario.rules)

    @property
    def limits(self) -> SimLimits:
        return self.budgets.limits

    def start(self, port: int = 0, host: str = "127.0.0.1") -> int:
        """Listen; the port. Raises PortTaken."""
        self._server = WSGIServer(
            (host, port), self._app(), log=None, error_log=logger, handler_class=_Handler
        )
        try:
            self._server.start()
        except OSError as error:
            raise PortTaken(
                f"port {port} on {host} cannot be used: {os.strerror(error.errno or 0)}"
            ) from error
        return int(self._server.server_port)

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop(timeout=1)

    def _app(self) -> Callable[..., Any]:
        app = Bottle()
        app.default_error_handler = _tell
        control.add_routes(app, self)
        app.route("/<path:re:(?!_control/).*>", METHODS, self._serve)
        return app  # type: ignore[no-any-return]

    def _serve(self, path: str) -> HTTPResponse:
        """Any request of GitHub's own routes, from its log line to its reply."""
        started = time.time()
        world, budgets = self.world, self.budgets  # another scenario may come meanwhile
        token = _read_token()
        account = world.account(token)
        query = dict(parse_qsl(request.query_string, keep_blank_values=True))
        target = f"/{path}" + (f"?{request.query_string}" if request.query_string else "")
        entry: dict[str, Any] = {
            "at": started,
            "method": request.method,
            "path": f"/{path}",
            "query": query,
        }
        entry |= {"route": "fault", "status": 0, "cost": 0}
        if account is not None:
            entry["user"] = account.user_id
            budgets.in_flight[account.user_id] += 1
        try:
            rule = self.faults.find(f"{request.method} {target}", token)
            gevent.sleep(self.limits.latency_seconds)
            if rule is not None and (reply := self._misbehave(rule, entry)) is not None:
                return reply
            response = self._answer(path, query, token, account, entry)
            return (
                self._cut(response, entry)
                if rule is not None and rule.effect == "truncate"
                else response
            )
        finally:
            if account is not None:
                budgets.in_flight[account.user_id] -= 1
            world.record(**entry, seconds=round(time.time() - started, 4))

    def _answer(
        self,
        path: str,
        query: dict[str, str],
        token: str,
        account: SimAccount | None,
        entry: dict[str, Any],
    ) -> HTTPResponse:
        if account is None:
            told = rest.problem(
                401, "Bad credentials" if token else "Requires authentication", "unauthorised"
            )
            figures = replace(STRANGER, reset_at=int(time.time()) + STRANGER_WINDOW_SECONDS)
            return self._respond(told, _rate_headers("core", figures), entry)
        is_enterprise = f"/{path}/".startswith(("/api/v3/", "/api/graphql/"))
        if path in ("graphql", "api/graphql"):
            return self._graphql(account, is_enterprise, entry)
        prefix = ENTERPRISE_PREFIX if is_enterprise else ""
        plain = f"/{path}"[len(prefix) :]
        if plain == "/rate_limit":
            return self._rate_limit(account, is_enterprise, entry)
        root = f"{request.urlparts.scheme}://{request.urlparts.netloc}{prefix}"
        ask = rest.Ask(
            request.method, plain, query, request.get_header("Accept", ""), root, is_enterprise
        )
        reply = rest.reply(self.world, account, ask)
        etag = f'"{hashlib.sha1((token + reply.body).encode()).hexdigest()}"'
        is_known = reply.status == 200 and etag in request.get_header("If-None-Match", "")
        verdict = self._charge(account, "core", 0 if is_known else 1, is_enterprise, entry)
        headers = self._headers(account, "core", verdict)
        if is_known:
            return self._respond(rest.Reply(304, "", reply.route, {"etag": etag}), headers, entry)
        if verdict is not None and verdict.kind != "ok":
            return self._limited(account, verdict, headers, entry)
        return self._respond(
            reply, {"etag": etag, **headers} if reply.status == 200 else headers, entry
        )

    def _rate_limit(
        self, account: SimAccount, is_enterprise: bool, entry: dict[str, Any]
    ) -> HTTPResponse:
        if is_enterprise:
            return self._respond(
                rest.problem(404, "Rate limiting is not enabled.", "rate_limit"), {}, entry
            )
        now = time.time()
        verdicts = {
            name: self.budgets.peek(account.user_id, name, now) for name in ("core", "graphql")
        }
        figures = {name: verdict.figures for name, verdict in verdicts.items()}
        figures["search"] = {"limit": 30, "remaining": 30, "used": 0, "reset": int(now) + 60}
        told = rest.Reply(
            200, json.dumps({"resources": figures, "rate": figures["core"]}), "rate_limit"
        )
        return self._respond(told, self._headers(account, "core", verdicts["core"]), entry)

    def _graphql(
        self, account: SimAccount, is_enterprise: bool, entry: dict[str, Any]
    ) -> HTTPResponse:
        if not self.world.scenario.has_graphql or request.method != "POST":
            return self._respond(rest.problem(404, "Not Found", "graphql"), {}, entry)
        try:
            asked = msgspec.json.decode(control.read_body(), type=GraphBody)
        except msgspec.MsgspecError as error:
            return self._respond(
                rest.problem(400, f"Problems parsing JSON: {error}", "graphql"), {}, entry
            )
        try:
            query = graph.prepare(asked.query, asked.variables or {})
        except graph.QueryInvalid as error:
            verdict = self._charge(account, "graphql", 1, is_enterprise, entry)
            return self._respond(
                _graph_problem(error.problem), self._headers(account, "graphql", verdict), entry
            )
        entry["aliases"] = query.lists
        verdict = self._charge(account, "graphql", query.cost, is_enterprise, entry)
        headers = self._headers(account, "graphql", verdict)
        if verdict is not None and verdict.kind != "ok":
            return self._limited_graph(account, verdict, headers, entry)
        duration = query.lists * self.limits.alias_seconds
        gevent.sleep(min(duration, self.limits.query_cut_seconds))
        if duration > self.limits.query_cut_seconds:
            problem = (
                {"message": CUT_TEXT}
                if self.limits.query_cut == "502"
                else {"type": None, "message": "timedout"}
            )
            return self._respond(
                _graph_problem(problem, 502 if self.limits.query_cut == "502" else 200),
                headers,
                entry,
            )
        rate = None if verdict is None else _show_rate(query, verdict)
        execution = graph.Execution(self.world, account, self.faults, rate, is_enterprise)
        data = execution.run(query)
        entry["pages"] = execution.pages
        errors = f',"errors":{json.dumps(execution.errors)}' if execution.errors else ""
        return self._respond(
            rest.Reply(200, f'{{"data":{data}{errors}}}', "graphql"), headers, entry
        )

    def _charge(
        self,
        account: SimAccount,
        resource: str,
        cost: int,
        is_enterprise: bool,
        entry: dict[str, Any],
    ) -> Verdict | None:
        """None: there are no budgets here."""
        if is_enterprise:
            return None
        if cost == 0:
            return self.budgets.peek(account.user_id, resource, time.time())
        verdict = self.budgets.charge(account.user_id, resource, cost, time.time())
        entry["cost"] = cost if verdict.kind == "ok" else 0
        return verdict

    def _limited(
        self, account: SimAccount, verdict: Verdict, headers: dict[str, str], entry: dict[str, Any]
    ) -> HTTPResponse:
        is_spent = verdict.kind == "spent"
        text = SPENT_TEXT.format(user=account.user_id) if is_spent else SECONDARY_TEXT
        status = self.limits.spent_status if is_spent else self.limits.secondary_status
        return self._respond(rest.problem(status, text, verdict.kind), headers, entry)

    def _limited_graph(
        self, account: SimAccount, verdict: Verdict, headers: dict[str, str], entry: dict[str, Any]
    ) -> HTTPResponse:
        problem = {"type": "RATE_LIMITED", "message": SPENT_TEXT.format(user=account.user_id)}
        if verdict.kind == "secondary":
            problem = {
                "type": "RATE_LIMIT",
                "code": "graphql_rate_limit",
                "message": SECONDARY_TEXT,
            }
        return self._respond(_graph_problem(problem), headers, entry)

    def _headers(
        self, account: SimAccount, resource: str, verdict: Verdict | None
    ) -> dict[str, str]:
        headers = {} if verdict is None else _rate_headers(resource, verdict)
        if account.has_scopes:
            headers |= {"x-oauth-scopes": ", ".join(account.scopes), "x-accepted-oauth-scopes": ""}
        return headers

    @staticmethod
    def _respond(reply: rest.Reply, headers: dict[str, str], entry: dict[str, Any]) -> HTTPResponse:
        entry.update(status=reply.status, route=reply.route)
        told = {
            "Content-Type": "application/json; charset=utf-8",
            "x-github-request-id": uuid.uuid4().hex[:20].upper(),
        }
        return HTTPResponse(reply.body.encode(), reply.status, told | headers | reply.headers)

    def _misbehave(self, rule: Rule, entry: dict[str, Any]) -> HTTPResponse | None:
        """Carry a fault out; None: the request goes on (it was only delayed, or is cut off
        later).
        """
        match rule.effect:
            case "status":
                return self._respond(
                    rest.Reply(rule.status, rule.body, "fault"), rule.headers, entry
                )
            case "garbage":
                return self._respond(
                    rest.Reply(200, "<html>\x01 not what you asked for", "fault"),
                    rule.headers,
                    entry,
                )
            case "delay" | "hang":
                gevent.sleep(rule.seconds)
        if rule.effect in ("delay", "truncate"):
            return None
        return _hang_up(b"")

    def _cut(self, response: HTTPResponse, entry: dict[str, Any]) -> HTTPResponse:
        """Send half of the body and hang up."""
        entry.update(status=0, route="fault")
        body = response.body
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
            f"{len(body)}\r\n\r\n"
        ).encode()
        return _hang_up(head + body[: len(body) // 2])


def _tell(error: HTTPResponse) -> str:
    """What the web framework refuses by itself, in GitHub's form."""
    error.content_type = "application/json"
    return json.dumps(
        {"message": error.status_line.partition(" ")[2], "status": str(error.status_code)}
    )


def _read_token() -> str:
    """The token of the request, in either of the two ways that GitHub knows; empty: there is
    none.
    """
    scheme, _, token = request.get_header("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() in ("token", "bearer") else ""


def _rate_headers(resource: str, verdict: Verdict) -> dict[str, str]:
    headers = {f"x-ratelimit-{name}": str(value) for name, value in verdict.figures.items()} | {
        "x-ratelimit-resource": resource
    }
    return (
        headers
        if verdict.retry_after is None
        else headers | {"retry-after": str(verdict.retry_after)}
    )


def _show_rate(query: graph.Query, verdict: Verdict) -> dict[str, Any]:
    """GraphQL's ``rateLimit``."""
    return verdict.figures | {
        "cost": query.cost,
        "resetAt": render.moment(verdict.reset_at),
        "nodeCount": query.rows,
    }


def _graph_problem(problem: dict[str, Any], status: int = 200) -> rest.Reply:
    """An answer about the query as a whole."""
    return rest.Reply(
        status,
        json.dumps({"data": None, "errors": [problem]} if status == 502 else {"errors": [problem]}),
        "graphql",
    )


def _hang_up(last_words: bytes) -> HTTPResponse:
    """Break the connection off after these bytes; the response is sent to nobody."""
    connection: socket.socket = request.environ["simulator.socket"]
    if last_words:
        connection.sendall(last_words)
    connection.shutdown(socket.SHUT_RDWR)
    return HTTPResponse(b"", 500)
