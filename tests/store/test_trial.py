"""A table of the web application that does not take what gitstars writes is a fault of the whole
database, and is named; one that only lacks fields gets them.
"""

from typing import Any

import pytest

from gitstars.errors import StorageFull
from gitstars.model import Account, PageWrite, Progress, Repository, Settlement, Status, Week
from gitstars.store import access, edges, history, lifecycle, schema, seeding
from gitstars.store.database import Database
from gitstars.store.fields import WRITTEN
from gitstars.store.trial import Trial, find_fault
from gitstars.store.writer import PageWriter
from tests.store.conftest import stargazer

ADA = Account(key="ada", user_id=1, login="ada", token="t", github_user="ada")
REPOSITORY = Repository("octo/cat", "octo/cat", 42, 7)
#: A web application that takes only what it knows.
STRICT = """
REMOVE TABLE IF EXISTS starred; REMOVE TABLE IF EXISTS repo;
REMOVE TABLE IF EXISTS repo_processing_status;
DEFINE TABLE repo SCHEMAFULL; DEFINE FIELD full_name ON repo TYPE option<string>;
DEFINE TABLE starred TYPE RELATION IN github_user OUT repo SCHEMAFULL;
DEFINE FIELD source ON starred TYPE option<string>;
DEFINE TABLE repo_processing_status SCHEMAFULL;
DEFINE FIELD repo ON repo_processing_status TYPE record<repo>;
DEFINE FIELD status ON repo_processing_status TYPE string;
"""
#: A definition, and the sentence that names it.
FAULTS = [
    (
        "DEFINE FIELD team ON repo TYPE string",
        "table repo demands field team (string), which gitstars does not write",
    ),
    (
        "DEFINE FIELD tenant ON starred TYPE int",
        "table starred demands field tenant (int), which gitstars does not write",
    ),
    (
        "DEFINE FIELD owner ON repo_processing_status TYPE record<user>",
        "table repo_processing_status demands field owner (record<user>), which gitstars does not "
        "write",
    ),
    (
        "DEFINE FIELD email ON github_user TYPE string",
        "table github_user demands field email (string), which gitstars does not write",
    ),
    (
        "DEFINE FIELD error_count ON repo_processing_status TYPE option<string>",
        "table repo_processing_status takes only string in field error_count, where gitstars "
        "writes something else",
    ),
    (
        "DEFINE FIELD stars ON repo TYPE option<int> ASSERT $value > 100",
        "table repo has a condition on field stars that what gitstars writes does not meet",
    ),
]


def count_rows(database: Database) -> int:
    tables = [*WRITTEN, "gitstars_access", "star_history", "star_count", "gitstars_state"]
    counted = database.run("; ".join(f"RETURN count((SELECT id FROM {name}))" for name in tables))
    return sum(counted)


def test_a_database_that_takes_everything_has_no_fault_and_no_trace_of_the_trial(
    database: Database,
) -> None:
    assert find_fault(database) is None
    assert count_rows(database) == 0


@pytest.mark.parametrize(("definition", "said"), FAULTS, ids=[row[0] for row in FAULTS])
def test_the_field_that_stands_in_the_way_is_named(
    database: Database, definition: str, said: str
) -> None:
    database.run(definition)

    fault = find_fault(database)

    assert fault is not None
    assert fault.startswith(f"{said}; ")
    assert count_rows(database) == 0


def test_strict_tables_get_the_fields_of_gitstars_and_keep_their_own(database: Database) -> None:
    database.run(STRICT)

    schema.apply(database)

    assert find_fault(database) is None
    fields = database.run("INFO FOR TABLE repo_processing_status")[0]["fields"]
    assert "TYPE record<repo>" in fields["repo"]


def test_everything_is_stored_in_strict_tables(database: Database) -> None:
    database.run(STRICT)
    schema.apply(database)
    seeding.sign_in(database, 1, "ada", "t")
    seeding.star(database, "ada", [REPOSITORY])
    writer = PageWriter(database, 1)
    writer.start()

    held = lifecycle.claim(database, REPOSITORY, "me", 60, 60)
    assert held is not None
    cursor = {"version": 1, "kind": "graph", "front": {"ids": [7], "at": "2024-01-01T00:00:00Z"}}
    progress = Progress(cursor, 1, 2, 3, 1, 0)
    writer.submit(PageWrite(held, [stargazer(7)], progress, 1)).get()
    assert edges.close_unseen(database, held, 2) == 1
    lifecycle.settle(database, held, Settlement(Status.PENDING))
    again = lifecycle.claim(database, REPOSITORY, "me too", 60, 60)
    assert again is not None
    lifecycle.settle(database, again, Settlement(Status.COMPLETED, progress=progress))
    lifecycle.begin(database, REPOSITORY.key)
    history.save_weeks(database, REPOSITORY, [Week(0, 1, (1, 0, 0, 0, 0, 0, 0))], {"next_page": 2})
    access.save(database, access.AccessRow(1, REPOSITORY.key, True))
    writer.stop()

    assert again.progress == progress
    row: dict[str, Any] = database.run("SELECT * FROM repo_processing_status")[0][0]
    assert (row["status"], row["requested"], row["history"]) == (
        "completed",
        "begin",
        {"next_page": 2},
    )


def test_the_fault_is_told_once_and_so_is_its_end(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="gitstars.store.trial")
    trial = Trial(database)
    assert trial.look() is None
    database.run("DEFINE FIELD team ON repo TYPE string")

    faults = [trial.look(), trial.look()]
    trial.step()
    database.run("DEFINE FIELD OVERWRITE team ON repo TYPE option<string>")
    trial.step()

    assert faults[0] is not None
    assert faults[0] == faults[1]
    assert trial.fault is None
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]


def test_a_full_disk_is_a_fault_until_something_can_be_written_again(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="gitstars.store.trial")
    trial = Trial(database)
    database.run(
        "DEFINE EVENT full ON gitstars_state WHEN true THEN { THROW 'No space left on device' }"
    )
    assert trial.fault is None

    with pytest.raises(StorageFull):
        database.run("UPSERT gitstars_state:x SET value = 1")
    during = [trial.fault]
    for _ in range(2):
        trial.step()
        during.append(trial.fault)
    database.run("REMOVE EVENT full ON gitstars_state")
    trial.step()

    assert all(fault and "its disk is full" in fault for fault in during)
    assert trial.fault is None
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert database.run("SELECT * FROM gitstars_state")[0] == []
