"""GraphQL over a real socket: cursors from both ends, errors by alias, costs, and the query's
own mistakes.
"""

from collections.abc import Callable
from typing import Any

import pytest

from gitstars.simulator.scenario import Scenario, SimAccount, SimLimits, SimRepository
from gitstars.simulator.truth import truth
from tests.simulator.conftest import Hub, MakeHub

ENGINE = SimRepository(
    id=10, full_name="acme/engine", stars=457, ghost_every=20, unstarred=(0, 3, 456)
)
PAGE = (
    "totalCount pageInfo{startCursor endCursor hasNextPage hasPreviousPage} edges{cursor "
    "starredAt node{databaseId login avatarUrl url}}"
)
WALK = f"""query($first:Int,$last:Int,$after:String,$before:String,$way:OrderDirection!){{
  repository(owner:"acme",name:"engine"){{
  stargazers(first:$first,last:$last,after:$after,before:$before,orderBy:{{field:STARRED_AT,direction:$way}}){{{PAGE}}}
}}}}"""


def page(hub: Hub, way: str = "ASC", **variables: Any) -> dict[str, Any]:
    body = hub.query(WALK, **{"way": way, **variables})
    assert "errors" not in body, body
    listed: dict[str, Any] = body["data"]["repository"]["stargazers"]
    return listed


def walk(
    hub: Hub, way: str, is_backwards: bool, between: Callable[[int], None] = lambda number: None
) -> list[dict[str, Any]]:
    """All edges in their order, read by ``first``/``after`` or from the end by
    ``last``/``before``.
    """
    edges: list[dict[str, Any]] = []
    cursor, number = None, 0
    while True:
        between(number)
        number += 1
        if is_backwards:
            told = page(hub, way, last=100, before=cursor)
            edges = told["edges"] + edges
            more, cursor = told["pageInfo"]["hasPreviousPage"], told["pageInfo"]["startCursor"]
        else:
            told = page(hub, way, first=100, after=cursor)
            edges += told["edges"]
            more, cursor = told["pageInfo"]["hasNextPage"], told["pageInfo"]["endCursor"]
        if not more:
            return edges


@pytest.mark.parametrize("way", ["ASC", "DESC"])
@pytest.mark.parametrize("is_backwards", [False, True])
def test_walking_from_either_end_reads_the_truth(
    make_hub: MakeHub, scenario: Callable[..., Scenario], way: str, is_backwards: bool
) -> None:
    edges = walk(make_hub(ENGINE), way, is_backwards)

    read = [
        (edge["node"]["databaseId"], edge["node"]["login"], edge["starredAt"])
        for edge in edges
        if edge["node"]
    ]
    expected = list(truth(scenario(ENGINE))["acme/engine"])
    assert read == (expected if way == "ASC" else expected[::-1])
    assert len(edges) == 454
    assert sum(edge["node"] is None for edge in edges) == 22


@pytest.mark.parametrize("way", ["ASC", "DESC"])
def test_cursors_keep_their_place_while_stars_come_and_go(make_hub: MakeHub, way: str) -> None:
    hub = make_hub(SimRepository(id=10, full_name="acme/engine", stars=400))
    before = {edge["cursor"] for edge in walk(hub, way, False)}

    def change(number: int) -> None:
        hub.control("/repositories/10", {"grow": 3, "unstar": [number, 399 - number]})

    cursors = [edge["cursor"] for edge in walk(hub, way, False, change)]

    assert len(cursors) == len(set(cursors))
    left = {edge["cursor"] for edge in walk(hub, way, False)}
    assert before & left <= set(cursors)


def test_a_window_between_two_cursors(make_hub: MakeHub) -> None:
    hub = make_hub(ENGINE)
    cursors = [edge["cursor"] for edge in page(hub, first=50)["edges"]]

    inside = page(hub, first=100, after=cursors[9], before=cursors[20])

    assert [edge["cursor"] for edge in inside["edges"]] == cursors[10:20]
    assert inside["pageInfo"]["hasNextPage"] is inside["pageInfo"]["hasPreviousPage"] is True


