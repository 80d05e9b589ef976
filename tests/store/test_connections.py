"""How the database is reached: what is used of the library, values that Python cannot hold, and
proxies.
"""

from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from gevent import socket
from gevent.server import StreamServer
from msgspec.structs import replace
from surrealdb.connections.blocking_ws import BlockingWsSurrealConnection

from gitstars.config import DatabaseConfig
from gitstars.errors import DatabaseUnavailable
from gitstars.store.database import Database
from gitstars.store.sdk import PRIVATE
from tests.harness import free_port

#: Variables that name a proxy, for this library and others.
VARIABLES = ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "WS_PROXY", "WSS_PROXY", "SOCKS_PROXY")


@pytest.mark.parametrize(("owner", "name"), PRIVATE, ids=[name for _, name in PRIVATE])
def test_what_is_used_of_the_library_without_a_promise_is_there(owner: Any, name: str) -> None:
    made = {BlockingWsSurrealConnection: BlockingWsSurrealConnection("ws://127.0.0.1:1")}

    assert name in dir(made.get(owner, owner))


def test_a_value_that_python_cannot_hold_is_absent_and_hides_no_other(database: Database) -> None:
    database.run(
        "CREATE note:1 SET at = d'+250000-01-01T00:00:00Z', is_null = NULL, kept = 'one';"
        "CREATE note:2 SET at = d'2026-01-01T00:00:00Z', kept = 'two'"
    )

    rows = database.run("SELECT at, is_null, kept FROM note")[0]

    assert [row["kept"] for row in rows] == ["one", "two"]
    assert rows[0]["at"] is rows[0]["is_null"] is None
    assert rows[1]["at"].year == 2026


class Proxy:
    """An HTTP proxy on loopback that passes connections on, and writes down whereto."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self._server.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.stop()

    def _serve(self, client: socket.socket, _: Any) -> None:
        head = b""
        while b"\r\n\r\n" not in head and (chunk := client.recv(4096)):
            head += chunk
        method, _, rest = head.decode().partition(" ")
        target = rest.partition(" ")[0]
        self.asked.append(f"{method} {target}")
        host, _, port = target.rpartition(":")
        server = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        ways = [gevent.spawn(_pass_on, client, server), gevent.spawn(_pass_on, server, client)]
        gevent.joinall(ways)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    running = Proxy()
    yield running
    running.stop()


def test_the_variables_of_the_environment_send_the_database_to_no_proxy(
    server_config: DatabaseConfig, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    for name in VARIABLES:
        monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv(name.lower(), proxy.url)
    database = Database(server_config)

    database.open()

    assert database.run("RETURN 1") == [1]
    assert proxy.asked == []
    database.close()


def test_the_database_is_reached_through_the_proxy_of_its_setting(
    server_config: DatabaseConfig, proxy: Proxy
) -> None:
    database = Database(replace(server_config, proxy=proxy.url, pool_min_idle=1))

    database.open()

    assert database.run("RETURN 1") == [1]
    assert set(proxy.asked) == {f"CONNECT {server_config.url.partition('://')[2]}"}
    database.close()


def test_a_proxy_that_is_not_there_is_told_in_a_sentence(server_config: DatabaseConfig) -> None:
    database = Database(replace(server_config, proxy=f"http://127.0.0.1:{free_port()}"))

    with pytest.raises(DatabaseUnavailable, match="connection refused"):
        database.open()
