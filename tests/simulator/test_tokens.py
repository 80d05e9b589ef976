"""Which token of whom is given a list: roles, scopes, permissions, and what a refusal says."""

from typing import Any

import pytest

from gitstars.simulator.scenario import SimAccount, SimRepository
from tests.simulator.conftest import MakeHub

LIST = "/repos/acme/engine/stargazers"
#: A token that may do everything that GitHub asks for.
WRITE: dict[str, Any] = {"permissions": {"contents": "write"}, "resource_owner": "acme"}
ASKED = (
    '{a:repository(owner:"acme",name:"engine"){stargazerCount viewerPermission '
    "stargazers(first:9){totalCount edges{starredAt}}}}"
)


def account(**changes: Any) -> SimAccount:
    told = {"user_id": 3, "login": "eve", "token": "github_pat_eve", "kind": "fine_grained"}
    return SimAccount(**{**told, "owned": (10,), **changes})


@pytest.mark.parametrize("kind", ["fine_grained", "app"])
@pytest.mark.parametrize(
    ("changes", "may_list"),
    [
        (WRITE, True),
        (WRITE | {"selected": (10,)}, True),
        (WRITE | {"owned": (), "collaborates": (10,)}, True),
        (WRITE | {"resource_owner": "ACME"}, True),
        (WRITE | {"selected": (11,)}, False),
        (WRITE | {"resource_owner": None}, False),
        (WRITE | {"resource_owner": "eve"}, False),
        (WRITE | {"permissions": {"contents": "read"}}, False),
        (WRITE | {"permissions": {"metadata": "read"}}, False),
        (WRITE | {"owned": ()}, False),
        ({}, False),
    ],
)
def test_a_token_with_permissions_needs_contents_write_and_the_right_owner(
    make_hub: MakeHub, kind: str, changes: dict[str, Any], may_list: bool
) -> None:
    hub = make_hub(accounts=(account(kind=kind, **changes),))

    answer, body = hub.ask(LIST, token="github_pat_eve"), hub.query(ASKED, "github_pat_eve")

    assert answer.status_code == (200 if may_list else 403)
    assert ("x-accepted-github-permissions" in answer.headers) != may_list
    assert (body["data"]["a"]["stargazers"] is not None) == may_list
    assert [error["type"] for error in body.get("errors", ())] == (
        [] if may_list else ["FORBIDDEN"]
    )
    assert body["data"]["a"]["stargazerCount"] == 250


@pytest.mark.parametrize(
    ("role", "may_list", "permissions"),
    [
        ("ADMIN", True, {"admin", "maintain", "push", "triage", "pull"}),
        ("MAINTAIN", True, {"maintain", "push", "triage", "pull"}),
        ("WRITE", True, {"push", "triage", "pull"}),
        ("TRIAGE", False, {"triage", "pull"}),
        ("READ", False, {"pull"}),
    ],
)
def test_each_role_is_told_and_those_that_may_push_may_list(
    make_hub: MakeHub, role: str, may_list: bool, permissions: set[str]
) -> None:
    eve = SimAccount(user_id=3, login="eve", token="t", roles={10: role})  # type: ignore[dict-item]
    hub = make_hub(accounts=(eve,))

    told = hub.query(ASKED, "t")["data"]["a"]
    (own,) = hub.read("/user/repos?affiliation=collaborator", token="t")

    assert told["viewerPermission"] == role
    assert told["stargazers"]["totalCount"] == (250 if may_list else 0)
    assert {name for name, is_granted in own["permissions"].items() if is_granted} == permissions
    assert hub.ask(LIST, token="t").status_code == (200 if may_list else 404)


def test_whether_triage_is_enough_is_the_scenarios_choice(make_hub: MakeHub) -> None:
    eve = SimAccount(user_id=3, login="eve", token="t", roles={10: "TRIAGE"})

    hub = make_hub(accounts=(eve,), triage_lists=True)

    assert hub.ask(LIST, token="t").status_code == 200


def test_an_installation_has_no_person_behind_it(make_hub: MakeHub) -> None:
    robot = account(token="ghs_" + "a.b-c" * 103, kind="app", owned=(), **WRITE)
    hub = make_hub(accounts=(robot,))

    answers = [hub.ask(path, token=robot.token) for path in ("/user", "/user/repos")]

    assert {answer.status_code for answer in answers} == {403}
    assert {answer.json()["message"] for answer in answers} == {
        "Resource not accessible by integration"
    }
    assert hub.ask(LIST, token=robot.token).status_code == 200
    assert hub.query(ASKED, robot.token)["data"]["a"]["viewerPermission"] is None


@pytest.mark.parametrize(
    ("changes", "may_see"),
    [
        ({"kind": "classic", "scopes": ("repo",)}, True),
        ({"kind": "classic", "scopes": ("public_repo",)}, False),
        ({"kind": "classic", "scopes": ("repo",), "owned": ()}, False),
        ({"kind": "classic", "scopes": ("repo",), "owned": (), "roles": {10: "READ"}}, True),
        ({"permissions": {"contents": "read"}, "resource_owner": "acme"}, True),
        ({"resource_owner": "eve"}, False),
    ],
)
def test_a_private_repository_is_there_for_members_whose_token_covers_it(
    make_hub: MakeHub, changes: dict[str, Any], may_see: bool
) -> None:
    place = SimRepository(id=10, full_name="acme/engine", stars=250, private=True)
    hub = make_hub(place, accounts=(account(**changes),))

    answer = hub.ask("/repos/acme/engine", token="github_pat_eve")

    assert answer.status_code == (200 if may_see else 404)
