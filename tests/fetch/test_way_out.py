"""The way out of the machine: a real CONNECT proxy, a private certificate authority, and the words
for whatever is wrong on the way.
"""

import base64
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.server import StreamServer
from gevent.socket import create_connection, socket

from gitstars.fetch.answers import Metadata, Transient
from gitstars.model import Account
from gitstars.simulator.scenario import Scenario
from tests.fetch.conftest import Hub, read_request

NAME = "acme/engine"
BODY = b'{"id":10,"full_name":"acme/engine","stargazers_count":7}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
#: A name that only the proxy can resolve.
HOST = "github.test"


@dataclass
class Certificates:
    """The files of a private authority, of the server that it vouches for, and of a server that
    vouches for itself.
    """

    folder: Path
    authority: str = field(init=False)

    def __post_init__(self) -> None:
        self.authority = str(self.folder / "ca.pem")
        subject = ["-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        named = ["-addext", f"subjectAltName=DNS:{HOST}"]
        self._run("req", "-x509", *subject, "-subj", "/CN=Private CA", *self._files("ca"))
        self._run("req", "-x509", *subject, "-subj", f"/CN={HOST}", *named, *self._files("self"))
        issuer = ["-CA", self.authority, "-CAkey", f"{self.folder}/ca.key"]
        self._run(
            "req",
            "-x509",
            *subject,
            "-subj",
            f"/CN={HOST}",
            *named,
            *issuer,
            *self._files("server"),
        )

    def of(self, name: str) -> ssl.SSLContext:
        """What a server needs to show the certificate ``name``."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{self.folder}/{name}.pem", f"{self.folder}/{name}.key")
        return context

    def _files(self, name: str) -> list[str]:
        return [
            "-days",
            "2",
            "-keyout",
            f"{self.folder}/{name}.key",
            "-out",
            f"{self.folder}/{name}.pem",
        ]

    @staticmethod
    def _run(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@dataclass
class Proxy:
    """A CONNECT proxy that finds every name on this machine.

    ``password`` None: it asks for none. ``refusal`` is the status of what it answers to everybody.
    """

    password: str | None = None
    refusal: bytes = b""
    heads: list[bytes] = field(default_factory=list)

    def handle(self, client: socket, _: Any) -> None:
        with client:
            head = read_request(client)
            self.heads.append(head)
            if self.refusal or not self._may_pass(head):
                status = self.refusal or b"407 Proxy Authentication Required"
                client.sendall(b"HTTP/1.1 %b\r\nContent-Length: 0\r\n\r\n" % status)
                return
            port = int(head.split()[1].rpartition(b":")[2])
            with create_connection(("127.0.0.1", port)) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = gevent.spawn(self._pipe, server, client)
                self._pipe(client, server)
                back.kill()

    def _may_pass(self, head: bytes) -> bool:
        if self.password is None:
            return True
        expected = base64.b64encode(f"user:{self.password}".encode())
        return b"Proxy-Authorization: Basic " + expected in head

    @staticmethod
    def _pipe(source: socket, target: socket) -> None:
        try:
            while piece := source.recv(65536):
                target.sendall(piece)
        except OSError:
            pass


Serve = Callable[..., int]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def serve() -> Iterator[Serve]:
    """``serve(handle, tls)``: the port of a server; ``handle`` None answers with a record."""
    servers: list[StreamServer] = []

    def start(
        handle: Callable[[socket, Any], None] | None = None, tls: ssl.SSLContext | None = None
    ) -> int:
        def answer(connection: socket, _: Any) -> None:
            with connection:
                while read_request(connection):
                    connection.sendall(ANSWER)

        server = StreamServer(
            ("127.0.0.1", 0), handle or answer, **({"ssl_context": tls} if tls else {})
        )
        server.start()
        servers.append(server)
        return int(server.server_port)

    yield start
    for server in servers:
        server.stop(timeout=0)


@pytest.fixture
def hub(make_hub: Callable[[Scenario], Hub]) -> Hub:
    hub = make_hub(Scenario(accounts=(), repositories=()))
    hub.connect_trusting("gho_secret_token")
    return hub


def test_github_is_reached_through_a_proxy_that_alone_knows_its_name(
    hub: Hub, account: Account, serve: Serve, certificates: Certificates
) -> None:
    proxy = Proxy()
    url = f"https://{HOST}:{serve(tls=certificates.of('server'))}"
    proxy_url = f"http://127.0.0.1:{serve(proxy.handle)}"
    client = hub.connect_trusting(
        account.token, api_url=url, proxy=proxy_url, ca_file=certificates.authority
    )

    outcome = client.get_repository(account, NAME)

    assert outcome == Metadata(10, NAME, 7)
    (head,) = proxy.heads
    assert head.startswith(f"CONNECT {url.removeprefix('https://')} ".encode())
    assert account.token.encode() not in head


def test_a_proxy_may_want_a_password(
    hub: Hub, account: Account, serve: Serve, certificates: Certificates
) -> None:
    proxy = Proxy(password="pass word")
    url = f"https://{HOST}:{serve(tls=certificates.of('server'))}"
    port = serve(proxy.handle)
    told = {"api_url": url, "ca_file": certificates.authority}

    without = hub.connect_trusting(account.token, proxy=f"http://127.0.0.1:{port}", **told)
    refused = without.get_repository(account, NAME)
    wrong = hub.connect_trusting(account.token, proxy=f"http://user:no@127.0.0.1:{port}", **told)
    refused_too = wrong.get_repository(account, NAME)
    right = hub.connect_trusting(
        account.token, proxy=f"http://user:pass%20word@127.0.0.1:{port}", **told
    )

    for outcome in (refused, refused_too):
        assert isinstance(outcome, Transient)
        assert outcome.text.endswith(": a proxy asks for a password (407)")
        assert "user" not in outcome.text
    assert right.get_repository(account, NAME) == Metadata(10, NAME, 7)


def test_a_proxy_that_answers_for_itself_is_not_github(
    hub: Hub, account: Account, serve: Serve
) -> None:
    proxy = Proxy(password="secret")
    client = hub.connect_trusting(
        account.token,
        api_url="http://github.test",
        proxy=f"http://127.0.0.1:{serve(proxy.handle)}",
    )

    outcomes = [client.get_repository(account, NAME) for _ in range(3)]

    assert isinstance(outcomes[0], Transient)
    assert client.outage is not None
    assert client.outage.text == "a proxy asks for a password (407)"


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("http://127.0.0.1:9", "the proxy does not let us through (connection refused)"),
        ("http://nowhere.invalid:3128", "the name of the proxy could not be resolved"),
    ],
)
def test_a_proxy_that_is_not_there_is_said_so(
    hub: Hub, account: Account, proxy: str, words: str
) -> None:
    client = hub.connect_trusting(account.token, api_url=f"https://{HOST}", proxy=proxy)

    outcome = client.get_repository(account, NAME)

    assert outcome == Transient(f"could not connect to {HOST}: {words}")


def test_a_proxy_that_refuses_is_said_so(hub: Hub, account: Account, serve: Serve) -> None:
    proxy = Proxy(refusal=b"403 Blocked by policy")
    client = hub.connect_trusting(
        account.token,
        api_url=f"https://{HOST}",
        proxy=f"http://127.0.0.1:{serve(proxy.handle)}",
    )

    outcome = client.get_repository(account, NAME)

    assert outcome == Transient(f"could not connect to {HOST}: the proxy refuses the way (403)")


def test_the_environment_is_the_configurations_business(
    hub: Hub, account: Account, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    client = hub.connect_trusting(account.token, api_url=f"http://127.0.0.1:{serve()}")

    assert client.get_repository(account, NAME) == Metadata(10, NAME, 7)


# Certificates


@pytest.mark.parametrize(
    ("shown", "host", "words"),
    [
        ("server", HOST, "the certificate is not trusted (unable to get local issuer certificate)"),
        ("self", HOST, "the certificate is not trusted (self-signed certificate)"),
        ("server", "other.test", "the certificate is not trusted (Hostname mismatch, "),
    ],
)
def test_a_certificate_that_is_not_trusted_is_said_so_and_costs_no_point(
    hub: Hub,
    account: Account,
    serve: Serve,
    certificates: Certificates,
    shown: str,
    host: str,
    words: str,
) -> None:
    url = f"https://{host}:{serve(tls=certificates.of(shown))}"
    client = hub.connect_trusting(
        account.token,
        api_url=url,
        proxy=f"http://127.0.0.1:{serve(Proxy().handle)}",
        ca_file=certificates.authority if host != HOST else "",
    )

    outcome = client.get_repository(account, NAME)

    assert isinstance(outcome, Transient)
    assert outcome.text.startswith(f"could not connect to {url.removeprefix('https://')}: {words}")
    assert hub.supposed == 0


def speak_another_protocol(connection: socket, _: Any) -> None:
    with connection:
        connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
        connection.recv(65536)


def say_nothing(connection: socket, _: Any) -> None:
    with connection:
        while connection.recv(65536):
            pass


@pytest.mark.parametrize(
    ("handle", "words"),
    [
        (speak_another_protocol, "the TLS connection failed ("),
        (say_nothing, "the TLS handshake was not answered"),
    ],
)
def test_a_server_that_speaks_no_tls_is_said_so_and_costs_no_point(
    hub: Hub, account: Account, serve: Serve, handle: Any, words: str
) -> None:
    url = f"https://127.0.0.1:{serve(handle)}"
    client = hub.connect_trusting(account.token, api_url=url, read_timeout_seconds=0.5)

    outcome = client.get_repository(account, NAME)

    assert isinstance(outcome, Transient)
    assert words in outcome.text
    assert hub.supposed == 0
