"""Budgets and secondary limits, as figures and over a real socket."""

from typing import Any

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitstars.simulator.budgets import Budgets
from gitstars.simulator.scenario import SimAccount, SimLimits
from tests.simulator.conftest import MakeHub

VIEWER = {"query": "{viewer{login}}"}


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(1, 9)), max_size=60))
def test_no_window_and_no_minute_gets_more_than_its_points(calls: list[tuple[float, int]]) -> None:
    budgets = Budgets(
        SimLimits(points_per_window=50, window_seconds=100, rest_points_per_minute=20)
    )
    charged: list[tuple[float, int]] = []
    now = 1000.0
    for pause, cost in calls:
        now += pause
        outcome = budgets.charge(1, "core", cost, now)
        assert outcome.used + outcome.remaining == 50
        if outcome.kind == "ok":
            charged.append((now, cost))
        elif outcome.kind == "secondary":
            assert outcome.retry_after is not None
            assert outcome.retry_after >= 1

    assert all(
        sum(cost for at, cost in charged if end - 60 < at <= end) <= 20 for end, _ in charged
    )


def test_a_window_begins_anew_when_it_is_over() -> None:
    budgets = Budgets(SimLimits(points_per_window=1, window_seconds=100))

    kinds = [budgets.charge(1, "core", 1, now).kind for now in (1000.0, 1099.0, 1100.0)]

    assert kinds == ["ok", "spent", "ok"]


def test_a_budget_is_the_users_and_each_resource_has_its_own(make_hub: MakeHub) -> None:
    two = tuple(SimAccount(user_id=1, login="ann", token=token) for token in ("one", "two"))
    other = SimAccount(user_id=2, login="bob", token="three")
    hub = make_hub(accounts=(*two, other))

    left = [
        hub.ask("/user", token=token).headers["x-ratelimit-remaining"]
        for token in ("one", "two", "three")
    ]

    assert left == ["4999", "4998", "4999"]
    assert hub.read("/rate_limit", token="one")["resources"]["graphql"]["remaining"] == 5000
    assert hub.read("/rate_limit", token="two")["rate"]["used"] == 2


@pytest.mark.parametrize("status", [403, 429])
def test_a_spent_budget_refuses_until_its_reset(make_hub: MakeHub, status: int) -> None:
    hub = make_hub(limits=SimLimits(window_seconds=0.4, spent_status=status))  # type: ignore[arg-type]
    hub.control("/world", {"remaining": [[1, "core", 0], [1, "graphql", 0]]})

    rest, graph, free = (
        hub.ask("/user"),
        hub.ask("/graphql", "POST", json=VIEWER),
        hub.ask("/rate_limit"),
    )

    assert (
        rest.status_code,
        rest.headers["x-ratelimit-remaining"],
        rest.headers["x-ratelimit-resource"],
    ) == (status, "0", "core")
    assert "API rate limit exceeded" in rest.json()["message"]
    assert "retry-after" not in rest.headers
    assert (graph.status_code, graph.json()["errors"][0]["type"]) == (200, "RATE_LIMITED")
    assert graph.headers["x-ratelimit-resource"] == "graphql"
    assert free.status_code == 200
    gevent.sleep(0.45)
    assert hub.ask("/user").status_code == 200


@pytest.mark.parametrize(("status", "has_retry_after"), [(403, True), (429, True), (403, False)])
def test_points_a_minute_are_a_secondary_limit(
    make_hub: MakeHub, status: Any, has_retry_after: bool
) -> None:
    limits = SimLimits(
        rest_points_per_minute=2,
        graphql_points_per_minute=0,
        secondary_status=status,
        secondary_retry_after=has_retry_after,
    )
    hub = make_hub(limits=limits)

    answers = [hub.ask("/user") for _ in range(3)]
    graph = hub.ask("/graphql", "POST", json=VIEWER)

    assert [answer.status_code for answer in answers] == [200, 200, status]
    assert "secondary rate limit" in answers[2].json()["message"]
    assert answers[2].headers["x-ratelimit-remaining"] == "4998"
    assert ("retry-after" in answers[2].headers) == has_retry_after
    assert graph.json()["errors"][0]["code"] == "graphql_rate_limit"
    assert hub.ask("/user", token="ghp_bob").status_code == 200


def test_too_many_calls_at_once_are_a_secondary_limit_of_that_user(make_hub: MakeHub) -> None:
    hub = make_hub(limits=SimLimits(concurrent=3, latency_seconds=0.2))

    calls = [gevent.spawn(hub.ask, "/user") for _ in range(6)]
    other = hub.ask("/user", token="ghp_bob")
    gevent.joinall(calls, raise_error=True)

    assert sorted(call.value.status_code for call in calls).count(200) >= 3
    assert 403 in {call.value.status_code for call in calls}
    assert other.status_code == 200


def test_every_call_takes_the_latency(make_hub: MakeHub) -> None:
    assert (
        make_hub(limits=SimLimits(latency_seconds=0.1)).ask("/user").elapsed.total_seconds() >= 0.1
    )
