"""Every route of the admin API, with good, bad, unauthorised, oversized and malformed calls;
each answer is held to the description.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import jsonschema
import pytest
from jsonschema.validators import Draft202012Validator

from gitstars.config import DatabaseConfig
from gitstars.web.openapi import describe_api
from tests.web.conftest import Answer, Caller, Serve, Served, start_served

DOCUMENT = describe_api()
ROUTES = [
    (method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods
]
LOOKING = [path for method, path in ROUTES if method == "GET"]
DOING = [path for method, path in ROUTES if method == "POST"]
ANSWERING = [path for path in LOOKING if path != "/events" and "/export/" not in path]


def close(schemas: dict[str, Any]) -> dict[str, Any]:
    """The schemas, with no other property than those that they name."""
    return {
        name: {**schema, "additionalProperties": False} if "properties" in schema else schema
        for name, schema in schemas.items()
    }


CLOSED = {"schemas": close(DOCUMENT["components"]["schemas"])}


def concrete(path: str) -> str:
    """A path that names something."""
    path = path.replace("/users/{id}/stars", "/users/ada/stars")
    for kind in ("users", "accounts"):
        path = path.replace(f"/{kind}/{{id}}", f"/{kind}/1")
    path = path.replace("/overlap", "/overlap?repos=acme/engine,acme/tools")
    return path.replace("{id}", "acme/engine")


def check(method: str, path: str, answer: Answer) -> Answer:
    """Hold an answer to the description of its route."""
    described = DOCUMENT["paths"][path][method.lower()]["responses"]
    assert str(answer.status) in described, (
        f"{method} {path} answered {answer.status}: {answer.raw!r}"
    )
    schema = described[str(answer.status)]["content"]["application/json"]["schema"]
    whole = {**schema, "components": CLOSED}
    Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(answer.json)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    return answer


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One gitstars for all calls that leave it as it is."""
    folder = tmp_path_factory.mktemp("shared")
    with start_served(DatabaseConfig(url=f"surrealkv://{folder}/stars.db")) as one:
        yield one


def test_the_description_is_valid_and_public(shared: Served) -> None:
    answer = Caller(shared.admin.port).get("/openapi.json")

    assert answer.json == DOCUMENT
    assert answer.json["openapi"].startswith("3.1")
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_of_the_description_leads_somewhere() -> None:
    names = re.findall(r"#/components/schemas/(\w+)", str(DOCUMENT))

    assert set(names) == set(DOCUMENT["components"]["schemas"])


def test_the_description_has_every_route_of_the_server(shared: Served) -> None:
    server = shared.app.servers[1]

    served = {
        (route.method, re.sub(r"<[^>]*>", "{id}", re.sub(r"<name:.*>(?=/|$)", "{id}", route.rule)))
        for route in server.app.routes
    }

    own = {("GET", "/"), ("GET", "/favicon.ico"), ("GET", "/static/{id}")}
    assert served - own == set(ROUTES)


@pytest.mark.parametrize("path", ANSWERING)
def test_a_good_question_is_answered_as_described(path: str, shared: Served) -> None:
    assert check("GET", path, shared.admin.get(concrete(path))).status == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/repos/{id}/reprocess", {"force": True}),
        ("/repos/{id}/reset", {}),
        ("/users/{id}/reprocess", {}),
        ("/users/{id}/reprocess", {"force": True}),
        ("/workers/scale", {"count": 3}),
        ("/workers/scale", {"min": 1, "max": 4}),
        ("/workers/scale", {"automatic": True}),
        ("/queue/clear", None),
        ("/pause", {}),
        ("/resume", None),
    ],
)
def test_a_good_wish_is_fulfilled_as_described(path: str, body: Any, served: Serve) -> None:
    running = served()

    assert check("POST", path, running.admin.post(concrete(path), body)).status in (200, 202)


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic YWJjOmRlZg=="},
        {"Authorization": "Bearer "},
    ],
)
def test_without_the_key_nothing_is_told(
    method: str, path: str, headers: dict[str, str], shared: Served
) -> None:
    if path == "/openapi.json":
        return
    answer = check(method, path, Caller(shared.admin.port)(method, concrete(path), **headers))

    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_another_method_is_refused_with_those_that_are_allowed(
    method: str, path: str, shared: Served
) -> None:
    answer = check(method, path, shared.admin("PATCH", concrete(path)))

    assert answer.status == 405
    allowed = sorted(allowed for allowed, other in ROUTES if other == path)
    assert answer.headers["allow"] == ",".join(allowed)


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example:8081"}, {"Origin": "http://evil.example"}, {"Origin": "null"}],
)
def test_a_call_by_the_page_of_another_server_is_refused(
    method: str, path: str, headers: dict[str, str], shared: Served
) -> None:
    assert check(method, path, shared.admin(method, concrete(path), **headers)).status == 403


