"""A table that begins to take nothing while gitstars runs is a fault of the whole database."""

from collections.abc import Callable

from gitstars.simulator.scenario import Scenario, SimAccount, SimLimits, SimRepository
from tests.harness import Flow

MakeFlow = Callable[..., Flow]
DEMAND = "DEFINE FIELD colour ON starred TYPE string"


def test_a_table_that_changes_meanwhile_fails_no_list_and_stops_the_fetching(
    flow: MakeFlow,
) -> None:
    places = tuple(
        SimRepository(id=1000 + n, full_name=f"org/repo-{n}", stars=900) for n in range(4)
    )
    everything = tuple(place.id for place in places)
    ann = SimAccount(
        user_id=1, login="ann", token="gho_annannann", starred=everything, owns_starred=True
    )
    slow = SimLimits(latency_seconds=0.1)
    run = flow(Scenario(accounts=(ann,), repositories=places, limits=slow, population=9000))
    app = run.start()
    run.wait_until(lambda: len(run.stored()) > 0, "the first page is stored")

    app.database.run(DEMAND)
    run.wait_until(lambda: app.trial.fault is not None, "the fault is found")
    run.wait_until(
        lambda: not [row for row in run.rows().values() if row["status"] == "processing"],
        "everything is given back",
    )

    assert "starred" in str(app.trial.fault)
    rows = run.rows().values()
    assert {(row["status"], row["error_count"]) for row in rows} == {("pending", 0)}

    app.database.run("REMOVE FIELD colour ON starred")
    app.trial.look()
    # The minute is over after which they are tried again.
    app.database.run("UPDATE repo_processing_status SET next_retry_after = time::now()")
    app.dispatcher.wake_all()
    run.wait_until(
        lambda: {row["status"] for row in run.rows().values()} == {"completed"}, "all go on"
    )
    assert run.stored() == run.truth()
