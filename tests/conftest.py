"""What every test gets: a guard against hanging, and no configuration or data of whoever runs the tests."""

import faulthandler
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import gevent
import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key

#: A test that takes longer is taken for hanging (seconds). ``@pytest.mark.slow(seconds)`` grants more.
GUARD_SECONDS = 30.0
#: After the gevent time-out, which a test that blocks the hub never sees, this much later all stacks are shown and the run ends (seconds).
BLOCKED_SECONDS = 15.0


@contextmanager
def guard(item: pytest.Item) -> Iterator[None]:
    """End what hangs: first as a failure, and where no greenlet gets its turn any more by ending the process."""
    marker = item.get_closest_marker("slow")
    seconds = float(marker.args[0]) if marker else GUARD_SECONDS
    # pytest keeps the real standard error there; ours is captured, and would be lost with the process.
    stderr = item.config.stash[fault_handler_stderr_fd_key]
    faulthandler.dump_traceback_later(seconds + BLOCKED_SECONDS, file=stderr, exit=True)
    try:
        with gevent.Timeout(seconds, AssertionError(f"took longer than {seconds:g} s")):
            yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with guard(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with guard(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    with guard(item):
        return (yield)


@pytest.fixture(autouse=True)
def private_surroundings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of this test, and no setting from outside."""
    for name in os.environ:
        if name.startswith(("DB_", "ADMIN_", "HEALTH_", "LOG_LEVEL")):
            monkeypatch.delenv(name)
    folder = tmp_path_factory.mktemp("data")
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    return folder / "gitstars"


@pytest.fixture
def require() -> Callable[[bool, str], None]:
    """``require(is_there, what)`` skips the test without ``what`` on a laptop, and fails it under CI, where everything has to be there."""

    def check(is_there: bool, what: str) -> None:
        if not is_there:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what} is missing")

    return check