@pytest.mark.parametrize("path", [path for path in ANSWERING if path != "/openapi.json"])
@pytest.mark.parametrize("query", ["?unknown=1", "?limit=1&limit=2&nothing=", "?%00=%ff"])
def test_a_query_that_is_not_known_is_refused(path: str, query: str, shared: Served) -> None:
    assert (
        check("GET", path, shared.admin.get(concrete(path).partition("?")[0] + query)).status == 422
    )


@pytest.mark.parametrize(
    "query",
    [
        "status=lost",
        "limit=0",
        "limit=501",
        "limit=many",
        "limit=1.5",
        "offset=-1",
        "sort=updated_at",
        "sort=",
        f"q={'x' * 201}",
        "limit=",
    ],
)
def test_a_list_is_not_asked_for_beyond_its_bounds(query: str, shared: Served) -> None:
    assert check("GET", "/repos", shared.admin.get(f"/repos?{query}")).status == 422


BODIES: dict[str, tuple[dict[str, Any], ...]] = {
    "/repos/{id}/reprocess": ({"force": "yes"}, {"force": 1}, {"forced": True}, {"force": None}),
    "/users/{id}/reprocess": ({"force": "yes"}, {"force": []}),
    "/workers/scale": (
        {},
        {"count": 0},
        {"count": 1001},
        {"count": "3"},
        {"count": 1.5},
        {"min": 2},
        {"min": 3, "max": 2},
        {"count": 2, "min": 1, "max": 3},
        {"automatic": False},
    ),
    "/accounts": (
        {},
        {"token": ""},
        {"token": 5},
        {"token": "x" * 5000},
        {"token": "hunter2"},
        {"token": "ghp_in two"},
        {"token": "ssh-ed25519 AAAA"},
    ),
    "/accounts/{id}/sync": (
        {"hours": 0},
        {"hours": 1000},
        {"hours": "6"},
        {"off": "yes"},
        {"hours": 6, "off": True},
    ),
}


WRONG_EVERYWHERE: tuple[Any, ...] = ({"unknown": 1}, [], 7, None)


@pytest.mark.parametrize(
    ("path", "body"),
    [(path, body) for path in DOING for body in (*BODIES.get(path, ()), *WRONG_EVERYWHERE)],
)
def test_a_wish_of_the_wrong_shape_is_refused(path: str, body: Any, shared: Served) -> None:
    if body is None:
        body = b"null"
    answer = check(
        "POST", path, shared.admin.post(concrete(path), body, Content_Type="application/json")
    )

    assert answer.status == 422


@pytest.mark.parametrize("path", DOING)
@pytest.mark.parametrize(
    "body",
    [b"{", b'{"force": tru', b"\xff\xfe", b'{"force": "\\ud800"}', b"[" * 20_000, b"NaN", b"{} {}"],
)
def test_a_malformed_body_is_refused(path: str, body: bytes, shared: Served) -> None:
    assert check(
        "POST", path, shared.admin.post(concrete(path), body, Content_Type="application/json")
    ).status in (400, 422)


@pytest.mark.parametrize("path", DOING)
def test_a_body_that_is_no_json_is_refused(path: str, shared: Served) -> None:
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ):
        assert (
            check("POST", path, shared.admin.post(concrete(path), b"{}", Content_Type=kind)).status
            == 415
        )


@pytest.mark.parametrize("path", DOING)
def test_an_oversized_body_is_refused(path: str, shared: Served) -> None:
    body = b'{"x": "' + b"x" * (64 * 1024) + b'"}'

    assert (
        check(
            "POST", path, shared.admin.post(concrete(path), body, Content_Type="application/json")
        ).status
        == 413
    )


