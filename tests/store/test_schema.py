"""The schema joins what is there: applied twice, beside the web application's definitions, from
an older version, with few rights.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.event import Event
from msgspec.structs import replace

from gitstars.config import DatabaseConfig
from gitstars.errors import DatabaseRefused
from gitstars.model import Claim, PageWrite, Progress, Repository, Settlement, Status
from gitstars.store import lifecycle, schema, seeding
from gitstars.store.database import Database, record
from gitstars.store.writer import PageWriter
from tests.store.conftest import stargazer
from tests.waiting import PATIENCE_SECONDS

Connect = Callable[[DatabaseConfig], Database]

#: The definitions and rows of a web application that chose its own names, and whose rows have ids
#: of any form.
WEB_APPLICATION = """
DEFINE TABLE account SCHEMALESS COMMENT 'people who signed in';
DEFINE TABLE user SCHEMALESS;
DEFINE TABLE repo SCHEMALESS;
DEFINE INDEX by_name ON repo FIELDS full_name;
DEFINE TABLE github_user SCHEMAFULL;
DEFINE FIELD github_id ON github_user TYPE int ASSERT $value > 0;
DEFINE FIELD username ON github_user TYPE string;
DEFINE FIELD avatar_url ON github_user TYPE option<string>;
DEFINE FIELD profile_url ON github_user TYPE option<string>;
DEFINE FIELD synced_at ON github_user TYPE option<datetime>;
DEFINE FIELD email ON github_user TYPE option<string>;
DEFINE INDEX one_login ON github_user FIELDS username UNIQUE;
DEFINE INDEX one_number ON github_user FIELDS github_id UNIQUE;
DEFINE TABLE starred TYPE RELATION;
DEFINE INDEX one_star ON starred FIELDS in, out UNIQUE;
DEFINE TABLE repo_processing_status SCHEMALESS;
DEFINE INDEX of_repo ON repo_processing_status FIELDS repo;

CREATE github_user:ann SET github_id = 5, username = 'ann', avatar_url = 'hers',
    email = 'ann@example.org', synced_at = time::now();
CREATE user:1 SET github_user = github_user:ann;
CREATE account:1 SET userId = user:1, providerId = 'github', access_token = 'gho_x',
    providerAccountId = '5';
CREATE repo:⟨octo/cat⟩ SET github_id = 42, full_name = 'octo/cat', stars = 2;
RELATE github_user:ann->starred:hers->repo:⟨octo/cat⟩ SET source = 'github',
    starred_at = d'2019-01-01T00:00:00Z';
"""
#: Ids that status rows may have, as SurrealQL makes them.
ROW_IDS = ("ulid()", "uuid()", "7", "['octo', 1]", "{ of: 'octo' }", "⟨any text/at all⟩")

APPLIER = """
from gitstars import _monkey
import sys
from gitstars.config import DatabaseConfig
from gitstars.store import schema
from gitstars.store.database import Database
url, namespace = sys.argv[1:]
database = Database(DatabaseConfig(url=url, user="root", password="root", namespace=namespace))
database.open()
sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
schema.apply(database)
print(schema.read_version(database))
"""


@pytest.fixture
def server_config(root_config: DatabaseConfig) -> DatabaseConfig:
    """Users are defined here, and statements that sleep: that takes all rights."""
    return root_config


@pytest.fixture
def connect() -> Iterator[Connect]:
    """``connect(config)``: another open database, without the schema."""
    made: list[Database] = []

    def make(config: DatabaseConfig) -> Database:
        made.append(Database(config))
        made[-1].open()
        return made[-1]

    yield make
    for database in made:
        database.close()


@pytest.fixture
def bare(database_config: DatabaseConfig, connect: Connect) -> Database:
    """An empty database, on both engines in turn."""
    return connect(database_config)


@pytest.fixture
def as_user(server_config: DatabaseConfig, connect: Connect) -> Callable[[str], Database]:
    """``as_user("EDITOR")``: the server's database as a user of that role sees it who has no
    rights anywhere else.
    """

    def sign_in(role: str) -> Database:
        connect(server_config).run(
            f"DEFINE USER somebody ON DATABASE PASSWORD 'something' ROLES {role}"
        )
        return connect(replace(server_config, user="somebody", password="something"))

    return sign_in


def definitions(database: Database) -> dict[str, Any]:
    """Everything that is defined: tables, and each one's fields, indexes and events."""
    found: dict[str, Any] = {
        "database": {
            name: part for name, part in database.run("INFO FOR DB")[0].items() if name != "users"
        }
    }
    for table in found["database"]["tables"]:
        found[table] = {
            name: part
            for name, part in database.run(f"INFO FOR TABLE {table}")[0].items()
            if name != "lives"
        }
    return found


def rows(database: Database) -> dict[str, list[Any]]:
    """Every record of every table."""
    tables = database.run("INFO FOR DB")[0]["tables"]
    return {table: database.run(f"SELECT * FROM {table} ORDER BY id")[0] for table in tables}


