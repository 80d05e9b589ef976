"""Ready-made faults for rules, by name: the fields of a rule that each fills in.

Headers and bodies may hold ``{now}``, ``{now+60}``, ``{now-60}`` (epoch seconds) and ``{resource}``
(``graphql`` or ``core``, by the path), which are filled in with each answer.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

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
#: What is not GitHub bears no mark of it.
FOREIGN = {"x-github-request-id": ""}
HTML = {"Content-Type": "text/html", **FOREIGN}
#: So deep is the answer of ``poison_nesting``.
NESTING = 100_000
MONTH_SECONDS = 30 * 86_400


def _page(title: str) -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{title}</body></html>"


def _message(text: str) -> str:
    return json.dumps({"message": text, "documentation_url": "https://docs.github.com/rest"})


def _limit(remaining: int, reset: str, resource: str = "{resource}") -> dict[str, Any]:
    """A spent budget whose headers say so."""
    headers = {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-used": str(5000 - remaining),
        "x-ratelimit-reset": reset,
        "x-ratelimit-resource": resource,
    }
    return {"status": 403, "headers": headers, "body": _message(SPENT_TEXT.format(user=1))}


def _graphql_error(problem: Mapping[str, Any]) -> dict[str, Any]:
    return {"status": 200, "body": json.dumps({"errors": [problem]})}


PRESETS: Mapping[str, Mapping[str, Any]] = {
    # What is not GitHub at all.
    "captive_portal": {"status": 200, "headers": HTML, "body": _page("Sign in to the network")},
    "foreign_json": {
        "status": 200,
        "headers": FOREIGN,
        "body": '{"portal":"https://portal.invalid/","state":"login"}',
    },
    "proxy_login": {
        "status": 407,
        "headers": {**HTML, "Proxy-Authenticate": 'Basic realm="proxy"'},
        "body": _page("Proxy authentication required"),
    },
    "foreign_redirect": {
        "status": 302,
        "headers": {**HTML, "Location": "https://portal.invalid/login"},
        "body": _page("Found"),
    },
    "gateway": {"status": 502, "headers": HTML, "body": _page("502 Bad Gateway")},
    # What GitHub says about the call.
    "server_error": {"status": 503, "body": _message("Service Unavailable")},
    "unauthorised": {"status": 401, "body": _message("Bad credentials")},
    "not_found": {"status": 404, "body": _message("Not Found")},
    "forbidden": {"status": 403, "body": _message("Forbidden")},
    "unknown_words": {"status": 418, "body": _message("Something that nobody has seen before")},
    # Limits, true and odd.
    "limit": _limit(0, "{now+60}"),
    "limit_points_left": _limit(4321, "{now+1800}"),
    "limit_no_headers": {"status": 403, "body": _message(SPENT_TEXT.format(user=1))},
    "limit_foreign_resource": _limit(0, "{now+1800}", "search"),
    "limit_reset_past": _limit(0, "{now-60}"),
    "limit_reset_far": _limit(0, f"{{now+{MONTH_SECONDS}}}"),
    "limit_graphql": _graphql_error({"type": "RATE_LIMITED", "message": SPENT_TEXT}),
    "secondary": {
        "status": 403,
        "headers": {"retry-after": "60"},
        "body": _message(SECONDARY_TEXT),
    },
    "secondary_bare": {"status": 403, "body": _message(SECONDARY_TEXT)},
    "secondary_graphql": _graphql_error(
        {"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": SECONDARY_TEXT}
    ),
    # Repositories within GraphQL queries (match: ALIAS owner/name).
    "resource_limits": {
        "effect": "alias",
        "body": json.dumps(
            {
                "type": "RESOURCE_LIMITS_EXCEEDED",
                "message": "Resource limits for this query exceeded.",
            }
        ),
    },
    "timed_out": {"effect": "alias", "body": '{"type":null,"message":"timedout"}'},
    "withheld": {"effect": "withhold"},
    "cut": {
        "effect": "cut",
        "status": 502,
        "body": json.dumps({"data": None, "errors": [{"message": CUT_TEXT}]}),
    },
    "odd_value": {"effect": "value", "body": '{"databaseId":"ten","stargazers":[1,[2,[3]]]}'},
    "poison_null": {"effect": "poison", "body": "null"},
    "poison_data_null": {"effect": "poison", "body": '{"data":null}'},
    "poison_garbage": {"effect": "poison", "body": '{"data":{"r0":\x01'},
    "poison_nesting": {
        "effect": "poison",
        "body": '{"data":' + "[" * NESTING + "]" * NESTING + "}",
    },
}


def fill_in(text: str, path: str, now: float) -> str:
    """``text`` with its times and its resource filled in, for an answer at ``path``."""

    def value(found: "re.Match[str]") -> str:
        if found[1] == "resource":
            return "graphql" if path.rstrip("/").endswith("graphql") else "core"
        return str(int(now) + int(found[2] or 0))

    return re.sub(r"\{(now|resource)([+-]\d+)?\}", value, text)
