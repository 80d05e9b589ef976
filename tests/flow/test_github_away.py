"""While GitHub is away, or refuses tokens for a moment: nothing fails, and everything completes
once it answers again.
"""

from collections.abc import Callable
from typing import Any

import pytest

from gitstars.fetch.breaker import FIRST_PROBE_SECONDS
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from tests.harness import NO_LIMITS, Flow

MakeFlow = Callable[..., Flow]

REPOSITORIES = tuple(
    SimRepository(id=1000 + number, full_name=f"org/repo-{number}", stars=30 + 40 * number)
    for number in range(12)
)
SCENARIO = Scenario(
    accounts=tuple(
        SimAccount(
            user_id=user,
            login=login,
            token=f"gho_{login}",
            starred=tuple(place.id for place in REPOSITORIES[6 * (user - 1) : 6 * user]),
            owns_starred=True,
        )
        for user, login in ((1, "ann"), (2, "bob"))
    ),
    repositories=REPOSITORIES,
    limits=NO_LIMITS,
    population=5000,
)
PORTAL = "<html><title>Please log in</title></html>"
UNAUTHORISED: dict[str, Any] = {
    "effect": "status",
    "status": 401,
    "body": '{"message":"Bad credentials"}',
}
AWAY: dict[str, dict[str, Any]] = {
    "a captive portal": {"effect": "status", "status": 200, "body": PORTAL},
    "a proxy that wants a password": {"effect": "status", "status": 407, "body": PORTAL},
    "a redirect to another host": {
        "effect": "status",
        "status": 302,
        "headers": {"location": "http://portal.test/login"},
    },
    "hanging up": {"effect": "drop"},
}


@pytest.mark.parametrize("github", [{}, {"use_graphql": True}], ids=["rest", "graphql"])
@pytest.mark.parametrize("rule", AWAY.values(), ids=AWAY)
def test_an_outage_costs_no_errors_and_ends_by_itself(
    flow: MakeFlow, rule: dict[str, Any], github: dict[str, Any]
) -> None:
    run = flow(SCENARIO, github=github)
    run.github.control("POST", "/rules", {"match": "*", "skip": 4, **rule})
    app = run.start()
    run.wait_until(lambda: app.client.outage is not None, "the outage is known")

    during = run.rows().values()
    run.github.control("DELETE", "/rules")
    run.clock.jump(FIRST_PROBE_SECONDS)
    run.wait_until(lambda: run.stored() == run.truth(), "everything is stored")
    run.wait_idle()

    assert not [row for row in during if row["status"] == "failed"]
    assert {row["status"] for row in run.rows().values()} == {"completed"}
    assert not any(row.get("error_count") for row in run.rows().values())
    assert app.client.outage is None


def test_one_401_on_the_second_query_costs_nothing(flow: MakeFlow) -> None:
    run = flow(SCENARIO, github={"use_graphql": True})
    rule = {"match": "POST /graphql", "skip": 1, "times": 1, **UNAUTHORISED}
    run.github.control("POST", "/rules", rule)

    app = run.start()
    run.wait_until(lambda: run.stored() == run.truth(), "everything is stored")
    run.wait_idle()

    assert {row["status"] for row in run.rows().values()} == {"completed"}
    assert not app.ledger.is_rejected(1, "gho_ann", app.clock.now())
    assert not app.ledger.is_rejected(2, "gho_bob", app.clock.now())
