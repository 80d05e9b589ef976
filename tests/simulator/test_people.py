"""Stargazers are pure functions: nobody stars twice, time goes on, positions and numbers agree
whatever was taken back.
"""

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitstars.simulator.people import Star, Stargazers, Stars
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from gitstars.simulator.truth import truth

GROWTHS = ("steady", "rising", "fading")


def repository(**changes: object) -> SimRepository:
    return SimRepository(**{"id": 10, "full_name": "acme/engine", "stars": 100, **changes})  # type: ignore[arg-type]


@given(st.integers(1, 10**7), st.integers(0, 1500), st.integers(1, 3000), st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_nobody_stars_a_repository_twice(
    identity: int, stars: int, population: int, ghost_every: int
) -> None:
    source = Stargazers(repository(id=identity, stars=stars, ghost_every=ghost_every), population)

    users = [source.user(number) for number in range(stars)]

    people = [user for user in users if user]
    assert len(set(people)) == len(people)
    assert users.count(0) == (stars // ghost_every if ghost_every else 0)
    assert all(source.find(user) == number for number, user in enumerate(users) if user)


@pytest.mark.parametrize("growth", GROWTHS)
@pytest.mark.parametrize("stars", [1, 2, 999, 3_000_000])
def test_time_goes_on_from_star_to_star(growth: str, stars: int) -> None:
    source = Stargazers(repository(stars=stars, growth=growth), 10)
    looked_at = sorted({*range(min(stars, 500)), *range(max(0, stars - 500), stars + 100)})

    times = [source.time(number) for number in looked_at]

    assert times == sorted(times)
    assert times[0] == int(repository().created.timestamp())


def test_growth_tells_where_most_stars_are() -> None:
    middles = {growth: Stargazers(repository(growth=growth), 10).time(50) for growth in GROWTHS}

    assert middles["fading"] < middles["steady"] < middles["rising"]


@given(
    st.integers(0, 60),
    st.lists(
        st.one_of(
            st.tuples(st.just("unstar"), st.integers(-2, 80)),
            st.tuples(st.just("grow"), st.integers(0, 5)),
        ),
        max_size=30,
    ),
    st.integers(0, 5),
)
@settings(max_examples=60, deadline=None)
def test_positions_and_numbers_agree_whatever_came_and_went(
    stars: int, changes: list[tuple[str, int]], spread: int
) -> None:
    here = Stars(repository(stars=stars, unstarred_count=min(spread, stars)), 10_000)
    there = {*range(stars)} - {n * stars // min(spread, stars) for n in range(min(spread, stars))}
    for what, value in changes:
        if what == "grow":
            there |= set(range(here.born, here.born + value))
            here.grow(value)
        else:
            assert here.unstar(value) == (value in there)
            there.discard(value)

    numbers = here.numbers(0, 1000)

    assert numbers == sorted(there)
    assert len(here) == len(there)
    assert [here.rank(number) for number in numbers] == list(range(len(there)))
    assert (
        list(here) == here.page(0, 1000) == [here.source.star(number) for number in sorted(there)]
    )
    assert all(
        here.count_before(here.source.time(number)) <= here.rank(number) for number in numbers
    )
    assert here.count_before(2**40) == len(there)


def test_newcomers_come_when_everybody_has_starred_it() -> None:
    here = Stars(repository(stars=10), 20)

    here.grow(30)

    users = [star.user_id for star in here]
    assert len(set(users)) == 40
    assert [here.source.find(user) for user in users] == list(range(40))


def test_the_oldest_stars_can_be_those_of_accounts() -> None:
    here = Stars(repository(stars=3, first_stars=(7, 8)), 5000)

    assert [star.user_id for star in here][:2] == [7, 8]
    assert here.source.find(8) == 1


def test_repositories_share_people_but_not_their_order() -> None:
    one, other = (Stars(repository(id=identity, stars=2500), 5000) for identity in (10, 11))

    users = [[star.user_id for star in here] for here in (one, other)]

    assert 800 < len(set(users[0]) & set(users[1])) < 1700
    assert users[0][:50] != users[1][:50]


def test_the_seed_alone_decides_who_they_are() -> None:
    same = [Stars(repository(id=identity, seed=99), 5000).page(0, 5) for identity in (10, 11)]

    assert same[0] == same[1]


def test_the_truth_leaves_out_ghosts_and_what_was_taken_back() -> None:
    account = SimAccount(user_id=7, login="ann", token="t")
    places = (
        repository(stars=6, ghost_every=3, unstarred=(1,), first_stars=(7,)),
        repository(id=11, full_name="a/gone", stars=5, fate="deleted"),
    )

    told = truth(Scenario(accounts=(account,), repositories=places, population=5000))

    assert list(told) == ["acme/engine"]
    stars = list(told["acme/engine"])
    assert [star.login for star in stars[:1]] == ["ann"]
    assert len(stars) == 3
    assert stars[0].starred_at == "2015-01-01T00:00:00Z"


def test_the_truth_of_millions_comes_one_by_one() -> None:
    huge = repository(stars=5_000_000)

    first = list(islice(truth(Scenario(repositories=(huge,)))["acme/engine"], 3))

    assert [star.user_id for star in first] == [
        star.user_id for star in Stars(huge, 2_000_000).page(0, 3)
    ]
    assert Stars(huge, 2_000_000).page(4_999_999, 9_999_999) == [
        Star(*Stargazers(huge, 2_000_000).star(4_999_999))
    ]