def test_an_empty_repository_has_an_empty_page(make_hub: MakeHub) -> None:
    told = page(make_hub(SimRepository(id=10, full_name="acme/engine", stars=0)), first=100)

    info = {"startCursor": None, "endCursor": None, "hasNextPage": False, "hasPreviousPage": False}
    assert told == {"totalCount": 0, "pageInfo": info, "edges": []}


def test_one_bad_alias_spoils_no_other(make_hub: MakeHub) -> None:
    hub = make_hub(
        ENGINE,
        SimRepository(id=11, full_name="acme/gone", stars=5, fate="deleted"),
        SimRepository(id=12, full_name="acme/blocked", stars=5, fate="blocked"),
        SimRepository(id=13, full_name="acme/secret", stars=5, private=True),
        SimRepository(id=14, full_name="acme/new", stars=5, renamed_from="acme/old"),
        SimRepository(id=15, full_name="acme/disabled", stars=5, fate="disabled"),
    )
    names = ("engine", "gone", "blocked", "secret", "old", "disabled", "never")
    fields = "databaseId nameWithOwner stargazerCount isDisabled stargazers(first:1){totalCount}"

    body = hub.query(
        "{"
        + " ".join(f'{name}:repository(owner:"acme",name:"{name}"){{{fields}}}' for name in names)
        + "}",
        "ghp_bob",
    )

    data = body["data"]
    assert {error["path"][0]: error["type"] for error in body["errors"]} == {
        "gone": "NOT_FOUND",
        "blocked": "FORBIDDEN",
        "secret": "NOT_FOUND",
        "never": "NOT_FOUND",
    }
    assert {name for name, value in data.items() if value is None} == {
        "gone",
        "blocked",
        "secret",
        "never",
    }
    assert (
        data["engine"]["stargazerCount"],
        data["old"]["nameWithOwner"],
        data["disabled"]["isDisabled"],
    ) == (454, "acme/new", True)


@pytest.mark.parametrize(
    ("face", "is_repository_null", "words"),
    [
        ("permission", False, "permission"),
        ("token", False, "personal access token"),
        ("integration", False, "integration"),
        ("not_found", False, "permission"),
        ("graph_null_repository", True, "permission"),
        ("empty", False, 250),
        ("usual", False, 0),
    ],
)
def test_a_stranger_is_refused_within_the_answer(
    make_hub: MakeHub, face: str, is_repository_null: bool, words: str | int
) -> None:
    hub = make_hub(face=face)
    asked = (
        '{a:repository(owner:"acme",name:"engine"){stargazerCount stargazers(first:9){totalCount '
        "edges{starredAt}}} viewer{login}}"
    )

    body = hub.query(asked, "ghp_bob")

    assert body["data"]["viewer"] == {"login": "bob"}
    if isinstance(words, int):
        assert body["data"]["a"] == {
            "stargazerCount": 250,
            "stargazers": {"totalCount": words, "edges": []},
        }
        assert "errors" not in body
    else:
        (error,) = body["errors"]
        assert (error["type"], error["path"]) == ("FORBIDDEN", ["a", "stargazers"])
        assert words in error["message"]
        assert body["data"]["a"] == (
            None if is_repository_null else {"stargazerCount": 250, "stargazers": None}
        )
    assert len(hub.query(asked)["data"]["a"]["stargazers"]["edges"]) == 9
    assert len(hub.query(asked, "ghp_bob", "/api/graphql")["data"]["a"]["stargazers"]["edges"]) == 9


