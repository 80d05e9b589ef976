"""Workers: each serves one account at a time, a failing account waits alone, a worker that died or
hangs is replaced.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import gevent
import pytest

from gitstars.execute.pool import WorkerPool
from gitstars.simulator.scenario import Scenario, SimAccount, SimLimits, SimRepository
from tests import waiting
from tests.execute.stage import Stage

MakeStage = Callable[..., Stage]
CREATED = datetime(2026, 8, 1, tzinfo=UTC)


def make_scenario(accounts: int, stars: int, latency_seconds: float = 0.0) -> Scenario:
    """So many accounts with one repository of its own each."""
    numbers = range(1, accounts + 1)
    return Scenario(
        accounts=tuple(
            SimAccount(user_id=n, login=f"user-{n}", token=f"gho_{n:04d}", starred=(n,), owned=(n,))
            for n in numbers
        ),
        repositories=tuple(
            SimRepository(id=n, full_name=f"user-{n}/r", stars=stars, created=CREATED)
            for n in numbers
        ),
        population=5000,
        limits=SimLimits(latency_seconds=latency_seconds),
    )


def put_all(scene: Stage) -> None:
    for account in scene.scenario.accounts:
        scene.put(account.user_id, user_id=account.user_id)


def wait_until(scene: Stage, is_true: Callable[[], bool], what: str) -> None:
    waiting.wait_until(is_true, what, lambda: (len(scene.asked), dict(scene.events.totals)))


def completed(scene: Stage) -> int:
    return sum(status == "completed" for status in scene.statuses().values())


def served(pool: WorkerPool) -> list[int]:
    """The users whose accounts are served at this moment."""
    return [user_id for state in pool.states() for user_id in state.users]


def test_two_workers_serve_five_accounts_one_at_a_time_each(stage: MakeStage) -> None:
    scene = stage(make_scenario(accounts=5, stars=120, latency_seconds=0.02), use_graphql=False)
    put_all(scene)
    pool = scene.start_workers(2)
    seen: list[list[int]] = []

    def is_done() -> bool:
        seen.append(served(pool))
        return completed(scene) == 5

    wait_until(scene, is_done, "all lists are complete")

    assert max(len(users) for users in seen) == 2
    assert all(len(set(users)) == len(users) for users in seen)
    assert all(len(state.users) <= 1 for state in pool.states())


def test_workers_without_work_are_idle(stage: MakeStage) -> None:
    scene = stage(make_scenario(accounts=1, stars=1))
    pool = scene.start_workers(3)
    gevent.sleep(0)

    assert [state.is_idle for state in pool.states()] == [True] * 3
    assert (pool.count, pool.initial, served(pool)) == (3, 3, [])


@pytest.mark.parametrize(("asked", "count"), [(0, 1), (1, 1), (7, 7), (5000, 100)])
def test_there_is_one_worker_at_least_and_never_more_than_the_maximum(
    stage: MakeStage, asked: int, count: int
) -> None:
    scene = stage(make_scenario(accounts=1, stars=1))
    pool = scene.start_workers(2)

    assert (pool.scale(asked), pool.count) == (count, count)


def test_an_account_whose_serving_fails_waits_alone_and_is_served_later(
    stage: MakeStage, caplog: pytest.LogCaptureFixture
) -> None:
    scene = stage(make_scenario(accounts=3, stars=20))
    failing = iter(range(2))
    make_owner = scene.make_owner

    def name_claim() -> str:
        # The first two that claim fail.
        if next(failing, None) is not None:
            raise RuntimeError("not in this test")
        return make_owner()

    scene.engine._taking.owner = name_claim
    put_all(scene)
    scene.start_workers(1)

    wait_until(scene, lambda: completed(scene) == 1, "the third account is served")
    # What the failing accounts had taken up comes back with the next scan.
    put_all(scene)
    wait_until(scene, lambda: completed(scene) == 3, "all accounts are served")

    assert sum("serving account" in record.message for record in caplog.records) == 2


def test_a_worker_that_died_is_replaced_after_a_pause(stage: MakeStage) -> None:
    scene = stage(make_scenario(accounts=1, stars=250))
    pool = scene.start_workers(1)
    (_, greenlet) = next(iter(pool._workers.values()))
    gevent.sleep(0)

    greenlet.kill()
    after_the_death = pool.count
    put_all(scene)
    wait_until(scene, lambda: completed(scene) == 1, "its successor serves the account")

    assert after_the_death == 0
    assert (pool.count, pool.replaced) == (1, 1)


def test_a_worker_that_hangs_is_replaced_and_what_it_held_goes_on(stage: MakeStage) -> None:
    scene = stage(make_scenario(accounts=1, stars=350), use_graphql=False)
    scene.misbehave("GET */stargazers*page=2", effect="hang", seconds=60, times=1)
    put_all(scene)
    pool = scene.start_workers(1)
    rule = scene.github.faults.rules[0]
    wait_until(scene, lambda: rule.done > 0, "the second page hangs")
    (state,) = pool.states()

    pool.replace(state.number)
    scene.put(1, user_id=1)

    wait_until(scene, lambda: completed(scene) == 1, "the list is complete")
    assert (pool.count, pool.replaced) == (1, 1)
    assert scene.stars("user-1/r") == 350


def test_a_worker_that_is_scaled_away_gives_its_account_to_another(stage: MakeStage) -> None:
    scene = stage(make_scenario(accounts=2, stars=600, latency_seconds=0.02), use_graphql=False)
    put_all(scene)
    pool = scene.start_workers(2)
    wait_until(scene, lambda: len(served(pool)) == 2, "both accounts are served")

    pool.scale(1)
    wait_until(scene, lambda: completed(scene) == 2, "both lists are complete")

    assert (pool.count, len(pool.states())) == (1, 1)


def test_a_stop_gives_back_what_is_in_hand_with_what_was_read(stage: MakeStage) -> None:
    scene = stage(make_scenario(accounts=3, stars=900, latency_seconds=0.05), use_graphql=False)
    put_all(scene)
    pool = scene.start_workers(3)
    wait_until(scene, lambda: scene.events.totals["pages.stored"] >= 6, "some pages are stored")

    scene.stop.set()
    pool.stop(5.0)

    rows = scene.rows().values()
    assert {(row["status"], row.get("claimed_by")) for row in rows} == {("pending", None)}
    assert (
        sum(row["processed_stargazers"] for row in rows)
        == 100 * (scene.events.totals["pages.stored"])
    )
    assert pool.owners() == []


def test_accounts_make_room_for_those_who_wait_for_a_worker(stage: MakeStage) -> None:
    scene = stage(make_scenario(accounts=2, stars=2000, latency_seconds=0.02), use_graphql=False)
    scene.put(1, user_id=1)
    scene.start_workers(1)
    wait_until(scene, lambda: scene.events.totals["pages.stored"] >= 1, "the first is served")
    scene.put(2, user_id=2)

    # Half a minute is what one account is served while another one waits.
    scene.clock.offset += 31
    wait_until(scene, lambda: scene.stars("user-2/r") > 0, "the second is served")

    assert scene.statuses()["user-1/r"] == "pending"
    wait_until(scene, lambda: completed(scene) == 2, "both are complete")
