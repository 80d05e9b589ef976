"""What tests of the whole program share: gitstars between a simulated GitHub and a real
database, in this process or in another.
"""

import json
import random
import signal
import socket
import subprocess
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event

from gitstars.app import App
from gitstars.clock import SystemClock
from gitstars.config import (
    AdminConfig,
    CollectConfig,
    Config,
    DatabaseConfig,
    DiscoverConfig,
    GithubConfig,
    HealthConfig,
    PublicConfig,
    WorkersConfig,
)
from gitstars.model import Repository
from gitstars.simulator.render import moment
from gitstars.simulator.scenario import Scenario, SimAccount, SimLimits
from gitstars.store import schema, seeding
from gitstars.store.database import EMBEDDED_SCHEMES, Database
from tests import waiting
from tests.shared import SHARED


def free_port() -> int:
    """A port that nobody listens on at this moment. It is below those that systems give to
    outgoing connections, of which one of the tests beside this one might take it.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def hear_signals() -> None:
    """In a new process: signals have their usual effect, also where the whole suite runs in the
    background or under nohup, which ignores some of them.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class SurrealServer:
    """A real SurrealDB server in memory, which can be killed and started again."""

    def __init__(self, program: str, storage: str = "memory") -> None:
        self.port = free_port()
        self._program, self._storage = program, storage
        self.start()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def start(self, password: str = "root") -> None:
        """``password``: the one that the user ``root`` has from now on."""
        address = ["--bind", f"127.0.0.1:{self.port}"]
        login = ["--user", "root", "--pass", password]
        quiet = ["--log", "none", "--no-banner"]
        self.process = subprocess.Popen(
            [self._program, "start", *address, *login, *quiet, self._storage],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        waiting.wait_until(self._listens, "the SurrealDB server came up")

    def _listens(self) -> bool:
        assert self.process.poll() is None, "the SurrealDB server ended"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


#: Far more than any test asks for: pacing and budgets are off.
NO_LIMITS = SimLimits(
    points_per_window=1_000_000,
    rest_points_per_minute=1_000_000,
    graphql_points_per_minute=1_000_000,
)


class JumpingClock(SystemClock):
    """The machine's clocks, which a test may put forward: gitstars sees the time come for which it
    waits, also where it waits already.
    """

    def __init__(self) -> None:
        self.ahead = 0.0
        self._jumped = Event()

    def now(self) -> float:
        return super().now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead

    def jump(self, seconds: float) -> None:
        """So much time has passed."""
        self.ahead += seconds
        self._jumped.set()
        self._jumped = Event()

    def wait(self, event: Any, seconds: float) -> bool:
        end = self.monotonic() + seconds
        while not event.is_set() and (left := end - self.monotonic()) > 0:
            gevent.wait([event, self._jumped], timeout=left, count=1)
        return bool(event.is_set())


class Flow:
    """A simulated GitHub, a database with what the web application wrote, and gitstars between
    them; REST alone unless told otherwise.

    ``github``, ``discover``, ``workers``, ``collect``: settings; ``signed_in``: accounts at the
    start (all); ``has_schema`` False: no start came before. ``clock`` is gitstars' own, which may
    be put forward; the database keeps the machine's.
    """

    def __init__(self, scenario: Scenario, database: DatabaseConfig, **changes: Any) -> None:
        self.scenario = scenario
        self.github = SHARED.lend_simulator(scenario)
        pace = {
            "requests_per_hour": 1_000_000,
            "rest_points_per_minute": 1_000_000,
            "use_graphql": False,
        }
        self.config = Config(
            database=database,
            github=GithubConfig(
                api_url=self.github.url,
                graphql_url=self.github.graphql_url,
                **(pace | changes.get("github", {})),
            ),
            health=HealthConfig(port=0),
            admin=AdminConfig(port=0),
            discover=DiscoverConfig(
                stable_seconds=0.5, poll_seconds=0.2, **changes.get("discover", {})
            ),
            workers=WorkersConfig(**changes.get("workers", {})),
            collect=CollectConfig(**changes.get("collect", {})),
            public=PublicConfig(**changes.get("public", {})),
        )
        self.clock = JumpingClock()
        self.app: App | None = None
        self._engine = SHARED.engine_of(database)
        #: An embedded engine that belongs to one server is open in one process at a time.
        self._is_alone = self._engine is None and database.url.startswith(EMBEDDED_SCHEMES)
        self.database = Database(database, engine=self._engine)
        self.database.open()
        if changes.get("has_schema", True):
            schema.apply(self.database)
        for account in scenario.accounts[: changes.get("signed_in")]:
            self.sign_in(account)
        if self._is_alone:
            self.database.close()

    def sign_in(self, account: SimAccount, database: Database | None = None) -> None:
        """Write an account and its stars, as the web application does."""
        target = database or self.database
        places = {repository.id: repository for repository in self.scenario.repositories}
        chosen = [places[identity] for identity in account.starred]
        seeding.sign_in(target, account.user_id, account.login, account.token, account.scopes)
        seeding.star(
            target,
            account.login,
            [Repository(p.full_name, p.full_name, p.id, p.stars, p.private) for p in chosen],
        )

    def start(self) -> App:
        """Start gitstars; on an engine of its own the test reads through its connection."""
        app = self.build()
        app.start()
        return app

    def build(self) -> App:
        """Build gitstars without starting it."""
        self.app = App(self.config, self.clock, self._engine)
        if self._is_alone:
            self.database = self.app.database
        return self.app

    def wait_until(self, is_true: Callable[[], bool], what: str) -> None:
        """Wait for something to come true; fails when nothing moves any more."""
        waiting.wait_until(is_true, what, self._signs_of_progress)

    def wait_idle(self) -> None:
        """Wait until nothing waits and nothing is in hand."""
        app = self.app
        assert app is not None
        self.wait_until(lambda: app.is_idle, "nothing waits")

    def _signs_of_progress(self) -> object:
        """What GitHub was asked, and what gitstars did, where it runs in this process."""
        asked = self.github.control("GET", "/counters")
        return asked, self.app and (dict(self.app.events.totals), len(self.app.dispatcher))

    def rows(self) -> dict[str, dict[str, Any]]:
        """The status rows by repository name."""
        rows = self.database.run("SELECT *, repo.id AS repo FROM repo_processing_status")[0]
        return {row["repo"].id: row for row in rows}

    def stored(self) -> dict[str, set[tuple[int, str]]]:
        """(user id, time) of every stored edge of ours, by repository name; fails on a doubled
        edge.
        """
        stored: dict[str, set[tuple[int, str]]] = {}
        rows = self.database.run(
            "SELECT in.github_id AS who, out.id AS repo, starred_at FROM starred WHERE "
            "source = "
            "'stargazer_analysis'"
        )[0]
        for row in rows:
            star = (row["who"], row["starred_at"].strftime("%Y-%m-%dT%H:%M:%SZ"))
            assert star not in stored.setdefault(row["repo"].id, set())
            stored[row["repo"].id].add(star)
        return stored

    def people(self) -> dict[int, tuple[str, str, str]]:
        """(login, avatar, profile) of every stored user by numeric id; fails on a doubled one."""
        rows = self.database.run(
            "SELECT github_id, username, avatar_url, profile_url FROM github_user"
        )[0]
        people = {
            row["github_id"]: (row["username"], row["avatar_url"], row["profile_url"])
            for row in rows
        }
        assert len(people) == len(rows)
        return people

    def truth(self, *identities: int) -> dict[str, set[tuple[int, str]]]:
        """What GitHub has of these repositories (all: none named), ghosts left out, by the name
        that the web application wrote.
        """
        truth = {}
        for repository in self.scenario.repositories:
            if not identities or repository.id in identities:
                stars = self.github.control("GET", f"/truth/{repository.id}")["stars"]
                listed = {(user_id, moment(at)) for user_id, at in stars if user_id}
                if listed:
                    truth[repository.full_name] = listed
        return truth

    def close(self) -> None:
        if self.app is not None:
            self.app.stop()
        if not self._is_alone:
            self.database.close()
        SHARED.take_back(self.github)


class Server:
    """``gitstars serve`` in a process; what it prints goes to a file."""

    def __init__(self, folder: Path, config: Config) -> None:
        """``config`` is written out as a configuration file; ports are off unless it names
        others than the usual ones.
        """
        self.config = folder / "config.toml"
        ports = {"health": config.health.port, "admin": config.admin.port}
        lines = [
            f"[{name}]\nport = {0 if port in (8080, 8081) else port}"
            for name, port in ports.items()
        ]
        for name in ("database", "github", "discover"):
            section = getattr(config, name)
            values = ((key, getattr(section, key)) for key in section.__struct_fields__)
            lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values)]
        self.config.write_text("\n".join(lines))
        self.output = folder / "output.txt"

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        with self.output.open("wb") as output:
            command = [
                sys.executable,
                "-m",
                "gitstars",
                "serve",
                "--config",
                str(self.config),
                *arguments,
            ]
            self.process = subprocess.Popen(
                command,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=hear_signals,
            )
        return self.process

    def wait_for_line(self, text: str) -> None:
        """Wait until this start's output holds ``text``."""

        def is_printed() -> bool:
            assert text in self.printed() or self.process.poll() is None, self.printed()
            return text in self.printed()

        try:
            waiting.wait_until(is_printed, f"the line {text!r}", self.printed)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.printed()}") from None

    def printed(self) -> str:
        """What this start printed so far, on both streams."""
        return self.output.read_text()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def count_refetched(
    asked: Iterable[dict[str, Any]], moments: Sequence[float] = ()
) -> Counter[tuple[int, str]]:
    """How many pages of a repository were answered that had been answered before, by (number of
    ``moments`` until then, repository).
    """
    again: Counter[tuple[int, str]] = Counter()
    seen: set[tuple[Any, ...]] = set()
    for entry in asked:
        if entry["route"] == "repo/stargazers" and entry["status"] == 200:
            pages = [(entry["path"], entry["query"].get("page"))]
        else:
            pages = [tuple(page) for page in entry.get("pages", ())]
        life = bisect_right(moments, entry["at"])
        again.update((life, page[0]) for page in pages if page in seen)
        seen.update(pages)
    return again
