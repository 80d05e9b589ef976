"""The public repositories of followed owners are listed one owner after the other."""

from dataclasses import replace

import pytest

from gitstars.execute.asks import OwnerAsk, RecordAsk
from gitstars.execute.reading import TRIES, Finished, SaveFollowed
from gitstars.execute.readings.followed import FollowedReading
from gitstars.fetch import answers
from gitstars.model import FollowedOwner, Repository, Task
from tests.execute.making import ask_and_answer, make_job, make_record

GRACE, ACME = FollowedOwner(7, "grace"), FollowedOwner(9, "acme", is_organization=True)


def make(*owners: FollowedOwner) -> FollowedReading:
    return FollowedReading(make_job(Task.FOLLOWED, "all"), list(owners))


def record(number: int, owner_id: int) -> answers.Metadata:
    return make_record(github_id=number, full_name=f"o/{number}", owner_id=owner_id)


def kept(number: int) -> Repository:
    return Repository(f"o/{number}", f"o/{number}", number, 10, is_private=False)


def test_owners_are_listed_in_their_order_page_by_page() -> None:
    reading = make(GRACE, ACME)

    first = ask_and_answer(
        reading, OwnerAsk(GRACE, 1), answers.Repositories((record(1, 7),), has_next=True)
    )
    second = ask_and_answer(
        reading, OwnerAsk(GRACE, 2), answers.Repositories((record(2, 7), record(3, 8)), False)
    )
    third = ask_and_answer(reading, OwnerAsk(ACME, 1), answers.Repositories((), False))

    assert list(first) == [SaveFollowed(1, GRACE, [kept(1)])]
    assert list(second) == [SaveFollowed(1, GRACE, [kept(2)], True, (kept(1), kept(2)))]
    assert list(third) == [SaveFollowed(1, ACME, [], True, ())]
    assert reading.ended_by == Finished()


LOST: list[answers.Outcome] = [
    answers.Missing("Not Found"),
    answers.Repositories((record(5, 99), record(6, 99)), True),
]


@pytest.mark.parametrize("outcome", LOST)
def test_a_login_that_is_gone_or_anothers_says_nothing_of_the_owners_repositories(
    outcome: answers.Outcome,
) -> None:
    reading = make(GRACE, ACME)

    effects = ask_and_answer(reading, OwnerAsk(GRACE, 1), outcome)

    assert list(effects) == [SaveFollowed(1, GRACE, (), True, None)]
    assert reading.asks() == (OwnerAsk(ACME, 1),)


@pytest.mark.parametrize("outcome", LOST)
def test_a_repository_of_its_own_tells_the_owners_present_login(outcome: answers.Outcome) -> None:
    owner = replace(GRACE, known=(1, 2, 3))
    reading = make(owner)
    told = make_record(github_id=3, full_name="hopper/3", owner_id=7)

    assert list(ask_and_answer(reading, OwnerAsk(owner, 1), outcome)) == []
    records: tuple[tuple[int, answers.Outcome], ...] = (
        (1, answers.Missing("gone")),
        (2, record(2, 99)),
        (3, told),
    )
    for number, record_of in records:
        assert reading.asks() == (RecordAsk(number),)
        assert list(ask_and_answer(reading, RecordAsk(number), record_of)) == []
    renamed = FollowedOwner(7, "hopper")
    assert reading.asks() == (OwnerAsk(renamed, 1),)
    effects = ask_and_answer(
        reading, OwnerAsk(renamed, 1), answers.Repositories((record(4, 7),), False)
    )

    assert list(effects) == [SaveFollowed(1, renamed, [kept(4)], True, (kept(4),))]


def test_an_owner_of_whom_no_repository_tells_another_login_has_its_turn_over() -> None:
    owner = replace(GRACE, known=(1, 2))
    reading = make(owner)
    ask_and_answer(reading, OwnerAsk(owner, 1), LOST[0])

    ask_and_answer(reading, RecordAsk(1), make_record(full_name="grace/1", owner_id=7))
    effects = ask_and_answer(reading, RecordAsk(2), answers.Gone("deleted", "Not Found"))

    assert list(effects) == [SaveFollowed(1, replace(owner, known=()), (), True, None)]
    assert reading.ended_by == Finished()


def test_a_record_that_fails_is_asked_again_some_times() -> None:
    owner = replace(GRACE, known=(1,))
    reading = make(owner)
    ask_and_answer(reading, OwnerAsk(owner, 1), LOST[0])

    for _ in range(TRIES):
        assert reading.ended_by is None
        ask_and_answer(reading, RecordAsk(1), answers.Transient("502"))

    assert reading.ended_by == answers.Transient("502")
