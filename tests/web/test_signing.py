"""Accounts are signed in, changed and removed through the admin API while gitstars collects."""

from collections.abc import Iterator

import pytest
import requests

from gitstars.config import DatabaseConfig
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from gitstars.store import accounts
from tests.waiting import PATIENCE_SECONDS
from tests.web.conftest import Answer, Served, start_served
from tests.web.test_contract import check

PLACES = tuple(
    SimRepository(id=1000 + number, full_name=f"acme/repo-{number}", stars=20 + number)
    for number in range(6)
)
WEB, EVE = 1, 3
WORLD = Scenario(
    accounts=(
        SimAccount(user_id=WEB, login="ada", token="gho_ada0000", starred=(1000,), owned=(1000,)),
        SimAccount(
            user_id=EVE,
            login="eve",
            token="ghp_eve0000",
            starred=(1001, 1002, 1003),
            owned=(1001, 1005),
        ),
        SimAccount(user_id=EVE, login="eve", token="ghp_eve1111", starred=(1001, 1002, 1003)),
        SimAccount(user_id=4, login="mia", token="gho_mia0000", scopes=("read:user",)),
    ),
    repositories=PLACES,
    login_interval_seconds=0,
)


@pytest.fixture
def running(shared_config: DatabaseConfig) -> Iterator[Served]:
    github = {"client_id": "simulated"}
    with start_served(shared_config, WORLD, signed_in=1, github=github) as one:
        yield one


def add(running: Served, token: str) -> Answer:
    return check("POST", "/accounts", running.admin.post("/accounts", {"token": token}))


def tokens(running: Served) -> dict[int, str]:
    found = accounts.read_accounts(running.app.database).accounts
    return {account.user_id: account.token for account in found}


def test_an_account_that_is_added_is_collected_at_once(running: Served) -> None:
    answer = add(running, "  ghp_eve0000\n")

    assert answer.status == 201
    assert answer.json == {"user_id": EVE, "login": "eve", "state": "new", "may_list": True}
    mine = ("acme/repo-1", "acme/repo-5")
    running.flow.wait_until(
        lambda: all(
            running.flow.rows().get(name, {}).get("status") == "completed" for name in mine
        ),
        "what eve owns is complete",
    )
    running.flow.wait_until(lambda: len(running.flow.rows()) == 5, "all that she starred is known")
    running.flow.wait_idle()
    running.app.snapshots.pulse.count_accounts()
    running.app.snapshots.forget()
    listed = check("GET", "/accounts", running.admin.get("/accounts")).json["accounts"]
    by_login = {account["login"]: account["sync"] for account in listed}
    assert by_login["ada"] is None
    assert (by_login["eve"]["origin"], by_login["eve"]["every_hours"]) == ("gitstars", 6)
    assert by_login["eve"]["synced_at"] is not None


def test_a_person_signs_in_through_githubs_page(running: Served) -> None:
    def finish(device_code: str) -> Answer:
        path, given = "/accounts/login/finish", {"device_code": device_code}
        return check("POST", path, running.admin.post(path, given))

    begun = check("POST", "/accounts/login", running.admin.post("/accounts/login", {})).json
    waiting = finish(begun["device_code"])
    form = {"user_code": begun["user_code"], "login": "eve", "answer": "approve"}
    requests.post(begun["verification_uri"], data=form, timeout=PATIENCE_SECONDS)
    done, again = finish(begun["device_code"]), finish(begun["device_code"])

    assert waiting.json == {"signed_in": None, "slower_seconds": 0}
    assert done.json["signed_in"]["login"] == "eve"
    assert tokens(running)[EVE] in ("ghp_eve0000", "ghp_eve1111")
    assert (again.status, again.code) == (422, "token_unusable")


def test_without_an_application_nobody_signs_in_through_githubs_page(
    shared_config: DatabaseConfig,
) -> None:
    with start_served(shared_config, WORLD, signed_in=1) as one:
        answer = check("POST", "/accounts/login", one.admin.post("/accounts/login", {}))

    assert answer.status == 409
    assert answer.json["error"]["message"].startswith("github.client_id is not set")


def test_a_second_token_of_the_same_person_replaces_the_first(running: Served) -> None:
    add(running, "ghp_eve0000")

    again = add(running, "ghp_eve1111")

    assert again.json["state"] == "renewed"
    assert tokens(running) == {WEB: "gho_ada0000", EVE: "ghp_eve1111"}


