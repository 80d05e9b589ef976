"""Ready-made faults over a real socket, and faults of one repository within a query."""

import json
import zlib

import pytest
import requests

from gitstars.simulator.faults import Faults, Rule
from gitstars.simulator.presets import PRESETS
from tests.simulator.conftest import Hub, MakeHub

LIST = "/repos/acme/engine/stargazers"
WHOLE = [name for name, fields in PRESETS.items() if "effect" not in fields]


def ask_graph(hub: Hub, first: int = 9, width: int = 2) -> requests.Response:
    """A query over acme/engine and further repositories."""
    names = ["engine", *["parser"] * (width - 1)]
    listed = " ".join(
        f'r{n}:repository(owner:"acme",name:"{name}"){{stargazerCount stargazers(first:{first})'
        "{totalCount edges{starredAt}}}"
        for n, name in enumerate(names)
    )
    return hub.ask("/graphql", "POST", json={"query": f"{{{listed}}}"})


@pytest.mark.parametrize("preset", WHOLE)
def test_a_preset_answers_as_it_says_and_goes_with_its_rule(make_hub: MakeHub, preset: str) -> None:
    hub = make_hub()
    hub.control("/rules", {"match": "*", "preset": preset})
    expected = PRESETS[preset]

    answers = [hub.ask(LIST), ask_graph(hub)]
    hub.control("/rules", method="DELETE")

    assert {answer.status_code for answer in answers} == {expected["status"]}
    assert all("{" + "now" not in str(answer.headers) for answer in answers)
    is_html = "html" in expected.get("headers", {}).get("Content-Type", "")
    assert {answer.text.startswith("<!DOCTYPE html>") for answer in answers} == {is_html}
    assert {"x-ratelimit-reset" in answer.headers for answer in answers} == {
        "x-ratelimit-reset" in expected.get("headers", {})
    }
    assert hub.ask(LIST).status_code == 200


@pytest.mark.parametrize(
    ("preset", "remaining", "seconds", "resources"),
    [
        ("limit", "0", 60, ["core", "graphql"]),
        ("limit_points_left", "4321", 1800, ["core", "graphql"]),
        ("limit_foreign_resource", "0", 1800, ["search", "search"]),
        ("limit_reset_past", "0", -60, ["core", "graphql"]),
        ("limit_reset_far", "0", 30 * 86_400, ["core", "graphql"]),
    ],
)
def test_a_limit_states_its_figures(
    make_hub: MakeHub, preset: str, remaining: str, seconds: int, resources: list[str]
) -> None:
    hub = make_hub(rules=(Rule(match="*", preset=preset),))

    answers = [hub.ask(LIST), ask_graph(hub)]

    asked_at = [entry["at"] for entry in hub.github.world.asked]
    assert [answer.headers["x-ratelimit-resource"] for answer in answers] == resources
    assert {answer.headers["x-ratelimit-remaining"] for answer in answers} == {remaining}
    for answer, at in zip(answers, asked_at, strict=True):
        assert int(answer.headers["x-ratelimit-reset"]) == int(at) + seconds


def test_a_rule_fills_in_only_what_it_leaves_out() -> None:
    rule = Rule(match="*", preset="proxy_login", status=511, times=2)

    assert (rule.status, rule.times) == (511, 2)
    assert rule.headers["Proxy-Authenticate"]
    with pytest.raises(ValueError, match="there is no preset fire"):
        Rule(match="*", preset="fire")


def test_a_fault_may_last_for_some_time() -> None:
    moments = iter([10.0, 10.0, 14.9, 15.1, 60.0])
    faults = Faults(
        [Rule(match="GET *", preset="unauthorised", for_seconds=5)], now=lambda: next(moments)
    )

    hit = [faults.find("GET /user", "") is not None for _ in range(4)]

    assert hit == [True, True, False, False]


@pytest.mark.parametrize("token", [None, "ghp_bob"])
def test_a_401_may_be_for_everybody_or_for_one(make_hub: MakeHub, token: str | None) -> None:
    hub = make_hub()
    hub.control("/rules", {"match": "*", "preset": "unauthorised", "token": token})

    statuses = [hub.ask("/user", token=name).status_code for name in ("ghp_ann", "ghp_bob")]

    assert statuses == [200 if token else 401, 401]


