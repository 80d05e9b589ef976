"""The stars of an account that gitstars itself wrote are kept in step with GitHub."""

from collections.abc import Callable
from typing import Any

import msgspec

from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from gitstars.store import signing, syncs
from tests.harness import NO_LIMITS, Flow

MakeFlow = Callable[..., Flow]

PLACES = tuple(
    SimRepository(id=1000 + number, full_name=f"acme/repo-{number}", stars=3 + number)
    for number in range(230)
)
ANN = SimAccount(
    user_id=1,
    login="ann",
    token="gho_annannann",
    owned=(1000, 1001),
    starred=tuple(place.id for place in PLACES[:220]),
)


def begin(flow: MakeFlow, **changes: Any) -> Flow:
    scenario = Scenario(accounts=(ANN,), repositories=PLACES, limits=NO_LIMITS, population=9000)
    return flow(scenario, signed_in=0, collect={"history": "none"}, **changes)


def sign_in(run: Flow) -> None:
    signing.sign_in(run.database, 1, "ann", ANN.token, ["public_repo"], "github.com")


def starred(run: Flow) -> set[str]:
    query = "SELECT VALUE out FROM starred WHERE source = 'github' AND unstarred_at IS NONE"
    return {found.id for found in run.database.run(query)[0]}


def names(*numbers: int) -> set[str]:
    return {f"acme/repo-{number}" for number in numbers}


def list_again(run: Flow) -> None:
    """A listing from now on is over."""
    before = syncs.read(run.database, 1)
    assert before is not None
    assert syncs.request(run.database, 1)

    def is_over() -> bool:
        kept = syncs.read(run.database, 1)
        return kept is not None and (kept.synced_at or 0) > (before.synced_at or 0)

    run.wait_until(is_over, "the stars are listed")


def asked_pages(run: Flow) -> list[str]:
    return [e["query"]["page"] for e in run.github.asked() if e["route"] == "starred"]


def asked_positions(run: Flow) -> list[list[int]]:
    """From and up to which positions GraphQL listed the stars, newest first."""
    return [page for e in run.github.asked() for page in e.get("starred") or ()]


def test_an_account_that_signs_in_has_its_stars_listed_and_collected(flow: MakeFlow) -> None:
    run = begin(flow, github={"use_graphql": True})
    app = run.start()
    sign_in(run)

    run.wait_until(lambda: len(starred(run)) == 220, "all stars are written")
    run.wait_until(lambda: len(run.rows()) == 220, "all of them are taken up")
    run.wait_idle()

    rows = run.rows()
    assert starred(run) == names(*range(220))
    assert asked_positions(run) == [[0, 100], [100, 200], [200, 220]]
    assert asked_pages(run) == []
    assert {rows[name]["status"] for name in names(0, 1)} == {"completed"}
    assert {row["status"] for row in rows.values()} == {"completed", "restricted"}
    assert run.stored() == run.truth(1000, 1001)
    assert app.watcher.problem is None


def test_a_new_star_is_found_and_one_that_was_taken_back_is_collected_no_further(
    flow: MakeFlow,
) -> None:
    run = begin(flow, github={"use_graphql": True})
    sign_in(run)
    run.start()
    run.wait_until(lambda: len(starred(run)) == 220, "all stars are written")
    run.wait_idle()
    changed = msgspec.structs.replace(ANN, starred=(*ANN.starred[:50], *ANN.starred[51:], 1225))
    run.github.control("POST", "/accounts", msgspec.to_builtins(changed))

    list_again(run)
    after_newest = starred(run)
    run.database.run("UPDATE gitstars_sync SET whole_at = NONE")
    list_again(run)
    after_one = starred(run)
    list_again(run)

    assert "acme/repo-50" in after_newest & after_one
    assert "acme/repo-225" in after_one
    assert starred(run) == names(*range(220), 225) - names(50)
    run.wait_until(lambda: "acme/repo-225" in run.rows(), "the new one is taken up")


def test_a_listing_that_was_interrupted_goes_on_where_it_stood(flow: MakeFlow) -> None:
    run = begin(flow)
    sign_in(run)
    syncs.save_progress(run.database, 1, 2)
    syncs.request(run.database, 1)

    run.start()
    run.wait_until(lambda: len(starred(run)) == 120, "the rest is written")
    run.wait_idle()
    first = asked_pages(run)
    list_again(run)

    assert first == ["2", "3"]
    assert asked_pages(run) == ["2", "3", "1", "2", "3"]
    assert starred(run) == names(*range(220))


def test_one_that_graphql_listed_goes_on_behind_its_cursor(flow: MakeFlow) -> None:
    run = begin(flow, github={"use_graphql": True})
    sign_in(run)
    run.github.control("POST", "/rules", {"match": "POST *", "preset": "server_error", "skip": 2})
    app = run.start()
    run.wait_until(lambda: len(starred(run)) >= 100, "the first pages are written")
    app.stop()
    before = asked_positions(run)
    run.github.control("DELETE", "/rules")
    kept = syncs.read(run.database, 1)
    assert kept is not None
    syncs.request(run.database, 1)

    run.start()
    run.wait_until(lambda: len(starred(run)) == 220, "the rest is written")

    assert isinstance(kept.next_page, str)
    assert asked_positions(run)[len(before)][0] == before[-1][1]


def test_more_stars_than_graphql_lists_are_listed_by_rest(flow: MakeFlow) -> None:
    scenario = Scenario(
        accounts=(ANN,), repositories=PLACES, limits=NO_LIMITS, population=9000, starred_most=150
    )
    run = flow(scenario, signed_in=0, collect={"history": "none"}, github={"use_graphql": True})
    sign_in(run)

    run.start()
    run.wait_until(lambda: len(starred(run)) == 220, "all stars are written")

    assert asked_positions(run) == [[0, 100]]
    assert asked_pages(run) == ["1", "2", "3"]
