"""Claims are leases that exactly one process holds, on both engines."""

import json
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from gitstars.config import DatabaseConfig
from gitstars.errors import ClaimLost
from gitstars.model import Claim, Progress, Repository, Settlement, Status
from gitstars.store import lifecycle, schema
from gitstars.store.database import Database, key_of, record

REPOSITORY = Repository("octo/cat", "octo/cat", 42, 7)
HOUR = 3600.0


def claim(
    database: Database,
    owner: str,
    repository: Repository = REPOSITORY,
    lease: float = HOUR,
    force: bool = False,
) -> Claim | None:
    return lifecycle.claim(database, repository, owner, lease, fresh_seconds=HOUR, force=force)


def read_row(database: Database) -> dict[str, object]:
    rows: list[dict[str, object]] = database.run("SELECT * FROM repo_processing_status")[0]
    assert len(rows) == 1
    return rows[0]


def test_one_claimer_gets_the_repository(database: Database) -> None:
    first, second = claim(database, "a"), claim(database, "b")

    assert first is not None
    assert second is None
    assert read_row(database)["status"] == "processing"


def test_a_settled_repository_is_left_alone_while_it_is_fresh(database: Database) -> None:
    held = claim(database, "a")
    assert held is not None

    lifecycle.settle(
        database,
        held,
        Settlement(
            Status.COMPLETED, progress=Progress({"kind": "rest", "next_page": 2}, 1, 1, 7, 7)
        ),
    )

    assert claim(database, "b") is None
    again = claim(database, "b", force=True)
    assert again is not None
    assert again.progress.cursor == {}


def test_a_claim_that_was_given_back_resumes_at_its_cursor(database: Database) -> None:
    held = claim(database, "a")
    assert held is not None
    progress = Progress({"kind": "rest", "next_page": 4}, 3, 9, 812, 300, 2)

    lifecycle.settle(database, held, Settlement(Status.PENDING, progress=progress))

    again = claim(database, "b")
    assert again is not None
    assert again.progress == progress


def test_a_lease_that_ran_out_is_taken_over_and_its_old_holder_cannot_settle(
    database: Database,
) -> None:
    old = claim(database, "a", lease=0.001)
    assert old is not None

    new = claim(database, "b")

    assert new is not None
    with pytest.raises(ClaimLost):
        lifecycle.settle(database, old, Settlement(Status.COMPLETED))
    assert read_row(database)["claimed_by"] == "b"


def test_a_failed_repository_waits_for_its_time(database: Database) -> None:
    held = claim(database, "a")
    assert held is not None
    lifecycle.settle(
        database,
        held,
        Settlement(Status.FAILED, last_error="gone", next_retry_at=4_000_000_000.0, error_count=3),
    )

    assert claim(database, "b") is None
    forced = claim(database, "b", force=True)
    assert forced is not None
    assert forced.error_count == 3


@pytest.mark.parametrize("minutes", [59, 61])
def test_a_row_of_the_original_server_counts_as_run_out_after_an_hour(
    database: Database, minutes: int
) -> None:
    database.run(
        "CREATE repo_processing_status SET repo = $repo, status = 'processing', claimed_by = "
        "'old', "
        "claimed_at = time::now() - <duration>$age",
        repo=record("repo", REPOSITORY.key),
        age=f"{minutes}m",
    )

    held = claim(database, "a")

    assert (held is not None) == (minutes > 60)
    read_row(database)


def test_rows_with_ids_of_any_form_are_used_as_they_are(database: Database) -> None:
    database.run(
        "CREATE repo_processing_status:ulid() SET repo = $repo, status = 'pending'",
        repo=record("repo", REPOSITORY.key),
    )

    assert claim(database, "a") is not None

    read_row(database)


