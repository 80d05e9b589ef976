"""Repositories and owners that nobody starred are followed through the admin API."""

from collections.abc import Iterator

import msgspec
import pytest
import requests

from gitstars.config import DatabaseConfig
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from gitstars.store import follows
from tests.waiting import PATIENCE_SECONDS
from tests.web.conftest import Answer, Served, start_served
from tests.web.test_contract import check

ADA, MIA = 1, 4
WORLD = Scenario(
    accounts=(
        SimAccount(user_id=ADA, login="ada", token="gho_ada0000", starred=(1,)),
        SimAccount(user_id=MIA, login="mia", token="ghp_mia0000", starred=(1,), collaborates=(9,)),
        SimAccount(user_id=MIA + 1, login="eve", token="ghp_eve0000"),
    ),
    repositories=(
        SimRepository(id=1, full_name="acme/starred", stars=12),
        SimRepository(id=2, full_name="globex/one", stars=30, renamed_from="globex/uno"),
        SimRepository(id=3, full_name="globex/two", stars=40),
        SimRepository(id=4, full_name="globex/hidden", stars=5, private=True),
        SimRepository(id=5, full_name="mia/paper", stars=7),
        SimRepository(id=6, full_name="initech/gone", stars=7, fate="deleted"),
        SimRepository(id=7, full_name="initech/blocked", stars=7, fate="blocked"),
        SimRepository(id=9, full_name="umbrella/hers", stars=7),
    ),
)


@pytest.fixture
def running(shared_config: DatabaseConfig) -> Iterator[Served]:
    with start_served(shared_config, WORLD, signed_in=2) as one:
        yield one


def follow(running: Served, name: str) -> Answer:
    return check("POST", "/follow", running.admin.post("/follow", {"name": name}))


def unfollow(running: Served, name: str) -> Answer:
    return check("DELETE", "/follow", running.admin("DELETE", f"/follow?name={name}"))


def followed(running: Served) -> list[str]:
    told = check("GET", "/follow", running.admin.get("/follow")).json
    return [one["name"] for one in told["follows"]]


def wait_for(running: Served, name: str, status: str) -> None:
    running.flow.wait_until(
        lambda: running.flow.rows().get(name, {}).get("status") == status, f"{name} is {status}"
    )


def read(running: Served, name: str) -> dict[str, object]:
    found: dict[str, object] = running.admin.get(f"/repos/{name}").json
    return found


def test_a_repository_that_is_followed_gets_its_count_and_history(running: Served) -> None:
    answer = follow(running, "globex/one")

    assert answer.status == 201
    assert answer.json["name"] == "globex/one"
    assert (answer.json["kind"], answer.json["is_new"]) == ("repository", True)
    wait_for(running, "globex/one", "restricted")
    running.flow.wait_until(lambda: bool(read(running, "globex/one")["history"]), "it has weeks")
    assert read(running, "globex/one")["total_stargazers"] == 30
    assert followed(running) == ["globex/one"]
    assert not follow(running, "globex/one").json["is_new"]
    assert followed(running) == ["globex/one"]


def test_what_an_account_may_list_is_collected_with_that_account(
    shared_config: DatabaseConfig,
) -> None:
    starred_alone = {"include": ("starred",)}
    with start_served(shared_config, WORLD, signed_in=2, discover=starred_alone) as running:
        assert follow(running, "umbrella/hers").status == 201

        wait_for(running, "umbrella/hers", "completed")


def test_a_former_name_leads_to_the_present_one(running: Served) -> None:
    assert follow(running, "globex/uno").json["name"] == "globex/one"
    assert unfollow(running, "globex/one").status == 200
    assert followed(running) == []


def test_an_owner_stands_for_all_public_repositories(running: Served) -> None:
    answer = follow(running, "Globex").json

    assert (answer["kind"], answer["repositories"]) == ("owner", 2)
    for name in ("globex/one", "globex/two"):
        wait_for(running, name, "restricted")
    assert "globex/hidden" not in running.flow.rows()
    (one,) = check("GET", "/follow", running.admin.get("/follow")).json["follows"]
    assert (one["name"], one["kind"], one["repositories"]) == ("globex", "owner", 2)
    assert "its owner is" in unfollow(running, "globex/one").json["error"]["message"]
    assert unfollow(running, "globex").status == 200
    assert followed(running) == []


def test_a_repository_that_leaves_its_owner_is_followed_no_more(running: Served) -> None:
    follow(running, "globex")
    wait_for(running, "globex/two", "restricted")
    database = running.app.database
    github = running.flow.github.url
    change = {"rename": "elsewhere/two"}
    requests.post(f"{github}/_control/repositories/3", json=change, timeout=PATIENCE_SECONDS)

    database.run("UPDATE gitstars_followed_owner SET next_at = time::now()")
    running.app.watcher.look_soon()

    running.flow.wait_until(
        lambda: [one.repositories for one in follows.list_all(database)] == [1], "one is left"
    )


