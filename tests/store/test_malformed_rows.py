"""Whatever another program wrote into a row of gitstars' tables: it is read as absent or left out,
and stops neither a start nor a scan nor the rows behind it.
"""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitstars.config import DatabaseConfig
from gitstars.model import Account, PageWrite, Progress, Repository, Settlement, Status
from gitstars.store import (
    access,
    budgets,
    edges,
    history,
    lifecycle,
    overview,
    renames,
    repositories,
    schema,
    seeding,
    starred,
    state,
)
from gitstars.store.database import Database
from gitstars.store.fields import WRITTEN
from gitstars.store.starred import Terms
from gitstars.store.writer import PageWriter
from tests.store.conftest import stargazer

ADA = Account(key="ada", user_id=1, login="ada", token="t", github_user="ada")
ODD, SOUND = Repository("acme/odd", "acme/odd", 7, 1), Repository("acme/sound", "acme/sound", 8, 1)
HOUR = 3600.0
#: Values of every type that SurrealQL has, as it writes them: none of them belongs everywhere.
VALUES = (
    "NONE",
    "NULL",
    "true",
    "0",
    "-1",
    "1.5",
    "9223372036854775807",
    "99999999999999999999999999dec",
    "0f/0f",
    "math::inf",
    "''",
    "'soon'",
    "'completed'",
    "'2026-01-01T00:00:00Z'",
    "1h",
    "d'2026-01-01T00:00:00Z'",
    "d'0001-01-01T00:00:00Z'",
    "d'+250000-01-01T00:00:00Z'",
    "[]",
    "[[1], {a: NONE}]",
    "{}",
    "{kind: 'rest', next_page: 'two'}",
    "{'': 1, version: 9999999999}",
    "repo:⟨acme/sound⟩",
    "repo:⟨⟩",
    "repo:[1, 2]",
    "elsewhere:1",
    "u'018f3f6e-8f7a-7c3e-9b1a-2b3c4d5e6f70'",
    "(1.5, 2.5)",
    "<bytes>'a'",
    "1..5",
)
value = st.sampled_from(VALUES)
#: Those that can be the key of another record.
OTHER_KEYS = ("'soon'", "'completed'", "'2026-01-01T00:00:00Z'")
STATUS_FIELDS = tuple(WRITTEN["repo_processing_status"].split())
ACCESS_FIELDS = ("user_id", "repo", "may_list", "face", "text", "checked_at", "refusals")
#: Each example has the database of the test's function for itself.
MANY = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
#: The odd repository's row has these fields too, whatever was drawn for others.
ANY_FIELDS = st.dictionaries(st.sampled_from(STATUS_FIELDS[1:]), value, min_size=1)


@pytest.fixture
def database(embedded_config: DatabaseConfig) -> Iterator[Database]:
    """An account that starred two repositories."""
    opened = Database(embedded_config)
    opened.open()
    schema.apply(opened)
    seeding.sign_in(opened, 1, "ada", "t")
    seeding.star(opened, "ada", [ODD, SOUND])
    yield opened
    opened.close()


def fill(database: Database, table: str, fields: dict[str, str]) -> None:
    """The one row of the table, with these fields as SurrealQL."""
    assignments = ", ".join(f"{name} = {literal}" for name, literal in fields.items())
    database.run(f"DELETE {table}; CREATE {table}:odd SET {assignments}")


def start_up(database: Database) -> None:
    """What a start and the first scan do before a list is claimed."""
    schema.apply(database)
    lifecycle.give_back(database, lambda owner: owner == "nobody")
    lifecycle.give_back_stale(database)
    budgets.load(database)
    state.read(database, "paused")
    access.of_user(database, 1)
    list(starred.list_needy(database, ADA, Terms(HOUR, frozenset(Status), 0.0)))
    list(starred.list_counts_due(database, ADA, Terms(HOUR)))
    renames.find_former(database, [ODD, SOUND])
    renames.find_aliases(database, [ODD.key, SOUND.key])
    lifecycle.restrict_refused(database, [ODD.key, SOUND.key])


def show(database: Database) -> None:
    """What an operator looks at."""
    repositories.list_repositories(database)
    repositories.list_repositories(database, Status.COMPLETED, q="odd", sort="-errors")
    repositories.find(database, ODD.full_name)
    lifecycle.count_by_status(database)
    overview.count_part(database, ADA, 0)
    overview.count_access(database, 1)
    overview.read_weeks(database, ODD.key)
    access.of_repository(database, ODD.key)


def collect(database: Database, repository: Repository) -> None:
    """A list from its claim to its end. With ``force`` nothing but a lease is in the way, and that
    ran out.
    """
    row = lifecycle.ensure(database, repository)
    database.run(
        "UPDATE $row SET lease_expires_at = time::now() - 1s, moving_until = NONE", row=row
    )
    held = lifecycle.claim(database, repository, "me", HOUR, HOUR, force=True)
    assert held is not None
    assert lifecycle.heartbeat(database, ["me"], HOUR) == 1
    writer = PageWriter(database, 1)
    writer.start()
    edges.has_any(database, repository)
    progress = Progress({"kind": "rest", "next_page": 2}, 1, 1, 1, 1)
    writer.submit(PageWrite(held, [stargazer(5)], progress, held.generation + 1)).get(timeout=20)
    edges.close_unseen(database, held, held.generation + 1)
    lifecycle.settle(database, held, Settlement(Status.COMPLETED, progress=progress))
    writer.stop()


