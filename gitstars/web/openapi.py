"""The description of the admin API in OpenAPI 3.1: its routes are those of ``routes``, its
schemas are generated from the values of ``api``.

A test holds every answer to it.
"""

import functools

import msgspec
from bottle import HTTPResponse

from gitstars import __version__, api
from gitstars.web.answers import HEADERS, read_query
from gitstars.web.routes import ROUTES, Json, Route

#: Where the schema of a value is found in the document.
REFERENCE = "#/components/schemas/{name}"

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
    503: "The database, or GitHub, does not answer; `Retry-After` tells when to try again.",
}
#: What a route answers that gives a file.
FILES: Json = {kind: {"schema": {"type": "string"}} for kind in ("text/csv", "application/jsonl")}
LOOK_ERRORS, DO_ERRORS = (401, 403, 405, 422), (400, 401, 403, 405, 408, 413, 415, 422)

EVENTS = (
    "What happens, as server-sent events: `event` is a dotted word such as `repo.completed`, "
    "`data` a JSON object with `at` and, where they apply, `repo`, `user`, `status` and `reason`. "
    "A comment comes at least every 15 seconds. A reader that is a thousand events behind loses "
    "the oldest ones."
)


@functools.cache
def describe_api() -> Json:
    """The document."""
    schemas = _generate_schemas()
    kinds = {route.query for route in ROUTES if route.query is not None}
    queries = {kind: schemas.pop(kind.__name__)["properties"] for kind in kinds}
    paths: dict[str, Json] = {}
    for route in ROUTES:
        fields = queries[route.query] if route.query is not None else {}
        paths.setdefault(route.path, {})[route.method] = _describe(route, fields)
    paths["/events"] = {"get": _describe_events()}
    paths["/openapi.json"] = {"get": _describe_document()}
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
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "The admin key."}
            },
        },
    }


def answer_description() -> HTTPResponse:
    """The document, as an answer."""
    read_query(api.Nothing)
    body = msgspec.json.encode(describe_api())
    return HTTPResponse(body, 200, {**HEADERS, "Content-Type": "application/json"})


def _generate_schemas() -> dict[str, Json]:
    """The schema of every value that a route takes or answers, and of what these hold."""
    kinds = [
        kind
        for route in ROUTES
        for kind in (route.answer, route.query, route.body)
        if kind is not None
    ]
    _, schemas = msgspec.json.schema_components([api.Error, *kinds], ref_template=REFERENCE)
    for schema in schemas.values():
        if "description" in schema:
            schema["description"] = " ".join(schema["description"].split())
    return schemas


def _describe(route: Route, fields: Json) -> Json:
    """One operation; ``fields`` are the schemas of its query's values by name."""
    parameters = [] if route.named is None else [route.named]
    parameters += [_parameter(name, schema) for name, schema in fields.items()]
    content = FILES if route.answer is None else _content(route.answer)
    good = {"description": route.summary, "content": content}
    usual = LOOK_ERRORS if route.method == "get" else DO_ERRORS
    described: Json = {
        "summary": route.summary,
        "parameters": parameters,
        "responses": {str(route.status): good, **_errors((*usual, *route.errors))},
    }
    if route.body is not None:
        described["requestBody"] = {"required": False, "content": _content(route.body)}
    return described


def _parameter(name: str, schema: Json) -> Json:
    rest = {key: value for key, value in schema.items() if key != "description"}
    told = {"description": schema["description"]} if "description" in schema else {}
    return {"name": name, "in": "query", "schema": rest, **told}


def _describe_events() -> Json:
    stream = {"text/event-stream": {"schema": {"type": "string"}}}
    return {
        "summary": "What happens, as it happens",
        "parameters": [],
        "responses": {
            "200": {"description": EVENTS, "content": stream},
            **_errors((*LOOK_ERRORS, 503)),
        },
    }


def _describe_document() -> Json:
    schema = {"type": "object", "required": ["openapi", "info", "paths", "components"]}
    good = {"description": "This document", "content": {"application/json": {"schema": schema}}}
    return {
        "summary": "This document",
        "parameters": [],
        "responses": {"200": good, **_errors(LOOK_ERRORS)},
        "security": [],
    }


def _errors(numbers: tuple[int, ...]) -> Json:
    return {
        str(number): {"description": ERRORS[number], "content": _content(api.Error)}
        for number in sorted(numbers)
    }


def _content(kind: type[msgspec.Struct]) -> Json:
    return {"application/json": {"schema": {"$ref": REFERENCE.format(name=kind.__name__)}}}