def claim(database: Database, name: str = "octo/cat", github_id: int = 42) -> Claim:
    held = lifecycle.claim(database, Repository(name, name, github_id, 2), "me", 3600.0, 3600.0)
    assert held is not None
    return held


def write_page(database: Database, held: Claim) -> None:
    """Store a page with ``ann``, whom the web application knows, and somebody new."""
    writer = PageWriter(database, writers=1)
    writer.start()
    people = [stargazer(5, "ann"), stargazer(6, "new")]
    writer.submit(
        PageWrite(held, people, Progress({"kind": "rest", "next_page": 2}, 1, 1, 2, 2))
    ).get(timeout=PATIENCE_SECONDS)
    writer.stop()


def test_applying_twice_changes_nothing(database: Database) -> None:
    seeding.sign_in(database, 5, "ann", "gho_x")
    seeding.star(database, "ann", [Repository("octo/cat", "octo/cat", 42, 2)])
    write_page(database, claim(database))
    defined, stored, version = definitions(database), rows(database), schema.read_version(database)

    returned = schema.apply(database)

    assert version > 0
    assert returned == version
    assert definitions(database) == defined
    assert rows(database) == stored


def test_the_web_applications_definitions_stay_as_they_are(bare: Database) -> None:
    bare.run(WEB_APPLICATION)
    before = definitions(bare)

    schema.apply(bare)

    after = definitions(bare)
    kept = {
        table: {
            kind: {name: after[table][kind].get(name) for name in defined}
            for kind, defined in kinds.items()
        }
        for table, kinds in before.items()
    }
    assert kept == before


def test_the_web_applications_rows_stay_as_they_are(bare: Database) -> None:
    bare.run(WEB_APPLICATION)
    for number, identity in enumerate(ROW_IDS):
        query = (
            f"CREATE repo_processing_status:{identity} SET repo = $repo, status = 'failed', "
            "error_count = 3, notes = 'mine'"
        )
        bare.run(query, repo=record("repo", f"octo/{number}"))
    before = rows(bare)

    schema.apply(bare)

    after = rows(bare)
    assert len(before["repo_processing_status"]) == 6
    assert {table: after[table] for table in before} == before


def test_a_page_is_written_beside_the_web_applications_own_edge(bare: Database) -> None:
    bare.run(WEB_APPLICATION)
    schema.apply(bare)
    theirs = bare.run("SELECT * FROM starred")[0]

    write_page(bare, claim(bare))

    assert bare.run("SELECT * FROM starred WHERE source = 'github'")[0] == theirs
    ours = bare.run("SELECT VALUE [id, in, out, source] FROM starred WHERE source != 'github'")[0]
    assert ours == [
        [
            record("starred", [6, 42]),
            record("github_user", "new"),
            record("repo", "octo/cat"),
            "stargazer_analysis",
        ]
    ]
    people = bare.run(
        "SELECT VALUE [github_id, username, avatar_url, email] FROM github_user ORDER BY github_id"
    )[0]
    assert people == [
        [5, "ann", "hers", "ann@example.org"],
        [6, "new", "https://avatars.example/6", None],
    ]


def test_status_rows_with_ids_of_any_form_are_claimed_as_they_are(bare: Database) -> None:
    bare.run(WEB_APPLICATION)
    names = {f"octo/{number}": identity for number, identity in enumerate(ROW_IDS)}
    for name, identity in names.items():
        bare.run(
            f"CREATE repo_processing_status:{identity} SET repo = $repo, status = 'pending'",
            repo=record("repo", name),
        )
    theirs = {
        row["repo"].id: row["id"]
        for row in bare.run("SELECT id, repo FROM repo_processing_status")[0]
    }
    schema.apply(bare)

    claimed = {name: claim(bare, name, number).row for number, name in enumerate(names, start=100)}

    assert claimed == theirs
    assert lifecycle.count_by_status(bare) == {"processing": 6}


@pytest.mark.parametrize("version", range(1, len(schema.STEPS)))
def test_an_older_version_is_upgraded_to_what_a_new_database_has(
    bare: Database,
    database_config: DatabaseConfig,
    connect: Connect,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: int,
) -> None:
    with monkeypatch.context() as older:
        older.setattr(schema, "STEPS", schema.STEPS[:version])
        schema.apply(bare)
    seeding.sign_in(bare, 5, "ann", "gho_x")
    seeding.star(bare, "ann", [Repository("octo/cat", "octo/cat", 42, 2)])
    stored, elsewhere = (
        rows(bare),
        f"surrealkv://{tmp_path}/new.db" if bare.is_embedded else database_config.url,
    )
    new = connect(replace(database_config, url=elsewhere, database="new"))
    schema.apply(new)

    returned = schema.apply(bare)

    assert returned == version
    assert schema.read_version(bare) == schema.read_version(new) > version
    assert definitions(bare) == definitions(new)
    assert "gitstars_repo_github_id" in definitions(bare)["repo"]["indexes"]
    after = rows(bare)
    assert {table: after[table] for table in stored if table != "gitstars_schema"} == {
        table: found for table, found in stored.items() if table != "gitstars_schema"
    }


