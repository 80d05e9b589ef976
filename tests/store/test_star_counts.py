"""One number of stars a day is kept of each repository."""

from gitstars.model import Progress, Repository, Settlement, Status
from gitstars.store import lifecycle, renames, star_counts
from gitstars.store.database import Database, record
from gitstars.store.star_counts import DayCount

CAT, DOG = (Repository(f"octo/{name}", f"octo/{name}", n, 1) for n, name in enumerate(("a", "b")))


def today(database: Database) -> str:
    told: str = database.run("RETURN time::format(time::now(), '%Y-%m-%d')")[0]
    return told


def test_the_newest_number_of_a_day_stays(database: Database) -> None:
    before = today(database)
    star_counts.keep(database, {CAT.key: 812, DOG.key: 3})
    star_counts.keep(database, {CAT.key: 805})
    star_counts.keep(database, {})
    database.run(
        "CREATE star_count SET repo = $repo, day = '2020-01-01', stars = 820; "
        "CREATE star_count SET repo = $repo, day = 7, stars = 'x'",
        repo=record("repo", CAT.key),
    )

    counts = star_counts.read(database, CAT.key)

    assert [count.stars for count in counts] == [820, 805]
    assert before <= counts[-1].day <= today(database)
    assert [count.stars for count in star_counts.read(database, DOG.key)] == [3]
    assert star_counts.read(database, "octo/none") == []


def test_what_a_settlement_tells_is_kept(database: Database) -> None:
    settlements = {
        CAT: Settlement(Status.RESTRICTED, star_count=41),
        DOG: Settlement(Status.COMPLETED, progress=Progress({}, 1, 1, 17, 17)),
        Repository("octo/c", "octo/c", 9, 1): Settlement(
            Status.PENDING, progress=Progress({}, 1, 9, 900, 100)
        ),
    }
    for place, settlement in settlements.items():
        held = lifecycle.claim(database, place, "me", 60.0, 60.0)
        assert held is not None
        lifecycle.settle(database, held, settlement)

    told = [[count.stars for count in star_counts.read(database, one.key)] for one in settlements]

    assert told == [[41], [17], []]


def test_counts_follow_a_renamed_repository(database: Database) -> None:
    old, new = Repository("octo/old", "octo/old", 42, 1), Repository("octo/new", "octo/new", 42, 1)
    held = lifecycle.claim(database, old, "me", 60.0, 60.0)
    assert held is not None
    lifecycle.settle(database, held, Settlement(Status.RESTRICTED, star_count=41))
    (kept,) = star_counts.read(database, old.key)

    renames.carry_over(database, record("repo", old.key), new.key)

    assert star_counts.read(database, new.key) == [DayCount(kept.day, 41)]
    assert star_counts.read(database, old.key) == []