def test_what_nobody_stars_or_follows_any_more_says_so(running: Served) -> None:
    follow(running, "globex/one")
    wait_for(running, "globex/one", "restricted")

    assert unfollow(running, "globex/one").json == {"name": "globex/one", "kind": "repository"}

    assert "nobody with an account here" in str(read(running, "globex/one")["reason"])
    listed = running.admin.get("/repos?sort=name").json["repos"]
    reasons = {one["full_name"]: str(one["reason"]) for one in listed}
    assert "what is stored stays" in reasons["globex/one"]
    assert "nobody" not in reasons["acme/starred"]


def test_what_was_collected_long_ago_is_brought_up_to_date(running: Served) -> None:
    follow(running, "globex/one")
    wait_for(running, "globex/one", "restricted")
    running.flow.wait_until(lambda: bool(read(running, "globex/one")["history"]), "it has weeks")
    unfollow(running, "globex/one")
    database, github = running.app.database, running.flow.github.url
    requests.post(f"{github}/_control/repositories/2", json={"grow": 5}, timeout=PATIENCE_SECONDS)
    database.run(
        "UPDATE repo_processing_status SET counted_at = time::now() - 3d "
        "WHERE repo = type::record('repo', 'globex/one')"
    )

    assert follow(running, "globex/one").json["is_new"] is True

    running.flow.wait_until(
        lambda: read(running, "globex/one")["total_stargazers"] == 35, "it is counted anew"
    )


def test_what_an_account_looked_after_goes_to_another_when_it_goes(running: Served) -> None:
    follow(running, "globex/two")
    follow(running, "globex")
    wait_for(running, "globex/two", "restricted")
    database = running.app.database
    (first,) = {one.user_id for one in follows.list_all(database)}

    database.run("DELETE account WHERE providerAccountId = $id", id=str(first))
    running.app.watcher.look_soon()

    other = {ADA, MIA} - {first}
    running.flow.wait_until(
        lambda: {one.user_id for one in follows.list_all(database)} == other, "it has moved"
    )


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("globex/none", 404, "no repository globex/none to"),
        ("nobody-at-all", 404, "no person or organisation nobody-at-all"),
        ("globex/hidden", 404, "no repository globex/hidden"),
        ("initech/gone", 404, "no repository"),
        ("initech/blocked", 404, "not to be had"),
        ("a/b/c", 422, "name"),
        ("../admin", 422, "name"),
        ("acme/..", 422, "name"),
        ("", 422, "name"),
    ],
)
def test_what_cannot_be_followed_is_told(
    running: Served, name: str, status: int, words: str
) -> None:
    answer = follow(running, name)

    assert (answer.status, words in answer.json["error"]["message"]) == (status, True), answer.json
    assert followed(running) == []


def test_what_is_not_followed_cannot_be_ended(running: Served) -> None:
    for name in ("acme/starred", "nobody", "globex/none"):
        answer = unfollow(running, name)
        assert answer.status == 404
        assert "is not followed" in answer.json["error"]["message"]


def test_while_github_is_away_nothing_is_followed(running: Served) -> None:
    rule = {"match": "GET /repos/*", "effect": "drop", "times": 50}
    requests.post(f"{running.flow.github.url}/_control/rules", json=rule, timeout=PATIENCE_SECONDS)

    answer = follow(running, "globex/one")

    assert (answer.status, answer.code) == (503, "github_unavailable")
    assert followed(running) == []


def test_private_repositories_are_followed_where_the_settings_say_so(
    shared_config: DatabaseConfig,
) -> None:
    scopes = ("repo",)
    account = SimAccount(
        user_id=ADA, login="ada", token="gho_ada0000", scopes=scopes, starred=(1,), owned=(1,)
    )
    vault = SimRepository(id=1, full_name="ada/vault", stars=6, private=True)
    world = Scenario(accounts=(account,), repositories=(vault,))
    with start_served(shared_config, world, collect={"private": True}) as running:
        assert follow(running, "ada/vault").status == 201
        wait_for(running, "ada/vault", "completed")
    with start_served(shared_config, world) as running:
        answer = follow(running, "ada/vault")
        assert "collect.private is off" in answer.json["error"]["message"]


def test_an_owner_with_another_login_is_found_again_through_its_repositories(
    running: Served,
) -> None:
    follow(running, "mia")
    wait_for(running, "mia/paper", "restricted")
    database, github = running.app.database, running.flow.github
    listed = "SELECT VALUE listed_at FROM gitstars_followed_owner WHERE listed_at"
    running.flow.wait_until(lambda: bool(database.run(listed)[0]), "the owner is listed")
    renamed = SimAccount(user_id=MIA, login="mia-new", token="ghp_renamed")
    github.control("POST", "/accounts", msgspec.to_builtins(renamed))
    github.control("POST", "/world", {"logins": {str(MIA): "mia-new"}})
    github.control("POST", "/repositories/5", {"rename": "mia-new/paper"})
    github.control("POST", "/repositories/9", {"rename": "mia-new/fresh"})

    database.run("UPDATE gitstars_followed_owner SET next_at = time::now()")
    running.app.watcher.look_soon()

    running.flow.wait_until(
        lambda: [(o.name, o.repositories) for o in follows.list_all(database)] == [("mia-new", 2)],
        "it is listed under its present login",
    )
