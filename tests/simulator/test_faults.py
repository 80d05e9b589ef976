"""Faults over a real socket: each goes wrong in its own way, as often as it should."""

import json
import time
from typing import Any

import pytest
import requests

from gitstars.simulator.faults import Faults, Rule
from tests.simulator.conftest import MakeHub
from tests.waiting import PATIENCE_SECONDS

LIST = "/repos/acme/engine/stargazers"


def test_a_status_comes_with_its_headers_and_body(make_hub: MakeHub) -> None:
    body = '{"message":"You have exceeded a secondary rate limit."}'
    hub = make_hub(
        rules=(
            Rule(
                match="GET */stargazers*page=2",
                effect="status",
                status=403,
                headers={"retry-after": "7"},
                body=body,
                times=1,
            ),
        )
    )

    answers = [hub.ask(f"{LIST}?per_page=9&page={page}") for page in (1, 2, 2)]

    assert [answer.status_code for answer in answers] == [200, 403, 200]
    assert (answers[1].headers["retry-after"], answers[1].text) == ("7", body)


@pytest.mark.parametrize(
    "rule", [{"effect": "drop"}, {"effect": "truncate"}, {"effect": "hang", "seconds": 0.2}]
)
def test_a_broken_connection_breaks(make_hub: MakeHub, rule: dict[str, Any]) -> None:
    hub = make_hub()
    hub.control("/rules", {"match": "GET *", "times": 1, **rule})

    started = time.monotonic()
    with pytest.raises(requests.RequestException):
        hub.ask(LIST)

    assert time.monotonic() - started >= rule.get("seconds", 0)
    assert hub.ask(LIST).status_code == 200
    assert [entry["status"] for entry in hub.github.world.asked] == [0, 200]


def test_a_truncated_answer_was_half_true(make_hub: MakeHub) -> None:
    hub = make_hub()
    whole = hub.ask(LIST).content
    hub.control("/rules", {"match": "GET *", "effect": "truncate"})

    answer = requests.get(
        hub.url + LIST,
        headers={"Authorization": "Bearer ghp_ann"},
        stream=True,
        timeout=PATIENCE_SECONDS,
    )
    pieces = b""
    is_cut = False
    try:
        for piece in answer.iter_content(1000):
            pieces += piece
    except requests.RequestException:
        is_cut = True

    assert is_cut
    assert 0 < len(pieces) <= len(whole) // 2
    assert whole.startswith(pieces)


def test_garbage_is_no_json(make_hub: MakeHub) -> None:
    hub = make_hub(rules=(Rule(match="*", effect="garbage"),))

    answer = hub.ask("/user")

    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_delay_only_delays(make_hub: MakeHub) -> None:
    answer = make_hub(rules=(Rule(match="*", effect="delay", seconds=0.15),)).ask("/user")

    assert (answer.status_code, answer.elapsed.total_seconds() >= 0.15) == (200, True)


def test_a_rule_may_be_about_one_token(make_hub: MakeHub) -> None:
    hub = make_hub(rules=(Rule(match="*", effect="status", status=401, token="ghp_bob"),))

    assert [hub.ask("/user", token=token).status_code for token in ("ghp_ann", "ghp_bob")] == [
        200,
        401,
    ]


def test_an_alias_goes_wrong_alone(make_hub: MakeHub) -> None:
    rule = Rule(
        match="ALIAS acme/par*", effect="alias", body='{"type":null,"message":"timedout"}', times=1
    )
    hub = make_hub(rules=(rule,))
    asked = (
        '{a:repository(owner:"acme",name:"engine"){name} b:repository(owner:"acme",'
        'name:"parser"){name}}'
    )

    first, second = hub.query(asked), hub.query(asked)

    assert first["data"] == {"a": {"name": "engine"}, "b": None}
    assert first["errors"] == [{"type": None, "message": "timedout", "path": ["b"]}]
    assert second["data"]["b"] == {"name": "parser"}


def test_the_nth_request_alone_goes_wrong() -> None:
    faults = Faults([Rule(match="GET /a*", effect="drop", skip=2, times=1)])

    hit = [faults.find(f"GET /{path}", "") is not None for path in "aabaaa"]

    assert hit == [False, False, False, True, False, False]


def test_chance_is_the_same_for_the_same_seed_and_about_right() -> None:
    runs = []
    for _ in range(2):
        faults = Faults([Rule(match="*", effect="drop", probability=0.2)], seed=5)
        runs.append([faults.find("GET /", "") is not None for _ in range(2000)])

    assert runs[0] == runs[1]
    assert 300 < sum(runs[0]) < 500


def test_the_scenarios_own_rules_are_not_used_up() -> None:
    rule = Rule(match="*", effect="drop", times=1)

    assert Faults([rule]).find("GET /", "") is not None
    assert Faults([rule]).find("GET /", "") is not None


def test_a_rule_that_does_not_apply_leaves_the_next_one_its_turn() -> None:
    faults = Faults([Rule(match="*", effect="drop", times=1), Rule(match="*", effect="garbage")])

    effects = [rule.effect for rule in (faults.find("GET /", ""), faults.find("GET /", "")) if rule]

    assert effects == ["drop", "garbage"]
