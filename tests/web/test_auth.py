"""The admin key: configured, made, kept, and demanded."""

import stat
from pathlib import Path

import pytest
from bottle import HTTPResponse, request

from gitstars.config import AdminConfig, admin_key_path
from gitstars.errors import ConfigInvalid, UserMistake
from gitstars.web.auth import Gate, find_key
from tests.web.conftest import Caller, Serve
from tests.web.test_contract import ROUTES


def test_a_key_is_made_once_and_kept_for_this_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "admin.key"

    key = find_key(AdminConfig(), file)

    assert len(key) >= 40
    assert find_key(AdminConfig(), file) == key == file.read_text().strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["admin.key"]


def test_a_key_that_others_could_read_is_made_anew(tmp_path: Path) -> None:
    file = tmp_path / "admin.key"
    key = find_key(AdminConfig(), file)
    file.chmod(0o644)

    assert find_key(AdminConfig(), file) != key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 40])
def test_a_file_without_a_key_gets_one(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "admin.key"
    file.write_bytes(content)
    file.chmod(0o600)

    assert find_key(AdminConfig(), file) == file.read_text().strip()


def test_the_configured_key_is_taken_and_no_file_is_made(tmp_path: Path) -> None:
    assert find_key(AdminConfig(api_key="mine"), tmp_path / "admin.key") == "mine"
    assert not (tmp_path / "admin.key").exists()


@pytest.mark.parametrize("key", ["", "fifteen letters"])
def test_off_loopback_a_long_key_is_demanded(key: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=r"at least 16 characters because .* is not loopback"):
        find_key(AdminConfig(host="0.0.0.0", api_key=key), tmp_path / "admin.key")


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")

    with pytest.raises(UserMistake, match=r"the admin key cannot be kept in .*set ADMIN_API_KEY"):
        find_key(AdminConfig(), blocked / "admin.key")


def test_the_dashboard_is_public_and_its_data_is_not(served: Serve) -> None:
    running = served(settle=False)
    stranger = Caller(running.admin.port)

    assert stranger.get("/").status == 200
    assert stranger.get("/static/style.css").status == 200
    assert stranger.get("/stats").status == 401
    assert stranger.get("/nothing").status == 401
    assert stranger.get("//static//stats").status in (403, 404)


@pytest.mark.parametrize("host", ["localhost:8081", "127.0.0.1", "[::1]:8081", "LOCALHOST"])
def test_this_machine_is_called_by_its_own_names(host: str, served: Serve) -> None:
    running = served(settle=False)

    assert running.admin.get("/stats", Host=host).status == 200
    assert running.admin.get("/stats", Host=host, Origin=f"http://{host}").status == 200


def test_the_key_of_a_test_is_not_kept(served: Serve) -> None:
    served(settle=False)

    assert not admin_key_path().exists()


def test_the_key_that_only_looks_changes_nothing_and_sees_no_names() -> None:
    gate = Gate("the admin key of tests", is_local=False, read_key="the reading key of tests")
    reading, admin = "Bearer the reading key of tests", "Bearer the admin key of tests"

    def ask(method: str, path: str, key: str) -> int:
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_AUTHORIZATION": key}
        request.bind(environ)
        try:
            gate.check()
        except HTTPResponse as refused:
            return int(refused.status_code)
        return 200

    looking = {path for method, path in ROUTES if method == "GET"} - {"/openapi.json"}
    named = {path for path in looking if "stargazers" in path or path.startswith("/users/")}
    named |= {"/export/stars", "/export/users"}
    assert len(looking - named) > 10
    for path in sorted(looking):
        expected = 403 if path in named else 200
        assert (path, ask("GET", path, reading)) == (path, expected)
        assert ask("GET", path, admin) == 200
    for method, path in ROUTES:
        if method != "GET":
            assert (path, ask(method, path, reading)) == (path, 403)
    assert ask("GET", "/stats", "Basic the reading key of tests") == 401
    assert ask("GET", "/stats", "Bearer another key of some sort") == 401


def test_without_a_reading_key_an_empty_one_opens_nothing() -> None:
    gate = Gate("the admin key of tests", is_local=False)
    request.bind(
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/stats", "HTTP_AUTHORIZATION": "Bearer \t"}
    )

    with pytest.raises(HTTPResponse) as refused:
        gate.check()
    assert refused.value.status_code == 401
