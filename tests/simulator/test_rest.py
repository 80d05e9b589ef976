"""The REST routes over a real socket: lists, links, walls, refusals in every face, and what
GitHub says to nonsense.
"""

import socket
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from gitstars.simulator.truth import truth
from tests.simulator.conftest import STAR_MEDIA, MakeHub

LIST = "/repos/acme/engine/stargazers"
STARRED = {"Accept": STAR_MEDIA}


def read_links(header: str) -> dict[str, str]:
    """relation -> address."""
    pairs = (part.split(";") for part in header.split(", ") if part)
    return {relation.split('"')[1]: address.strip("<>") for address, relation in pairs}


def test_following_the_links_reads_the_truth(
    make_hub: MakeHub, scenario: Callable[..., Scenario]
) -> None:
    place = SimRepository(
        id=10,
        full_name="acme/engine",
        stars=1234,
        ghost_every=50,
        unstarred=(0, 7, 600),
        unstarred_count=11,
    )
    hub = make_hub(place)
    path: str | None = f"{LIST}?per_page=100"
    rows: list[dict[str, Any]] = []
    while path:
        answer = hub.ask(path, headers=STARRED)
        rows += answer.json()
        path = read_links(answer.headers.get("link", "")).get("next", "").removeprefix(hub.url)

    read = [
        (row["user"]["id"], row["user"]["login"], row["starred_at"]) for row in rows if row["user"]
    ]

    assert read == list(truth(scenario(place))["acme/engine"])
    assert len(rows) == 1221
    assert 0 < sum(row["user"] is None for row in rows) <= 24


def test_the_plain_media_type_has_users_alone(make_hub: MakeHub) -> None:
    users = make_hub().read(LIST)

    assert len(users) == 30
    assert {"login", "id", "avatar_url", "html_url"} <= set(users[0])


@pytest.mark.parametrize(
    ("query", "rows", "links"),
    [
        ("", 30, {"next": 2, "last": 9}),
        ("?per_page=100", 100, {"next": 2, "last": 3}),
        ("?per_page=100&page=2", 100, {"prev": 1, "next": 3, "last": 3, "first": 1}),
        ("?per_page=100&page=3", 50, {"prev": 2, "first": 1}),
        ("?per_page=100&page=4", 0, {"prev": 3, "first": 1}),
        ("?per_page=1000", 100, {"next": 2, "last": 3}),
        ("?per_page=0&page=0", 30, {"next": 2, "last": 9}),
        ("?per_page=-5&page=x", 30, {"next": 2, "last": 9}),
        ("?per_page=%C3%A4&page=99999999999999999999", 30, {"next": 2, "last": 9}),
        ("?page=400", 0, {"prev": 399, "first": 1}),
    ],
)
def test_pages_and_links(make_hub: MakeHub, query: str, rows: int, links: dict[str, int]) -> None:
    hub = make_hub()

    answer = hub.ask(LIST + query)

    assert len(answer.json()) == rows
    shown = read_links(answer.headers.get("link", ""))
    assert {
        relation: int(address.partition("page=")[2].rpartition("page=")[2] or 0)
        for relation, address in shown.items()
    } == links
    assert all(
        address.startswith(f"{hub.url}/repositories/10/stargazers?") for address in shown.values()
    )


def test_a_long_list_ends_at_the_wall(make_hub: MakeHub) -> None:
    hub = make_hub(SimRepository(id=10, full_name="acme/engine", stars=3_000_000))

    last, beyond = (hub.ask(f"{LIST}?per_page=100&page={page}") for page in (400, 401))

    assert len(last.json()) == 100
    assert "next" not in read_links(last.headers["link"])
    assert "page=400" in read_links(hub.ask(f"{LIST}?per_page=100").headers["link"])["last"]
    assert (beyond.status_code, beyond.json()["message"]) == (
        422,
        "In order to keep the API fast for everyone, pagination is limited for this resource.",
    )


@pytest.mark.parametrize(
    ("changes", "suffix", "status", "words"),
    [
        ({"fate": "deleted"}, "", 404, "Not Found"),
        ({"fate": "deleted"}, "/stargazers", 404, "Not Found"),
        ({"fate": "blocked"}, "", 451, "Repository access blocked"),
        ({"fate": "blocked"}, "/stargazers/count", 451, "Repository access blocked"),
        ({"fate": "disabled"}, "/stargazers", 403, "disabled"),
    ],
)
def test_a_repository_that_is_no_more_says_why(
    make_hub: MakeHub, changes: dict[str, Any], suffix: str, status: int, words: str
) -> None:
    hub = make_hub(SimRepository(id=10, full_name="acme/engine", stars=5, **changes))

    answer = hub.ask(f"/repos/acme/engine{suffix}")

    assert answer.status_code == status
    assert words in answer.json()["message"]


