"""An outage of the way to GitHub: one state for the whole server, which nothing but a probe opens,
and during which nothing is sent and nothing is booked.
"""

import json
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent.socket import socket

from gitstars.fetch.answers import Metadata, Outage, Page, Transient
from gitstars.fetch.client import GitHubClient
from gitstars.fetch.graphql import GraphAsk
from gitstars.model import Account, Resource
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from tests.fetch.conftest import Hub

NAME = "acme/engine"
SCENARIO = Scenario(
    accounts=(
        SimAccount(user_id=1, login="ann", token="gho_secret_token", owned=(10, 11)),
        SimAccount(user_id=2, login="bob", token="gho_bob"),
    ),
    repositories=(
        SimRepository(id=10, full_name=NAME, stars=250),
        SimRepository(id=11, full_name="acme/small", stars=30),
    ),
    population=5000,
)
BOB = Account("account:two", 2, "bob", "gho_bob")
ServeRaw = Callable[[Callable[..., None]], str]


@pytest.fixture
def hub(make_hub: Callable[[Scenario], Hub]) -> Hub:
    return make_hub(SCENARIO)


def fail_until_out(client: GitHubClient, account: Account) -> Outage:
    """Ask until the client speaks of an outage: at the third failure in a row."""
    kinds = []
    for _ in range(3):
        outcome = client.get_repository(account, NAME)
        kinds.append(type(outcome))
    assert Outage not in kinds[:2]
    assert isinstance(outcome, Outage)
    return outcome


FOREIGN: dict[str, tuple[dict[str, Any], str]] = {
    "a captive portal": (
        {"effect": "status", "status": 200, "body": "<html>Please log in</html>"},
        "something that is not GitHub answers (HTML)",
    ),
    "no JSON": ({"effect": "status", "status": 200, "body": "hello"}, "(no JSON)"),
    "JSON of another shape": (
        {
            "effect": "status",
            "status": 200,
            "body": '{"login":"please"}',
            "headers": {"x-github-request-id": ""},
        },
        "(JSON of another shape)",
    ),
    "JSON of another shape that bears GitHub's mark": (
        {"effect": "status", "status": 200, "body": '{"login":"please"}'},
        "(JSON of another shape)",
    ),
    "a proxy that wants a password": (
        {"effect": "status", "status": 407, "body": "<html>Proxy</html>"},
        "a proxy asks for a password (407)",
    ),
    "a redirect to another host": (
        {"effect": "status", "status": 302, "headers": {"location": "http://portal.test/login"}},
        "(a redirect to another host)",
    ),
    "a redirect to what is no address": (
        {"effect": "status", "status": 302, "headers": {"location": "http://[bad"}},
        "(a redirect to what is no address)",
    ),
    "a gateway": ({"effect": "status", "status": 502, "body": "<html>Bad Gateway"}, "HTTP 502"),
    "GitHub itself is down": ({"effect": "status", "status": 503}, "HTTP 503"),
    "hanging up": ({"effect": "drop"}, "the connection was closed before the whole answer came"),
    "an answer that is cut off": ({"effect": "truncate"}, "the connection was closed"),
}


@pytest.mark.parametrize(("rule", "cause"), FOREIGN.values(), ids=FOREIGN)
def test_what_is_not_github_is_an_outage_of_the_way(
    hub: Hub, account: Account, rule: dict[str, Any], cause: str
) -> None:
    hub.misbehave("*", **rule)
    began = hub.clock.now()

    outage = fail_until_out(hub.client, account)

    assert cause in outage.text
    assert outage == hub.client.outage
    assert began <= outage.since <= hub.clock.now()
    assert outage.until == pytest.approx(hub.clock.now() + 5, abs=3)


def test_a_refused_connection_is_an_outage_in_plain_words(hub: Hub, account: Account) -> None:
    hub.github.stop()

    outage = fail_until_out(hub.client, account)

    assert outage.text == "connection refused"