@pytest.mark.parametrize("path", DOING)
def test_a_body_up_to_the_bound_is_read(path: str, shared: Served) -> None:
    body = b'{"unknown": "' + b"x" * (64 * 1024 - 15) + b'"}'
    assert len(body) == 64 * 1024

    assert (
        check(
            "POST", path, shared.admin.post(concrete(path), body, Content_Type="application/json")
        ).status
        == 422
    )


@pytest.mark.parametrize(
    "name",
    [
        "acme/nothing",
        "acme%2Fnothing",
        "999",
        "repo:none",
        "acme",
        "%20",
        "%27%20OR%20true",
        quote("⟨⟩", safe=""),
    ],
)
@pytest.mark.parametrize("path", ["/repos/{id}", "/repos/{id}/reprocess", "/repos/{id}/reset"])
def test_an_unknown_repository_is_told(path: str, name: str, shared: Served) -> None:
    method = "GET" if path == "/repos/{id}" else "POST"

    answer = check(method, path, shared.admin(method, path.replace("{id}", name)))

    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("user_id", ["77", "0", "-1", "9" * 40])
def test_an_unknown_user_is_told(user_id: str, shared: Served) -> None:
    assert (
        check(
            "POST", "/users/{id}/reprocess", shared.admin.post(f"/users/{user_id}/reprocess")
        ).status
        == 404
    )


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/stats/",
        "/users/ada/reprocess",
        "/repos//",
        "/static/../admin.py",
        "/static/%2e%2e/admin.py",
    ],
)
def test_an_unknown_route_is_told(path: str, shared: Served) -> None:
    answer = shared.admin.get(path)

    assert answer.status in (403, 404)
    assert set(answer.json) == {"error"}


def test_what_the_routes_cannot_fulfil_now_is_a_conflict(shared: Served) -> None:
    complete = check(
        "POST",
        "/repos/{id}/reprocess",
        shared.admin.post("/repos/acme/tools/reprocess", {"force": False}),
    )
    restricted = check(
        "POST",
        "/repos/{id}/reprocess",
        shared.admin.post(f"/repos/{quote('ünï/cöde.js')}/reprocess"),
    )

    assert (complete.status, restricted.status) == (409, 409)
    assert "force" in complete.json["error"]["message"]


@pytest.mark.parametrize(
    "name",
    [
        "acme/tools",
        "acme%2Ftools",
        "1001",
        "repo:acme/tools",
        quote("repo:⟨acme/tools⟩", safe=""),
        "ACME/Tools",
    ],
)
def test_a_repository_answers_to_all_its_names(name: str, shared: Served) -> None:
    known = check("GET", "/repos/{id}", shared.admin.get(f"/repos/{name}")).json

    assert (known["full_name"], known["github_id"], known["processed_stargazers"]) == (
        "acme/tools",
        1001,
        130,
    )
    assert {row["login"] for row in known["access"]} == {"ada"}


def test_a_repository_may_be_called_like_a_route(shared: Served) -> None:
    assert shared.admin.get("/repos/acme/reprocess").json["full_name"] == "acme/reprocess"


def test_the_list_is_read_part_by_part(shared: Served) -> None:
    first = check("GET", "/repos", shared.admin.get("/repos?limit=3"))
    second = check("GET", "/repos", shared.admin.get(first.json["next"]))

    assert first.headers["link"] == f'<{first.json["next"]}>; rel="next"'
    assert [len(first.json["repos"]), len(second.json["repos"])] == [3, 1]
    assert second.json["next"] is None
    names = [row["full_name"] for row in first.json["repos"] + second.json["repos"]]
    assert names == sorted(names)


def test_the_list_is_searched_and_ordered(shared: Served) -> None:
    def ask(query: str) -> list[str]:
        return [row["full_name"] for row in shared.admin.get(f"/repos?{query}").json["repos"]]

    assert ask("q=TOOL") == ["acme/tools"]
    assert ask("status=restricted") == ["ünï/cöde.js"]
    assert ask("sort=-stars&limit=1") == ["acme/tools"]
