"""The control routes change a running GitHub, and tell what was asked of it."""

from typing import Any

import pytest

from gitstars.simulator.world import LOG_BOUND
from tests.simulator.conftest import STAR_MEDIA, MakeHub

LIST = "/repos/acme/engine/stargazers"


def test_stars_come_and_go_and_the_truth_tells(make_hub: MakeHub) -> None:
    hub = make_hub()
    before = hub.control("/truth/11", method="GET")["stars"]

    told = hub.control("/repositories/11", {"grow": 4, "unstar": [0, 2, 999]})

    after = hub.control("/truth/11", method="GET")["stars"]
    assert told == {"stars": 32, "full_name": "acme/parser"}
    assert after[:28] == [star for number, star in enumerate(before) if number not in (0, 2)]
    assert len(after) == 32
    assert after[-1][1] > before[-1][1]
    overview = hub.control("/truth", method="GET")["repositories"]
    assert {place["full_name"]: place["stars"] for place in overview} == {
        "acme/engine": 250,
        "acme/parser": 32,
    }


def test_a_change_moves_updated_at(make_hub: MakeHub) -> None:
    hub = make_hub()
    before = hub.read("/repos/acme/engine")["updated_at"]

    hub.control("/repositories/10", {"unstar": [5]})

    assert hub.read("/repos/acme/engine")["updated_at"] > before


def test_a_renamed_repository_leaves_its_old_name_behind(make_hub: MakeHub) -> None:
    hub = make_hub()

    hub.control("/repositories/10", {"rename": "acme/motor"})

    assert hub.ask("/repos/acme/engine").status_code == 301
    assert hub.read("/repos/acme/motor")["id"] == 10
    assert (
        hub.ask("/_control/repositories/11", "POST", json={"rename": "Acme/Motor"}).status_code
        == 422
    )


def test_a_repository_meets_its_fate_and_comes_back(make_hub: MakeHub) -> None:
    hub = make_hub()

    statuses = []
    for fate in ("deleted", "blocked", "ok"):
        hub.control("/repositories/10", {"fate": fate})
        statuses.append(hub.ask("/repos/acme/engine").status_code)

    assert statuses == [404, 451, 200]


def test_a_renamed_user_keeps_the_number_and_somebody_else_takes_the_login(
    make_hub: MakeHub,
) -> None:
    hub = make_hub()
    first, second = (row["user"] for row in hub.read(LIST, headers={"Accept": STAR_MEDIA})[:2])

    hub.control(
        "/world", {"logins": {str(first["id"]): "renamed", str(second["id"]): first["login"]}}
    )

    users = hub.read(LIST)
    assert [(user["id"], user["login"]) for user in users[:2]] == [
        (first["id"], "renamed"),
        (second["id"], first["login"]),
    ]
    assert hub.read(f"/users/{first['login']}")["id"] == second["id"]
    assert hub.ask(f"/users/{second['login']}").status_code == 404


def test_tokens_are_revoked_and_restored_and_added(make_hub: MakeHub) -> None:
    hub = make_hub()
    statuses = []
    for change in ({"revoke": ["ghp_ann"]}, {"restore": ["ghp_ann"]}):
        hub.control("/world", change)
        statuses.append(hub.ask("/user").status_code)

    hub.control("/accounts", {"user_id": 1, "login": "ann", "token": "fresh", "starred": [10]})

    assert statuses == [401, 200]
    assert hub.read("/user", token="fresh")["login"] == "ann"


def test_restriction_face_and_limits_change_while_it_runs(make_hub: MakeHub) -> None:
    hub = make_hub(restriction="none")

    told = hub.control(
        "/world", {"restriction": "2026", "face": "empty", "limits": {"latency_seconds": 0.1}}
    )

    answer = hub.ask(LIST, token="ghp_bob")
    assert (answer.json(), answer.elapsed.total_seconds() >= 0.1) == ([], True)
    assert told["limits"]["points_per_window"] == 5000


