"""Rows that another program wrote wrong: each is left out and named once, and stops neither a
start nor a scan nor the accounts behind it.
"""

import logging
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from gevent.event import Event
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from gitstars.clock import SystemClock
from gitstars.config import DatabaseConfig, DiscoverConfig
from gitstars.discover.needs import Rules
from gitstars.discover.watcher import AccountWatcher
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.errors import QueryFailed
from gitstars.events import EventBus
from gitstars.model import Repository, Task
from gitstars.store import schema, seeding
from gitstars.store.accounts import PAGE_ACCOUNTS
from gitstars.store.database import Database, record
from gitstars.store.reading import LeftOut

GOOD, BAD = 1, 2
RULES = Rules(86_400.0, "all", frozenset({"starred"}))
#: A SurrealQL expression and what it binds.
Written = tuple[str, Any]

#: Values that no client can hold, and a number of more than 64 bits.
LITERALS: tuple[Written, ...] = tuple(
    (text, None)
    for text in (
        "<datetime>'+262142-12-31T23:59:59Z'",
        "<datetime>'-262142-01-01T00:00:00Z'",
        "<regex>'a'",
        "12345678901234567890123456789dec",
        "1..3",
        "100y",
        "user:nobody",
        "[user:ann, user:bob]",
        "repo:⟨org/good⟩",
        "NULL",
    )
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.decimals(allow_nan=False, allow_infinity=False, places=2, max_value=10**15)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
    | st.binary(max_size=8)
    | st.datetimes()
    | st.uuids()
    | st.sampled_from(
        [
            "",
            " ",
            "9" * 30,
            "9" * 5000,
            "x" * 100_000,
            "gho_a\nb",
            " gho_bob\n",
            "gho_ü",
            record("user", "bob"),
            record("github_user", "nobody"),
            record("repo", ["a", 1]),
        ]
    )
)
VALUES: st.SearchStrategy[Written] = st.sampled_from(LITERALS) | st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=2)
    ),
    max_leaves=4,
).map(lambda value: ("$value", value))

FIELDS = {
    "account": (
        "userId",
        "providerId",
        "access_token",
        "providerAccountId",
        "scope",
        "createdAt",
        "updatedAt",
    ),
    "user": ("github_user",),
    "repo": ("github_id", "full_name", "name", "stars", "is_private", "owner"),
    "starred": ("unstarred_at", "source", "starred_at"),
    "repo_processing_status": (
        "status",
        "next_retry_after",
        "completed_at",
        "counted_at",
        "total_stargazers",
        "updated_at",
        "etag",
        "history",
        "claimed_by",
        "lease_expires_at",
        "error_count",
        "cursor",
    ),
}
PLACES = [(table, field) for table, fields in FIELDS.items() for field in fields]


@pytest.fixture(scope="module", params=["embedded", "server"])
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """One database for all examples, on both engines in turn."""
    server = request.getfixturevalue("surreal_server")
    if request.param == "embedded":
        folder = tmp_path_factory.mktemp("malformed")
        config = DatabaseConfig(url=f"surrealkv://{folder}/stars.db")
    elif server is None:
        pytest.skip("a SurrealDB server (set SURREAL_BIN) is missing")
    else:
        config = DatabaseConfig(
            url=server.url, user="root", password="root", namespace="malformed_rows"
        )
    database = Database(config)
    database.open()
    schema.apply(database)
    yield database
    database.close()


@pytest.fixture
def database(opened: Database) -> Database:
    """What the web application writes for two people, as new."""
    write_people(opened)
    opened.left_out = LeftOut()
    return opened


def write_people(database: Database) -> None:
    for table in (*FIELDS, "github_user", "gitstars_state", "gitstars_access"):
        database.run_retrying(f"DELETE {table} RETURN NONE")
    seeding.sign_in(database, BAD, "bob", "gho_bob")
    seeding.sign_in(database, GOOD, "ann", "gho_ann")
    for login, names in (("ann", ("org/good", "org/odd")), ("bob", ("org/odd", "org/bobs"))):
        seeding.star(database, login, [Repository(n, n, 100 + len(n), 3) for n in names])


