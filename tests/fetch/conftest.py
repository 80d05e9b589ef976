"""What the tests of the fetch stage share: answers as GitHub words them, a clock that tests
turn, servers on real sockets.
"""

import inspect
import json
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

import gevent
import msgspec
import pytest
from gevent.event import Event
from gevent.server import StreamServer
from gevent.socket import socket

from gitstars.clock import Event as Awaited
from gitstars.clock import SystemClock
from gitstars.config import GithubConfig
from gitstars.fetch.answers import Identity
from gitstars.fetch.client import GitHubClient
from gitstars.fetch.headers import Answer
from gitstars.fetch.identity import Identities
from gitstars.fetch.ledger import Ledger
from gitstars.fetch.transport import BODY_BOUND, Transport
from gitstars.model import Account
from gitstars.simulator.faults import Rule
from gitstars.simulator.scenario import Scenario
from gitstars.simulator.server import SimulatedGitHub

#: When the tests' answers come (epoch seconds).
NOW = 1_790_000_000.0
RESET = NOW + 1800

MakeAnswer = Callable[..., Answer]


@pytest.fixture
def make_answer() -> MakeAnswer:
    """``make_answer(status, body, remaining=…, **headers)``: an answer with GitHub's own header
    and healthy budget figures unless told otherwise.
    """

    def make(
        status: int,
        body: Any = None,
        remaining: int | None = 4000,
        resource: str = "core",
        is_marked: bool = True,
        **headers: str,
    ) -> Answer:
        told = {
            "date": formatdate(NOW, usegmt=True),
            **({"x-github-request-id": "C0DE:1A2B:3C4D"} if is_marked else {}),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        if remaining is not None:
            told = {
                "x-ratelimit-limit": "5000",
                "x-ratelimit-remaining": str(remaining),
                "x-ratelimit-reset": f"{RESET:.0f}",
                "x-ratelimit-resource": resource,
                **told,
            }
        raw = (
            body
            if isinstance(body, bytes)
            else json.dumps({"message": body} if isinstance(body, str) else body).encode()
        )
        return Answer(status, told, raw, NOW)

    return make


class TurnedClock(SystemClock):
    """Waits take no time: they turn the wall clock on, and are written down."""

    def __init__(self) -> None:
        self.offset = 0.0
        self.waits: list[float] = []

    def now(self) -> float:
        return super().now() + self.offset

    def random(self) -> float:
        return 0.0

    def wait(self, event: Awaited, seconds: float) -> bool:
        self.waits.append(seconds)
        self.offset += max(0.0, seconds)
        gevent.sleep(0)
        return event.is_set()


class Hub:
    """A simulated GitHub on a socket of this process, and clients of it."""

    def __init__(self, scenario: Scenario) -> None:
        self.client: GitHubClient
        self.ledger: Ledger
        self.github = SimulatedGitHub(scenario)
        self.url = f"http://127.0.0.1:{self.github.start()}"
        self.stop = Event()
        self.clock = TurnedClock()
        self.seen: list[tuple[str, str]] = []
        self.config = GithubConfig(
            api_url=self.url,
            graphql_url=f"{self.url}/graphql",
            read_timeout_seconds=2.0,
            connect_timeout_seconds=1.0,
            concurrency=8,
        )
        self.body_bound = BODY_BOUND
        self.connect()

    def connect(self, **settings: Any) -> GitHubClient:
        """Another client, of its own ledger, with other settings; it knows that the scenario's
        tokens work.
        """
        identities = Identities()
        for known in self.github.world.scenario.accounts:
            identity = Identity(known.user_id, known.login, frozenset(known.scopes))
            identities.keep(known.user_id, known.token, identity, 0.0)
        return self.connect_blind(identities, **settings)

    def connect_trusting(self, token: str, **settings: Any) -> GitHubClient:
        """Another client, which knows that user 1 has this token."""
        identities = Identities()
        identities.keep(1, token, Identity(1, "ann", None), 0.0)
        return self.connect_blind(identities, **settings)

    def connect_blind(self, identities: Identities | None = None, **settings: Any) -> GitHubClient:
        """Another client, as it is after a start: it knows nothing of any token."""
        config = msgspec.structs.replace(self.config, **settings)
        self.ledger = Ledger(config)
        self.client = GitHubClient(
            config,
            self.ledger,
            self.clock,
            self.stop,
            lambda resource, kind, seconds: self.seen.append((resource, kind)),
            identities=identities,
            transport=Transport(config, self.clock, self.body_bound),
        )
        return self.client

    def misbehave(self, match: str, **rule: Any) -> None:
        """From now on, requests that ``match`` (a glob of ``METHOD path?query``) go wrong."""
        self.github.faults.rules.append(msgspec.convert({"match": match, **rule}, Rule))

    @property
    def supposed(self) -> int:
        """Points of calls without an answer that the ledger books."""
        return sum(row["supposed"] for row in self.ledger.snapshot())

    @property
    def routes(self) -> list[tuple[str, int]]:
        """What was asked so far, and the status of what was answered."""
        return [(entry["route"], entry["status"]) for entry in self.github.world.asked]


@pytest.fixture
def make_hub() -> Iterator[Callable[[Scenario], Hub]]:
    hubs: list[Hub] = []

    def make(scenario: Scenario) -> Hub:
        hubs.append(Hub(scenario))
        return hubs[-1]

    yield make
    for hub in hubs:
        hub.client.close()
        hub.github.stop()


@pytest.fixture
def serve_raw() -> Iterator[Callable[[Callable[..., None]], str]]:
    """``serve_raw(talk)``: the address of a server that reads each request's head, then lets
    ``talk(connection)`` or ``talk(connection, head)`` answer.
    """
    servers: list[StreamServer] = []

    def serve(talk: Callable[..., None]) -> str:
        wants_head = len(inspect.signature(talk).parameters) > 1

        def handle(connection: socket, _: Any) -> None:
            with connection:
                while head := read_request(connection):
                    talk(connection, head) if wants_head else talk(connection)

        server = StreamServer(("127.0.0.1", 0), handle)
        server.start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.stop(timeout=0)


def read_request(connection: socket) -> bytes:
    """The head of the next request; empty when the other side hung up."""
    head = b""
    try:
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65536)
            if not piece:
                return b""
            head += piece
    except OSError:
        return b""
    return head


@pytest.fixture
def account() -> Account:
    return Account("account:one", 1, "ann", "gho_secret_token", frozenset({"public_repo"}))
