"""One request on its way through a simulated GitHub: what it is charged, the headers that its
answer carries, and its line in the log.
"""

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from bottle import HTTPResponse

from gitstars.simulator import render
from gitstars.simulator.budgets import Budgets, Charge, Owner
from gitstars.simulator.presets import SECONDARY_TEXT, SPENT_TEXT
from gitstars.simulator.reply import Reply, problem
from gitstars.simulator.scenario import SimAccount

ADDRESS_TEXT = (
    "API rate limit exceeded for {owner}. (But here's the good news: Authenticated requests get a "
    "higher rate limit. Check out the documentation for more details.)"
)


@dataclass(slots=True)
class Call:
    """A request of ``account`` (a stand-in for who has none), whose budgets are ``owner``'s.

    ``entry`` is the line of the log, which is filled in on the way. On an Enterprise server
    there are no budgets.
    """

    path: str
    token: str
    account: SimAccount
    owner: Owner
    budgets: Budgets
    is_enterprise: bool
    entry: dict[str, Any] = field(default_factory=dict)

    def charge(self, resource: str, cost: int) -> Charge | None:
        """Charge so many points (0: only look); None: there are no budgets here."""
        if self.is_enterprise:
            return None
        if cost == 0:
            return self.budgets.peek(self.owner, resource, time.time())
        charged = self.budgets.charge(self.owner, resource, cost, time.time())
        self.entry["cost"] = cost if charged.kind == "ok" else 0
        return charged

    def headers(self, resource: str, charged: Charge | None) -> dict[str, str]:
        """The budget's figures, and the token's scopes where it has some."""
        told = {}
        if charged is not None and self.budgets.limits.rate_headers:
            told = rate_headers(resource, charged)
        if charged is not None and charged.retry_after is not None:
            told["retry-after"] = str(charged.retry_after)
        if self.account.has_scopes and self.token:
            scopes = ", ".join(self.account.scopes)
            told |= {"x-oauth-scopes": scopes, "x-accepted-oauth-scopes": ""}
        return told

    def respond(self, reply: Reply, headers: dict[str, str] | None = None) -> HTTPResponse:
        """The HTTP answer; the reply's own headers come first."""
        self.entry.update(status=reply.status, route=reply.route)
        told = {
            "Content-Type": "application/json; charset=utf-8",
            "x-github-request-id": uuid.uuid4().hex[:20].upper(),
        }
        told |= (headers or {}) | reply.headers
        if not told["x-github-request-id"]:
            del told["x-github-request-id"]
        return HTTPResponse(reply.body.encode(), reply.status, told)

    def refuse_limit(self, resource: str, charged: Charge) -> HTTPResponse:
        """The answer to what is above a limit."""
        limits, is_spent = self.budgets.limits, charged.kind == "spent"
        headers = self.headers(resource, charged)
        text = SECONDARY_TEXT
        if is_spent:
            pattern = ADDRESS_TEXT if isinstance(self.owner, str) else SPENT_TEXT
            text = pattern.format(owner=self.owner, user=self.owner)
        if resource == "graphql" and limits.graphql_limits == "errors":
            error = {"type": "RATE_LIMITED" if is_spent else "RATE_LIMIT", "message": text}
            if not is_spent:
                error["code"] = "graphql_rate_limit"
            return self.respond(graph_problem(error), headers)
        status = limits.spent_status if is_spent else limits.secondary_status
        return self.respond(problem(status, text, charged.kind), headers)

    def show_limits(self) -> HTTPResponse:
        """``GET /rate_limit``, which costs nothing."""
        if self.is_enterprise:
            return self.respond(problem(404, "Rate limiting is not enabled.", "rate_limit"))
        now = time.time()
        core, graphql = (self.budgets.peek(self.owner, name, now) for name in ("core", "graphql"))
        figures = {"core": core.figures, "graphql": graphql.figures}
        figures["search"] = {"limit": 30, "remaining": 30, "used": 0, "reset": int(now) + 60}
        body = json.dumps({"resources": figures, "rate": core.figures})
        return self.respond(Reply(200, body, "rate_limit"), self.headers("core", core))


def rate_headers(resource: str, charged: Charge) -> dict[str, str]:
    """The figures of a budget as headers."""
    figures = {f"x-ratelimit-{name}": str(value) for name, value in charged.figures.items()}
    return figures | {"x-ratelimit-resource": resource}


def show_rate(cost: int, rows: int, charged: Charge) -> dict[str, Any]:
    """GraphQL's ``rateLimit`` of a query that costs so many points and asks for so many rows."""
    reset = render.moment(charged.reset_at)
    return charged.figures | {"cost": cost, "resetAt": reset, "nodeCount": rows}


def graph_problem(problem: dict[str, Any], status: int = 200) -> Reply:
    """An answer about a GraphQL query as a whole."""
    body = {"data": None, "errors": [problem]} if status == 502 else {"errors": [problem]}
    return Reply(status, json.dumps(body), "graphql")
