"""Routing keeps users where they are, and never gives one user to two workers."""

from hypothesis import given
from hypothesis import strategies as st

from gitstars.dispatch import routing
from gitstars.dispatch.routing import Routing

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.integers(1, 6)),
        st.tuples(st.just("close"), st.integers(1, 6)),
        st.tuples(st.just("assign"), st.integers(1, 20)),
    )
)


@given(STEPS)
def test_a_user_stays_with_its_worker_until_it_is_released(steps: list[tuple[str, int]]) -> None:
    current = Routing()
    for verb, number in steps:
        before = dict(current.assigned)
        match verb:
            case "open":
                current = routing.open_to(current, number)
            case "close":
                current = routing.close(current, number)
            case _:
                current = routing.assign(current, number)
        assert {
            user: worker for user, worker in current.assigned.items() if user in before
        } == before


@given(st.sets(st.integers(1, 8), min_size=1), st.sets(st.integers(1, 60)))
def test_users_are_spread_evenly(workers: set[int], users: set[int]) -> None:
    current = Routing(frozenset(workers))

    for user in users:
        current = routing.assign(current, user)

    load = current.load()
    assert sum(load.values()) == len(users)
    assert max(load.values()) - min(load.values()) <= 1


def test_a_closed_worker_gets_no_new_user_but_keeps_its_own() -> None:
    current = routing.assign(Routing(frozenset({1, 2})), 7)
    owner = current.assigned[7]

    current = routing.assign(routing.close(current, owner), 8)

    assert current.assigned[7] == owner
    assert current.assigned[8] != owner


def test_without_workers_a_user_waits_for_one() -> None:
    assert routing.assign(Routing(), 1).assigned == {}


def test_a_new_worker_is_owed_half_the_difference() -> None:
    current = Routing(frozenset({1}), dict.fromkeys(range(6), 1))

    current = routing.open_to(current, 2)

    assert routing.surplus(current, 1) == 3
    assert routing.surplus(current, 2) == 0
    assert routing.surplus(current, 3) == 0