def test_a_row_id_that_another_repository_took_is_no_obstacle(database: Database) -> None:
    database.run(
        "CREATE $row SET repo = $other, status = 'completed'",
        row=record("repo_processing_status", REPOSITORY.key),
        other=record("repo", "o/another"),
    )

    held = claim(database, "a")

    assert held is not None
    assert claim(database, "b") is None
    assert database.run("SELECT VALUE repo FROM $row", row=held.row)[0] == [
        record("repo", REPOSITORY.key)
    ]


@pytest.mark.parametrize("key", ["octo/c`at", "ö⟩/⟨x", "a/b.c-d_e", "a b/c:d", "1/2", "o/'\"\\"])
def test_odd_characters_in_ids_survive(database: Database, key: str) -> None:
    held = claim(database, "a", Repository(key, key, 1, 1))

    assert held is not None
    assert read_row(database)["repo"] == record("repo", key)


def test_stale_and_dead_claims_go_back_with_their_cursor(database: Database) -> None:
    claim(database, "host:1:x:1", Repository("a/dead", "a/dead", 1, 1))
    claim(database, "host:2:x:1", Repository("a/alive", "a/alive", 2, 1))
    claim(database, "host:3:x:1", Repository("a/stale", "a/stale", 3, 1), lease=0.001)

    dead = lifecycle.give_back(database, lambda owner: owner.startswith("host:1:"))
    stale = lifecycle.give_back_stale(database)

    assert (dead, stale) == (1, 1)
    assert lifecycle.count_by_status(database) == {"pending": 2, "processing": 1}


def test_rows_that_the_original_server_left_in_processing_go_back_after_an_hour(
    database: Database,
) -> None:
    age = {
        "o/fresh": "claimed_at = time::now() - 59m",
        "o/old": "claimed_at = time::now() - 61m",
        "o/bare": "claimed_at = NONE",
    }
    for name, assignment in age.items():
        query = (
            "CREATE repo_processing_status SET repo = $repo, status = 'processing', claimed_by "
            f"= 'worker-3', {assignment}"
        )
        database.run(query, repo=record("repo", name))

    returned = lifecycle.give_back_stale(database)

    rows = database.run(
        "SELECT repo.id() AS name, status, claimed_by, claimed_at FROM repo_processing_status "
        "ORDER BY name"
    )[0]
    assert returned == 2
    assert {row["name"]: (row["status"], row.get("claimed_by")) for row in rows} == {
        "o/bare": ("pending", None),
        "o/fresh": ("processing", "worker-3"),
        "o/old": ("pending", None),
    }


@pytest.mark.parametrize(
    "fields",
    [
        "status = 'processing', claimed_by = 'worker-3', claimed_at = 'yesterday'",
        (
            "status = 'processing', claimed_by = 'worker-3', lease_expires_at = 'soon', "
            "claimed_at = "
            "NULL"
        ),
        "status = 'completed', completed_at = NULL",
        "status = 'completed', completed_at = 'once', next_retry_after = NULL",
        "status = 'failed', next_retry_after = 0",
    ],
)
def test_nonsense_of_another_program_stops_nobody(database: Database, fields: str) -> None:
    database.run(
        f"CREATE repo_processing_status SET repo = $repo, {fields}",
        repo=record("repo", REPOSITORY.key),
    )

    lifecycle.give_back_stale(database)

    assert claim(database, "a") is not None


def test_a_heartbeat_extends_only_our_leases(database: Database) -> None:
    claim(database, "me:1", Repository("a/mine", "a/mine", 1, 1), lease=0.001)
    claim(database, "you:1", Repository("a/yours", "a/yours", 2, 1), lease=0.001)

    claim(database, "me:2", Repository("a/lost", "a/lost", 3, 1), lease=0.001)

    extended = lifecycle.heartbeat(database, ["me:1"], HOUR)

    assert extended == 1
    assert lifecycle.give_back_stale(database) == 2