def test_a_name_that_cannot_be_resolved_is_an_outage_in_plain_words(
    hub: Hub, account: Account
) -> None:
    client = hub.connect(api_url="http://nowhere.invalid")

    outage = fail_until_out(client, account)

    assert outage.text == "the name could not be resolved"


def test_while_it_lasts_nothing_is_sent_and_nothing_is_booked(hub: Hub, account: Account) -> None:
    hub.client.get_repository(account, NAME)
    hub.misbehave("*", effect="drop")
    fail_until_out(hub.client, account)
    asked, budgets = len(hub.routes), hub.ledger.snapshot()

    outcomes = [
        outcome
        for who in (account, BOB)
        for outcome in (
            hub.client.get_repository(who, NAME),
            hub.client.list_stargazers(who, NAME, 1),
            *hub.client.graph_stargazers(who, [GraphAsk(NAME), GraphAsk("acme/small")]).outcomes,
        )
    ]

    assert [type(outcome) for outcome in outcomes] == [Outage] * 8
    assert len(hub.routes) == asked
    assert hub.ledger.snapshot() == budgets


def test_the_first_good_answer_ends_it_and_wakes_whoever_waits(hub: Hub, account: Account) -> None:
    woken: list[bool] = []
    hub.client.way.on_recovery = lambda: woken.append(True)
    hub.misbehave("*", effect="drop")
    outage = fail_until_out(hub.client, account)
    hub.github.faults.rules.clear()

    early = hub.client.get_repository(account, NAME)
    hub.clock.offset += outage.until - hub.clock.now()
    late = hub.client.get_repository(account, NAME)

    assert isinstance(early, Outage)
    assert isinstance(late, Metadata)
    assert hub.client.outage is None
    assert woken == [True]


def test_a_duty_ends_it_while_nobody_asks_for_anything(hub: Hub, account: Account) -> None:
    hub.misbehave("*", effect="drop")
    outage = fail_until_out(hub.client, account)
    hub.github.faults.rules.clear()

    hub.client.way.check()
    before = hub.client.outage
    hub.clock.offset += outage.until - hub.clock.now()
    hub.client.way.check()

    assert before == outage
    assert hub.client.outage is None


def test_a_night_of_outage_costs_a_probe_a_minute(hub: Hub, account: Account) -> None:
    hub.misbehave("*", effect="drop")
    fail_until_out(hub.client, account)
    asked = len(hub.routes)

    for _ in range(600):
        hub.clock.offset += 1
        assert isinstance(hub.client.get_repository(account, NAME), Outage)

    assert 9 <= len(hub.routes) - asked <= 14


def test_a_probe_brings_no_token(hub: Hub, account: Account, serve_raw: ServeRaw) -> None:
    heads: list[bytes] = []

    def talk(connection: socket, head: bytes) -> None:
        heads.append(head)
        connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    client = hub.connect(api_url=serve_raw(talk))

    fail_until_out(client, account)

    assert [b"Authorization" in head for head in heads] == [True, True, True, False]
    assert heads[-1].startswith(b"GET /rate_limit ")


NOT_THE_WAY: dict[str, dict[str, Any]] = {
    "a page that always gets 502": {"effect": "status", "status": 502},
    "a page that hangs up": {"effect": "drop"},
    "a page of garbage": {"effect": "garbage"},
    "a page of another shape": {"effect": "status", "status": 200, "body": '{"stars":"many"}'},
    "a page that leads elsewhere": {
        "effect": "status",
        "status": 302,
        "headers": {"location": "http://elsewhere.test/"},
    },
}


