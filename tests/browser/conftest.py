"""The dashboard in a real, headless Chromium, served by a whole gitstars in this process."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from gitstars.config import AdminConfig, DatabaseConfig
from gitstars.simulator.scenario import Scenario, SimAccount, SimLimits, SimRepository
from tests.harness import Flow, free_port

KEY = "an admin key of tests"
#: What usually takes moments (milliseconds); a slow machine gets its time.
PATIENCE_MS = 60_000
#: The browser's own calls home are off: the machine's network may be closed.
FLAGS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def world(**changes: Any) -> Scenario:
    """Two accounts; one repository may not be listed and has a star history, one has ghosts, one
    is large.
    """
    repositories = (
        SimRepository(id=1000, full_name="acme/engine", stars=3),
        SimRepository(id=1001, full_name="acme/tools", stars=130, ghost_every=50),
        SimRepository(id=1002, full_name="globex/parser", stars=40),
        SimRepository(id=1003, full_name="globex/closed", stars=60),
        *(
            SimRepository(id=1100 + number, full_name=f"initech/part-{number}", stars=1)
            for number in range(26)
        ),
    )
    open_to_ada = tuple(repository.id for repository in repositories if repository.id != 1003)
    accounts = (
        SimAccount(
            user_id=1,
            login="ada",
            token="gho_ada0000",
            starred=tuple(r.id for r in repositories),
            collaborates=open_to_ada,
        ),
        SimAccount(
            user_id=2, login="grace", token="gho_grace00", starred=(1000,), collaborates=(1000,)
        ),
    )
    return Scenario(accounts=accounts, repositories=repositories, population=5000, **changes)


#: Slow enough that a browser sees the numbers on their way.
SLOW = SimLimits(
    points_per_window=1_000_000,
    rest_points_per_minute=1_000_000,
    graphql_points_per_minute=1_000_000,
    latency_seconds=0.2,
)


class Served:
    """A running gitstars with its admin server."""

    def __init__(
        self,
        database: DatabaseConfig,
        scenario: Scenario,
        signed_in: int | None = None,
        client_id: str = "",
    ) -> None:
        github = {"client_id": client_id}
        self.flow = Flow(scenario, database, signed_in=signed_in, github=github)
        self.flow.config = msgspec.structs.replace(
            self.flow.config, admin=AdminConfig(port=free_port(), api_key=KEY)
        )
        self.url = f"http://127.0.0.1:{self.flow.config.admin.port}"

    def start(self) -> None:
        self.flow.start()

    def wait_until_collected(self) -> None:
        """Wait until everything is collected and counted."""
        self.flow.wait_idle()
        app = self.flow.app
        assert app is not None
        settled = {"completed": 29, "restricted": 1}
        self.flow.wait_until(
            lambda: app.snapshots.status().repositories == settled,
            "the repositories are counted",
        )

    def stop(self) -> None:
        """Only gitstars: GitHub and what is stored stay."""
        assert self.flow.app is not None
        self.flow.app.stop()
        self.flow.app = None


@contextmanager
def serving(
    database: DatabaseConfig,
    scenario: Scenario,
    signed_in: int | None = None,
    client_id: str = "",
) -> Iterator[Served]:
    served = Served(database, scenario, signed_in, client_id)
    try:
        served.start()
        yield served
    finally:
        served.flow.close()


@dataclass
class Visit:
    """A page of the dashboard, and everything it asked for and complained about."""

    page: Page
    url: str
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    key: str = KEY

    def log_in(self, key: str = KEY) -> Page:
        self.page.goto(self.url)
        self.page.get_by_label("Key", exact=True).fill(key)
        self.page.get_by_role("button", name="Open the dashboard").click()
        return self.page

    def expect_refused(self, status: int) -> None:
        """The browser itself reports a refused call; nothing else went wrong so far."""
        assert self.complaints
        assert all(f"status of {status}" in complaint for complaint in self.complaints)
        self.complaints.clear()

    def tile(self, name: str) -> int:
        """The number on a tile."""
        text = self.page.locator(f"#tile-{name} dd").first.inner_text()
        return int(re.sub(r"\D", "", text))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Missing, the tests are skipped on a laptop, and fail under CI."""
    program = shutil.which("chromium")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("chromium is missing")
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root.
        started = playwright.chromium.launch(
            executable_path=program, args=[*FLAGS, *(["--no-sandbox"] if os.getuid() == 0 else [])]
        )
        yield started
        started.close()


Visitor = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visitor]:
    """``visit(served, color_scheme="dark")``: a new browser's page; at the end it must have
    asked nobody else and found nothing wrong.
    """
    expect.set_options(timeout=PATIENCE_MS)
    with ExitStack() as stack:
        made: list[Visit] = []

        def make(served: Served, **options: Any) -> Visit:
            context: BrowserContext = stack.enter_context(browser.new_context(**options))
            context.set_default_timeout(PATIENCE_MS)
            one = Visit(context.new_page(), served.url)
            one.page.on("request", lambda request: one.asked.append(request.url))
            one.page.on(
                "console",
                lambda message: (
                    one.complaints.append(message.text)
                    if message.type in ("error", "warning")
                    else None
                ),
            )
            one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
            made.append(one)
            return one

        yield make
        for one in made:
            assert [url for url in one.asked if not url.startswith(f"{one.url}/")] == []
            assert one.complaints == []


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One gitstars that has collected everything, for the tests that only look."""
    with serving(
        DatabaseConfig(url=f"surrealkv://{tmp_path_factory.mktemp('settled')}/stars.db"), world()
    ) as served:
        served.wait_until_collected()
        yield served


@pytest.fixture
def serve_world(shared_config: DatabaseConfig) -> Iterator[Callable[..., Served]]:
    """``serve_world(limits=SLOW)``: a gitstars of this test's own."""
    with ExitStack() as stack:
        yield lambda signed_in=None, client_id="", **changes: stack.enter_context(
            serving(shared_config, world(**changes), signed_in, client_id)
        )
