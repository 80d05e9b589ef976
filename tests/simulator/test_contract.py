"""What is answered has the shapes that GitHub publishes: its REST schemas, and its GraphQL
schema for queries and answers.
"""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLSchema,
    build_schema,
    execute_sync,
    get_named_type,
    is_leaf_type,
    parse,
    validate,
)
from jsonschema import Draft202012Validator

from gitstars.fetch.graphql import (
    GraphAsk,
    build_counts_query,
    build_starred_query,
    build_stars_query,
)
from gitstars.simulator.graph_query import FIELDS
from gitstars.simulator.scenario import SimAccount, SimRepository
from tests.simulator.conftest import STAR_MEDIA, MakeHub

CONTRACT = Path(__file__).parents[1] / "contract"
REST = json.loads((CONTRACT / "github-rest-schemas.json").read_text())
PLACE = SimRepository(id=10, full_name="acme/engine", stars=250, ghost_every=9)
OWNER = SimAccount(
    user_id=3, login="eve", token="t", scopes=("repo",), kind="classic", starred=(10,), owned=(10,)
)


@pytest.fixture(scope="session")
def schema() -> GraphQLSchema:
    """GitHub's own GraphQL schema."""
    return build_schema(
        gzip.decompress((CONTRACT / "github-graphql-schema.graphql.gz").read_bytes()).decode(),
        assume_valid=True,
    )