@pytest.mark.parametrize(("force", "cursor"), [(False, {"kind": "refresh"}), (True, {})])
def test_a_complete_list_never_goes_on_behind_its_end(
    database: Database, force: bool, cursor: dict[str, object]
) -> None:
    held = claim(database, "a")
    assert held is not None
    lifecycle.settle(
        database,
        held,
        Settlement(
            Status.COMPLETED, progress=Progress({"kind": "rest", "next_page": 9}, 8, 8, 800, 800)
        ),
    )
    database.run("UPDATE repo_processing_status SET next_retry_after = time::now() - 1h")

    again = claim(database, "b", force=force)
    assert again is not None
    lifecycle.settle(database, again, Settlement(Status.PENDING))
    given_back = claim(database, "c")

    assert given_back is not None
    assert again.progress.cursor == given_back.progress.cursor == cursor


CLAIMER = """
from gitstars import _monkey
import json, sys, time
from gitstars.config import DatabaseConfig
from gitstars.model import Repository
from gitstars.store import lifecycle
from gitstars.store.database import Database
url, namespace, owner, count = sys.argv[1:]
database = Database(DatabaseConfig(url=url, user="root", password="root", namespace=namespace))
database.open()
print("ready", flush=True)
for begin_at in sys.stdin:
    time.sleep(max(0.0, float(begin_at) - time.time()))
    won = []
    for number in range(int(count)):
        name = f"o/r{number}"
        if lifecycle.claim(database, Repository(name, name, number + 1, 1),
            f"{owner} {begin_at.strip()}", 3600, 3600) is not None:
            won.append(name)
    print(json.dumps(won), flush=True)
"""