def test_a_renamed_repository_is_found_under_its_number(make_hub: MakeHub) -> None:
    hub = make_hub(
        SimRepository(id=10, full_name="acme/engine", stars=150, renamed_from="old/motor")
    )

    answer = hub.ask("/repos/Old/Motor/stargazers?per_page=100&page=2", headers=STARRED)

    assert answer.status_code == 301
    location = answer.headers["location"]
    assert (
        location
        == answer.json()["url"]
        == f"{hub.url}/repositories/10/stargazers?per_page=100&page=2"
    )
    assert len(hub.read(location.removeprefix(hub.url), headers=STARRED)) == 50
    assert hub.read("/repositories/10")["full_name"] == "acme/engine"


def test_a_private_repository_is_there_for_its_own_people_alone(make_hub: MakeHub) -> None:
    hub = make_hub(
        SimRepository(
            id=10, full_name="acme/engine", stars=5, private=True, renamed_from="old/motor"
        )
    )

    assert hub.read("/repos/acme/engine")["private"] is True
    assert {
        hub.ask(path, token="ghp_bob").status_code
        for path in ("/repos/acme/engine", "/repos/old/motor", LIST)
    } == {404}
    assert hub.read("/users/ann/starred", token="ghp_bob") == []


def test_the_weekly_history_adds_up_to_the_count(make_hub: MakeHub) -> None:
    hub = make_hub(SimRepository(id=10, full_name="acme/engine", stars=5000, unstarred_count=123))
    path = "/repos/acme/engine/stargazers"
    weeks: list[dict[str, Any]] = []
    page = 1
    while rows := hub.read(f"{path}/history?per_page=100&page={page}"):
        assert len(rows) <= 30
        weeks += rows
        page += 1

    assert sum(week["total"] for week in weeks) == hub.read(f"{path}/count")["count"] == 4877
    assert all(week["total"] == sum(week["days"]) and len(week["days"]) == 7 for week in weeks)
    assert {newer["week"] - older["week"] for newer, older in pairwise(weeks)} == {604_800}
    assert {(week["week"] // 86_400 + 4) % 7 for week in weeks} == {0}
    assert "next" in read_links(hub.ask(f"{path}/history?per_page=30").headers["link"])


def test_the_history_ends_at_page_100_and_may_be_missing(make_hub: MakeHub) -> None:
    old, newer = make_hub(has_counts=False), make_hub()

    assert newer.ask("/repos/acme/engine/stargazers/history?page=101").status_code == 422
    assert newer.read("/repos/acme/engine/stargazers/history?page=100") == []
    assert newer.ask("/repos/acme/none/stargazers/history").status_code == 404
    assert {
        old.ask(f"/repos/acme/engine/stargazers/{route}").status_code
        for route in ("count", "history")
    } == {404}


#: face -> what the list answers, and words of it.
FACES = {
    "permission": (403, "You do not have permission to view the stargazers of this repository"),
    "integration": (403, "Resource not accessible by integration"),
    "token": (403, "Resource not accessible by personal access token"),
    "not_found": (404, "Not Found"),
    "usual": (404, "Not Found"),
    "empty": (200, "[]"),
}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("is_its_own", [True, False])
def test_a_stranger_is_refused_in_the_face_that_is_set(
    make_hub: MakeHub, face: str, is_its_own: bool
) -> None:
    place = SimRepository(
        id=10, full_name="acme/engine", stars=250, face=face if is_its_own else None
    )
    hub = make_hub(place, face="permission" if is_its_own else face)

    answer = hub.ask(LIST, token="ghp_bob")

    assert (answer.status_code, FACES[face][1] in answer.text) == (FACES[face][0], True)
    assert hub.read("/repos/acme/engine", token="ghp_bob")["stargazers_count"] == 250
    assert hub.read("/repos/acme/engine/stargazers/count", token="ghp_bob")["count"] == 250
    assert len(hub.read(LIST)) == 30


@pytest.mark.parametrize(
    ("kind", "scopes", "words"),
    [
        ("fine_grained", (), "personal access token"),
        ("app", (), "integration"),
        ("classic", ("read:user",), "Not Found"),
        ("oauth", (), "Not Found"),
    ],
)
def test_even_the_owner_is_refused_without_the_right_token(
    make_hub: MakeHub, kind: str, scopes: tuple[str, ...], words: str
) -> None:
    owner = SimAccount(user_id=3, login="eve", token="t", kind=kind, scopes=scopes, owned=(10,))
    hub = make_hub(accounts=(owner,))
    has_scopes = kind in ("classic", "oauth")

    answer = hub.ask(LIST, token="t")

    assert answer.status_code == (404 if has_scopes else 403)
    assert words in answer.json()["message"]
    assert ("x-oauth-scopes" in answer.headers) == has_scopes
    assert answer.headers.get("x-accepted-oauth-scopes") == ("" if has_scopes else None)
    lacking = None if has_scopes else "metadata=read; contents=write"
    assert answer.headers.get("x-accepted-github-permissions") == lacking


def test_an_enterprise_server_restricts_nothing(make_hub: MakeHub) -> None:
    hub = make_hub()

    answer = hub.ask(f"/api/v3{LIST}?per_page=100", token="ghp_bob")

    assert len(answer.json()) == 100
    assert read_links(answer.headers["link"])["next"].startswith(
        f"{hub.url}/api/v3/repositories/10/"
    )
    assert "x-ratelimit-limit" not in answer.headers
    assert hub.ask("/api/v3/rate_limit").status_code == 404


def test_whose_repositories_are_told_by_affiliation(make_hub: MakeHub) -> None:
    both = SimAccount(user_id=3, login="eve", token="t", owned=(10,), collaborates=(11,))
    hub = make_hub(accounts=(both,))

    found = {
        query: [
            (row["full_name"], row["permissions"]["admin"])
            for row in hub.read(f"/user/repos{query}", token="t")
        ]
        for query in ("", "?affiliation=owner", "?affiliation=collaborator,organization_member")
    }

    assert found[""] == [("acme/engine", True), ("acme/parser", False)]
    assert found["?affiliation=owner"] == [("acme/engine", True)]
    assert found["?affiliation=collaborator,organization_member"] == [("acme/parser", False)]
    assert hub.ask("/user/repos?affiliation=friend", token="t").status_code == 422


def test_starred_lists_agree_with_the_repositories_lists(make_hub: MakeHub) -> None:
    hub = make_hub()
    someone = hub.read("/repos/acme/parser/stargazers", headers=STARRED)[7]

    theirs = hub.read(f"/users/{someone['user']['login']}/starred", headers=STARRED)

    assert ("acme/parser", someone["starred_at"]) in {
        (row["repo"]["full_name"], row["starred_at"]) for row in theirs
    }
    assert [row["full_name"] for row in hub.read("/user/starred")] == ["acme/engine", "acme/parser"]
    assert [row["full_name"] for row in hub.read("/users/BOB/starred")] == ["acme/engine"]


def test_every_address_of_the_api_is_the_simulators_own(make_hub: MakeHub) -> None:
    hub = make_hub()

    told = [
        *(
            hub.ask(path, headers=STARRED)
            for path in (LIST, "/user", "/user/starred", "/user/repos")
        ),
        *(hub.ask(path) for path in ("/repos/acme/engine", f"{LIST}/history", "/users/bob")),
    ]

    assert not [answer.url for answer in told if "api.github.com" in answer.text]
    assert told[0].json()[0]["user"]["url"].startswith(f"{hub.url}/users/")
    assert hub.read("/repos/acme/engine")["stargazers_url"] == hub.url + LIST
    assert read_links(told[0].headers["link"])["next"].startswith(f"{hub.url}/repositories/10/")
    own = hub.read("/api/v3/repos/acme/engine")["url"]
    assert own == f"{hub.url}/api/v3/repos/acme/engine"


def test_the_owner_of_a_repository_is_a_person_or_an_organisation(make_hub: MakeHub) -> None:
    hub = make_hub(
        SimRepository(id=10, full_name="Ann/engine", stars=1),
        SimRepository(id=11, full_name="acme/parser", stars=1),
    )
    asked = '{{repository(owner:"{0}",name:"{1}"){{owner{{__typename id login}}}}}}'

    owners = [hub.read(f"/repos/{name}")["owner"] for name in ("Ann/engine", "acme/parser")]
    graph = hub.query(asked.format("Ann", "engine"))["data"]["repository"]["owner"]

    assert [(owner["login"], owner["type"]) for owner in owners] == [
        ("Ann", "User"),
        ("acme", "Organization"),
    ]
    assert owners[0]["id"] == 1
    assert graph == {"__typename": "User", "id": "U_1", "login": "Ann"}


def test_who_is_who(make_hub: MakeHub) -> None:
    hub = make_hub()

    answer = hub.ask("/user")

    assert (answer.json()["login"], answer.json()["id"]) == ("ann", 1)
    assert answer.headers["x-oauth-scopes"] == "repo"
    assert hub.read("/users/user-1000123")["id"] == 1_000_123
    assert {
        hub.ask(f"/users/{login}").status_code for login in ("nobody", "user-3", "user-1x")
    } == {404}


def test_what_did_not_change_costs_nothing_for_the_same_token(make_hub: MakeHub) -> None:
    hub = make_hub()
    first = hub.ask("/repos/acme/engine")
    tag = {"If-None-Match": first.headers["etag"]}

    again, stranger = (
        hub.ask("/repos/acme/engine", headers=tag),
        hub.ask("/repos/acme/engine", token="ghp_bob", headers=tag),
    )
    hub.control("/repositories/10", {"grow": 1})
    changed = hub.ask("/repos/acme/engine", headers=tag)

    assert (again.status_code, again.content, stranger.status_code, changed.status_code) == (
        304,
        b"",
        200,
        200,
    )
    assert [answer.headers["x-ratelimit-remaining"] for answer in (first, again, changed)] == [
        "4999",
        "4999",
        "4998",
    ]


@pytest.mark.parametrize(
    ("token", "words"), [(None, "Requires authentication"), ("wrong", "Bad credentials")]
)
def test_without_a_good_token_no_stargazers_are_told(
    make_hub: MakeHub, token: str | None, words: str
) -> None:
    answer = make_hub().ask("/repos/acme/engine/stargazers", token=token)

    assert (answer.status_code, answer.json()["message"]) == (401, words)
    assert answer.headers["x-ratelimit-limit"] == "60"


def test_public_records_need_no_token_and_private_ones_are_not_there(make_hub: MakeHub) -> None:
    hub = make_hub(
        SimRepository(id=10, full_name="acme/engine", stars=5),
        SimRepository(id=11, full_name="acme/hidden", stars=5, private=True),
    )
    paths = ("/repos/acme/engine", "/repositories/10", "/users/acme", "/orgs/acme/repos")

    told = [hub.ask(path, token=None) for path in paths]

    assert [answer.status_code for answer in told] == [200] * 4
    assert told[2].json()["type"] == "Organization"
    assert [one["full_name"] for one in told[3].json()] == ["acme/engine"]
    assert hub.ask("/repos/acme/hidden", token=None).status_code == 404
    assert hub.ask("/repos/acme/engine", token="wrong").status_code == 401


def test_both_words_before_a_token_are_known(make_hub: MakeHub) -> None:
    hub = make_hub()

    assert (
        hub.ask("/user", token=None, headers={"Authorization": "token ghp_ann"}).status_code == 200
    )
    assert (
        hub.ask("/user", token=None, headers={"Authorization": "Basic ghp_ann"}).status_code == 401
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "//", 404),
        ("GET", "/repos/acme", 404),
        ("GET", "/repos/acme/none/stargazers", 404),
        ("GET", "/repos/%00/%FF", 404),
        ("GET", "/repos/a%2Fb/c%0A/stargazers", 404),
        ("GET", "/repositories/99999999999999999999999", 404),
        ("GET", "/repositories/٣", 404),
        ("GET", "/users//starred", 404),
        ("POST", LIST, 404),
        ("DELETE", LIST, 404),
        ("OPTIONS", LIST, 405),
        ("GET", "/graphql", 404),
        ("GET", "/_control/nothing", 404),
        ("PUT", "/_control/rules", 405),
    ],
)
def test_nonsense_is_answered_in_json(
    make_hub: MakeHub, method: str, path: str, status: int
) -> None:
    answer = make_hub().ask(path, method)

    assert answer.status_code == status
    assert answer.json()["message"]
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("path", ["/graphql", "/_control/rules"])
def test_a_body_that_breaks_its_promise_is_a_client_error(
    make_hub: MakeHub, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    hub = make_hub()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ghp_ann\r\nTransfer-Encoding: "
        "chunked\r\n\r\nzz\r\n"
    )
    with socket.create_connection(("127.0.0.1", int(hub.url.rpartition(":")[2])), 5) as connection:
        connection.sendall(head.encode())
        line = connection.recv(65536).split(b"\r\n")[0]

    assert line.split()[1] in (b"400", b"422")
    assert "Traceback" not in capfd.readouterr().err


def test_heads_have_no_bodies(make_hub: MakeHub) -> None:
    answer = make_hub().ask(LIST, "HEAD")

    assert (answer.status_code, answer.content) == (200, b"")
    assert "link" in answer.headers
