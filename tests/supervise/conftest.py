"""What the tests of supervision share: a clock that tests advance by hand."""

import gevent
import pytest

from gitstars.clock import Event


class HandClock:
    """Time stands until ``pass_by`` is called; waits end when their time has come."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> float:
        return 1_800_000_000.0 + self.seconds

    def monotonic(self) -> float:
        return self.seconds

    def random(self) -> float:
        return 0.0

    def wait(self, event: Event, seconds: float) -> bool:
        due = self.seconds + seconds
        while not event.is_set() and self.seconds < due:
            gevent.sleep(0)
        return event.is_set()

    def pass_by(self, seconds: float) -> None:
        """Let so much time pass, and everybody who waited for it have its turn."""
        self.seconds += seconds
        let_others_run()


def let_others_run() -> None:
    """Every greenlet that can go on has many turns."""
    for _ in range(50):
        gevent.sleep(0)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()