def test_connections_that_apply_at_the_same_moment_all_succeed(
    server_config: DatabaseConfig, connect: Connect
) -> None:
    alone = connect(replace(server_config, database="alone"))
    schema.apply(alone)
    databases = [connect(server_config) for _ in range(4)]

    gevent.joinall(
        [gevent.spawn(schema.apply, database) for database in databases],
        timeout=PATIENCE_SECONDS,
        raise_error=True,
    )

    assert [schema.read_version(database) for database in databases] == [
        schema.read_version(alone)
    ] * 4
    assert definitions(databases[0]) == definitions(alone)
    assert databases[0].run("RETURN count((SELECT id FROM gitstars_schema))") == [1]


def test_servers_that_open_an_empty_namespace_at_the_same_moment_all_succeed(
    server_config: DatabaseConfig,
) -> None:
    for number in range(8):
        config = replace(server_config, namespace=f"{server_config.namespace}_{number}")
        databases = [Database(config) for _ in range(4)]

        gevent.joinall(
            [gevent.spawn(database.open) for database in databases],
            timeout=PATIENCE_SECONDS,
            raise_error=True,
        )

        assert [database.run("RETURN 1") for database in databases] == [[1]] * 4
        for database in databases:
            database.close()


@pytest.mark.parametrize(
    ("stored", "expected"),
    [(len(schema.STEPS), len(schema.STEPS)), ("one", 1), (None, 1), (0, 1), (1, 1)],
)
def test_a_server_that_comes_late_to_an_old_step_leaves_the_newer_version(
    server_config: DatabaseConfig, connect: Connect, stored: object, expected: int
) -> None:
    database = connect(server_config)
    schema.apply(database)
    database.run("UPSERT $row SET version = $stored", row=schema.VERSION_ROW, stored=stored)

    database.run(schema.SET_VERSION, row=schema.VERSION_ROW, version=1)

    assert schema.read_version(database) == expected


def test_processes_that_apply_at_the_same_moment_all_succeed(
    server_config: DatabaseConfig, connect: Connect
) -> None:
    database = connect(server_config)
    command = [sys.executable, "-c", APPLIER, server_config.url, server_config.namespace]
    appliers = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in "ab"
    ]
    for applier in appliers:
        assert applier.stdout is not None
        assert applier.stdout.readline() == "ready\n"

    for applier in appliers:
        assert applier.stdin is not None
        applier.stdin.write("go\n")
        applier.stdin.flush()
    answers = [applier.communicate(timeout=PATIENCE_SECONDS) for applier in appliers]

    assert [applier.returncode for applier in appliers] == [0, 0], answers
    versions = {json.loads(printed) for printed, _ in answers}
    assert versions == {schema.read_version(database)}


def test_an_editor_of_the_database_alone_can_apply_the_schema(
    as_user: Callable[[str], Database], server_config: DatabaseConfig, connect: Connect
) -> None:
    alone = connect(replace(server_config, database="alone"))
    schema.apply(alone)
    editor = as_user("EDITOR")

    schema.apply(editor)

    assert schema.read_version(editor) == schema.read_version(alone)
    assert definitions(editor) == definitions(alone)


def test_an_editor_of_the_database_can_claim_write_and_settle(
    as_user: Callable[[str], Database],
) -> None:
    editor = as_user("EDITOR")
    schema.apply(editor)

    held = claim(editor)
    write_page(editor, held)
    lifecycle.settle(editor, held, Settlement(Status.COMPLETED, star_count=2))

    assert editor.run("SELECT VALUE in.github_id FROM starred ORDER BY in")[0] == [5, 6]
    assert editor.run(
        "SELECT VALUE [status, star_count, processed_stargazers] FROM repo_processing_status"
    )[0] == [["completed", 2, 2]]


def test_an_editor_of_the_database_can_watch_accounts(as_user: Callable[[str], Database]) -> None:
    editor, stop, begun, told = as_user("EDITOR"), Event(), Event(), Event()
    schema.apply(editor)
    actions: list[str] = []

    def hear(notification: dict[str, Any]) -> None:
        actions.append(notification["action"])
        told.set()

    watching = gevent.spawn(editor.watch, "account", hear, stop, begun.set)
    assert begun.wait(PATIENCE_SECONDS)

    seeding.sign_in(editor, 5, "ann", "gho_x")

    assert told.wait(PATIENCE_SECONDS)
    assert actions == ["CREATE"]
    stop.set()
    editor.renew_live(0.0)
    watching.join(PATIENCE_SECONDS)


@pytest.mark.parametrize("is_applied", [False, True])
def test_a_viewer_is_refused_and_changes_nothing(
    as_user: Callable[[str], Database],
    server_config: DatabaseConfig,
    connect: Connect,
    is_applied: bool,
) -> None:
    root, viewer = connect(server_config), as_user("VIEWER")
    if is_applied:
        schema.apply(root)
    defined = definitions(root)

    with pytest.raises(DatabaseRefused, match="right"):
        schema.apply(viewer)

    assert definitions(root) == defined
