"""From accounts in the database to every star in the database, compared row by row with the
simulated GitHub's truth.
"""

from collections.abc import Callable
from typing import Any

import pytest

from gitstars.model import Repository
from gitstars.simulator.people import login_of
from gitstars.simulator.scenario import (
    Scenario,
    SimAccount,
    SimLimits,
    SimRepository,
    long_tail,
    make_scenario,
)
from gitstars.store import seeding
from tests.harness import NO_LIMITS, Flow

MakeFlow = Callable[..., Flow]


def repositories(*sizes: int, **changes: Any) -> tuple[SimRepository, ...]:
    return tuple(
        SimRepository(id=1000 + n, full_name=f"org/repo-{n}", stars=size, **changes)
        for n, size in enumerate(sizes)
    )


def scenario(places: tuple[SimRepository, ...], limits: SimLimits, **changes: Any) -> Scenario:
    """One account that starred these repositories, and owns them unless ``owned`` is False."""
    account = SimAccount(
        user_id=1,
        login="ann",
        token="gho_annannann",
        starred=tuple(place.id for place in places),
        owns_starred=changes.pop("owned", True),
    )
    return Scenario(
        accounts=(account,), repositories=places, limits=limits, population=5000, **changes
    )


@pytest.mark.both_engines
def test_every_star_of_existing_accounts_is_stored(flow: MakeFlow) -> None:
    run = flow(
        make_scenario(long_tail(60, 40, 1500), accounts=3, limits=NO_LIMITS, population=20_000)
    )

    run.start()
    run.wait_idle()

    assert run.stored() == run.truth()
    assert {row["status"] for row in run.rows().values()} == {"completed"}
    counts = {place.full_name: place.stars for place in run.scenario.repositories}
    assert {name: row["processed_stargazers"] for name, row in run.rows().items()} == counts
    accounts = {account.user_id: account.login for account in run.scenario.accounts}
    logins = accounts | {
        user_id: login_of(user_id) for stars in run.truth().values() for user_id, _ in stars
    }
    avatar, profile = "https://avatars.githubusercontent.com/u/{}?v=4", "https://github.com/{}"
    assert run.people() == {
        user_id: (login, avatar.format(user_id), profile.format(login))
        for user_id, login in logins.items()
    }


def test_ghosts_are_counted_and_not_stored(flow: MakeFlow) -> None:
    run = flow(scenario(repositories(250, 7, ghost_every=5), NO_LIMITS))

    run.start()
    run.wait_idle()

    assert run.stored() == run.truth()
    row = run.rows()["org/repo-0"]
    assert (row["status"], row["ghosts"], row["processed_stargazers"]) == ("completed", 50, 200)


def test_each_fate_of_a_repository_ends_with_its_reason(flow: MakeFlow) -> None:
    fates = {"org/deleted": "deleted", "org/blocked": "blocked", "org/disabled": "disabled"}
    places = tuple(
        SimRepository(id=2000 + n, full_name=name, stars=10, fate=fate)
        for n, (name, fate) in enumerate(fates.items())
    )
    moved = SimRepository(id=3000, full_name="new/name", stars=120, renamed_from="old/name")
    run = flow(scenario((*places, *repositories(30), moved), NO_LIMITS))
    run.start()
    run.wait_idle()

    rows = run.rows()

    assert {
        name: (rows[name]["status"], rows[name]["last_error"].partition(":")[0]) for name in fates
    } == {name: ("failed", fate) for name, fate in fates.items()}
    assert all(rows[name]["next_retry_after"] is not None for name in fates)
    assert {rows[name]["status"] for name in ("org/repo-0", "new/name")} == {"completed"}
    assert run.stored() == run.truth(1000, 3000)


@pytest.mark.parametrize(
    ("face", "word"),
    [("permission", "permission"), ("token", "token"), ("integration", "integration")],
)
def test_a_refused_list_is_restricted_and_never_zero(flow: MakeFlow, face: str, word: str) -> None:
    run = flow(scenario(repositories(30, 200), NO_LIMITS, owned=False, face=face))

    run.start()
    run.wait_idle()

    assert run.stored() == {}
    for row in run.rows().values():
        assert row["status"] == "restricted"
        assert word in row["last_error"]


@pytest.mark.parametrize("face", ["empty", "not_found"])
def test_a_refusal_in_disguise_is_recognised(flow: MakeFlow, face: str) -> None:
    run = flow(scenario(repositories(30), NO_LIMITS, owned=False, face=face))

    run.start()
    run.wait_idle()

    assert run.rows()["org/repo-0"]["status"] == "restricted"


def test_an_account_without_stars_is_fine_and_a_repository_without_stars_complete(
    flow: MakeFlow,
) -> None:
    empty = SimAccount(user_id=2, login="bob", token="gho_bob")
    ann = SimAccount(user_id=1, login="ann", token="gho_ann", starred=(1000,), owns_starred=True)
    run = flow(Scenario(accounts=(empty, ann), repositories=repositories(0)))

    run.start()
    run.wait_until(
        lambda: run.rows().get("org/repo-0", {}).get("status") == "completed",
        "the empty repository is complete",
    )

    assert run.stored() == {}