def test_the_log_tells_what_was_asked(make_hub: MakeHub) -> None:
    hub = make_hub()
    hub.ask(f"{LIST}?per_page=2&page=1")
    hub.ask("/user", token="wrong")
    hub.query('{a:repository(owner:"acme",name:"engine"){stargazers(first:1){totalCount}}}')

    told = hub.control("/log", method="GET")

    listed, unknown, query = told["asked"]
    assert (listed["method"], listed["path"], listed["query"]) == (
        "GET",
        LIST,
        {"per_page": "2", "page": "1"},
    )
    assert (listed["user"], listed["status"], listed["cost"], listed["route"]) == (
        1,
        200,
        1,
        "repo/stargazers",
    )
    assert ("user" not in unknown, unknown["status"], unknown["cost"]) == (True, 401, 0)
    assert (query["aliases"], query["cost"], query["route"]) == (1, 1, "graphql")
    assert all(entry["seconds"] >= 0 and entry["at"] > 1e9 for entry in told["asked"])
    assert told["counters"] == {"repo/stargazers 200": 1, "unauthorised 401": 1, "graphql 200": 1}
    assert hub.control("/counters", method="GET") == told["counters"]
    hub.control("/log/clear")
    assert hub.control("/log", method="GET") == {"asked": [], "counters": {}}


def test_the_log_has_a_bound_and_the_counters_go_on(make_hub: MakeHub) -> None:
    world = make_hub().github.world

    for number in range(LOG_BOUND + 5):
        world.record(route="user", status=200, number=number)

    assert len(world.asked) == LOG_BOUND
    assert world.asked[0]["number"] == 5
    assert world.counters == {"user 200": LOG_BOUND + 5}


def test_rules_are_set_seen_and_cleared(make_hub: MakeHub) -> None:
    hub = make_hub()
    hub.control("/rules", {"match": "*", "effect": "status", "status": 500})
    hub.ask("/user")

    (rule,) = hub.control("/rules", method="GET")["rules"]
    hub.control("/rules", method="DELETE")

    assert (rule["seen"], rule["done"]) == (1, 1)
    assert hub.ask("/user").status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/rules", {"effect": "drop"}, "match"),
        ("/rules", {"match": "*", "effect": "burn"}, "effect"),
        ("/rules", {"match": "*", "preset": "fire"}, "no preset fire"),
        ("/rules", {"match": "*", "effect": "status", "status": 99}, "status"),
        ("/rules", None, "JSON"),
        ("/repositories/10", {"grow": -1}, "grow"),
        ("/repositories/10", {"shrink": 1}, "shrink"),
        ("/repositories/10", {"fate": "sold"}, "fate"),
        ("/repositories/10", {"rename": 'a"b'}, "rename"),
        ("/world", {"remaining": [[1, "search", 0]]}, "search"),
        ("/world", {"logins": {"1": 'a"b'}}, "logins"),
        ("/world", {"limits": {"latency": 1}}, "latency"),
        ("/world", {"limits": {"concurrent": -1}}, "concurrent"),
        ("/accounts", {"login": "x"}, "user_id"),
    ],
)
def test_a_mistake_in_a_change_is_named(
    make_hub: MakeHub, path: str, body: Any, words: str
) -> None:
    answer = make_hub().ask(f"/_control{path}", "POST", json=body)

    assert answer.status_code == 422
    assert words in answer.json()["message"] or words == "JSON"


def test_an_unknown_repository_is_not_found(make_hub: MakeHub) -> None:
    hub = make_hub()

    assert hub.ask("/_control/repositories/99", "POST", json={}).status_code == 404
    assert hub.ask("/_control/truth/99").status_code == 404


def test_another_scenario_leaves_nothing_of_the_one_before(make_hub: MakeHub) -> None:
    hub = make_hub()
    hub.control("/rules", {"match": "*", "effect": "status", "status": 500})
    hub.control("/world", {"revoke": ["ghp_ann"], "remaining": [[1, "core", 0]]})
    hub.ask("/user")
    account = {"user_id": 1, "login": "eve", "token": "ghp_ann", "starred": [77]}

    hub.control(
        "/scenario",
        {
            "accounts": [account],
            "repositories": [{"id": 77, "full_name": "new/world", "stars": 3}],
            "limits": {"points_per_window": 9},
        },
    )

    answer = hub.ask("/user")
    assert (answer.json()["login"], answer.headers["x-ratelimit-remaining"]) == ("eve", "8")
    assert hub.control("/counters", method="GET") == {"user 200": 1}
    assert [place["id"] for place in hub.control("/truth", method="GET")["repositories"]] == [77]


def test_a_scenario_with_a_mistake_is_refused_and_changes_nothing(make_hub: MakeHub) -> None:
    hub = make_hub()

    answer = hub.ask("/_control/scenario", "POST", None, json={"repositories": [{"id": 0}]})

    assert (answer.status_code, "id" in answer.json()["message"]) == (422, True)
    assert hub.ask("/user").status_code == 200
