"""A long answer that breaks off is seen to be cut, and leaves no file that looks whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from bottle import Bottle, HTTPResponse

from gitstars import api
from gitstars.cli.admin_client import AdminClient
from gitstars.cli.export import write
from gitstars.errors import DatabaseUnavailable, ServerUnreachable
from gitstars.web.answers import tell_breaks
from gitstars.web.serving import HttpServer


def break_off() -> Iterator[bytes]:
    yield b"user_id,login\r\n" * 10_000
    raise DatabaseUnavailable("the database went away")


@pytest.fixture
def client() -> Iterator[AdminClient]:
    app = Bottle()
    app.get("/export/stars", callback=lambda: HTTPResponse(tell_breaks(break_off()), 200))
    server = HttpServer("test", app, "127.0.0.1", 0)
    server.start()
    yield AdminClient(f"http://127.0.0.1:{server.port}", "")
    server.stop()


def test_an_export_that_breaks_off_leaves_the_old_file(client: AdminClient, tmp_path: Path) -> None:
    kept = tmp_path / "stars.csv"
    kept.write_text("yesterday's")

    with pytest.raises(ServerUnreachable, match="broke off"):
        write(str(kept), client.download("/export/stars", api.ExportQuery()))

    assert [place.name for place in tmp_path.iterdir()] == ["stars.csv"]
    assert kept.read_text() == "yesterday's"
