"""The client over real sockets: what may pass is tried again, what GitHub asked for is kept, and
the token goes nowhere else.
"""

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.event import Event
from gevent.server import StreamServer
from gevent.socket import SHUT_RDWR, socket

from gitstars.fetch.answers import (
    BadToken,
    BudgetSpent,
    Garbage,
    Gone,
    GraphAnswer,
    Metadata,
    Missing,
    NotModified,
    Page,
    SecondaryLimit,
    Stopped,
    Transient,
)
from gitstars.fetch.client import GitHubClient
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.transport import keep_host
from gitstars.model import Account, Resource
from gitstars.simulator.scenario import Scenario, SimAccount, SimRepository
from tests.fetch.conftest import Hub, read_request
from tests.waiting import wait_until

NAME = "acme/engine"
SCENARIO = Scenario(
    accounts=(
        SimAccount(user_id=1, login="ann", token="gho_secret_token"),
        SimAccount(user_id=1, login="ann", token="gho_other_token"),
        SimAccount(user_id=2, login="bob", token="gho_bob"),
    ),
    repositories=(
        SimRepository(id=10, full_name=NAME, stars=250, renamed_from="old/name"),
        SimRepository(id=11, full_name="acme/small", stars=30),
        SimRepository(id=12, full_name="acme/gone", stars=30, fate="deleted"),
    ),
    restriction="none",
    population=5000,
)
#: The same person with another token, and another person.
ANN_TOO = Account("account:one", 1, "ann", "gho_other_token")
BOB = Account("account:two", 2, "bob", "gho_bob")
SECONDARY = (
    '{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you '
    'try again."}'
)
RECORD = Metadata(10, NAME, 7)
BODY = b'{"id":10,"full_name":"acme/engine","stargazers_count":7}'
SEVEN = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)

Talk = Callable[[socket], None]
ServeRaw = Callable[[Talk], str]


@pytest.fixture
def hub(make_hub: Callable[[Scenario], Hub]) -> Hub:
    return make_hub(SCENARIO)


