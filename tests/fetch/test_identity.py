"""The token of an account: verified before it is used, rejected only when GitHub insists, looked at
again after a while.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gevent
import pytest

from gitstars.fetch.answers import BadToken, BudgetSpent, Identity, Metadata, Page, Transient
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.rejections import Rejections, look_pause
from gitstars.model import Account
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from tests.fetch.conftest import Hub

NAME = "acme/engine"
ANN = Account("account:one", 1, "ann", "gho_secret_token")
BOB = Account("account:two", 2, "bob", "gho_bob")
SCENARIO = Scenario(
    accounts=(
        SimAccount(user_id=1, login="ann", token="gho_secret_token", owned=(10,)),
        SimAccount(user_id=1, login="ann", token="gho_renewed", owned=(10,)),
        SimAccount(user_id=2, login="bob", token="gho_bob", scopes=("read:user",)),
    ),
    repositories=(SimRepository(id=10, full_name=NAME, stars=250),),
    population=5000,
)
UNAUTHORISED: dict[str, Any] = {
    "effect": "status",
    "status": 401,
    "body": '{"message":"Bad credentials"}',
}
SUSPENDED: dict[str, Any] = {
    "effect": "status",
    "status": 403,
    "body": '{"message":"Sorry. Your account was suspended"}',
}


@pytest.fixture
def hub(make_hub: Callable[[Scenario], Hub]) -> Hub:
    hub = make_hub(SCENARIO)
    hub.connect_blind()
    return hub


def paths(hub: Hub) -> list[str]:
    """What was asked so far."""
    return [entry["path"] for entry in hub.github.world.asked]


# Before the first use


def test_a_token_is_verified_once_before_its_first_use(hub: Hub) -> None:
    outcomes = [hub.client.get_repository(ANN, NAME) for _ in range(3)]

    assert [type(outcome) for outcome in outcomes] == [Metadata] * 3
    assert paths(hub) == ["/user"] + [f"/repos/{NAME}"] * 3


def test_calls_that_begin_together_verify_their_token_once(hub: Hub) -> None:
    calls = [gevent.spawn(hub.client.get_repository, ANN, NAME) for _ in range(6)]

    assert [type(call.get(timeout=10)) for call in calls] == [Metadata] * 6
    assert paths(hub).count("/user") == 1


def test_a_changed_token_is_verified_too(hub: Hub) -> None:
    hub.client.get_repository(ANN, NAME)

    hub.client.get_repository(replace(ANN, token="gho_renewed"), NAME)

    assert paths(hub).count("/user") == 2


def test_the_scopes_that_count_are_those_that_github_tells(hub: Hub) -> None:
    bob = replace(BOB, scopes=frozenset({"repo"}))
    assert hub.client.identity(2) is None

    hub.client.get_repository(bob, NAME)

    assert hub.client.identity(2) == Identity(2, "bob", frozenset({"read:user"}))


def test_scopes_that_change_later_are_taken_from_any_answer(hub: Hub) -> None:
    hub.client.get_repository(BOB, NAME)
    hub.misbehave(
        "GET /repos/*",
        effect="status",
        status=404,
        body='{"message":"Not Found"}',
        headers={"x-oauth-scopes": "read:user, public_repo"},
    )

    hub.client.get_repository(BOB, NAME)

    assert hub.client.identity(2) == Identity(2, "bob", frozenset({"read:user", "public_repo"}))


def test_the_token_of_another_person_is_told_once_and_never_used(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    foreign = replace(ANN, token="gho_bob")

    with caplog.at_level(logging.WARNING):
        outcomes = [hub.client.get_repository(foreign, NAME) for _ in range(3)]

    assert all(isinstance(outcome, BadToken) for outcome in outcomes)
    assert {outcome.reason for outcome in outcomes if isinstance(outcome, BadToken)} == {"foreign"}
    assert "belongs to bob (2)" in str(outcomes[0])
    assert paths(hub) == ["/user"]
    assert len([record for record in caplog.records if "belongs to bob" in record.message]) == 1
    assert hub.ledger.is_rejected(1, "gho_bob", hub.clock.now())


def test_where_rests_budget_is_spent_graphql_says_whose_token_it_is(hub: Hub) -> None:
    hub.github.budgets.set_remaining(1, "core", 0, hub.clock.now())

    answer = hub.client.graph_stargazers(ANN, [GraphAsk(NAME)])
    rest = hub.client.get_repository(ANN, NAME)

    assert [type(outcome) for outcome in answer.outcomes] == [Page]
    assert isinstance(rest, BudgetSpent)
    assert paths(hub) == ["/user", "/graphql", "/graphql"]
    identity = hub.client.identity(1)
    assert identity == Identity(1, "ann", frozenset({"read:user", "public_repo"}))


@pytest.mark.parametrize(
    "rule",
    [
        {"status": 403, "body": '{"message":"Resource not accessible by integration"}'},
        {"status": 404, "body": '{"message":"Not Found"}'},
        {"status": 200, "body": "{}"},
    ],
)
def test_the_token_of_an_app_installation_works_though_it_is_nobodys(
    hub: Hub, rule: dict[str, Any]
) -> None:
    hub.misbehave("GET /user", effect="status", **rule)

    outcomes = [hub.client.get_repository(ANN, NAME) for _ in range(2)]

    assert [type(outcome) for outcome in outcomes] == [Metadata, Metadata]
    assert hub.client.identity(1) is None
    assert paths(hub).count("/user") == 1


def test_whose_a_token_is_is_asked_again_after_an_hour_where_one_answer_did_not_say(
    hub: Hub,
) -> None:
    foreign = replace(ANN, token="gho_bob")
    hub.misbehave("GET /user", effect="status", status=404, times=1)
    unsure = hub.client.get_repository(foreign, NAME)

    hub.clock.offset += 3601
    sure = hub.client.get_repository(foreign, NAME)

    assert isinstance(unsure, Metadata)
    assert isinstance(sure, BadToken)
    assert sure.reason == "foreign"


@pytest.mark.parametrize(
    "rule", [{"effect": "drop"}, {"effect": "garbage"}, {"effect": "status", "status": 502}]
)
def test_a_failure_to_verify_says_nothing_about_the_token(hub: Hub, rule: dict[str, Any]) -> None:
    hub.misbehave("GET /user", times=1, **rule)

    failed = hub.client.get_repository(ANN, NAME)
    after = hub.client.get_repository(ANN, NAME)

    assert isinstance(failed, Transient)
    assert isinstance(after, Metadata)


# One 401


def test_one_401_on_the_second_query_passes(hub: Hub) -> None:
    hub.misbehave("POST /graphql", skip=1, times=1, **UNAUTHORISED)

    kinds = [type(hub.client.graph_stargazers(ANN, [GraphAsk(NAME)]).outcomes[0]) for _ in range(4)]

    assert kinds == [Page, Transient, Page, Page]
    assert paths(hub).count("/user") == 2
    assert not hub.ledger.is_rejected(1, ANN.token, hub.clock.now())


def test_401s_for_everybody_for_20_s_cost_one_look_after_30_s(hub: Hub) -> None:
    hub.client.get_repository(ANN, NAME)
    hub.misbehave("*", **UNAUTHORISED)

    rejected = hub.client.get_repository(ANN, NAME)
    hub.clock.offset += 20
    hub.github.faults.rules.clear()
    early = hub.client.get_repository(ANN, NAME)
    hub.clock.offset += 10
    late = hub.client.get_repository(ANN, NAME)

    assert isinstance(rejected, BadToken)
    assert isinstance(early, BadToken)
    assert early.until == rejected.until
    assert isinstance(late, Metadata)
    asked = len(paths(hub))
    assert isinstance(hub.client.get_repository(ANN, NAME), Metadata)
    assert len(paths(hub)) == asked + 1


@pytest.mark.parametrize("rule", [UNAUTHORISED, SUSPENDED])
def test_a_rejected_token_is_not_sent_again_and_every_other_one_is(
    hub: Hub, rule: dict[str, Any]
) -> None:
    hub.client.get_repository(ANN, NAME)
    hub.misbehave("*", token=ANN.token, **rule)

    rejected = hub.client.get_repository(ANN, NAME)
    asked = len(paths(hub))
    again = [
        hub.client.get_repository(ANN, NAME),
        hub.client.graph_counts(ANN, [NAME]).outcomes[0],
    ]
    quiet = len(paths(hub))
    others = [
        hub.client.get_repository(replace(ANN, token="gho_renewed"), NAME),
        hub.client.get_repository(BOB, NAME),
    ]

    assert isinstance(rejected, BadToken)
    assert rejected.reason == "rejected"
    assert rejected.until == pytest.approx(hub.clock.now() + 30, abs=5)
    assert again == [rejected, rejected]
    assert quiet == asked
    assert [type(outcome) for outcome in others] == [Metadata, Metadata]


def test_many_calls_that_meet_a_401_at_once_confirm_it_once(hub: Hub) -> None:
    for _ in range(2):
        hub.client.get_repository(ANN, NAME)
    hub.misbehave("*", **UNAUTHORISED)

    calls = [gevent.spawn(hub.client.get_repository, ANN, NAME) for _ in range(8)]

    assert [type(call.get(timeout=10)) for call in calls] == [BadToken] * 8
    assert paths(hub).count("/user") == 2, "the first use, and one confirmation"


def test_a_rejected_token_is_looked_at_after_30_s_then_5_min_doubled_to_a_day(hub: Hub) -> None:
    hub.misbehave("*", **UNAUTHORISED)

    pauses = []
    for _ in range(12):
        outcome = hub.client.get_repository(ANN, NAME)
        assert isinstance(outcome, BadToken)
        assert outcome.until is not None
        pauses.append(outcome.until - hub.clock.now())
        hub.clock.offset += pauses[-1]

    expected = [30, *(300 * 2**number for number in range(9)), 86_400, 86_400]
    assert pauses == pytest.approx(expected, abs=2)
    assert len(paths(hub)) == 12, "each look is one call"


def test_the_operator_has_a_rejected_token_looked_at_at_once(hub: Hub) -> None:
    hub.misbehave("*", times=2, **UNAUTHORISED)
    rejected = [hub.client.get_repository(ANN, NAME) for _ in range(2)]
    hub.github.faults.rules.clear()

    hub.client.look_again(1)
    outcome = hub.client.get_repository(ANN, NAME)

    assert [type(each) for each in rejected] == [BadToken, BadToken]
    assert isinstance(outcome, Metadata)


def test_a_restart_looks_at_a_rejected_token_at_once(hub: Hub) -> None:
    hub.misbehave("*", times=1, **UNAUTHORISED)
    assert isinstance(hub.client.get_repository(ANN, NAME), BadToken)
    rows = hub.ledger.snapshot()

    hub.connect_blind()
    hub.ledger.restore(rows)

    assert isinstance(hub.client.get_repository(ANN, NAME), Metadata)


# What cannot be sent


@pytest.mark.parametrize("around", [" {}", "{}\n", "\t{}\r\n", "\ufeff{} "])
def test_white_space_around_a_token_is_removed(hub: Hub, around: str) -> None:
    account = replace(ANN, token=around.format(ANN.token))

    assert isinstance(hub.client.get_repository(account, NAME), Metadata)


@pytest.mark.parametrize(
    "token",
    [
        "gho_se\ncret",
        "gho_se\r\nx-evil: 1",
        "gho_se cret",
        "gho_se\0cret",
        "gho_sécret",
        "gho_\ud800",
    ],
)
def test_a_token_that_cannot_be_sent_is_said_so_without_showing_it(
    hub: Hub, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    outcome = hub.client.get_repository(replace(ANN, token=token), NAME)

    assert isinstance(outcome, BadToken)
    assert outcome.reason == "unsendable"
    assert "cannot be sent" in outcome.text
    assert hub.ledger.is_rejected(1, token, hub.clock.now())
    assert paths(hub) == []
    for part in (token, *token.split("\n"), token[:6]):
        assert part not in outcome.text
        assert part not in caplog.text


def test_an_account_without_a_token_is_said_so(hub: Hub) -> None:
    outcome = hub.client.get_repository(replace(ANN, token=" \n"), NAME)

    assert isinstance(outcome, BadToken)
    assert "no token" in outcome.text


# Rejections as such


def test_a_clock_that_is_set_back_keeps_no_token_out() -> None:
    rejections = Rejections()
    rejections.reject(1, "token", "rejected", "no", 2_000_000_000.0)

    assert rejections.find(1, "token", 2_000_000_010.0) is not None
    assert rejections.find(1, "token", 1_900_000_000.0) is None


def test_the_pauses_never_overflow() -> None:
    assert [look_pause(looks) for looks in (0, 1, 2, 5000)] == [30, 300, 600, 86_400]