@pytest.mark.parametrize(
    ("above", "asked", "is_cut"),
    [
        ({"above_first": 25}, (26, 2), True),
        ({"above_first": 25}, (25, 2), False),
        ({"above_width": 3}, (9, 4), True),
        ({"above_width": 3}, (9, 3), False),
        ({}, (1, 1), True),
    ],
)
def test_one_list_cuts_the_whole_query_above_a_size(
    make_hub: MakeHub, above: dict[str, int], asked: tuple[int, int], is_cut: bool
) -> None:
    hub = make_hub(rules=(Rule(match="ALIAS acme/engine", preset="cut", **above),))  # type: ignore[arg-type]

    answer = ask_graph(hub, *asked)

    assert answer.status_code == (502 if is_cut else 200)
    assert answer.headers["x-ratelimit-used"] == "1"
    assert hub.ask(LIST).status_code == 200


def test_resource_limits_take_one_alias_and_leave_the_others(make_hub: MakeHub) -> None:
    hub = make_hub(rules=(Rule(match="ALIAS acme/engine", preset="resource_limits"),))

    body = ask_graph(hub).json()

    assert [error["type"] for error in body["errors"]] == ["RESOURCE_LIMITS_EXCEEDED"]
    assert body["data"]["r0"] is None
    assert body["data"]["r1"]["stargazers"]["totalCount"] == 30


def test_a_list_may_be_withheld_from_people_who_may_read_it(make_hub: MakeHub) -> None:
    hub = make_hub(rules=(Rule(match="ALIAS acme/engine", preset="withheld", times=1),))

    first, second = ask_graph(hub).json(), ask_graph(hub).json()

    assert first["data"]["r0"] == {
        "stargazerCount": 250,
        "stargazers": {"totalCount": 0, "edges": []},
    }
    assert first["data"]["r1"]["stargazers"]["totalCount"] == 30
    assert "errors" not in first
    assert second["data"]["r0"]["stargazers"]["totalCount"] == 250


@pytest.mark.parametrize(
    ("preset", "starts"),
    [
        ("poison_null", "null"),
        ("poison_data_null", '{"data":null}'),
        ("poison_garbage", '{"data":{"r0":\x01'),
        ("poison_nesting", '{"data":[[[['),
    ],
)
def test_one_repository_may_poison_the_whole_answer(
    make_hub: MakeHub, preset: str, starts: str
) -> None:
    hub = make_hub(rules=(Rule(match="ALIAS acme/engine", preset=preset),))

    answer = ask_graph(hub)

    assert answer.status_code == 200
    assert answer.text.startswith(starts)


def test_an_alias_may_have_an_odd_value(make_hub: MakeHub) -> None:
    hub = make_hub(rules=(Rule(match="ALIAS acme/engine", preset="odd_value"),))

    data = ask_graph(hub).json()["data"]

    assert data["r0"] == json.loads(PRESETS["odd_value"]["body"])
    assert data["r1"]["stargazerCount"] == 30


def test_an_endless_body_goes_on_until_the_client_has_enough(make_hub: MakeHub) -> None:
    hub = make_hub(rules=(Rule(match="GET /user", effect="endless_body", megabytes=10_000),))

    answer = requests.get(
        f"{hub.url}/user", headers={"Authorization": "Bearer ghp_ann"}, stream=True, timeout=5
    )
    read = sum(len(answer.raw.read(100_000)) for _ in range(30))
    answer.close()

    assert read > 2_000_000
    assert hub.ask("/rate_limit").status_code == 200


def test_endless_headers_come_to_no_end(make_hub: MakeHub) -> None:
    hub = make_hub(rules=(Rule(match="GET /user", effect="endless_headers"),))

    with pytest.raises(requests.RequestException):
        hub.ask("/user")

    assert hub.ask("/rate_limit").status_code == 200


def test_a_bomb_is_small_on_the_wire_and_large_when_unpacked(make_hub: MakeHub) -> None:
    hub = make_hub(rules=(Rule(match="GET /user", effect="gzip_bomb", megabytes=5),))

    answer = requests.get(
        f"{hub.url}/user", headers={"Authorization": "Bearer ghp_ann"}, stream=True, timeout=5
    )
    packed = b"".join(answer.raw.stream(100_000, decode_content=False))

    assert len(packed) < 50_000
    assert len(zlib.decompress(packed, 31)) == 5_000_004