def problems(schema: dict[str, Any], value: Any) -> list[str]:
    """Where a payload is none of its schema."""
    validator = Draft202012Validator({**schema, "components": REST["components"]})
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def schema_named(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize(
    ("path", "media", "route"),
    [
        ("/repos/acme/engine", "", "/repos/{owner}/{repo}"),
        ("/repositories/10", "", "/repos/{owner}/{repo}"),
        ("/repos/acme/engine/stargazers", STAR_MEDIA, "/repos/{owner}/{repo}/stargazers"),
        ("/repos/acme/engine/stargazers/count", "", "/repos/{owner}/{repo}/stargazers/count"),
        ("/user", "", "/user"),
        ("/user/repos", "", "/user/repos"),
        ("/user/starred", "", "/user/starred"),
        ("/user/starred", STAR_MEDIA, "/user/starred star"),
        ("/users/eve", "", "/users/{username}"),
        ("/users/eve/starred", STAR_MEDIA, "/users/{username}/starred"),
        ("/rate_limit", "", "/rate_limit"),
    ],
)
def test_a_rest_payload_has_its_published_shape(
    make_hub: MakeHub, path: str, media: str, route: str
) -> None:
    payload = make_hub(PLACE, accounts=(OWNER,)).read(
        path, token="t", headers={"Accept": media} if media else {}
    )

    assert payload
    assert problems(REST["routes"][route], payload) == []


def test_the_schemas_would_notice_a_missing_field(make_hub: MakeHub) -> None:
    payload = make_hub(PLACE, accounts=(OWNER,)).read("/repos/acme/engine", token="t")

    del payload["stargazers_count"]

    assert problems(REST["routes"]["/repos/{owner}/{repo}"], payload)


def test_plain_and_dated_stargazers_are_what_their_media_types_promise(make_hub: MakeHub) -> None:
    hub = make_hub(SimRepository(id=10, full_name="acme/engine", stars=100), accounts=(OWNER,))
    path = "/repos/acme/engine/stargazers?per_page=100"

    plain, dated = (
        hub.read(path, token="t"),
        hub.read(path, token="t", headers={"Accept": STAR_MEDIA}),
    )

    assert problems({"type": "array", "items": schema_named("simple-user")}, plain) == []
    assert problems({"type": "array", "items": schema_named("stargazer")}, dated) == []


#: A week of the history, whose schema GitHub does not publish.
WEEK = {
    "type": "object",
    "required": ["week", "total", "days"],
    "additionalProperties": False,
    "properties": {
        "week": {"type": "integer", "multipleOf": 86_400},
        "total": {"type": "integer", "minimum": 0},
        "days": {
            "type": "array",
            "items": {"type": "integer", "minimum": 0},
            "minItems": 7,
            "maxItems": 7,
        },
    },
}


@pytest.mark.parametrize("token", ["t", None])
def test_a_history_has_the_shape_that_was_measured(make_hub: MakeHub, token: str | None) -> None:
    answer = make_hub(PLACE, accounts=(OWNER,)).ask(
        "/repos/acme/engine/stargazers/history?per_page=30&page=1", token=token
    )

    assert len(answer.json()) == 30
    assert problems({"type": "array", "items": WEEK}, answer.json()) == []
    assert set(answer.links) == {"next", "last"}
    assert all("/repositories/10/stargazers/history" in v["url"] for v in answer.links.values())


@pytest.mark.parametrize(
    "face", ["usual", "permission", "integration", "token", "not_found", "graph_null_repository"]
)
def test_a_refusal_has_the_published_shape_in_every_face(
    make_hub: MakeHub, schema: GraphQLSchema, face: str
) -> None:
    stranger = SimAccount(user_id=4, login="bob", token="b")
    hub = make_hub(PLACE, accounts=(stranger,), face=face)
    query = build_stars_query([GraphAsk("acme/engine", 100)])
    variables: dict[str, Any] = dict(query.variables)

    answer = hub.ask("/repos/acme/engine/stargazers", token="b")
    body = hub.query(query.text, "b", **variables)

    assert answer.status_code in (403, 404)
    assert problems(schema_named("basic-error"), answer.json()) == []
    if face == "usual":
        assert shape(schema, query.text, variables, body["data"]) == []
    else:
        assert [error["type"] for error in body["errors"]] == ["FORBIDDEN"]


@pytest.mark.parametrize(
    ("path", "token", "kind"),
    [
        ("/nothing", "t", "basic-error"),
        ("/repos/acme/engine/stargazers", None, "basic-error"),
        ("/repos/acme/engine/stargazers/history?page=101", "t", "validation-error"),
        ("/user", "wrong", "basic-error"),
        ("/repos/old/motor", "t", "basic-error"),
        ("/repos/acme/engine/stargazers?page=401", "t", "validation-error"),
        ("/user/repos?affiliation=x", "t", "validation-error"),
    ],
)
def test_an_error_has_its_published_shape(
    make_hub: MakeHub, path: str, token: str | None, kind: str
) -> None:
    place = SimRepository(id=10, full_name="acme/engine", stars=5, renamed_from="old/motor")

    answer = make_hub(place, accounts=(OWNER,)).ask(path, token=token)

    assert answer.status_code >= 300
    assert {"message", "documentation_url"} <= set(answer.json())
    assert problems(schema_named(kind), answer.json()) == []


def shape(
    schema: GraphQLSchema, text: str, variables: dict[str, Any], data: dict[str, Any]
) -> list[str]:
    """What GitHub's schema has against ``data`` as the answer: wrong types, missing fields,
    nulls where none may be.
    """

    def read(source: Any, info: Any, **_: Any) -> Any:
        return source[info.path.key]

    told = execute_sync(
        schema,
        parse(text),
        data,
        variable_values=variables,
        field_resolver=read,
        # Owners, of which gitstars asks what a person and an organisation have in common.
        type_resolver=lambda value, *_: value.get("__typename", "User"),
    )
    found = [str(error) for error in told.errors or ()]
    return found if found or told.data == data else ["another answer than asked for"]


#: Queries beyond those that gitstars asks.
OTHER_QUERIES = (
    (
        "{viewer{login databaseId id url avatarUrl} rateLimit{limit cost remaining resetAt used "
        "nodeCount}}"
    ),
    '{repository(owner:"acme",name:"engine"){id databaseId name nameWithOwner url stargazerCount '
    "createdAt updatedAt pushedAt isPrivate "
    "isDisabled isArchived viewerPermission viewerHasStarred owner{__typename login url id} "
    "stargazers(last:9,orderBy:{field:STARRED_AT,direction:DESC}){totalCount "
    "pageInfo{startCursor endCursor hasNextPage hasPreviousPage} "
    "edges{cursor starredAt} }}}",
    (
        '{user(login:"eve"){login starredRepositories(last:9){totalCount isOverLimit '
        "pageInfo{startCursor endCursor hasNextPage hasPreviousPage} "
        "edges{cursor starredAt node{id}} nodes{primaryLanguage{id name color} description "
        "owner{avatarUrl}}}}}"
    ),
    (
        '{node(id:"R_10"){__typename id ... on Repository{stargazerCount}} '
        'nodes(ids:["R_10"]){__typename id}}'
    ),
)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        *(
            (query.text, dict(query.variables))
            for query in (build_counts_query(["acme/engine"] * 3), build_starred_query(None))
        ),
        *(
            (query.text, dict(query.variables))
            for query in (
                build_stars_query(
                    [GraphAsk("acme/engine", 100), GraphAsk("acme/engine", 30, None, True)]
                ),
            )
        ),
        *((text, {}) for text in OTHER_QUERIES),
    ],
)
def test_queries_and_their_answers_are_those_of_githubs_schema(
    make_hub: MakeHub, schema: GraphQLSchema, text: str, variables: dict[str, Any]
) -> None:
    hub = make_hub(SimRepository(id=10, full_name="acme/engine", stars=250), accounts=(OWNER,))

    body = hub.query(text, "t", **variables)

    assert validate(schema, parse(text)) == []
    assert "errors" not in body
    assert shape(schema, text, variables, body["data"]) == []


def test_the_schema_would_notice_a_wrong_answer(make_hub: MakeHub, schema: GraphQLSchema) -> None:
    text = '{repository(owner:"acme",name:"engine"){stargazerCount isPrivate}}'

    wrong = (
        {"repository": {"stargazerCount": "many", "isPrivate": False}},
        {"repository": {"stargazerCount": 1, "isPrivate": None}},
    )

    assert all(shape(schema, text, {}, data) for data in wrong)


@pytest.mark.parametrize("type_name", sorted(FIELDS))
def test_what_is_simulated_is_a_part_of_githubs_schema(
    schema: GraphQLSchema, type_name: str
) -> None:
    real = schema.type_map[type_name]

    for name, (leads_to, arguments) in FIELDS[type_name].items():
        field = real.fields[name]  # type: ignore[attr-defined]
        assert arguments <= set(field.args)
        assert leads_to is None or get_named_type(field.type).name == leads_to
        assert is_leaf_type(get_named_type(field.type)) == (leads_to is None)
