"""The description of the admin API in OpenAPI 3.1: its routes here, its shapes in ``schemas``.

A test holds every answer to it.
"""

from typing import Any, get_args

from gitstars import __version__
from gitstars.model import Status
from gitstars.web.schemas import BODIES, SCHEMAS
from gitstars.web.shapes import MOST_ROWS, USUAL_ROWS, Sort

ERRORS = {
    400: "The request, or its body, cannot be read.",
    401: "The admin key is missing or wrong.",
    403: (
        "The request comes from a page of another server, or names a host that this server is not."
    ),
    404: "No such repository, user or route.",
    405: "The route does not take this method; `Allow` tells which it takes.",
    408: "The body did not arrive in time.",
    409: "It contradicts the present state; the message says what to do.",
    413: "The body is larger than 64 KiB.",
    415: "The body is not JSON.",
    422: "A value is unknown, of the wrong type or out of range.",
    503: "The database does not answer; `Retry-After` tells when to try again.",
}
LOOK_ERRORS, DO_ERRORS = (401, 403, 405, 422), (400, 401, 403, 405, 408, 413, 415, 422)

NAME = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": (
        "A record id (`repo:⟨acme/engine⟩`), `owner/name` (its slash as such or as `%2F`), or "
        "the numeric GitHub id."
    ),
    "schema": {"type": "string"},
}
USER = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The numeric GitHub id of the user.",
    "schema": {"type": "integer"},
}


def describe_api() -> dict[str, Any]:
    """The document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "gitstars admin API",
            "version": __version__,
            "description": "Times are ISO 8601 in UTC. Every error has the shape of `Error`.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": _paths(),
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "The admin key."}
            },
        },
    }


def _paths() -> dict[str, Any]:
    return {
        "/stats": {
            "get": _look(
                "Health with its reasons, and all statistics",
                "Stats",
                [_query("history", {"type": "boolean"})],
                [503],
            )
        },
        "/stats/summary": {"get": _look("The numbers that matter most", "Summary", [], [503])},
        "/repos": {
            "get": _look("Repositories and their states", "Repositories", _repos_query(), [503])
        },
        "/repos/{id}": {
            "get": _look(
                "Everything known about a repository", "RepositoryDetails", [NAME], [404, 503]
            )
        },
        "/repos/{id}/reprocess": {
            "post": _do(
                "Collect a repository ahead of what waits",
                "Requested",
                202,
                "Force",
                [NAME],
                [404, 409, 503],
            ),
        },
        "/repos/{id}/reset": {
            "post": _do(
                "Forget its progress and errors; it begins anew",
                "Reset",
                200,
                "Nothing",
                [NAME],
                [404, 409, 503],
            )
        },
        "/workers": {"get": _look("The workers and what each is doing", "Workers", [], [503])},
        "/workers/scale": {
            "post": _do(
                "Set the number of workers, until told otherwise",
                "Scaled",
                200,
                "Scale",
                [],
                [409, 503],
            )
        },
        "/queue": {"get": _look("What waits", "Queue", [], [503])},
        "/queue/clear": {
            "post": _do(
                "Drop what waits; the database keeps it pending",
                "Cleared",
                200,
                "Nothing",
                [],
                [503],
            )
        },
        "/users/{id}/reprocess": {
            "post": _do(
                "Collect what stopped of a user's repositories, or all of them",
                "UserRequested",
                202,
                "Force",
                [USER],
                [404, 503],
            ),
        },
        "/accounts": {
            "get": _look(
                "Accounts: progress, access, budgets, and why one is out", "Accounts", [], [503]
            )
        },
        "/pause": {
            "post": _do(
                "Stop collecting at the next page; a restart does not end it",
                "Paused",
                200,
                "Nothing",
                [],
                [503],
            )
        },
        "/resume": {"post": _do("Go on after a pause", "Paused", 200, "Nothing", [], [503])},
        "/events": {"get": _events()},
        "/openapi.json": {"get": {**_look("This document", "Document", [], []), "security": []}},
    }


def _look(
    summary: str, schema: str, parameters: list[dict[str, Any]], errors: list[int]
) -> dict[str, Any]:
    return _operation(summary, schema, 200, parameters, (*LOOK_ERRORS, *errors))


def _do(
    summary: str,
    schema: str,
    status: int,
    body: str,
    parameters: list[dict[str, Any]],
    errors: list[int],
) -> dict[str, Any]:
    described = _operation(summary, schema, status, parameters, (*DO_ERRORS, *errors))
    return {
        **described,
        "requestBody": {
            "required": False,
            "content": {"application/json": {"schema": BODIES[body]}},
        },
    }


def _operation(
    summary: str,
    schema: str,
    status: int,
    parameters: list[dict[str, Any]],
    errors: tuple[int, ...],
) -> dict[str, Any]:
    good = {"description": summary, "content": _json(schema)}
    return {
        "summary": summary,
        "parameters": parameters,
        "responses": {str(status): good, **_errors(errors)},
    }


def _errors(numbers: tuple[int, ...]) -> dict[str, Any]:
    return {
        str(number): {"description": ERRORS[number], "content": _json("Error")}
        for number in sorted(numbers)
    }


def _events() -> dict[str, Any]:
    text = (
        "What happens, as server-sent events: `event` is a dotted word such as `repo.completed`, "
        "`data` a JSON object with `at` and, where "
        "they apply, `repo`, `user`, `status` and `reason`. A comment comes at least every 15 "
        "seconds. A reader that is a thousand "
        "events behind loses the oldest ones."
    )
    good = {"description": text, "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    return {
        "summary": "What happens, as it happens",
        "parameters": [],
        "responses": {"200": good, **_errors((*LOOK_ERRORS, 503))},
    }


def _repos_query() -> list[dict[str, Any]]:
    return [
        _query("status", {"enum": [str(status) for status in Status]}),
        _query("q", {"type": "string", "maxLength": 200}, "Part of the name, in any case."),
        _query(
            "sort",
            {"enum": list(get_args(Sort)), "default": "name"},
            "A minus turns the order round.",
        ),
        _query(
            "limit", {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": USUAL_ROWS}
        ),
        _query("offset", {"type": "integer", "minimum": 0, "default": 0}),
    ]


def _query(name: str, schema: dict[str, Any], description: str = "") -> dict[str, Any]:
    described = {"description": description} if description else {}
    return {"name": name, "in": "query", "schema": schema, **described}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