class Seen:
    """A watcher that has started, with what it queued."""

    def __init__(self, database: Database) -> None:
        self.stop, self.dispatcher = Event(), Dispatcher()
        self.watcher = AccountWatcher(
            database,
            self.dispatcher,
            EventBus(),
            SystemClock(),
            DiscoverConfig(stable_seconds=0.0, poll_seconds=0.1),
            RULES,
            self.stop,
        )

    def __enter__(self) -> "Seen":
        self.watcher.start()
        self.watcher.scan()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.watcher.stop()

    def lists(self, user_id: int) -> set[str]:
        lane = self.dispatcher.lane(user_id)
        return {
            entry.job.repository.key
            for entry in (lane.entries() if lane else [])
            if entry.job.task is Task.LIST
        }


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.sampled_from(PLACES), written=VALUES)
@pytest.mark.slow(120)
def test_a_value_of_any_kind_in_any_field_harms_no_other_row(
    database: Database, place: tuple[str, str], written: Written
) -> None:
    write_people(database)
    (table, field), (expression, value) = place, written
    spoilt = {
        "account": "account:bob",
        "user": "user:bob",
        "repo": "repo:⟨org/odd⟩",
        "starred": "(SELECT VALUE id FROM github_user:bob->starred)",
        "repo_processing_status": "repo_processing_status:⟨org/odd⟩",
    }[table]
    try:
        database.run(
            f"""
        UPSERT repo_processing_status:⟨org/odd⟩ SET repo = repo:⟨org/odd⟩, status = 'pending';
        UPDATE {spoilt} SET {field} = {expression} RETURN NONE
            """,
            value=value,
        )
    except QueryFailed:
        reject()  # The database itself does not take such a value there.

    with Seen(database) as seen:
        assert "org/good" in seen.lists(GOOD)
        assert seen.watcher.problem is None


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    key=st.integers(-(2**63), 2**63 - 1)
    | st.lists(st.integers() | st.text(max_size=3), min_size=1, max_size=2).map(
        lambda parts: [part if isinstance(part, str) else part % 1000 for part in parts]
    )
    | st.dictionaries(st.just("a"), st.integers(0, 5), min_size=1)
    | st.uuids()
    | st.sampled_from(["", " ", "x" * 2000, "a/b/c", "⟩", "\n"])
)
@pytest.mark.slow(60)
def test_a_repository_record_of_any_id_harms_no_other_row(database: Database, key: Any) -> None:
    write_people(database)
    odd = record("repo", key)
    database.run(
        """
        UPSERT $odd SET full_name = 'org/named', github_id = 77;
        RELATE github_user:ann->starred->$odd SET source = 'github', starred_at = time::now()
        """,
        odd=odd,
    )

    with Seen(database) as seen:
        assert {"org/good", "org/odd"} <= seen.lists(GOOD)
        assert seen.watcher.problem is None


@pytest.mark.parametrize(
    ("field", "expression", "value", "reason"),
    [
        ("providerAccountId", "$value", "9" * 30, "providerAccountId is no GitHub user id"),
        ("providerAccountId", "$value", "9" * 5000, "providerAccountId is no GitHub user id"),
        ("providerAccountId", "$value", "-5", "providerAccountId is no GitHub user id"),
        ("providerAccountId", "$value", "٣", "providerAccountId is no GitHub user id"),
        ("providerAccountId", "$value", True, "providerAccountId is no GitHub user id"),
        ("providerAccountId", "$value", Decimal("5.5"), "providerAccountId is no GitHub user id"),
        ("userId", "$value", "bob", "names no GitHub user"),
        ("userId", "[user:ann, user:bob]", None, "names no GitHub user"),
        ("userId", "user:nobody", None, "names no GitHub user"),
        ("access_token", "$value", 5, "access_token is no token"),
        ("access_token", "$value", ["gho_bob"], "access_token is no token"),
        ("access_token", "$value", "gho_a\nb", "a line break at character 6, which cannot be sent"),
        ("access_token", "$value", "gho_ü", "which cannot be sent"),
        ("access_token", "$value", "x" * 100_000, "access_token is no token"),
        ("scope", "<regex>'a'", None, "a value in it cannot be read"),
    ],
)
def test_a_malformed_account_says_what_is_wrong_once_and_never_shows_its_token(
    database: Database,
    caplog: pytest.LogCaptureFixture,
    field: str,
    expression: str,
    value: Any,
    reason: str,
) -> None:
    database.run(f"UPDATE account:bob SET {field} = {expression} RETURN NONE", value=value)

    with caplog.at_level(logging.WARNING), Seen(database) as seen:
        seen.watcher.scan()

    told = [r.getMessage() for r in caplog.records if "account:bob" in r.getMessage()]
    assert [account.user_id for account in seen.watcher.accounts] == [GOOD]
    assert len(told) == 1
    assert reason in told[0]
    assert "gho_" not in caplog.text
    assert [(row.record_id, row.reason in told[0]) for row in seen.watcher.left_out] == [
        ("account:bob", True)
    ]


def test_white_space_around_a_token_is_removed(database: Database) -> None:
    database.run("UPDATE account:bob SET access_token = $value RETURN NONE", value=" gho_bob\r\n")

    with Seen(database) as seen:
        tokens = {account.user_id: account.token for account in seen.watcher.accounts}

    assert tokens == {GOOD: "gho_ann", BAD: "gho_bob"}


def test_the_accounts_behind_many_malformed_ones_are_served(database: Database) -> None:
    count = PAGE_ACCOUNTS + 20
    database.run(
        """
        FOR $n IN 0..$count {
            CREATE account SET providerId = 'github', access_token = 'gho_x', userId = user:bob,
                providerAccountId = IF $n % 7 = 0 { <regex>'a' } ELSE { [$n] },
                updatedAt = time::now() - 1d
        }
        """,
        count=count,
    )

    with Seen(database) as seen:
        assert {account.user_id for account in seen.watcher.accounts} == {GOOD, BAD}
        assert len(seen.watcher.left_out) == count
        assert "org/good" in seen.lists(GOOD)


def test_a_status_row_that_no_client_can_read_leaves_its_own_repository_out(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    database.run(
        """
        CREATE repo_processing_status:⟨org/odd⟩ SET repo = repo:⟨org/odd⟩, status = 'completed',
            etag = <regex>'a', next_retry_after = d'9999-12-31T23:59:59Z' + 366d RETURN NONE
        """
    )

    with caplog.at_level(logging.WARNING), Seen(database) as seen:
        seen.watcher.scan()

    assert seen.lists(GOOD) == {"org/good"}
    assert seen.watcher.problem is None