@pytest.mark.slow(180)
@MANY
@given(fields=ANY_FIELDS)
def test_a_status_row_of_any_content_is_collected_like_others(
    database: Database, fields: dict[str, str]
) -> None:
    fill(database, "repo_processing_status", {"repo": "repo:⟨acme/odd⟩", **fields})

    start_up(database)
    show(database)
    lifecycle.claim(database, ODD, "somebody", HOUR, HOUR)
    lifecycle.begin(database, ODD.key)
    lifecycle.go_on(database, ODD.key)
    collect(database, ODD)
    collect(database, SOUND)

    assert lifecycle.count_by_status(database) == {"completed": 2}


@pytest.mark.slow(180)
@MANY
@given(fields=ANY_FIELDS)
def test_a_scan_is_told_of_a_status_row_what_a_claim_does(
    database: Database, fields: dict[str, str]
) -> None:
    fill(database, "repo_processing_status", {"repo": "repo:⟨acme/odd⟩", **fields})
    query = f"SELECT VALUE {lifecycle.MAY_CLAIM} FROM repo_processing_status"

    told = database.run(query, **lifecycle.rule_bindings(HOUR))[0]
    held = lifecycle.claim(database, ODD, "me", HOUR, HOUR)

    assert told == [held is not None]


@pytest.mark.slow(180)
@MANY
@given(repo=value, status=value)
def test_a_status_row_that_belongs_to_no_repository_hides_no_other(
    database: Database, repo: str, status: str
) -> None:
    fill(database, "repo_processing_status", {"repo": repo, "status": status})
    lifecycle.ensure(database, SOUND)

    start_up(database)
    show(database)
    collect(database, SOUND)

    views, _ = repositories.list_repositories(database, Status.COMPLETED)
    assert SOUND.key in [view.key for view in views]


@pytest.mark.slow(180)
@MANY
@given(fields=st.dictionaries(st.sampled_from(ACCESS_FIELDS), value, min_size=1))
def test_an_access_row_of_any_content_hides_no_other(
    database: Database, fields: dict[str, str]
) -> None:
    fill(database, "gitstars_access", {"user_id": "1", "repo": "repo:⟨acme/odd⟩", **fields})
    access.save(database, access.AccessRow(1, SOUND.key, True))

    start_up(database)
    show(database)
    access.save_own(database, 1, [ODD])
    access.forget_refusals(database, 1)

    assert access.of_user(database, 1)[SOUND.key].may_list is True


@pytest.mark.slow(180)
@MANY
@given(week=value, total=value, days=value, stands=value)
def test_a_history_of_any_content_begins_anew(
    database: Database, week: str, total: str, days: str, stands: str
) -> None:
    fields = {"repo": "repo:⟨acme/odd⟩", "week": week, "total": total, "days": days}
    fill(database, "star_history", fields)
    fill(
        database,
        "repo_processing_status",
        {"repo": "repo:⟨acme/odd⟩", "history": f"{{next_page: {stands}, checked_at: {stands}}}"},
    )

    stored = history.read_stored(database, ODD)
    overview.read_weeks(database, ODD.key)

    assert stored.next_page >= 1
    assert stored.checked_at is None or isinstance(stored.checked_at, float)
    assert stored.newest_week is None or stored.newest_week >= 0
    assert stored.total >= 0


@pytest.mark.slow(180)
@MANY
@given(stored=value)
def test_a_kept_value_of_any_type_stops_no_start(database: Database, stored: str) -> None:
    fill(database, "gitstars_state", {"value": stored})
    database.run(
        "DELETE repo_processing_status; "
        f"CREATE gitstars_state:['alias', 'acme/odd'] SET value = {stored}"
    )
    fill(database, "gitstars_schema", {"version": stored})
    fill(database, "gitstars_budget", {"user_id": stored, "remaining": stored, "saved_at": stored})

    start_up(database)
    number = state.read_numbers(database, ["odd"]).get("odd")
    budgets.save(database, [{"user_id": 1, "resource": "core", "remaining": 7}])

    assert number is None or isinstance(number, float)
    assert (lifecycle.ensure(database, ODD) is None) == (stored in OTHER_KEYS)
    assert {"user_id": 1, "resource": "core", "remaining": 7} in budgets.load(database)


def test_a_row_that_the_database_lets_nobody_change_holds_up_no_other(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    held = [lifecycle.claim(database, place, place.key, HOUR, HOUR) for place in (ODD, SOUND)]
    assert None not in held
    database.run(
        "DEFINE EVENT odd ON repo_processing_status WHEN $after.repo = repo:⟨acme/odd⟩ "
        "THEN (THROW 'not this one')"
    )

    extended = [lifecycle.heartbeat(database, [ODD.key, SOUND.key], 2 * HOUR) for _ in range(3)]

    assert extended == [1, 1, 1]
    named = [record.message for record in caplog.records if "left out" in record.message]
    assert len(named) == 1
    assert ODD.key in named[0]


def test_of_several_odd_rows_each_is_named_once(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    database.run("CREATE gitstars_access:one SET user_id = 1; CREATE gitstars_access:two")

    for _ in range(3):
        access.of_user(database, 1)
        database.run("UPDATE gitstars_access:two SET user_id = 1, repo = 'acme/odd'")

    named = [record.message for record in caplog.records if "left out" in record.message]
    assert len(named) == 2


def test_keys_are_shown_for_rows_of_repositories_only(database: Database) -> None:
    database.run("CREATE repo_processing_status:odd SET repo = elsewhere:1, status = 'pending'")
    lifecycle.ensure(database, SOUND)

    views, total = repositories.list_repositories(database)

    assert [view.key for view in views] == [SOUND.key]
    assert total == 1
