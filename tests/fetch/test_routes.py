"""Routes that a server may lack: certain on github.com; elsewhere believed missing after several
misses, and asked for again.
"""

from collections.abc import Callable
from typing import Any

import pytest

from gitstars.fetch.answers import Gone, Metadata, Missing, RouteMissing, Transient, Weeks
from gitstars.fetch.routes import Routes
from gitstars.model import Account
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from tests.fetch.conftest import Hub

START = 1_790_000_000.0
ENTERPRISE, GITHUB = "https://github.example/api/v3", "https://api.github.com"
REPOSITORIES = tuple(
    SimRepository(id=number, full_name=f"acme/repo-{number}", stars=30) for number in range(10, 15)
)


class Time:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def make_scenario(**missing: Any) -> Scenario:
    account = SimAccount(user_id=1, login="ann", token="gho_secret_token")
    gone = SimRepository(id=99, full_name="acme/gone", stars=1, fate="deleted")
    return Scenario(
        accounts=(account,), repositories=(*REPOSITORIES, gone), population=5000, **missing
    )


def test_on_github_com_the_routes_exist_whatever_an_answer_says() -> None:
    routes = Routes(GITHUB, True, Time())

    believed = [routes.graphql.miss(str(key), START) for key in range(100)]
    believed += [routes.history.miss(str(key), START) for key in range(100)]

    assert not any(believed)
    assert routes.has_graphql
    assert routes.has_history
    assert routes.missing() == {}


def test_elsewhere_three_different_misses_are_believed_and_one_repeated_is_not() -> None:
    routes = Routes(ENTERPRISE, True, Time())

    repeated = [routes.history.miss("acme/engine", START) for _ in range(50)]
    others = [routes.history.miss(name, START) for name in ("acme/small", "acme/third")]

    assert not any(repeated)
    assert others == [False, True]
    assert not routes.has_history
    assert routes.has_graphql
    assert routes.missing() == {"history": START}


def test_an_answer_in_between_begins_the_count_anew() -> None:
    routes = Routes(ENTERPRISE, True, Time())

    for _ in range(10):
        routes.graphql.miss("one", START)
        routes.graphql.miss("two", START)
        routes.graphql.find()

    assert routes.has_graphql


def test_a_missing_route_is_asked_for_again_after_an_hour() -> None:
    time = Time()
    routes = Routes(ENTERPRISE, True, time)
    for key in "abc":
        routes.graphql.miss(key, START)

    time.now = START + 3599
    before = routes.has_graphql
    time.now = START + 3600
    after = routes.has_graphql
    still_missing = routes.graphql.miss("d", time.now)

    assert (before, after, still_missing) == (False, True, True)
    assert not routes.has_graphql
    assert routes.missing() == {"graphql": START}
    routes.graphql.find()
    assert routes.has_graphql


def test_a_clock_that_is_set_back_keeps_no_route_away() -> None:
    time = Time()
    routes = Routes(ENTERPRISE, True, time)
    for key in "abc":
        routes.history.miss(key, START)

    time.now = START - 86_400

    assert routes.has_history


@pytest.mark.parametrize("api_url", [ENTERPRISE, GITHUB])
def test_who_wants_no_graphql_gets_none(api_url: str) -> None:
    assert not Routes(api_url, False, Time()).has_graphql


# Over a socket


def test_one_404_on_graphql_switches_nothing_off(
    make_hub: Callable[[Scenario], Hub], account: Account
) -> None:
    hub = make_hub(make_scenario())
    hub.misbehave(
        "POST /graphql", effect="status", status=404, body='{"message":"Not Found"}', times=2
    )

    answers = [hub.client.graph_counts(account, ["acme/repo-10", "acme/repo-11"]) for _ in range(3)]

    kinds = [[type(outcome) for outcome in answer.outcomes] for answer in answers]
    assert kinds == [[Transient] * 2, [Transient] * 2, [Metadata] * 2]
    assert [answer.has_failed for answer in answers] == [True, True, False]
    assert hub.client.routes.has_graphql


def test_a_server_without_graphql_is_known_after_three_queries(
    make_hub: Callable[[Scenario], Hub], account: Account
) -> None:
    hub = make_hub(make_scenario(has_graphql=False))

    kinds = [type(hub.client.graph_counts(account, ["acme/repo-10"]).outcomes[0]) for _ in range(3)]

    assert kinds == [Transient, Transient, RouteMissing]
    assert not hub.client.routes.has_graphql
    assert list(hub.client.routes.missing()) == ["graphql"]


def test_one_404_on_a_history_is_about_that_repository(
    make_hub: Callable[[Scenario], Hub], account: Account
) -> None:
    hub = make_hub(make_scenario())
    hub.misbehave(
        "GET */stargazers/history*",
        effect="status",
        status=404,
        body='{"message":"Not Found"}',
        times=1,
    )

    first, second = (hub.client.star_history(account, "acme/repo-10", 1) for _ in range(2))

    assert isinstance(first, Missing)
    assert isinstance(second, Weeks)
    assert hub.client.routes.has_history


def test_a_server_without_histories_is_known_after_three_repositories(
    make_hub: Callable[[Scenario], Hub], account: Account
) -> None:
    hub = make_hub(make_scenario(has_counts=False))
    names = ["acme/repo-10", "acme/repo-10", "acme/repo-11", "acme/repo-12"]

    outcomes = [hub.client.star_history(account, name, 1) for name in names]
    gone = hub.client.star_history(account, "acme/gone", 1)

    assert [type(outcome) for outcome in outcomes] == [Missing, Missing, Missing, RouteMissing]
    assert isinstance(gone, Gone)
    assert not hub.client.routes.has_history