@pytest.fixture
def overheard() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a server that counts seven stars everywhere and sets a cookie, and the
    heads of the requests that it got.
    """
    heads: list[bytes] = []

    def handle(connection: socket, _: Any) -> None:
        with connection:
            while head := read_request(connection):
                heads.append(head)
                connection.sendall(
                    SEVEN.replace(b"\r\n\r\n", b"\r\nSet-Cookie: who=ann; Path=/\r\n\r\n")
                )

    server = StreamServer(("127.0.0.1", 0), handle)
    server.start()
    yield f"http://127.0.0.1:{server.server_port}", heads
    server.stop(timeout=0)


def send_and_hang_up(*pieces: bytes) -> Talk:
    def talk(connection: socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(SHUT_RDWR)

    return talk


def statuses(hub: Hub) -> list[int]:
    return [status for _, status in hub.routes]


def count_graph(client: GitHubClient, account: Account) -> Any:
    """The outcome of a GraphQL query of one alias."""
    return client.graph_counts(account, [NAME]).outcomes[0]


# One attempt a call


PASSING: list[dict[str, Any]] = [
    {"effect": "drop"},
    {"effect": "truncate"},
    {"effect": "status", "status": 500},
    {"effect": "status", "status": 502, "body": "<html>Bad Gateway</html>"},
    {"effect": "status", "status": 503, "body": ""},
    {"effect": "status", "status": 408},
]


@pytest.mark.parametrize("rule", PASSING)
def test_a_failure_that_may_pass_is_an_outcome_after_one_attempt(
    hub: Hub, account: Account, rule: dict[str, Any]
) -> None:
    hub.misbehave("GET */stargazers?*", times=1, **rule)

    failed = hub.client.list_stargazers(account, NAME, 1)
    passed = hub.client.list_stargazers(account, NAME, 1)

    assert isinstance(failed, Transient)
    assert isinstance(passed, Page)
    assert len(passed.stargazers) == 100
    assert [kind for _, kind in hub.seen] == ["Transient", "Page"]
    assert hub.clock.waits == []


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ({"effect": "status", "status": 400}, Garbage),
        ({"effect": "status", "status": 404}, Missing),
        ({"effect": "status", "status": 410}, Garbage),
        ({"effect": "status", "status": 451}, Gone),
    ],
)
def test_what_will_not_pass_is_asked_once(
    hub: Hub, account: Account, rule: dict[str, Any], kind: type
) -> None:
    hub.misbehave("GET *", **rule)

    outcome = hub.client.get_repository(account, NAME)

    assert isinstance(outcome, kind)
    assert len(hub.routes) == 1
    assert hub.clock.waits == []


BROKEN = {
    "nothing": (b"",),
    "another protocol": (b"SSH-2.0-OpenSSH_9.6\r\n",),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-Ty",),
    "a head without an end": (b"HTTP/1.1 200 OK\r\nx: " + b"a" * 100_000,),
    "too many headers": (b"HTTP/1.1 200 OK\r\n" + b"x: a\r\n" * 200 + b"\r\n{}",),
    "a body shorter than its length": (b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"count"',),
    "half a body without a length": (b'HTTP/1.1 200 OK\r\n\r\n{"count"',),
    "half a chunk": (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n{"count"',),
    "a chunk without a length": (
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{"count": 7}\r\n0\r\n\r\n',
    ),
    "half of what was compressed": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
        gzip.compress(json.dumps({"count": 7, "more": list(range(5000))}).encode())[:2000],
    ),
    "what was never compressed": (
        b'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n{"count": 7}',
    ),
}


@pytest.mark.parametrize("pieces", BROKEN.values(), ids=BROKEN)
def test_an_answer_that_is_not_whole_may_pass(
    hub: Hub, account: Account, serve_raw: ServeRaw, pieces: tuple[bytes, ...]
) -> None:
    client = hub.connect(api_url=serve_raw(send_and_hang_up(*pieces)))

    outcome = client.get_repository(account, NAME)

    assert isinstance(outcome, Transient)
    assert [kind for _, kind in hub.seen] == ["Transient"]


# Bounds on an answer


@pytest.mark.parametrize("is_compressed", [False, True])
@pytest.mark.parametrize(
    ("size", "kind"), [(1000, Metadata), (1001, Transient), (100_000, Transient)]
)
def test_a_body_over_the_bound_is_given_up(
    hub: Hub,
    account: Account,
    serve_raw: ServeRaw,
    size: int,
    kind: type,
    is_compressed: bool,
) -> None:
    plain = BODY.ljust(size)
    body = gzip.compress(plain) if is_compressed else plain
    head = (
        "HTTP/1.1 200 "
        f"OK\r\n{'Content-Encoding: gzip' if is_compressed else 'x: y'}\r\nContent-Length: "
        f"{len(body)}\r\n\r\n"
    ).encode()
    hub.body_bound = 1000
    client = hub.connect(api_url=serve_raw(lambda connection: connection.sendall(head + body)))

    outcome = client.get_repository(account, NAME)

    assert isinstance(outcome, kind)


def test_a_bomb_is_given_up_before_it_fills_the_memory(
    hub: Hub, account: Account, serve_raw: ServeRaw
) -> None:
    packed = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packed.compress(bytes(1 << 20)) for _ in range(256)) + packed.flush()
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    hub.body_bound = 100_000
    client = hub.connect(api_url=serve_raw(lambda connection: connection.sendall(head + bomb)))
    tracemalloc.start()

    outcome = client.get_repository(account, NAME)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert isinstance(outcome, Transient)
    assert most < 10_000_000


def test_the_body_of_a_redirect_is_bounded_too(
    hub: Hub, account: Account, serve_raw: ServeRaw
) -> None:
    head = b"HTTP/1.1 301 Moved\r\nLocation: /repositories/10\r\nContent-Length: 5000\r\n\r\n"
    hub.body_bound = 1000
    client = hub.connect(
        api_url=serve_raw(lambda connection: connection.sendall(head + bytes(5000)))
    )

    outcome = client.get_repository(account, NAME)

    assert isinstance(outcome, Transient)
    assert "larger than 1000 bytes" in outcome.text


def test_a_body_that_drips_ends_at_the_deadline(
    hub: Hub, account: Account, serve_raw: ServeRaw
) -> None:
    never = Event()

    def drip(connection: socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not never.wait(0.02):
            connection.sendall(b" ")

    url = serve_raw(drip)
    client = hub.connect(
        api_url=url, graphql_url=url, connect_timeout_seconds=0.3, read_timeout_seconds=0.3
    )

    answer = client.graph_counts(account, [NAME, "acme/small"])

    assert [type(outcome) for outcome in answer.outcomes] == [Transient, Transient]


def test_an_answer_that_never_comes_is_given_up(
    hub: Hub, account: Account, serve_raw: ServeRaw
) -> None:
    never = Event()
    # The deadline of the whole answer, which comes after the connection's, is far away.
    client = hub.connect(
        api_url=serve_raw(lambda connection: never.wait()),
        connect_timeout_seconds=60.0,
        read_timeout_seconds=0.15,
    )

    outcome = client.get_repository(account, NAME)

    assert isinstance(outcome, Transient)
    assert [kind for _, kind in hub.seen] == ["Transient"]


# Limits


@pytest.mark.parametrize("status", [403, 429])
def test_a_named_pause_is_obeyed_to_the_second(hub: Hub, account: Account, status: int) -> None:
    hub.misbehave(
        "GET *",
        effect="status",
        status=status,
        headers={"retry-after": "17"},
        body=SECONDARY,
        times=1,
    )

    before = hub.clock.now()
    limited = hub.client.get_repository(account, NAME)
    after = hub.clock.now()
    hub.clock.offset += 10
    held = hub.client.get_repository(account, NAME)
    assert isinstance(limited, SecondaryLimit)
    hub.clock.offset += limited.until - hub.clock.now() - 2
    sent = hub.client.get_repository(account, NAME)

    assert before + 17 <= limited.until <= after + 17
    assert isinstance(held, SecondaryLimit)
    assert held.until == limited.until
    assert isinstance(sent, Metadata)
    assert hub.clock.now() >= limited.until
    assert statuses(hub) == [status, 200]


def meet_over_rest(hub: Hub, account: Account) -> Any:
    hub.misbehave(
        "GET *",
        effect="status",
        status=403,
        headers={"retry-after": "100"},
        body=SECONDARY,
        times=1,
    )
    return hub.client.get_repository(account, NAME)


def meet_over_graphql(hub: Hub, account: Account) -> Any:
    body = {
        "errors": [
            {
                "type": "RATE_LIMIT",
                "code": "graphql_rate_limit",
                "message": json.loads(SECONDARY)["message"],
            }
        ]
    }
    hub.misbehave(
        "POST *",
        effect="status",
        status=200,
        headers={"retry-after": "100"},
        body=json.dumps(body),
        times=1,
    )
    return count_graph(hub.client, account)


@pytest.mark.parametrize("meet", [meet_over_rest, meet_over_graphql])
def test_a_secondary_limit_holds_both_resources_of_its_user_and_nobody_else(
    hub: Hub, account: Account, meet: Callable[[Hub, Account], Any]
) -> None:
    limited = meet(hub, account)

    held = [
        hub.client.get_repository(account, NAME),
        count_graph(hub.client, account),
        hub.client.get_repository(ANN_TOO, NAME),
        count_graph(hub.client, ANN_TOO),
    ]
    asked = len(hub.routes)
    others = [hub.client.get_repository(BOB, NAME), count_graph(hub.client, BOB)]

    assert isinstance(limited, SecondaryLimit)
    assert [
        (type(outcome), outcome.until) for outcome in held if isinstance(outcome, SecondaryLimit)
    ] == [(SecondaryLimit, limited.until)] * 4
    assert asked == 1
    assert [type(outcome) for outcome in others] == [Metadata, Metadata]


@pytest.mark.parametrize("status", [403, 429])
def test_an_unnamed_pause_is_a_minute_and_doubles_until_a_call_goes_well(
    hub: Hub, account: Account, status: int
) -> None:
    def meet_again() -> float:
        before = hub.clock.now()
        limited = hub.client.get_repository(account, NAME)
        assert isinstance(limited, SecondaryLimit)
        hub.clock.offset += limited.until - hub.clock.now()
        return limited.until - before

    hub.misbehave("GET *", effect="status", status=status, body=SECONDARY, times=3)
    pauses = [meet_again() for _ in range(3)]
    well = hub.client.get_repository(account, NAME)
    hub.misbehave("GET *", effect="status", status=status, body=SECONDARY)
    pauses.append(meet_again())

    assert isinstance(well, Metadata)
    assert pauses == pytest.approx([60, 120, 240, 60], abs=3)
    assert all(pause >= least for pause, least in zip(pauses, [60, 120, 240, 60], strict=True))


@pytest.mark.parametrize("status", [403, 429])
def test_a_spent_budget_is_an_outcome_until_its_reset(
    hub: Hub, account: Account, status: int
) -> None:
    reset = int(hub.clock.now()) + 1800
    figures = {"limit": "5000", "remaining": "0", "reset": str(reset), "resource": "core"}
    headers = {f"x-ratelimit-{name}": value for name, value in figures.items()}
    hub.misbehave(
        "GET *",
        effect="status",
        status=status,
        headers=headers,
        body='{"message":"API rate limit exceeded"}',
        times=1,
    )

    spent = hub.client.get_repository(account, NAME)
    at_once = hub.client.get_repository(account, NAME)
    hub.clock.offset += 1700
    late = hub.client.get_repository(ANN_TOO, NAME)
    asked = statuses(hub)
    hub.clock.offset += reset + 1 - hub.clock.now()
    after = hub.client.get_repository(account, NAME)

    # GitHub's clock and ours may differ by a second.
    assert spent == at_once == late == BudgetSpent(Resource.CORE, reset + 1)
    assert asked == [status]
    assert isinstance(after, Metadata)


def test_a_spent_budget_holds_neither_the_other_one_nor_another_user(
    hub: Hub, account: Account
) -> None:
    hub.github.budgets.set_remaining(1, "core", 0, hub.clock.now())

    spent = hub.client.get_repository(account, NAME)
    other = count_graph(hub.client, account)
    bobs = hub.client.get_repository(BOB, NAME)

    assert isinstance(spent, BudgetSpent)
    assert isinstance(other, Metadata)
    assert isinstance(bobs, Metadata)


def test_the_last_point_of_a_budget_is_spent_and_the_next_call_is_not_sent(
    hub: Hub, account: Account
) -> None:
    hub.github.budgets.set_remaining(1, "core", 1, hub.clock.now())

    outcomes = [hub.client.get_repository(account, NAME) for _ in range(2)]

    assert [type(outcome) for outcome in outcomes] == [Metadata, BudgetSpent]
    assert statuses(hub) == [200]


# Tokens


def test_the_figures_of_a_rejected_token_are_not_the_users(hub: Hub, account: Account) -> None:
    hub.github.world.revoked.add(account.token)

    outcome = hub.client.get_repository(account, NAME)

    assert isinstance(outcome, BadToken)
    assert hub.ledger.view(1, hub.clock.now())["core"] == {
        "limit": 5000,
        "remaining": None,
        "reset_at": None,
    }


def test_nothing_of_one_account_speaks_for_another(
    hub: Hub,
    account: Account,
    overheard: tuple[str, list[bytes]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, heads = overheard
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password secret")
    monkeypatch.setenv("NETRC", str(netrc))
    client = hub.connect(api_url=url)

    for who in (account, BOB, account):
        assert client.get_repository(who, NAME) == RECORD

    spoken = [
        [
            line
            for line in head.split(b"\r\n")
            if line.lower().startswith((b"authorization:", b"cookie:"))
        ]
        for head in heads
    ]
    assert spoken == [
        [b"Authorization: Bearer gho_secret_token"],
        [b"Authorization: Bearer gho_bob"],
        [b"Authorization: Bearer gho_secret_token"],
    ]


# Redirects


def test_a_renamed_repository_is_found_under_its_old_name(hub: Hub, account: Account) -> None:
    under_old = hub.client.list_stargazers(account, "old/name", 3)

    assert isinstance(under_old, Page)
    assert len(under_old.stargazers) == 50
    assert [
        (entry["status"], entry["path"], entry["query"]) for entry in hub.github.world.asked
    ] == [
        (301, "/repos/old/name/stargazers", {"per_page": "100", "page": "3"}),
        (200, "/repositories/10/stargazers", {"per_page": "100", "page": "3"}),
    ]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_that_forgets_the_query_gets_the_page_that_was_asked_for(
    hub: Hub, account: Account, status: int
) -> None:
    hub.misbehave(
        "GET /repos/*",
        effect="status",
        status=status,
        headers={"location": "/repositories/10/stargazers"},
    )

    outcome = hub.client.list_stargazers(account, NAME, 3)

    assert isinstance(outcome, Page)
    assert len(outcome.stargazers) == 50
    assert statuses(hub) == [status, 200]


def test_a_redirect_with_a_query_of_its_own_is_followed_as_it_is(
    hub: Hub, account: Account
) -> None:
    location = "/repositories/10/stargazers?per_page=20&page=1"
    hub.misbehave("GET /repos/*", effect="status", status=301, headers={"location": location})

    outcome = hub.client.list_stargazers(account, NAME, 3)

    assert isinstance(outcome, Page)
    assert len(outcome.stargazers) == 20
    assert hub.github.world.asked[-1]["query"] == {"per_page": "20", "page": "1"}


@pytest.mark.parametrize("status", [301, 307])
def test_a_redirected_query_stays_a_query(hub: Hub, account: Account, status: int) -> None:
    hub.misbehave(
        "POST /graphql", effect="status", status=status, headers={"location": "/api/graphql"}
    )

    outcome = count_graph(hub.client, account)

    assert isinstance(outcome, Metadata)
    assert [(entry["method"], entry["path"]) for entry in hub.github.world.asked] == [
        ("POST", "/graphql"),
        ("POST", "/api/graphql"),
    ]


@pytest.mark.parametrize(
    "location",
    [
        "http://{other}/repos/acme/engine",
        "//{other}/repos/acme/engine",
        "http://{own}@{other}/repos/acme/engine",
        "http://{other}\\@{own}/repos/acme/engine",
        "https://{own}/repos/acme/engine",
    ],
)
def test_a_redirect_to_another_host_never_gets_the_token(
    hub: Hub, account: Account, serve_raw: ServeRaw, location: str
) -> None:
    reached: list[socket] = []

    def talk(connection: socket) -> None:
        reached.append(connection)
        connection.sendall(SEVEN)

    own, other = hub.url.removeprefix("http://"), serve_raw(talk).removeprefix("http://")
    hub.misbehave(
        "GET *",
        effect="status",
        status=301,
        headers={"location": location.format(own=own, other=other)},
    )

    outcome = hub.client.get_repository(account, NAME)

    assert isinstance(outcome, Transient)
    assert "another host" in outcome.text
    assert reached == []
    assert statuses(hub) == [301]


def test_a_redirect_to_the_same_host_in_another_spelling_is_followed(
    hub: Hub, account: Account
) -> None:
    port = hub.url.rpartition(":")[2]
    location = f"HTTP://LocalHost:{port}/repositories/10"
    hub.misbehave("GET /repos/*", effect="status", status=301, headers={"location": location})
    client = hub.connect(api_url=f"http://localhost:{port}")

    outcome = client.get_repository(account, NAME)

    assert isinstance(outcome, Metadata)
    assert statuses(hub) == [301, 200]


API = "https://api.github.com/repos/acme/engine?page=2"


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("https://api.github.com:443/repositories/10?page=2", True),
        ("HTTPS://API.GitHub.com/repositories/10?page=2", True),
        ("https://api.github.com/repositories/10?page=2#part", True),
        ("https://api.github.com:444/repositories/10", False),
        ("http://api.github.com/repositories/10", False),
        ("http://api.github.com:443/repositories/10", False),
        ("https://api.github.com.evil.test/", False),
        ("https://evil.test/api.github.com", False),
        ("https://api.github.com@evil.test/", False),
        ("https://evil.test@api.github.com/", False),
        ("https://evil.test\\@api.github.com/", False),
        ("https://api.github.com\\.evil.test/", False),
        ("ftp://api.github.com/", False),
        ("//evil.test/", False),
    ],
)
def test_the_token_stays_on_its_host_however_that_is_spelled(target: str, kept: bool) -> None:
    expected = "https://api.github.com/repositories/10?page=2" if kept else None

    assert keep_host(API, target) == expected


@pytest.mark.parametrize(
    ("redirects", "kind", "asked"), [(3, Metadata, 4), (4, Garbage, 4), (0, Garbage, 4)]
)
def test_more_than_three_redirects_end(
    hub: Hub, account: Account, redirects: int, kind: type, asked: int
) -> None:
    hub.misbehave(
        "GET *",
        effect="status",
        status=302,
        headers={"location": "/repositories/10"},
        times=redirects,
    )

    outcome = hub.client.get_repository(account, NAME)

    assert isinstance(outcome, kind)
    assert len(hub.routes) == asked


# Names


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "/",
            "engine",
            "acme/",
            "/engine",
            "acme/engine/",
            "/acme/engine",
            "acme/engine/stargazers",
        ),
        *("..", "../user", "acme/..", "acme/.", "./engine", "../engine", "../../user"),
        *(
            "acme/engine?x=1",
            "acme/engine#x",
            "acme/engine&x",
            "acme/%2e%2e",
            "acme%2Fengine",
            "acme\\engine",
            "acme/engine\\..",
        ),
        *(
            "acme/engine ",
            " acme/engine",
            "acme/en gine",
            "acme/engine\n",
            "acme/engine\r\nx: y",
            "acme/engine\0",
        ),
        *(
            "äcme/engine",
            "acme/éngine",
            "acme/engine\u200b",
            "http://acme/engine",
            "@acme/engine",
            "acme:x@host/engine",
        ),
    ],
)
def test_an_odd_name_of_a_repository_is_never_sent(hub: Hub, account: Account, name: str) -> None:
    outcomes = [
        hub.client.get_repository(account, name),
        hub.client.list_stargazers(account, name, 1),
        hub.client.star_history(account, name, 1),
    ]

    assert [type(outcome) for outcome in outcomes] == [Missing, Missing, Gone]
    assert hub.routes == []


@pytest.mark.parametrize(
    "name", ["a/b", "acme-1/engine_2.js", ".github/.github", "a/-", "A/B.", "a/..."]
)
def test_a_plain_name_is_sent_as_it_is(hub: Hub, account: Account, name: str) -> None:
    hub.client.get_repository(account, name)

    assert [entry["path"] for entry in hub.github.world.asked] == [f"/repos/{name}"]


# In flight


class Gate:
    """A server that counts who is inside, and lets nobody out while it is shut."""

    def __init__(self) -> None:
        self.opened = Event()
        self.inside = 0
        self.most = 0

    def __call__(self, connection: socket) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            for _ in range(10):
                gevent.sleep(0)
            self.opened.wait()
        finally:
            self.inside -= 1
        connection.sendall(SEVEN)


def open_gate(
    hub: Hub, account: Account, serve_raw: ServeRaw, **settings: Any
) -> tuple[Gate, GitHubClient]:
    """A gate that was passed by both users, so that nothing about their budgets is unknown, and
    is shut since.
    """
    gate = Gate()
    client = hub.connect(api_url=serve_raw(gate), read_timeout_seconds=20.0, **settings)
    gate.opened.set()
    for who in (account, BOB):
        assert client.get_repository(who, NAME) == RECORD
    gate.opened.clear()
    gate.most = 0
    return gate, client


def test_no_more_calls_of_one_user_are_in_flight_than_configured(
    hub: Hub, account: Account, serve_raw: ServeRaw
) -> None:
    gate, client = open_gate(hub, account, serve_raw, concurrency=3)

    calls = [
        gevent.spawn(client.get_repository, who, NAME)
        for who in (account, ANN_TOO)
        for _ in range(5)
    ]
    wait_until(lambda: gate.inside == 3, "three calls are in flight")
    for _ in range(200):
        gevent.sleep(0)
    at_most = gate.most
    gate.opened.set()

    assert at_most == 3
    assert [call.get() for call in calls] == [RECORD] * 10


def test_the_waiting_of_one_user_does_not_hold_up_another(
    hub: Hub, account: Account, serve_raw: ServeRaw
) -> None:
    gate, client = open_gate(hub, account, serve_raw, concurrency=1)

    calls = [gevent.spawn(client.get_repository, account, NAME) for _ in range(3)]
    wait_until(lambda: gate.inside == 1, "one call is in flight")
    calls.append(gevent.spawn(client.get_repository, BOB, NAME))
    wait_until(lambda: gate.inside == 2, "another user's call is in flight")
    gate.opened.set()

    assert [call.get() for call in calls] == [RECORD] * 4


def test_no_more_calls_of_all_users_are_in_flight_than_configured(
    hub: Hub, account: Account, serve_raw: ServeRaw
) -> None:
    gate, client = open_gate(hub, account, serve_raw, concurrency=8, total_concurrency=3)

    calls = [
        gevent.spawn(client.get_repository, who, NAME) for _ in range(8) for who in (account, BOB)
    ]
    wait_until(lambda: gate.inside == 3, "three calls are in flight")
    gate.opened.set()
    outcomes = [call.get() for call in calls]

    assert outcomes == [RECORD] * 16
    assert gate.most == 3


def test_a_call_that_is_killed_gives_its_place_back(
    hub: Hub, account: Account, serve_raw: ServeRaw
) -> None:
    gate, client = open_gate(hub, account, serve_raw, concurrency=1, total_concurrency=1)
    call = gevent.spawn(client.get_repository, account, NAME)
    wait_until(lambda: gate.inside == 1, "the call is in flight")

    call.kill()
    gate.opened.set()

    assert hub.ledger.peek(1, Resource.CORE, 1, hub.clock.now()) is None
    assert client.get_repository(account, NAME) == RECORD


@pytest.mark.parametrize(
    "rule",
    [
        {"effect": "drop"},
        {"effect": "garbage"},
        {"effect": "status", "status": 401},
        {"effect": "status", "status": 404},
    ],
)
def test_the_ledger_knows_that_a_call_is_over_however_it_went(
    hub: Hub, account: Account, rule: dict[str, Any]
) -> None:
    hub.misbehave("GET *", **rule)

    hub.client.get_repository(account, NAME)

    # While a call is in flight and nothing is known, another one would have to pause.
    assert hub.ledger.peek(1, Resource.CORE, 1, hub.clock.now()) is None


# Records and lists


def test_a_record_that_did_not_change_is_told_by_its_etag_and_costs_nothing(
    hub: Hub, account: Account
) -> None:
    first = hub.client.get_repository(account, NAME)
    assert isinstance(first, Metadata)

    same = hub.client.get_repository(account, NAME, first.etag)
    hub.github.world.repositories[10].grow(1)
    grown = hub.client.get_repository(account, NAME, first.etag)

    assert same == NotModified()
    assert isinstance(grown, Metadata)
    assert (first.stars, grown.stars) == (250, 251)
    assert grown.etag not in (None, first.etag)
    assert [(entry["status"], entry["cost"]) for entry in hub.github.world.asked] == [
        (200, 1),
        (304, 0),
        (200, 1),
    ]


def test_the_etag_of_another_token_brings_the_record(hub: Hub, account: Account) -> None:
    anns = hub.client.get_repository(account, NAME)
    assert isinstance(anns, Metadata)

    bobs = hub.client.get_repository(BOB, NAME, anns.etag)

    assert isinstance(bobs, Metadata)


@pytest.mark.parametrize(
    ("name", "page", "stars", "has_next", "last_page"),
    [
        (NAME, 1, 100, True, 3),
        (NAME, 2, 100, True, 3),
        (NAME, 3, 50, False, None),
        (NAME, 4, 0, False, None),
        ("acme/small", 1, 30, False, None),
    ],
)
def test_the_last_page_is_the_one_that_links_to_no_next(
    hub: Hub,
    account: Account,
    name: str,
    page: int,
    stars: int,
    has_next: bool,
    last_page: int | None,
) -> None:
    outcome = hub.client.list_stargazers(account, name, page)

    assert isinstance(outcome, Page)
    assert (len(outcome.stargazers), outcome.has_next, outcome.last_page) == (
        stars,
        has_next,
        last_page,
    )


def test_the_numeric_id_finds_a_repository_as_its_name_does(hub: Hub, account: Account) -> None:
    by_name = hub.client.list_stargazers(account, NAME, 2)
    by_id = hub.client.list_stargazers(account, 10, 2)

    assert by_id == by_name
    assert [entry["path"] for entry in hub.github.world.asked] == [
        "/repos/acme/engine/stargazers",
        "/repositories/10/stargazers",
    ]


def test_pages_are_as_long_as_configured_or_asked_for(hub: Hub, account: Account) -> None:
    client = hub.connect(page_size=40)

    lengths = [
        len(page.stargazers)
        for page in (
            client.list_stargazers(account, NAME, 1),
            client.list_stargazers(account, NAME, 1, 7),
        )
        if isinstance(page, Page)
    ]

    assert lengths == [40, 7]


# GraphQL


LOST: list[dict[str, Any]] = [
    {"effect": "drop"},
    {"effect": "truncate"},
    {
        "effect": "status",
        "status": 502,
        "body": (
            '{"data":null,"errors":[{"message":"Something went wrong while executing your '
            'query."}]}'
        ),
    },
    {"effect": "status", "status": 200, "body": '{"errors":[{"type":null,"message":"timedout"}]}'},
]


@pytest.mark.parametrize("rule", LOST)
def test_a_query_of_several_aliases_that_fails_as_a_whole_says_nothing_of_any_alias(
    hub: Hub, account: Account, rule: dict[str, Any]
) -> None:
    hub.misbehave("POST *", **rule)

    lists = hub.client.graph_stargazers(account, [GraphAsk(NAME), GraphAsk("acme/small")])
    counts = hub.client.graph_counts(account, [NAME, "acme/small", "acme/other"])

    assert [type(outcome) for outcome in lists.outcomes] == [Transient] * 2
    assert [type(outcome) for outcome in counts.outcomes] == [Transient] * 3
    assert (lists.has_failed, counts.has_failed) == (True, True)
    assert len(hub.routes) == 2
    assert hub.clock.waits == []


def test_every_alias_has_its_own_outcome_in_the_order_asked(hub: Hub, account: Account) -> None:
    answer = hub.client.graph_stargazers(
        account,
        [
            GraphAsk("acme/small"),
            GraphAsk("acme/gone"),
            GraphAsk("acme/small", 10, newest_first=True),
        ],
    )

    oldest, gone, newest = answer.outcomes
    assert isinstance(oldest, Page)
    assert isinstance(gone, Missing)
    assert isinstance(newest, Page)
    assert newest.stargazers == oldest.stargazers[:-11:-1]
    assert not answer.has_failed


def test_a_query_about_nothing_is_not_sent(hub: Hub, account: Account) -> None:
    answers = [hub.client.graph_counts(account, []), hub.client.graph_stargazers(account, [])]

    assert answers == [GraphAnswer(()), GraphAnswer(())]
    assert hub.routes == []


# Stopping


def test_nothing_is_sent_once_gitstars_stops(hub: Hub, account: Account) -> None:
    hub.stop.set()

    outcomes = [hub.client.get_repository(account, NAME), count_graph(hub.client, account)]

    assert outcomes == [Stopped(), Stopped()]
    assert hub.routes == []


@pytest.mark.parametrize(("concurrency", "callers"), [(1, 12), (3, 12), (8, 40)])
def test_a_place_that_becomes_free_goes_to_one_call(
    hub: Hub, account: Account, serve_raw: ServeRaw, concurrency: int, callers: int
) -> None:
    settings = {"requests_per_hour": 1_000_000, "rest_points_per_minute": 1_000_000}
    gate, client = open_gate(hub, account, serve_raw, concurrency=concurrency, **settings)
    gate.opened.set()

    calls = [
        gevent.spawn(lambda: [client.get_repository(account, NAME) for _ in range(5)])
        for _ in range(callers)
    ]

    assert [call.get() for call in calls] == [[RECORD] * 5] * callers
    assert gate.most <= concurrency


@pytest.mark.parametrize("location", ["http://[bad", "//[", "http://[::1/"])
def test_a_redirect_to_no_address_is_a_failed_call(
    hub: Hub, account: Account, location: str
) -> None:
    hub.misbehave("GET *", effect="status", status=301, headers={"location": location})

    outcome = hub.client.get_repository(account, NAME)

    assert isinstance(outcome, Transient)


def test_one_bad_alias_does_not_make_the_query_a_failure(hub: Hub, account: Account) -> None:
    hub.misbehave("ALIAS acme/small", effect="alias", body='{"type":"INTERNAL","message":"oops"}')

    answer = hub.client.graph_counts(account, [NAME, "acme/small"])

    assert [type(outcome) for outcome in answer.outcomes] == [Metadata, Transient]
    assert not answer.has_failed


def test_after_a_burst_the_calls_settle_at_the_pace_that_was_set(
    hub: Hub, account: Account
) -> None:
    client = hub.connect(requests_per_hour=720, rest_points_per_minute=60)
    began = hub.clock.now()
    ends: list[float] = []

    while hub.clock.now() - began < 3600:
        assert isinstance(client.get_repository(account, NAME), Metadata)
        ends.append(hub.clock.now() - began)

    # A minute's worth at once, then one every five seconds.
    assert 720 <= len(ends) <= 720 + 60 + 1
    assert sum(end < 60 for end in ends) >= 60
    last_half_hour = [end for end in ends if end >= 1800]
    assert 355 <= len(last_half_hour) <= 365
