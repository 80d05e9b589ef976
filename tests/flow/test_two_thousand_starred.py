"""An account that starred 2,000 repositories, of which 12 are its own, on today's github.com."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from tests.harness import NO_LIMITS, Flow

GRAPH = {"use_graphql": True, "graphql_points_per_minute": 1_000_000}
STARRED, OWN = 2000, 12
#: Young enough for a history of one page.
CREATED = datetime(2026, 9, 6, tzinfo=UTC)


@pytest.mark.slow(600)
def test_its_own_lists_are_proven_and_the_others_are_restricted_with_counts_and_histories(
    flow: Callable[..., Flow],
) -> None:
    repositories = tuple(
        SimRepository(
            id=1000 + number,
            full_name=f"ann/tool-{number}" if number % 167 == 5 else f"org/repo-{number}",
            stars=number % 60 + 1 if number % 167 != 5 else 40 + number // 10,
            created=CREATED,
        )
        for number in range(STARRED)
    )
    own = tuple(one.id for one in repositories if one.full_name.startswith("ann/"))
    account = SimAccount(
        user_id=7,
        login="ann",
        token="gho_annannann",
        starred=tuple(one.id for one in repositories),
        owned=own,
    )
    run = flow(
        Scenario(
            accounts=(account,), repositories=repositories, population=50_000, limits=NO_LIMITS
        ),
        github=GRAPH,
    )

    run.start()
    run.wait_idle()

    rows = run.rows()
    statuses = Counter(row["status"] for row in rows.values())
    assert statuses == {"completed": OWN, "restricted": STARRED - OWN}
    assert run.stored() == run.truth(*own)
    for repository in repositories:
        row = rows[repository.full_name]
        count = row["total_stargazers" if repository.id in own else "star_count"]
        assert (count, row["error_count"]) == (repository.stars, 0)
    weeks = run.database.run(
        "SELECT repo.full_name AS name, math::sum(total) AS total FROM star_history GROUP BY name"
    )[0]
    assert {row["name"]: row["total"] for row in weeks} == {
        one.full_name: one.stars for one in repositories if one.id not in own
    }
    asked = run.github.asked()
    points = sum(entry.get("cost", 0) for entry in asked if entry["route"] == "graphql")
    by_rest = Counter(entry["route"] for entry in asked if entry["route"] != "graphql")
    assert points <= 30
    assert by_rest.pop("repo/stargazers/history") == STARRED - OWN
    assert sum(by_rest.values()) <= 200