@pytest.mark.parametrize("rule", NOT_THE_WAY.values(), ids=NOT_THE_WAY)
def test_one_bad_page_never_opens_it(hub: Hub, account: Account, rule: dict[str, Any]) -> None:
    hub.misbehave("GET */stargazers*", **rule)

    outcomes = []
    for _ in range(40):
        hub.clock.offset += 1
        outcomes.append(hub.client.list_stargazers(account, NAME, 1))

    assert not any(isinstance(outcome, Outage) for outcome in outcomes)
    assert hub.client.outage is None
    assert isinstance(hub.client.get_repository(account, NAME), Metadata)
    assert sum(route == "rate_limit" for route, _ in hub.routes) <= 5


def test_a_route_that_always_fails_never_opens_it(hub: Hub, account: Account) -> None:
    hub.misbehave("POST /graphql", effect="status", status=502, body="<html>Bad Gateway</html>")

    answers = [
        hub.client.graph_stargazers(account, [GraphAsk(NAME), GraphAsk("acme/small")])
        for _ in range(20)
    ]

    assert all(answer.has_failed for answer in answers)
    assert hub.client.outage is None
    assert isinstance(hub.client.list_stargazers(account, NAME, 1), Page)


def test_a_server_without_rate_limits_answers_probes_with_404(hub: Hub, account: Account) -> None:
    prefix = f"{hub.url}/api/v3"
    client = hub.connect(api_url=prefix, graphql_url=f"{hub.url}/api/graphql")
    hub.misbehave("GET */stargazers*", effect="drop")

    for _ in range(5):
        client.list_stargazers(account, NAME, 1)

    assert client.outage is None


def test_calls_that_fail_together_cost_one_probe(hub: Hub, account: Account) -> None:
    hub.client.get_repository(account, NAME)
    hub.misbehave("*", effect="delay", seconds=0.05)
    hub.misbehave("*", effect="drop")
    hub.github.faults.rules.reverse()

    calls = [gevent.spawn(hub.client.get_repository, account, NAME) for _ in range(8)]
    kinds = [type(call.get(timeout=10)) for call in calls]

    assert Outage in kinds
    assert set(kinds) <= {Outage, Transient}
    assert len(hub.routes) <= 1 + 8 + 1


# What never arrived


def test_45_s_of_refused_connections_cost_no_points(hub: Hub, account: Account) -> None:
    hub.github.budgets.set_remaining(1, "core", 255, hub.clock.now())
    hub.client.get_repository(account, NAME)
    port = int(hub.url.rpartition(":")[2])
    hub.github.stop()
    # What is kept alive would still be served.
    hub.client.close()

    for _ in range(450):
        hub.clock.offset += 0.1
        assert isinstance(hub.client.get_repository(account, NAME), Outage | Transient)
    hub.github.start(port)
    hub.clock.offset += 60
    outcome = hub.client.get_repository(account, NAME)

    assert isinstance(outcome, Metadata)
    assert hub.ledger.view(1, hub.clock.now())["core"]["remaining"] == 253


def test_calls_that_were_lost_on_their_way_are_corrected_by_the_next_answer(
    hub: Hub, account: Account
) -> None:
    hub.github.budgets.set_remaining(1, "core", 255, hub.clock.now())
    hub.client.get_repository(account, NAME)
    hub.misbehave("GET /repos/*", times=2, effect="drop")

    for _ in range(2):
        hub.client.get_repository(account, NAME)
    supposed = hub.ledger.view(1, hub.clock.now())["core"]["remaining"]
    hub.client.get_repository(account, NAME)

    assert supposed == 252
    assert hub.ledger.view(1, hub.clock.now())["core"]["remaining"] == 253
    assert hub.ledger.peek(1, Resource.CORE, 1, hub.clock.now()) is None


def test_the_cause_of_an_outage_holds_nothing_of_a_library(hub: Hub, account: Account) -> None:
    hub.github.stop()

    texts = json.dumps([str(hub.client.get_repository(account, NAME)) for _ in range(3)])

    for word in ("HTTPConnectionPool", "Errno", "urllib3", "Exception", "Error(", "0x"):
        assert word not in texts
