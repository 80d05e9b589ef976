"""The simulated GitHub's HTTP: limits, faults and latency around the REST routes, GraphQL and
the control routes.
"""

import hashlib
import json
import logging
import os
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import gevent
import msgspec
from bottle import Bottle, HTTPResponse, request
from gevent.pywsgi import WSGIHandler, WSGIServer

from gitstars.errors import PortTaken
from gitstars.simulator import control, device, graph, misbehave, rest
from gitstars.simulator.budgets import Budgets
from gitstars.simulator.calls import Call, graph_problem, show_rate
from gitstars.simulator.faults import Faults
from gitstars.simulator.presets import CUT_TEXT
from gitstars.simulator.reply import Ask, Reply, problem
from gitstars.simulator.scenario import Scenario, SimAccount, SimLimits
from gitstars.simulator.world import World

logger = logging.getLogger(__name__)

ENTERPRISE_PREFIX = "/api/v3"
#: Bytes that are no JSON.
GARBAGE = "<html>\x01 not what you asked for"
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
        device.add_routes(app, self)
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
        call = self._receive(path, token, account)
        call.entry |= {"at": started, "method": request.method, "path": f"/{path}", "query": query}
        call.entry |= {"route": "fault", "status": 0, "cost": 0}
        if account is not None:
            call.entry["user"] = account.user_id
        budgets.in_flight[call.owner] += 1
        try:
            rule = self.faults.find(f"{request.method} {target}", token)
            gevent.sleep(self.limits.latency_seconds)
            if rule is not None:
                if rule.effect == "status":
                    return call.respond(misbehave.answer_status(rule, path, started))
                if rule.effect == "garbage":
                    return call.respond(Reply(200, GARBAGE, "fault", rule.headers))
                if (broken := misbehave.commit(rule)) is not None:
                    return broken
            response = self._answer(call, account is not None, query)
            if rule is not None and rule.effect == "truncate":
                call.entry.update(status=0, route="fault")
                return misbehave.cut(response)
            return response
        finally:
            budgets.in_flight[call.owner] -= 1
            world.record(**call.entry, seconds=round(time.time() - started, 4))

    def _receive(self, path: str, token: str, account: SimAccount | None) -> Call:
        """The request; whoever has no good token is charged by address."""
        owner = request.remote_addr or "unknown" if account is None else account.user_id
        is_enterprise = f"/{path}/".startswith(("/api/v3/", "/api/graphql/"))
        return Call(path, token, account or rest.ANYBODY, owner, self.budgets, is_enterprise)

    def _answer(self, call: Call, is_known: bool, query: dict[str, str]) -> HTTPResponse:
        prefix = ENTERPRISE_PREFIX if call.is_enterprise else ""
        plain = f"/{call.path}"[len(prefix) :]
        is_open = not call.token and (plain == "/rate_limit" or rest.OPEN_PATHS.fullmatch(plain))
        if not is_known and not is_open:
            text = "Bad credentials" if call.token else "Requires authentication"
            told = call.headers("core", call.charge("core", 0))
            return call.respond(problem(401, text, "unauthorised"), told)
        if call.path in ("graphql", "api/graphql"):
            return self._graphql(call)
        if plain == "/rate_limit":
            return call.show_limits()
        root = f"{request.urlparts.scheme}://{request.urlparts.netloc}{prefix}"
        media = request.get_header("Accept", "")
        ask = Ask(request.method, plain, query, media, root, call.is_enterprise)
        reply = rest.reply(self.world, call.account, ask)
        tag = f'"{hashlib.sha1((call.token + reply.body).encode()).hexdigest()}"'
        is_unchanged = reply.status == 200 and tag in request.get_header("If-None-Match", "")
        is_free = is_unchanged and is_known
        charged = call.charge("core", 0 if is_free else 1)
        if charged is not None and charged.kind != "ok":
            return call.refuse_limit("core", charged)
        headers = call.headers("core", charged)
        if reply.status == 200:
            headers["etag"] = f"W/{tag}" if "cache-control" in reply.headers else tag
        if is_unchanged:
            reply = Reply(304, "", reply.route)
        return call.respond(reply, headers)

    def _graphql(self, call: Call) -> HTTPResponse:
        if not self.world.scenario.has_graphql or request.method != "POST":
            return call.respond(problem(404, "Not Found", "graphql"))
        try:
            asked = msgspec.json.decode(control.read_body(), type=GraphBody)
        except msgspec.MsgspecError as error:
            return call.respond(problem(400, f"Problems parsing JSON: {error}", "graphql"))
        try:
            query = graph.prepare(asked.query, asked.variables or {})
        except graph.QueryInvalid as error:
            headers = call.headers("graphql", call.charge("graphql", 1))
            return call.respond(graph_problem(error.problem), headers)
        call.entry["aliases"] = query.lists
        charged = call.charge("graphql", query.cost)
        if charged is not None and charged.kind != "ok":
            return call.refuse_limit("graphql", charged)
        headers = call.headers("graphql", charged)
        duration, longest = query.lists * self.limits.alias_seconds, self.limits.query_cut_seconds
        gevent.sleep(min(duration, longest))
        if duration > longest:
            if self.limits.query_cut == "502":
                return call.respond(graph_problem({"message": CUT_TEXT}, 502), headers)
            return call.respond(graph_problem({"type": None, "message": "timedout"}), headers)
        rate = None if charged is None else show_rate(query.cost, query.rows, charged)
        execution = graph.Execution(self.world, call.account, self.faults, rate, call.is_enterprise)
        try:
            data = execution.run(query)
        except graph.WholeAnswer as fault:
            status = 200 if fault.rule.effect == "poison" else fault.rule.status
            return call.respond(Reply(status, fault.rule.body, "graphql"), headers)
        call.entry["pages"] = execution.pages
        call.entry["starred"] = execution.starred
        errors = f',"errors":{json.dumps(execution.errors)}' if execution.errors else ""
        return call.respond(Reply(200, f'{{"data":{data}{errors}}}', "graphql"), headers)


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
