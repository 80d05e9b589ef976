"""``gitstars demo``: the whole engine on an embedded database against a simulated GitHub, with
progress and a summary.
"""

import os
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from gevent.event import Event

from gitstars.cli import show
from gitstars.cli.demo_show import LineShow, Numbers, TerminalShow, print_summary, say_next
from gitstars.errors import UserMistake
from gitstars.interrupts import on_interrupts

if TYPE_CHECKING:
    from gitstars.app import App
    from gitstars.cli.demo_data import DemoData
    from gitstars.simulator.process import SimulatorProcess

#: The last account signs in this long after the start, so that one sees a new account being found
#: (seconds).
LATE_SECONDS = 2.0
#: How often the numbers are read (seconds), and over how many readings the speed is taken.
LOOK_SECONDS, SPEED_LOOKS = 0.5, 6
#: What did not move for so long stands still (seconds).
STILL_SECONDS = 20.0


class Ending(Enum):
    """How the demo ended."""

    SETTLED = "settled"
    MOVING = "moving"
    STILL = "still"
    ASKED = "asked"

    @property
    def code(self) -> int:
        """The exit code; slowness alone is no failure."""
        return {Ending.STILL: 1, Ending.ASKED: 130}.get(self, 0)


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs: the data, the simulated GitHub that holds it, and the engine."""

    data: "DemoData"
    github: "SimulatorProcess"
    app: "App"
    folder: Path


@click.command(
    short_help="Show it at work against a simulated GitHub.",
    epilog=(
        "Exit codes: 0 everything was settled, or the time was over while it went on; 1 it stood "
        "still before everything was settled; 2 misuse; 130 stopped by Ctrl+C before the end."
    ),
)
@click.option(
    "--keep-running",
    is_flag=True,
    help="Leave the dashboard, the APIs and the simulated GitHub up until Ctrl+C.",
)
@click.option(
    "--path",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder for the database; a new temporary one by default.",
)
@click.option(
    "--seconds",
    type=click.IntRange(1, 3600),
    default=120,
    show_default=True,
    help="End after this long, settled or not, and say how far it is.",
)
@click.option(
    "--health-port",
    type=click.IntRange(0, 65_535),
    default=8080,
    show_default=True,
    help="With --keep-running; 0: off.",
)
@click.option(
    "--admin-port",
    type=click.IntRange(0, 65_535),
    default=8081,
    show_default=True,
    help="With --keep-running; 0: off.",
)
def demo(
    keep_running: bool, path: Path | None, seconds: int, health_port: int, admin_port: int
) -> int:
    """Collect some hundreds of repositories of every kind from a simulated GitHub on this
    machine into an embedded database.

    Nothing outside of this machine is asked, and no token is needed.
    """
    asked = _stop_on_signals()
    folder = _make_folder(path)
    ports = (health_port, admin_port) if keep_running else (0, 0)
    started = time.monotonic()
    with _set_up(folder, ports) as stage:
        click.echo(
            f"A simulated GitHub at {stage.github.url}: {len(stage.data.scenario.accounts)} "
            "accounts that starred "
            f"{stage.data.repositories} repositories; the database is in {folder}"
        )
        if ports[1]:
            click.echo(f"Dashboard: http://127.0.0.1:{ports[1]}/  (its key: {_key_place()})")
        ending, numbers = _watch(stage, asked, started + seconds)
        elapsed = time.monotonic() - started
        print_summary(stage.app.database, stage.github, stage.app.events.totals, elapsed)
        if keep_running and not asked.is_set():
            say_next(folder, keep_running=True)
            asked.wait()
            return 0
    if ending is not Ending.SETTLED:
        total = stage.data.repositories
        click.echo(explain_ending(ending, numbers.settled, total, seconds), err=True)
    say_next(folder, keep_running=False)
    return ending.code


def explain_ending(ending: Ending, settled: int, total: int, seconds: int) -> str:
    """One sentence about an end before everything was settled."""
    how_far = f"{settled} of {total} repositories were settled"
    if ending is Ending.ASKED:
        return f"stopped before everything was settled: {how_far}"
    if ending is Ending.MOVING:
        return f"{seconds} s were not enough on this machine: {how_far}, and it still went on"
    return f"not settled within {seconds} s: {how_far}, and nothing moved for {STILL_SECONDS:.0f} s"


def _stop_on_signals() -> Event:
    """Set by the first Ctrl+C or SIGTERM; a second one ends the process at once."""
    asked = Event()
    on_interrupts(asked.set, lambda: os._exit(130))
    return asked


def _make_folder(path: Path | None) -> Path:
    if path is None:
        return Path(tempfile.mkdtemp(prefix="gitstars-demo-"))
    if (path / "stars.db").exists():
        raise UserMistake(
            f"{path} holds the database of an earlier demo; remove it or choose another folder"
        )
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserMistake(f"{path} cannot be made: {error.strerror}") from error
    return path.absolute()


@contextmanager
def _set_up(folder: Path, ports: tuple[int, int]) -> Iterator[Stage]:
    """Everything started, all accounts but the last signed in; everything stopped at the end."""
    from gitstars import log
    from gitstars.app import App
    from gitstars.cli.demo_data import make_data
    from gitstars.config import (
        AdminConfig,
        CollectConfig,
        Config,
        DatabaseConfig,
        DiscoverConfig,
        GithubConfig,
        HealthConfig,
        LogConfig,
    )
    from gitstars.simulator.process import start_process
    from gitstars.store import schema
    from gitstars.store.database import Database

    with ExitStack() as stack:
        stream = stack.enter_context((folder / "gitstars.log").open("a", encoding="utf-8"))
        log.configure(LogConfig(), stream)
        data = make_data()
        github = start_process(data.scenario)
        stack.callback(github.stop)
        config = Config(
            database=DatabaseConfig(url=f"surrealkv://{folder / 'stars.db'}"),
            github=GithubConfig(api_url=github.url, graphql_url=github.graphql_url),
            collect=CollectConfig(pages_ahead=4),
            discover=DiscoverConfig(stable_seconds=1.0, poll_seconds=0.5),
            health=HealthConfig(port=ports[0]),
            admin=AdminConfig(port=ports[1]),
        )
        database = Database(config.database)
        database.open()
        try:
            schema.apply(database)
            for account in data.scenario.accounts[:-1]:
                data.sign_in(database, account)
        finally:
            database.close()
        app = App(config)
        app.start()
        stack.callback(app.stop)
        yield Stage(data, github, app, folder)


def _watch(stage: Stage, asked: Event, deadline: float) -> tuple[Ending, Numbers]:
    """Show the numbers until everything is settled, ``asked`` is set or the time is over."""
    late: Any = stage.data.scenario.accounts[-1]
    late_at = time.monotonic() + LATE_SECONDS
    looks: deque[tuple[float, int]] = deque(maxlen=SPEED_LOOKS)
    moved_at, last = time.monotonic(), None
    display = (TerminalShow if show.is_terminal() else LineShow)(
        stage.data.repositories, stage.data.listable_stars
    )
    with display:
        while True:
            now = time.monotonic()
            if late is not None and now >= late_at:
                display.say(
                    f"{late.login} signs in while it runs: {len(late.starred)} more repositories"
                )
                stage.data.sign_in(stage.app.database, late)
                late = None
            stored = stage.app.events.totals["stars.stored"]
            looks.append((now, stored))
            numbers = _read_numbers(
                stage, stored, (stored - looks[0][1]) / max(LOOK_SECONDS, now - looks[0][0])
            )
            is_settled = (
                late is None and numbers.settled == stage.data.repositories and stage.app.is_idle
            )
            display.update(numbers, is_last=is_settled)
            figures = (numbers.settled, numbers.stars, numbers.rest[0], numbers.graphql[0])
            if figures != last:
                moved_at, last = now, figures
            if is_settled:
                return Ending.SETTLED, numbers
            if asked.is_set():
                return Ending.ASKED, numbers
            if now >= deadline:
                is_still = now - moved_at >= STILL_SECONDS
                return Ending.STILL if is_still else Ending.MOVING, numbers
            asked.wait(LOOK_SECONDS)


def _read_numbers(stage: Stage, stored: int, speed: float) -> Numbers:
    from gitstars.model import Status
    from gitstars.store import lifecycle

    counts = lifecycle.count_by_status(stage.app.database)
    unsettled = {Status.PENDING, Status.PROCESSING, Status.RATE_LIMITED}
    now = stage.app.clock.now()
    views = [
        stage.app.ledger.view(account.user_id, now) for account in stage.data.scenario.accounts
    ]
    return Numbers(
        settled=sum(count for status, count in counts.items() if status not in unsettled),
        stars=stored,
        stars_per_second=speed,
        rest=_sum_points([view["core"] for view in views]),
        graphql=_sum_points([view["graphql"] for view in views]),
        problem=stage.app.trial.fault or "",
    )


def _sum_points(budgets: list[dict[str, Any]]) -> tuple[int, int]:
    """The points left and the limit of an hour; what no answer told yet counts as full."""
    left = (b["limit"] if b["remaining"] is None else b["remaining"] for b in budgets)
    return sum(left), sum(budget["limit"] for budget in budgets)


def _key_place() -> str:
    from gitstars.config import admin_key_path

    return str(admin_key_path())
