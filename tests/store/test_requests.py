"""What an operator asks for, and what he is shown, on both engines."""

from gitstars.model import Account, Repository, Settlement, Status, Week
from gitstars.store import access, history, lifecycle, overview, seeding
from gitstars.store.access import AccessRow
from gitstars.store.database import Database
from gitstars.store.overview import AccessCount

ACCOUNT = Account(key="ada", user_id=1, login="ada", token="t", github_user="ada")
REPOSITORIES = [
    Repository(f"acme/r{number}", f"acme/r{number}", 1000 + number, number) for number in range(4)
]


def settle(database: Database, repository: Repository, status: Status) -> None:
    held = lifecycle.claim(database, repository, "me", 60, 3600)
    assert held is not None
    lifecycle.settle(
        database, held, Settlement(status, "because", error_count=2, next_retry_at=4e9)
    )


def seed(database: Database) -> None:
    """One repository failed, one completed, one in hand, one without a row."""
    seeding.sign_in(database, 1, "ada", "t")
    seeding.star(database, "ada", REPOSITORIES)
    settle(database, REPOSITORIES[0], Status.FAILED)
    settle(database, REPOSITORIES[1], Status.COMPLETED)
    assert lifecycle.claim(database, REPOSITORIES[2], "me", 60, 3600)


def test_a_stopped_repository_goes_on_at_once(database: Database) -> None:
    seed(database)

    assert lifecycle.go_on(database, "acme/r0")

    assert lifecycle.count_by_status(database) == {"pending": 1, "completed": 1, "processing": 1}
    assert lifecycle.claim(database, REPOSITORIES[0], "me", 60, 3600)


def test_what_is_in_hand_is_left_alone(database: Database) -> None:
    seed(database)

    assert not lifecycle.go_on(database, "acme/r2")
    assert not lifecycle.begin(database, "acme/r2")
    assert not lifecycle.begin(database, "acme/r3")
    assert lifecycle.count_by_status(database)["processing"] == 1


def test_all_that_stopped_goes_on_and_all_begins_with_force(database: Database) -> None:
    seed(database)

    assert lifecycle.go_on_for(database, ACCOUNT, force=False) == 1
    assert lifecycle.go_on_for(database, ACCOUNT, force=True) == 2
    assert lifecycle.count_by_status(database) == {"pending": 1, "completed": 1, "processing": 1}
    again = lifecycle.claim(database, REPOSITORIES[1], "me", 60, 3600)
    assert again is not None
    assert again.begins_anew


def test_progress_of_an_account_counts_what_it_starred(database: Database) -> None:
    seed(database)

    part = overview.count_part(database, ACCOUNT, 0)

    assert (part.positions, part.total) == (4, 4)
    assert part.by_status == {"failed": 1, "completed": 1, "processing": 1}
    assert overview.count_part(database, ACCOUNT, 1).positions == 0


def test_access_is_counted_by_user(database: Database) -> None:
    for user_id, repository, may_list in (
        (1, "a", True),
        (1, "b", True),
        (1, "c", False),
        (2, "a", False),
        (3, "a", None),
    ):
        access.save(database, AccessRow(user_id, repository, may_list))

    counts = [overview.count_access(database, user_id) for user_id in (1, 2, 3)]

    assert counts == [AccessCount(2, 1), AccessCount(0, 1), AccessCount(0, 0)]


def test_weeks_come_oldest_first(database: Database) -> None:
    seed(database)
    weeks = [Week(1_700_000_000 - 604_800 * age, age, (0, 0, 0, 0, 0, 0, age)) for age in range(3)]
    history.save_weeks(database, REPOSITORIES[0], weeks, {})

    assert overview.read_weeks(database, "acme/r0") == weeks[::-1]
