"""What one account asks for first: lists do not wait for the histories of what it may not list."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from gitstars.simulator.scenario import Scenario, SimAccount, SimLimits, SimRepository
from tests.harness import Flow

#: The settings of somebody who set nothing.
USUAL = {
    "use_graphql": True,
    "requests_per_hour": 4000,
    "rest_points_per_minute": 900,
    "graphql_points_per_minute": 2000,
}
LIST = "ann/tool"
STARS = 2500


def is_page_of_list(entry: dict[str, Any]) -> bool:
    return any(page[0] == LIST for page in entry.get("pages", ()))


def test_a_list_is_done_before_the_histories_of_80_restricted_repositories(
    flow: Callable[..., Flow],
) -> None:
    restricted = tuple(
        SimRepository(id=100 + number, full_name=f"big/r{number}", stars=3000)
        for number in range(80)
    )
    own = SimRepository(id=1, full_name=LIST, stars=STARS)
    starred = tuple(repository.id for repository in (*restricted, own))
    account = SimAccount(user_id=7, login="ann", token="gho_annannann", starred=starred, owned=(1,))
    run = flow(
        Scenario(
            accounts=(account,),
            repositories=(*restricted, own),
            population=50_000,
            limits=SimLimits(latency_seconds=0.2),
        ),
        github=USUAL,
    )

    run.start()
    run.wait_until(
        lambda: run.rows().get(LIST, {}).get("status") == "completed", "the list is complete"
    )

    asked = run.github.asked()
    pages = [at for at, entry in enumerate(asked) if is_page_of_list(entry)]
    histories = [at for at, entry in enumerate(asked) if "history" in entry["route"]]
    # 21 pages of each history are still to come, or most of them.
    assert len(histories) < 80 * 21 / 2
    # Two calls at a time are for histories: of those few come between two pages of the list.
    assert len(pages) == STARS / 100
    between = [sum(first < at < second for at in histories) for first, second in pairwise(pages)]
    assert sorted(between)[len(between) // 2] <= 6
    assert len(run.stored()[LIST]) == STARS