@pytest.mark.parametrize(("face", "told"), [("token", None), ("usual", {"totalCount": 0})])
def test_totals_are_refused_too_and_the_count_is_not(
    make_hub: MakeHub, face: str, told: Any
) -> None:
    hub = make_hub(face=face)

    body = hub.query(
        '{repository(owner:"acme",name:"engine"){stargazerCount stargazers{totalCount}}}', "ghp_bob"
    )

    assert body["data"]["repository"] == {"stargazerCount": 250, "stargazers": told}
    assert [error["type"] for error in body.get("errors", ())] == ([] if told else ["FORBIDDEN"])


def test_repositories_by_node_id(make_hub: MakeHub) -> None:
    hub = make_hub()
    text = (
        "query($ids:[ID!]!){nodes(ids:$ids){__typename ...on Repository{databaseId ...names}} "
        "node(id:$one){id}}"
    )
    text = (
        text.replace("$ids:[ID!]!", "$ids:[ID!]!,$one:ID!")
        + " fragment names on Repository{name owner{login}}"
    )

    body = hub.query(text, ids=["R_11", "nonsense", "R_10"], one="R_10")

    assert [entry and (entry["databaseId"], entry["name"]) for entry in body["data"]["nodes"]] == [
        (11, "parser"),
        None,
        (10, "engine"),
    ]
    assert body["data"]["node"] == {"id": "R_10"}
    assert [(error["type"], error["path"]) for error in body["errors"]] == [
        ("NOT_FOUND", ["nodes", 1])
    ]


def test_what_the_viewer_may_do_is_told(make_hub: MakeHub) -> None:
    owner = SimAccount(user_id=3, login="eve", token="t", owned=(10,), collaborates=(11,))
    hub = make_hub(accounts=(owner,))
    asked = (
        '{a:repository(owner:"acme",name:"engine"){viewerPermission} b:repository(owner:"acme",'
        'name:"parser"){viewerPermission}}'
    )

    data = hub.query(asked, "t")["data"]

    assert (data["a"]["viewerPermission"], data["b"]["viewerPermission"]) == ("ADMIN", "WRITE")


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ("", "MISSING_PAGINATION_BOUNDARIES"),
        ("(first:101)", "EXCESSIVE_PAGINATION"),
        ("(last:-1)", "EXCESSIVE_PAGINATION"),
        ('(first:1,after:"abc")', "INVALID_CURSOR_ARGUMENTS"),
        ('(first:1,before:"Y3Vyc29yOnYxOjk=")', "INVALID_CURSOR_ARGUMENTS"),
    ],
)
def test_a_connection_asked_for_wrongly_says_so(
    make_hub: MakeHub, arguments: str, kind: str
) -> None:
    body = make_hub().query(
        f'{{repository(owner:"acme",name:"engine"){{stargazers{arguments}{{edges{{cursor}}}}}}}}'
    )

    assert [error["type"] for error in body["errors"]] == [kind]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Syntax Error"),
        ("{", "Syntax Error"),
        ("{viewer{login}} {viewer{login}}", "Exactly one"),
        ("mutation{addStar(input:{}){clientMutationId}}", "Exactly one"),
        ("{viewer}", "must have selections"),
        ("{viewer{login{x}}}", "must not have selections"),
        ("{stars}", "Field 'stars' doesn't exist on type 'Query'"),
        (
            '{repository(owner:"a",name:"b"){starCount}}',
            "Field 'starCount' doesn't exist on type 'Repository'",
        ),
        ('{repository(id:"a"){name}}', "doesn't accept argument 'id'"),
        ("{viewer{...x}}", "Fragment x"),
        ("{viewer{...x}} fragment x on User{...x}", "Fragment x"),
        ("query($n:Int!){viewer{login}}", "$n"),
        ("{" * 5000, ""),
        ("{a" * 5000 + "}" * 5000, ""),
    ],
)
def test_a_query_that_is_none_is_an_error_of_the_whole(
    make_hub: MakeHub, text: str, words: str
) -> None:
    body = make_hub().query(text)

    assert "data" not in body
    assert words in body["errors"][0]["message"]