def test_an_account_of_the_web_application_is_told_and_stays(running: Served) -> None:
    assert add(running, "gho_ada0000").json["state"] == "web"

    removed = running.admin("DELETE", f"/accounts/{WEB}")
    replaced = running.admin("PUT", f"/accounts/{WEB}/token", {"token": "gho_ada0000"})
    kept = running.admin.post(f"/accounts/{WEB}/sync", {"hours": 12})

    assert check("DELETE", "/accounts/{id}", removed).status == 409
    assert check("PUT", "/accounts/{id}/token", replaced).status == 409
    assert check("POST", "/accounts/{id}/sync", kept).json["every_hours"] == 12
    assert tokens(running) == {WEB: "gho_ada0000"}


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("ghp_nobody", "GitHub rejects the token (Bad credentials)"),
        ("correct horse", "the token has a space at character 8"),
        ("correcthorse", "this does not look like a token of GitHub"),
        ("ssh-ed25519 AAAA ada@home", "this is an SSH key and no token"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "this is an SSH key and no token"),
        (" \n ", "no token was given"),
        ("ghp_one\nghp_two", "the token has a line break at character 8"),
    ],
)
def test_what_is_no_usable_token_is_told_with_the_next_step(
    running: Served, token: str, said: str
) -> None:
    answer = add(running, token)

    assert (answer.status, answer.code) == (422, "token_unusable")
    assert answer.json["error"]["message"].startswith(said)
    assert token.strip() not in answer.raw.decode() or not token.strip()
    assert tokens(running) == {WEB: "gho_ada0000"}


def test_a_password_is_never_sent_to_github(running: Served) -> None:
    running.flow.github.control("POST", "/log/clear")

    add(running, "correcthorsebatterystaple")

    assert running.flow.github.asked() == []


def test_a_token_that_may_list_nothing_is_taken_and_said(running: Served) -> None:
    assert add(running, "gho_mia0000").json["may_list"] is False


def test_while_github_is_away_nothing_is_written(running: Served) -> None:
    running.flow.github.control("POST", "/rules", {"match": "*", "effect": "drop"})

    answer = add(running, "ghp_eve0000")

    assert (answer.status, answer.code) == (503, "github_unavailable")
    assert answer.json["error"]["message"].startswith("the token could not be checked")
    assert tokens(running) == {WEB: "gho_ada0000"}


def test_the_token_of_another_person_is_no_new_token(running: Served) -> None:
    add(running, "ghp_eve0000")

    answer = running.admin("PUT", f"/accounts/{EVE}/token", {"token": "gho_mia0000"})

    assert check("PUT", "/accounts/{id}/token", answer).status == 409
    assert "belongs to mia and not to eve" in answer.json["error"]["message"]
    good = running.admin("PUT", f"/accounts/{EVE}/token", {"token": "ghp_eve1111"})
    assert check("PUT", "/accounts/{id}/token", good).json["state"] == "renewed"
    assert tokens(running)[EVE] == "ghp_eve1111"


def test_removing_tells_what_would_go_and_then_goes_while_it_is_collected(running: Served) -> None:
    add(running, "ghp_eve0000")
    running.flow.wait_until(lambda: len(running.flow.rows()) == 5, "her repositories are known")
    path = f"/accounts/{EVE}"

    told = check("DELETE", "/accounts/{id}", running.admin("DELETE", f"{path}?dry_run=true"))
    assert told.json == {
        "user_id": EVE,
        "login": "eve",
        "stars": 3,
        "access": told.json["access"],
        "is_done": False,
    }
    assert EVE in tokens(running)

    gone = check("DELETE", "/accounts/{id}", running.admin("DELETE", f"{path}?delete_data=true"))
    assert gone.json["is_done"]
    assert gone.json["stars"] == 3
    running.flow.wait_until(
        lambda: EVE not in {a.user_id for a in running.app.watcher.accounts}, "its lane is closed"
    )
    running.flow.wait_idle()
    assert tokens(running) == {WEB: "gho_ada0000"}
    assert not [row for row in running.flow.rows().values() if row["status"] == "processing"]
    again = check("DELETE", "/accounts/{id}", running.admin("DELETE", path))
    assert again.status == 404


def test_stars_are_listed_when_asked_and_not_where_they_are_not_kept(running: Served) -> None:
    add(running, "ghp_eve0000")
    path = f"/accounts/{EVE}/sync"

    now = check("POST", "/accounts/{id}/sync", running.admin.post(path, {}))
    off = check("POST", "/accounts/{id}/sync", running.admin.post(path, {"off": True}))
    refused = check("POST", "/accounts/{id}/sync", running.admin.post(path, {}))

    assert now.json["every_hours"] == 6
    assert (off.json["every_hours"], off.json["next_at"]) == (None, None)
    assert refused.status == 409
    assert "accounts sync eve --every 6h" in refused.json["error"]["message"]