@pytest.mark.both_engines
def test_a_new_account_is_seen_and_goes_first(flow: MakeFlow) -> None:
    places = repositories(*([300] * 40), 10, 20)
    old = SimAccount(
        user_id=1,
        login="ann",
        token="gho_ann",
        starred=tuple(p.id for p in places[:40]),
        owns_starred=True,
    )
    new = SimAccount(
        user_id=2,
        login="bob",
        token="gho_bob",
        starred=tuple(p.id for p in places),
        owns_starred=True,
    )
    run = flow(
        Scenario(accounts=(old, new), repositories=places, limits=NO_LIMITS, population=9000),
        signed_in=1,
    )
    app = run.start()
    run.wait_idle()
    run.github.control("POST", "/log/clear")

    run.sign_in(new, app.database)
    run.wait_until(lambda: len(run.stored()) == 42, "the new account's repositories are stored")

    assert run.stored() == run.truth()
    first = next(entry for entry in run.github.asked() if entry["route"] == "repo/stargazers")
    assert (first["user"], first["path"]) == (2, "/repos/org/repo-40/stargazers")


@pytest.mark.both_engines
def test_a_rejected_token_stops_its_own_user_only(flow: MakeFlow) -> None:
    places = repositories(30, 40, 50, 60)
    good = SimAccount(
        user_id=1, login="ann", token="gho_ann", starred=(1000, 1001), owns_starred=True
    )
    bad = SimAccount(
        user_id=2, login="bob", token="gho_bob", starred=(1002, 1003), owns_starred=True
    )
    renewed = SimAccount(user_id=2, login="bob", token="gho_bob_renewed", owned=(1002, 1003))
    run = flow(
        Scenario(
            accounts=(good, bad, renewed), repositories=places, limits=NO_LIMITS, population=9000
        ),
        signed_in=2,
    )
    run.github.control("POST", "/world", {"revoke": ["gho_bob"]})

    app = run.start()
    run.wait_until(
        lambda: app.ledger.is_rejected(2, "gho_bob", app.clock.now()),
        "the token is known as rejected",
    )
    run.wait_until(lambda: len(run.stored()) == 2, "the good account is done")

    assert run.stored() == run.truth(1000, 1001)
    refused = sum(entry["status"] == 401 for entry in run.github.asked())
    assert refused <= 8
    app.watcher.scan()
    run.wait_until(lambda: app.dispatcher.waiting == 0, "nobody serves a token that is out")
    assert sum(entry["status"] == 401 for entry in run.github.asked()) == refused

    app.database.run(
        "UPDATE account:bob SET access_token = 'gho_bob_renewed', updatedAt = time::now()"
    )
    run.wait_until(lambda: len(run.stored()) == 4, "the changed token was picked up")
    assert run.stored() == run.truth()


@pytest.mark.parametrize("effect", ["drop", "truncate", "garbage"])
def test_transient_faults_lose_nothing(flow: MakeFlow, effect: str) -> None:
    run = flow(scenario(repositories(450, 120, 30), NO_LIMITS))
    run.github.control(
        "POST", "/rules", {"match": "GET */stargazers*page=2", "effect": effect, "times": 2}
    )

    run.start()
    run.wait_idle()

    assert run.stored() == run.truth()
    assert {row["status"] for row in run.rows().values()} == {"completed"}


def test_a_spent_budget_waits_for_its_reset_while_others_go_on(flow: MakeFlow) -> None:
    limits = SimLimits(points_per_window=5000, window_seconds=4.0, rest_points_per_minute=1_000_000)
    places = repositories(30, 40, 50, 60)
    spent = SimAccount(
        user_id=1, login="ann", token="gho_ann", starred=(1000, 1001), owns_starred=True
    )
    other = SimAccount(
        user_id=2, login="bob", token="gho_bob", starred=(1002, 1003), owns_starred=True
    )
    run = flow(
        Scenario(accounts=(spent, other), repositories=places, limits=limits, population=9000)
    )
    run.github.control("POST", "/world", {"remaining": [[1, "core", 0]]})

    run.start()
    run.wait_until(
        lambda: set(run.stored()) == {"org/repo-2", "org/repo-3"}, "the other account is done"
    )
    run.wait_idle()

    assert run.stored() == run.truth()
    refused = [entry for entry in run.github.asked() if entry["route"] == "spent"]
    assert 1 <= len(refused) <= 8


@pytest.mark.both_engines
def test_repository_ids_may_be_odd_and_one_that_cannot_be_used_stops_no_other(
    flow: MakeFlow,
) -> None:
    names = (
        "org/ünï-ço`dé⟩",
        "org/with space",
        "org/quote'\"\\",
        "ORG/Case",
        "org/a:b|c",
        "💫/⭐",
        "plain",
    )
    places = repositories(*(20 + n for n in range(len(names) + 1)))
    run = flow(scenario(places, NO_LIMITS), signed_in=0)
    seeding.sign_in(run.database, 1, "ann", "gho_annannann")
    odd = [
        Repository(name, place.full_name, place.id, place.stars)
        for name, place in zip(names, places, strict=False)
    ]
    seeding.star(run.database, "ann", odd)
    run.database.run(
        "CREATE repo:[1, 2] SET github_id = 77, full_name = 'org/list'; RELATE "
        "github_user:ann->starred->repo:[1, 2] SET source = 'github';"
        "CREATE repo:4711 SET github_id = $id, full_name = $name; RELATE "
        "github_user:ann->starred->repo:4711 SET source = 'github'",
        id=places[-1].id,
        name=places[-1].full_name,
    )

    run.start()
    run.wait_idle()

    rows = {key: (row["status"], row["processed_stargazers"]) for key, row in run.rows().items()}
    assert rows == {
        key: ("completed", place.stars) for key, place in zip((*names, 4711), places, strict=True)
    }
    truth = run.truth()
    assert run.stored() == {
        key: truth[place.full_name] for key, place in zip((*names, 4711), places, strict=True)
    }