def test_an_undefined_field_has_its_code(make_hub: MakeHub) -> None:
    (error,) = make_hub().query("{viewer{login surname}}")["errors"]

    assert error["extensions"] == {
        "code": "undefinedField",
        "typeName": "User",
        "fieldName": "surname",
    }
    assert error["locations"] == [{"line": 1, "column": 15}]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b'{"query": 1}',
        b'{"query": "{viewer{login}}", "variables": 5}',
        b"\xff\xfe",
    ],
)
def test_a_body_that_is_no_query_is_refused(make_hub: MakeHub, body: bytes) -> None:
    answer = make_hub().ask("/graphql", "POST", data=body)

    assert answer.status_code == 400
    assert "Problems parsing JSON" in answer.json()["message"]


@pytest.mark.parametrize(
    ("lists", "cost"), [(0, 1), (1, 1), (20, 1), (149, 1), (151, 2), (240, 2), (260, 3)]
)
def test_the_cost_is_the_hundredth_part_of_the_lists(
    make_hub: MakeHub, lists: int, cost: int
) -> None:
    hub = make_hub()
    listed = "".join(
        f'r{n}:repository(owner:"acme",name:"parser"){{stargazers(first:1){{totalCount}}}}'
        for n in range(lists)
    )

    answer = hub.query(f"{{rateLimit{{cost remaining limit used resetAt}} {listed}}}")["data"][
        "rateLimit"
    ]

    assert (answer["cost"], answer["remaining"], answer["used"]) == (cost, 5000 - cost, cost)


def test_too_many_nodes_are_refused(make_hub: MakeHub) -> None:
    listed = "".join(
        f'r{n}:repository(owner:"acme",name:"parser"){{stargazers(first:100){{totalCount}}}}'
        for n in range(5001)
    )

    body = make_hub().query(f"{{{listed}}}")

    assert body["errors"][0]["type"] == "MAX_NODE_LIMIT_EXCEEDED"


@pytest.mark.parametrize(("cut", "status"), [("502", 502), ("timedout", 200)])
def test_a_query_that_takes_too_long_is_cut(make_hub: MakeHub, cut: str, status: int) -> None:
    limits = SimLimits(alias_seconds=0.02, query_cut_seconds=0.05, query_cut=cut)  # type: ignore[arg-type]
    hub = make_hub(limits=limits)

    def ask(width: int) -> Any:
        listed = "".join(
            f'r{n}:repository(owner:"acme",name:"parser"){{stargazers(first:1){{totalCount}}}}'
            for n in range(width)
        )
        return hub.ask("/graphql", "POST", json={"query": f"{{{listed}}}"})

    wide, narrow = ask(3), ask(2)

    assert wide.status_code == status
    assert ("timedout" in wide.text) == (cut == "timedout")
    assert wide.elapsed.total_seconds() >= 0.05
    assert narrow.json()["data"]["r1"]["stargazers"]["totalCount"] == 30


def test_an_enterprise_server_has_no_rate_limit(make_hub: MakeHub) -> None:
    body = make_hub().query("{rateLimit{cost} viewer{login}}", path="/api/graphql")

    assert body == {"data": {"rateLimit": None, "viewer": {"login": "ann"}}}


def test_variables_have_their_defaults(make_hub: MakeHub) -> None:
    text = (
        'query($first:Int=7){repository(owner:"acme",'
        'name:"engine"){stargazers(first:$first){nodes{login}}}}'
    )
    hub = make_hub()

    default, given = hub.query(text), hub.query(text, first=3)

    assert [
        len(body["data"]["repository"]["stargazers"]["nodes"]) for body in (default, given)
    ] == [7, 3]


def test_a_server_may_lack_graphql(make_hub: MakeHub) -> None:
    assert (
        make_hub(has_graphql=False)
        .ask("/graphql", "POST", json={"query": "{viewer{login}}"})
        .status_code
        == 404
    )
