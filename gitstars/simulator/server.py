"""The simulated GitHub's HTTP: limits, faults and latency around the REST routes, GraphQL and the control routes."""

import hashlib
import json
import logging
import socket
import time
from typing import Any

import gevent
from bottle import Bottle, HTTPResponse, request
from gevent.pywsgi import WSGIHandler, WSGIServer
from graphql import GraphQLError

from gitstars.errors import PortTaken
from gitstars.simulator import control, graph, render, rest
from gitstars.simulator.budgets import Budgets, Verdict
from gitstars.simulator.faults import Faults, Rule
from gitstars.simulator.scenario import Scenario, SimAccount
from gitstars.simulator.world import World

logger = logging.getLogger(__name__)

SPENT_TEXT = "API rate limit exceeded for user ID {user}."
SECONDARY_TEXT = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
ENTERPRISE_PREFIX = "/api/v3"


class _Handler(WSGIHandler):  # type: ignore[misc]
    """Lets the application reach the socket, for faults that no HTTP server would commit on purpose."""

    def handle(self) -> None:
        # pywsgi sends head and body apart: with Nagle's algorithm the body of a small answer waits 40 ms for the client's delayed ACK.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().handle()

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        environ["simulator.socket"] = self.socket
        return environ


class SimulatedGitHub:
    """One simulated GitHub, listening once ``start`` returned."""

    def __init__(self, scenario: Scenario) -> None:
        self.world = World(scenario)
        self.limits = scenario.limits
        self.budgets = Budgets(scenario.limits)
        self.faults = Faults()
        self._in_flight = 0
        self._server: WSGIServer | None = None

    def start(self, port: int = 0, host: str = "127.0.0.1") -> int:
        """Listen; the port. Raises PortTaken."""
        self._server = WSGIServer((host, port), self._app(), log=None, error_log=logger, handler_class=_Handler)
        try:
            self._server.start()
        except OSError as error:
            raise PortTaken(f"port {port} on {host} cannot be used: {error.strerror}") from error
        return int(self._server.server_port)

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop(timeout=1)

    def _app(self) -> Bottle:
        app = Bottle()
        app.default_error_handler = lambda error: json.dumps({"message": error.status_line})
        control.add_routes(app, self)
        app.route("/<path:re:(?!_control/).*>", ["GET", "POST", "PUT", "PATCH", "DELETE"], self._serve)
        return app

    def _serve(self, path: str) -> HTTPResponse:
        """Any request of GitHub's own routes, from its log line to its reply."""
        started = time.time()
        token = request.get_header("Authorization", "").partition(" ")[2]
        target = f"/{path}" + (f"?{request.query_string}" if request.query_string else "")
        rule = self.faults.find(f"{request.method} {target}", token)
        entry: dict[str, Any] = {"at": started, "method": request.method, "path": f"/{path}", "query": dict(request.query.items())}
        self._in_flight += 1
        try:
            gevent.sleep(self.limits.latency_seconds)
            if rule is not None and (reply := self._misbehave(rule, entry)) is not None:
                return reply
            response = self._answer(path, token, entry)
            return self._cut(response, entry) if rule is not None and rule.effect == "truncate" else response
        finally:
            self._in_flight -= 1
            entry.setdefault("route", "fault")
            entry.setdefault("status", 0)
            self.world.record(**entry)

    def _answer(self, path: str, token: str, entry: dict[str, Any]) -> HTTPResponse:
        account = self.world.account(token)
        if account is None:
            text = "Bad credentials" if token else "Requires authentication"
            return self._respond(401, json.dumps({"message": text, "status": "401"}), {}, entry, "unauthorised")
        entry["user"] = account.user_id
        if path in ("graphql", "api/graphql"):
            return self._graphql(account, entry)
        prefix = ENTERPRISE_PREFIX if f"/{path}".startswith(ENTERPRISE_PREFIX + "/") else ""
        root = f"{request.urlparts.scheme}://{request.urlparts.netloc}{prefix}"
        plain = f"/{path}"[len(prefix) :]
        if plain == "/rate_limit":
            figures = {name: self._figures(self.budgets.peek(account.user_id, name, time.time())) for name in ("core", "graphql")}
            return self._respond(200, json.dumps({"resources": figures, "rate": figures["core"]}), {}, entry, "rate_limit")
        ask = rest.Ask(request.method, plain, dict(request.query.items()), request.get_header("Accept", ""), root)
        reply = rest.reply(self.world, account, ask)
        etag = f'"{hashlib.sha256((token + reply.body).encode()).hexdigest()[:32]}"'
        if reply.status == 200 and request.get_header("If-None-Match") == etag:
            verdict = self.budgets.peek(account.user_id, "core", time.time())
            return self._respond(304, "", {"etag": etag, **self._headers(account, "core", verdict)}, entry, reply.route)
        verdict = self._charge(account, "core", 1, entry)
        headers = self._headers(account, "core", verdict)
        if verdict.kind != "ok":
            return self._limited(account, verdict, headers, entry)
        return self._respond(reply.status, reply.body, {"etag": etag, **reply.headers, **headers}, entry, reply.route)

    def _graphql(self, account: SimAccount, entry: dict[str, Any]) -> HTTPResponse:
        if not self.world.scenario.has_graphql:
            return self._respond(404, '{"message":"Not Found"}', {}, entry, "graphql")
        try:
            asked = json.loads(request.body.read())
            plan = graph.read_query(str(asked["query"]))
        except (ValueError, KeyError, TypeError, GraphQLError) as error:
            problem = json.dumps({"message": f"Problems parsing the query: {error}"})
            return self._respond(400, problem, {}, entry, "graphql")
        entry["aliases"] = plan.lists
        verdict = self._charge(account, "graphql", plan.cost, entry)
        headers = self._headers(account, "graphql", verdict)
        if verdict.kind != "ok":
            kind = {"type": "RATE_LIMITED", "message": SPENT_TEXT.format(user=account.user_id)}
            if verdict.kind == "secondary":
                kind = {"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": SECONDARY_TEXT}
            return self._respond(200, json.dumps({"errors": [kind]}), headers, entry, "graphql")
        duration = plan.lists * self.limits.alias_seconds
        gevent.sleep(min(duration, self.limits.query_cut_seconds))
        if duration > self.limits.query_cut_seconds:
            return self._respond(502, '{"message":"Something went wrong"}', headers, entry, "graphql")
        execution = graph.Execution(self.world, account, asked.get("variables") or {})
        rate: dict[str, Any] = {"cost": plan.cost, "limit": verdict.limit, "remaining": verdict.remaining, "used": verdict.used}
        rate["resetAt"] = render.moment(verdict.reset_at)
        answer: dict[str, Any] = {"data": graph.execute(plan, execution, rate)}
        if execution.errors:
            answer["errors"] = execution.errors
        return self._respond(200, json.dumps(answer), headers, entry, "graphql")

    def _charge(self, account: SimAccount, resource: str, cost: int, entry: dict[str, Any]) -> Verdict:
        entry["cost"] = cost
        now = time.time()
        if self._in_flight > self.limits.concurrent:
            peeked = self.budgets.peek(account.user_id, resource, now)
            return Verdict("secondary", peeked.limit, peeked.remaining, peeked.used, peeked.reset_at, 60)
        return self.budgets.charge(account.user_id, resource, cost, now)

    def _limited(self, account: SimAccount, verdict: Verdict, headers: dict[str, str], entry: dict[str, Any]) -> HTTPResponse:
        text = SECONDARY_TEXT if verdict.kind == "secondary" else SPENT_TEXT.format(user=account.user_id)
        if verdict.retry_after is not None:
            headers = {**headers, "retry-after": str(verdict.retry_after)}
        return self._respond(403, json.dumps({"message": text}), headers, entry, verdict.kind)

    @staticmethod
    def _figures(verdict: Verdict) -> dict[str, int]:
        return {"limit": verdict.limit, "remaining": verdict.remaining, "used": verdict.used, "reset": verdict.reset_at}

    def _headers(self, account: SimAccount, resource: str, verdict: Verdict) -> dict[str, str]:
        headers = {f"x-ratelimit-{name}": str(value) for name, value in self._figures(verdict).items()}
        headers["x-ratelimit-resource"] = resource
        if account.kind in ("classic", "oauth"):
            headers["x-oauth-scopes"] = ", ".join(account.scopes)
        return headers

    @staticmethod
    def _respond(status: int, body: str, headers: dict[str, str], entry: dict[str, Any], route: str) -> HTTPResponse:
        entry.update(status=status, route=route)
        return HTTPResponse(body.encode(), status, {"Content-Type": "application/json; charset=utf-8", **headers})

    def _misbehave(self, rule: Rule, entry: dict[str, Any]) -> HTTPResponse | None:
        """Carry a fault out; None: the request goes on (it was only delayed, or is cut off later)."""
        match rule.effect:
            case "status":
                return self._respond(rule.status, rule.body, rule.headers, entry, "fault")
            case "garbage":
                return self._respond(200, "<html>\x01 not what you asked for", rule.headers, entry, "fault")
            case "delay":
                gevent.sleep(rule.seconds)
                return None
            case "truncate":
                return None
        if rule.effect == "hang":
            gevent.sleep(rule.seconds)
        self._hang_up(b"")
        return self._respond(500, "", {}, entry, "fault")

    def _cut(self, response: HTTPResponse, entry: dict[str, Any]) -> HTTPResponse:
        """Send half of the body and hang up."""
        body = response.body
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        self._hang_up(head + body[: len(body) // 2])
        return self._respond(500, "", {}, entry, "fault")

    @staticmethod
    def _hang_up(last_words: bytes) -> None:
        connection: socket.socket = request.environ["simulator.socket"]
        if last_words:
            connection.sendall(last_words)
        connection.shutdown(socket.SHUT_RDWR)
