"""An export as a SQLite database holds what the JSON lines say, with keys that hold."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gitstars.cli.export import save_sqlite
from gitstars.errors import GitstarsError
from gitstars.report.export import COLUMNS, What


def make(what: What, *values: Any) -> dict[str, Any]:
    return dict(zip(COLUMNS[what], values, strict=True))


STAR = make("stars", 1, "ann", 7, "acme/engine", "2024-05-01T01:00:00Z", None)
DAY = make("history", 7, "acme/engine", "2024-05-01", 2, 1, 1, True)
USER = make("users", 1, "ann", "https://a.example/1", None)
REPO = make("repos", 7, "acme/engine", False, 5, "completed", 5, 0, "2024-05-01T01:00:00Z", None)


def to_blocks(*rows: dict[str, Any], size: int = 7) -> list[bytes]:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    return [text[at : at + size] for at in range(0, len(text), size)]


def ask(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return file.execute(query).fetchall()


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_stars_have_their_people_and_repositories(tmp_path: Path, size: int) -> None:
    more = [STAR | {"user_id": n, "login": f"ünï-{n}"} for n in range(2, 3001)]
    gone = STAR | {"repo_id": 8, "repo": "acme/tools", "unstarred_at": "2024-06-01T00:00:00Z"}
    blocks = to_blocks(STAR, gone, *more[: 10 if size == 1 else None], size=size)

    save_sqlite(str(tmp_path / "stars.db"), "stars", blocks)

    path = tmp_path / "stars.db"
    expected = 12 if size == 1 else 3001
    assert ask(path, "SELECT count(*) FROM stars JOIN users USING (user_id)") == [(expected,)]
    assert ask(path, "SELECT login, repo, unstarred_at FROM stars JOIN users USING (user_id) "
        "JOIN repos USING (repo_id) WHERE unstarred_at IS NOT NULL") == [
        ("ann", "acme/tools", "2024-06-01T00:00:00Z")
    ]  # fmt: skip
    assert ask(path, "SELECT login FROM users WHERE user_id = 5") == [("ünï-5",)]


def test_each_kind_of_export_has_its_tables(tmp_path: Path) -> None:
    for what, row in (("users", USER), ("repos", REPO), ("history", DAY)):
        save_sqlite(str(tmp_path / what), what, to_blocks(row))

    assert ask(tmp_path / "users", "SELECT * FROM users") == [tuple(USER.values())]
    assert ask(tmp_path / "repos", "SELECT * FROM repos") == [tuple(REPO.values())]
    assert ask(tmp_path / "history", "SELECT * FROM history") == [
        (7, "2024-05-01", 2, 1, 1, 1),
    ]
    assert ask(tmp_path / "history", "SELECT repo FROM repos") == [("acme/engine",)]


def test_a_repository_without_a_known_id_keeps_its_stars(tmp_path: Path) -> None:
    lost = STAR | {"repo_id": None, "repo": "acme/lost"}
    other = STAR | {"repo_id": None, "repo": "acme/other"}

    save_sqlite(str(tmp_path / "x.db"), "stars", to_blocks(STAR, lost, other, lost))

    found = ask(tmp_path / "x.db", "SELECT repo FROM stars JOIN repos USING (repo_id) ORDER BY 1")
    assert found == [("acme/engine",), ("acme/lost",), ("acme/other",)]


def test_an_export_that_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "stars.db"
    save_sqlite(str(path), "stars", to_blocks(STAR))

    def break_off() -> Any:
        yield from to_blocks(STAR)
        raise GitstarsError("the server went away")

    with pytest.raises(GitstarsError):
        save_sqlite(str(path), "stars", break_off())

    assert ask(path, "SELECT count(*) FROM stars") == [(1,)]
    assert [entry.name for entry in tmp_path.iterdir()] == ["stars.db"]


def test_an_empty_export_is_a_database_too(tmp_path: Path) -> None:
    save_sqlite(str(tmp_path / "x.db"), "stars", [])

    assert ask(tmp_path / "x.db", "SELECT * FROM stars") == []


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(GitstarsError, match="nowhere"):
        save_sqlite(str(tmp_path / "nowhere" / "x.db"), "stars", to_blocks(STAR))