def test_processes_that_claim_at_once_never_hold_one_repository_twice(
    server_config: DatabaseConfig,
) -> None:
    database = Database(server_config)
    database.open()
    schema.apply(database)
    arguments = [sys.executable, "-c", CLAIMER, server_config.url, server_config.namespace]
    claimers = [
        subprocess.Popen(
            [*arguments, f"p{n}", "60"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for n in range(4)
    ]

    def claim_at_once() -> list[list[str]]:
        """What each process won of a race that all begin at the same moment."""
        begin_at = time.time() + 0.5
        for claimer in claimers:
            assert claimer.stdin is not None
            claimer.stdin.write(f"{begin_at}\n")
            claimer.stdin.flush()
        return [
            json.loads(claimer.stdout.readline())
            for claimer in claimers
            if claimer.stdout is not None
        ]

    assert [claimer.stdout.readline() for claimer in claimers if claimer.stdout is not None] == [
        "ready\n"
    ] * 4
    unclaimed = claim_at_once()
    still_held = claim_at_once()
    database.run("UPDATE repo_processing_status SET lease_expires_at = time::now() - 1s")
    run_out = claim_at_once()
    for claimer in claimers:
        claimer.communicate()

    for won in (unclaimed, run_out):
        names = [name for names in won for name in names]
        assert len(names) == len(set(names)) == 60
    assert any(sum(map(bool, won)) > 1 for won in (unclaimed, run_out)), "nobody raced"
    assert still_held == [[], [], [], []]
    assert database.run("RETURN count((SELECT id FROM repo_processing_status))")[0] == 60
    database.close()


@pytest.mark.parametrize("cursor", [{"kind": "rest", "next_page": 2}, {}])
def test_a_new_cursor_takes_the_place_of_the_old_one_whole(
    database: Database, cursor: dict[str, object]
) -> None:
    for owner, given in (("a", {"kind": "graph", "front": {"after": "x"}}), ("b", cursor)):
        held = claim(database, owner)
        assert held is not None
        lifecycle.settle(
            database, held, Settlement(Status.PENDING, progress=Progress(cursor=given))
        )

    again = claim(database, "c")

    assert again is not None
    assert again.progress.cursor == cursor


LISTED = Progress({"kind": "rest", "next_page": 9}, 8, 8, 800, 795, 5)


def complete(database: Database) -> None:
    """The repository has a proven list of 800 stars."""
    held = claim(database, "a")
    assert held is not None
    proven = Settlement(
        Status.COMPLETED,
        progress=LISTED,
        notes="ghosts 5",
        next_retry_at=4_000_000_000.0,
        updated_at="2026-01-01T00:00:00Z",
        etag="e1",
    )
    lifecycle.settle(database, held, proven)


def test_a_complete_list_that_an_operator_asked_for_stays_complete_until_it_is_claimed(
    database: Database,
) -> None:
    complete(database)

    assert lifecycle.begin(database, REPOSITORY.key)

    row = read_row(database)
    assert (row["status"], row["requested"], row["processed_stargazers"]) == (
        "completed",
        "begin",
        795,
    )
    held = claim(database, "b")
    assert held is not None
    assert (held.begins_anew, held.progress) == (True, Progress())
    assert held.former == replace(LISTED, cursor=lifecycle.REFRESH)


def test_a_reading_that_proved_nothing_gives_the_former_list_back(database: Database) -> None:
    complete(database)
    before = read_row(database)
    lifecycle.begin(database, REPOSITORY.key)
    held = claim(database, "b")
    assert held is not None
    lifecycle.heartbeat(database, ["b"], HOUR)

    restored = Settlement(
        Status.COMPLETED, "GitHub is away", 4_000_000_100.0, restores=True, error_count=1
    )
    lifecycle.settle(database, held, restored)

    row = read_row(database)
    same = ("status", "completed_at", "started_at", "updated_at", "etag", "notes", "ghosts")
    assert {name: row[name] for name in same} == {name: before[name] for name in same}
    assert (row["processed_stargazers"], row["total_stargazers"]) == (795, 800)
    assert (row["last_error"], row["requested"]) == ("GitHub is away", "begin")
    assert "former" not in row
    assert claim(database, "c") is None


def test_what_was_asked_for_begins_anew_again_when_its_time_comes(database: Database) -> None:
    complete(database)
    lifecycle.begin(database, REPOSITORY.key)
    first = claim(database, "b")
    assert first is not None
    lifecycle.settle(database, first, Settlement(Status.COMPLETED, restores=True, next_retry_at=1))

    again = claim(database, "c")

    assert again is not None
    assert again.begins_anew
    assert again.former == first.former
    assert again.generation > first.generation + 1


def test_figures_that_a_refresh_stored_stand_for_those_of_the_former_list(
    database: Database,
) -> None:
    complete(database)
    lifecycle.go_on(database, REPOSITORY.key)
    held = claim(database, "b")
    assert held is not None
    read = replace(held.progress, processed=820)

    lifecycle.settle(
        database, held, Settlement(Status.COMPLETED, restores=True, progress=read, next_retry_at=1)
    )

    again = claim(database, "c")
    assert again is not None
    assert again.progress == replace(LISTED, cursor=lifecycle.REFRESH, processed=820)


@pytest.mark.parametrize("status", [Status.PENDING, Status.RATE_LIMITED, Status.RESTRICTED])
def test_the_former_list_is_remembered_until_another_one_is_proven(
    database: Database, status: Status
) -> None:
    complete(database)
    lifecycle.begin(database, REPOSITORY.key)
    held = claim(database, "b")
    assert held is not None
    lifecycle.settle(database, held, Settlement(status, "why", next_retry_at=1))

    again = claim(database, "c")

    assert again is not None
    assert again.former == held.former
    assert not again.begins_anew
    lifecycle.settle(database, again, Settlement(Status.COMPLETED, progress=Progress(processed=3)))
    assert "former" not in read_row(database)


def test_a_killed_reading_of_a_complete_list_goes_on_and_keeps_the_former_one(
    database: Database,
) -> None:
    complete(database)
    lifecycle.begin(database, REPOSITORY.key)
    killed = claim(database, "b")
    assert killed is not None

    lifecycle.give_back(database, lambda owner: owner == "b")

    again = claim(database, "c")
    assert again is not None
    assert again.former == killed.former
    assert (again.begins_anew, again.generation) == (False, killed.generation)


def test_a_list_that_was_never_proven_has_nothing_to_restore(database: Database) -> None:
    held = claim(database, "a")
    assert held is not None
    assert held.former is None

    lifecycle.settle(database, held, Settlement(Status.COMPLETED, restores=True))

    assert read_row(database)["status"] == "pending"
    assert "completed_at" not in read_row(database)


def test_a_settlement_whose_answer_was_lost_is_written_once(database: Database) -> None:
    held = claim(database, "a")
    assert held is not None
    settlement = Settlement(Status.FAILED, "broken", error_count=1)

    lifecycle.settle(database, held, settlement)
    lifecycle.settle(database, held, settlement)

    assert read_row(database)["error_count"] == 1
    lifecycle.begin(database, REPOSITORY.key)
    other = claim(database, "b")
    assert other is not None
    with pytest.raises(ClaimLost):
        lifecycle.settle(database, replace(held, owner="nobody"), settlement)


@pytest.mark.parametrize("status", [Status.PENDING, Status.RATE_LIMITED, Status.FAILED])
def test_a_row_that_waits_is_not_claimed_before_its_time(
    database: Database, status: Status
) -> None:
    held = claim(database, "a")
    assert held is not None
    lifecycle.settle(database, held, Settlement(status, "why", next_retry_at=4_000_000_000.0))

    assert claim(database, "b") is None
    assert claim(database, "b", force=True) is not None


def test_what_a_scan_is_told_is_what_a_claim_does(database: Database) -> None:
    times = ("NONE", "time::now() - 2h", "time::now() + 2h", "'soon'")
    rows = [
        f"status: '{status}', next_retry_after: {retry}, completed_at: {done}, requested: {asked}"
        for status in Status
        for retry in times
        for done in times[:3]
        for asked in ("NONE", "'begin'")
    ]
    for number, fields in enumerate(rows):
        database.run(
            f"CREATE $row SET repo = $repo; UPDATE $row MERGE {{{fields}}}",
            row=record("repo_processing_status", f"o/r{number}"),
            repo=record("repo", f"o/r{number}"),
        )

    told = database.run(
        f"SELECT VALUE [repo, {lifecycle.MAY_CLAIM}] FROM repo_processing_status",
        **lifecycle.rule_bindings(HOUR),
    )[0]
    claimed = {
        key_of(identity): claim(database, "a", Repository(key_of(identity), "o/r", 1, 1))
        for identity, _ in told
    }

    assert {key_of(identity): may for identity, may in told} == {
        key: held is not None for key, held in claimed.items()
    }
    assert len(set(map(bool, claimed.values()))) == 2


def test_a_repository_whose_row_has_an_id_of_its_own_gets_no_second_one(
    database: Database,
) -> None:
    database.run(
        "CREATE repo_processing_status:older SET repo = $repo, status = 'pending'",
        repo=record("repo", "a/one"),
    )

    lifecycle.ensure_all(database, ["a/one", "a/two"])

    rows = database.run("SELECT VALUE <string>id FROM repo_processing_status ORDER BY id")[0]
    assert len(rows) == 2


def test_stored_stars_are_added_up_without_the_lists_that_are_refused(database: Database) -> None:
    assert lifecycle.sum_stored(database) == 0
    stored = {"completed": 7, "processing": 5, "restricted": 100, "failed": 0, "odd": 3}
    for status, stars in (*stored.items(), ("completed", 4), ("pending", -3), ("pending", "x")):
        database.run(
            "CREATE repo_processing_status SET status = $status, processed_stargazers = $stars",
            status=status,
            stars=stars,
        )

    assert lifecycle.sum_stored(database) == 16
