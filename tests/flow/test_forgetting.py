"""Who asked to be forgotten is not stored again, whatever is read, and lists stay proven."""

from collections.abc import Callable
from typing import Any

import pytest

from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from gitstars.store import forgotten
from tests.harness import NO_LIMITS, Flow

MakeFlow = Callable[..., Flow]

ENGINE = SimRepository(id=7, full_name="acme/engine", stars=230)
ANN = SimAccount(user_id=1, login="ann", token="gho_annannann", owned=(7,), starred=(7,))


@pytest.mark.parametrize("use_graphql", [False, True])
def test_a_forgotten_person_stays_away_from_a_list_that_is_read_anew(
    flow: MakeFlow, monkeypatch: pytest.MonkeyPatch, use_graphql: bool
) -> None:
    monkeypatch.setattr(forgotten, "READ_SECONDS", 0.0)
    run = flow(
        Scenario(accounts=(ANN,), repositories=(ENGINE,), limits=NO_LIMITS, population=9000),
        collect={"history": "none"},
        github={"use_graphql": use_graphql},
    )
    app = run.start()
    run.wait_until(lambda: row(run)["status"] == "completed", "the list is read")
    before = run.stored()["acme/engine"]
    hidden = min(user for user, _ in before)

    forgotten.forget(run.database, hidden, is_collecting=True)
    after_forgetting, counts = run.stored()["acme/engine"], counted(run)
    reads = app.events.totals["repo.completed"]
    app.repositories.reprocess("acme/engine", force=True)
    run.wait_until(lambda: app.events.totals["repo.completed"] > reads, "it is read anew")

    assert after_forgetting == {star for star in before if star[0] != hidden}
    assert run.stored()["acme/engine"] == after_forgetting
    assert hidden not in run.people()
    assert counts == counted(run) == ("completed", len(before) - 1, 230 - len(before) + 1)


def row(run: Flow) -> dict[str, Any]:
    return run.rows().get("acme/engine", {"status": None})


def counted(run: Flow) -> tuple[str, int, int]:
    found = row(run)
    return found["status"], found["processed_stargazers"], found["ghosts"]
