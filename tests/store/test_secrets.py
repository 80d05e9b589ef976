"""No token reaches a row, and one that stands in a row already is never read out of it."""

import json

from gitstars.model import Repository, Settlement, Status
from gitstars.redaction import REDACTED
from gitstars.store import access, lifecycle, repositories
from gitstars.store.access import AccessRow
from gitstars.store.database import Database
from tests.store.conftest import MakeClaim

TOKEN = "ghs_4242_eyJhbGciOiJIUzI1NiJ9.eyJhYmMiOiJ4LXkifQ.ab-cd_ef-0123456789"
SAID = f"cannot send 'Bearer {TOKEN}'"
REPOSITORY = Repository("octo/cat", "octo/cat", 42, 7)


def stored(database: Database, table: str) -> str:
    rows = database.run("SELECT * FROM type::table($table)", table=table)[0]
    assert rows
    return json.dumps(rows, default=str)


def test_a_settlement_keeps_no_token(database: Database, claim: MakeClaim) -> None:
    held = claim()

    lifecycle.settle(database, held, Settlement(Status.FAILED, SAID, notes=SAID))

    text = stored(database, "repo_processing_status")
    assert TOKEN[:20] not in text
    assert text.count(REDACTED) == 2


def test_neither_waiting_nor_a_restriction_keeps_a_token(database: Database) -> None:
    for change in (
        lambda: lifecycle.mark_waiting(database, ["octo/cat"], 4e9, SAID),
        lambda: lifecycle.restrict(database, REPOSITORY, SAID, None),
    ):
        lifecycle.ensure(database, REPOSITORY)
        change()

        text = stored(database, "repo_processing_status")
        assert TOKEN[:20] not in text
        assert REDACTED in text
        database.run("DELETE repo_processing_status")


def test_what_is_known_of_a_refusal_keeps_no_token(database: Database) -> None:
    access.save(database, AccessRow(1, "octo/cat", False, "token", SAID, SAID, SAID))

    text = stored(database, "gitstars_access")
    assert TOKEN[:20] not in text
    assert text.count(REDACTED) == 3


def test_a_token_that_a_former_version_stored_is_not_shown(
    database: Database, claim: MakeClaim
) -> None:
    claim()
    database.run("UPDATE repo_processing_status SET last_error = $text, notes = $text", text=SAID)

    (view,), _ = repositories.list_repositories(database)

    assert view.last_error == view.notes == f"cannot send 'Bearer {REDACTED}'"
