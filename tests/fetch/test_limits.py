"""Answers about limits, over a socket: what no sound server would say leads to a pause, never to a
hot loop.
"""

import json
from collections.abc import Callable
from typing import Any

import gevent
import pytest

from gitstars.fetch.answers import BudgetSpent, Metadata, SecondaryLimit
from gitstars.model import Account
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from tests.fetch.conftest import Hub

NAME = "acme/engine"
SCENARIO = Scenario(
    accounts=(SimAccount(user_id=1, login="ann", token="gho_secret_token"),),
    repositories=(SimRepository(id=10, full_name=NAME, stars=250),),
    population=5000,
)
SPENT = '{"message":"API rate limit exceeded for user ID 1."}'
SECONDARY = '{"message":"You have exceeded a secondary rate limit."}'
LIMITED_QUERY = '{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}'
MONTH = 30 * 86_400


def figures(remaining: int, reset: float, resource: str = "core") -> dict[str, str]:
    return {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": f"{reset:.0f}",
        "x-ratelimit-resource": resource,
    }


#: What an answer about a limit says of its end; seconds from now.
ENDS: dict[str, Callable[[float], dict[str, str]]] = {
    "no headers": lambda now: {},
    "points left": lambda now: figures(4000, now + 1800),
    "another resource": lambda now: figures(0, now + 1800, "search"),
    "the other budget": lambda now: figures(0, now + 1800, "graphql"),
    "the other budget, with points": lambda now: figures(4000, now + 1800, "graphql"),
    "a reset that is past": lambda now: figures(0, now - 3600),
    "a reset at this moment": lambda now: figures(0, now),
    "a reset a month ahead": lambda now: figures(0, now + MONTH),
    "a reset in 1970": lambda now: figures(0, 0),
    "nonsense": lambda now: figures(0, now) | {"x-ratelimit-reset": "soon"},
    "an end at once": lambda now: {"retry-after": "0"},
    "an end in the past": lambda now: {"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"},
}
FACES: dict[str, dict[str, Any]] = {
    "REST 403": {"match": "GET *", "status": 403, "body": SPENT},
    "REST 429": {"match": "GET *", "status": 429, "body": SPENT},
    "REST 403, secondary": {"match": "GET *", "status": 403, "body": SECONDARY},
    "GraphQL 200": {"match": "POST *", "status": 200, "body": LIMITED_QUERY},
    "GraphQL 403": {"match": "POST *", "status": 403, "body": SPENT},
}


@pytest.fixture
def hub(make_hub: Callable[[Scenario], Hub]) -> Hub:
    return make_hub(SCENARIO)


def ask(hub: Hub, account: Account, face: dict[str, Any]) -> Any:
    if face["match"] == "GET *":
        return hub.client.get_repository(account, NAME)
    return hub.client.graph_counts(account, [NAME]).outcomes[0]


@pytest.mark.parametrize("face", FACES.values(), ids=FACES)
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_limit_without_a_true_end_is_no_hot_loop(
    hub: Hub,
    account: Account,
    face: dict[str, Any],
    end: Callable[[float], dict[str, str]],
) -> None:
    rule = {"effect": "status", **face, "headers": end(hub.clock.now())}
    hub.misbehave(**rule)
    began, calls = hub.clock.now(), 0

    while hub.clock.now() < began + 12:
        outcome = ask(hub, account, face)
        calls += 1
        assert isinstance(outcome, BudgetSpent | SecondaryLimit)
        assert outcome.until >= hub.clock.now() + 1
        hub.clock.offset += 0.02

    assert calls > 400
    assert len(hub.routes) <= 3


@pytest.mark.parametrize("end", ["no headers", "a reset that is past", "nonsense"])
def test_a_limit_that_passes_is_over_after_its_pause(hub: Hub, account: Account, end: str) -> None:
    headers = ENDS[end](hub.clock.now())
    hub.misbehave("GET *", effect="status", status=403, body=SPENT, headers=headers, times=1)

    limited = hub.client.get_repository(account, NAME)
    assert isinstance(limited, BudgetSpent | SecondaryLimit)
    hub.clock.offset += limited.until - hub.clock.now()

    assert isinstance(hub.client.get_repository(account, NAME), Metadata)


def test_a_limit_of_one_budget_leaves_the_other_one_alone(hub: Hub, account: Account) -> None:
    hub.misbehave("GET *", effect="status", status=403, body=SPENT)

    limited = hub.client.get_repository(account, NAME)
    other = hub.client.graph_counts(account, [NAME]).outcomes[0]

    assert isinstance(limited, BudgetSpent)
    assert isinstance(other, Metadata)


def test_after_a_secondary_limit_the_next_call_goes_out_alone(hub: Hub, account: Account) -> None:
    body = json.dumps({"message": "You have exceeded a secondary rate limit."})
    hub.misbehave("GET *", effect="status", status=403, body=body, times=1)
    limited = hub.client.get_repository(account, NAME)
    assert isinstance(limited, SecondaryLimit)
    hub.clock.offset += limited.until - hub.clock.now()
    hub.misbehave("GET *", effect="status", status=403, body=body, times=1)

    calls = [gevent.spawn(hub.client.get_repository, account, NAME) for _ in range(8)]
    kinds = {type(call.get(timeout=10)) for call in calls}

    assert kinds == {SecondaryLimit}
    assert len(hub.routes) == 2, "one met the first limit, one the second"
