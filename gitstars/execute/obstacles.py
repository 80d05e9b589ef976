"""What stands in the way of all work of an account, and for how long: a stop, a pause, a rejected
token, an outage, a database that cannot be written.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gitstars.clock import Clock
from gitstars.dispatch.lane import EVERY_TASK, Lane
from gitstars.execute.calls import Calls
from gitstars.execute.handover import HandOver
from gitstars.fetch import answers
from gitstars.loops import spawn
from gitstars.model import Task

#: While the whole database cannot be written, it is looked at again after this long (seconds).
FAULT_PAUSE_SECONDS = 10.0
#: The shortest waits for a rejected token and for GitHub (seconds), however soon they are due.
TOKEN_LEAST_SECONDS, OUTAGE_LEAST_SECONDS = 1.0, 0.5


@dataclass(frozen=True, slots=True)
class Gates:
    """What stops all accounts. ``fault`` tells what is wrong with the whole database, so that
    nothing is fetched that could not be stored; None: nothing is.
    """

    is_stopping: Callable[[], bool]
    is_paused: Callable[[], bool]
    fault: Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class Wait:
    """``seconds`` until the next look (None: until woken). ``leaves``: the account is given back
    until then, once nothing of it is in hand. ``why`` is what it waits for, in words; ``stuck`` are
    the kinds of work that have to wait, others may come before that time.
    """

    seconds: float | None = None
    leaves: bool = False
    why: str | None = None
    stuck: frozenset[Task] = EVERY_TASK


class Obstacles:
    """Finds what stands in the way of one account."""

    def __init__(
        self, lane: Lane, calls: Calls, handover: HandOver, gates: Gates, clock: Clock
    ) -> None:
        self._lane = lane
        self._calls = calls
        self._handover = handover
        self._gates = gates
        self._clock = clock
        #: The rejected token whose lane was handed over.
        self._passed_on: str | None = None

    def find(self, is_leaving: bool) -> tuple[answers.Outcome, Wait] | None:
        """What stands in the way of everything, and how long it is waited for; None: nothing does.

        The jobs of an account whose token is rejected go to accounts that may try them.
        """
        now = self._clock.now()
        if is_leaving or self._lane.is_closed or self._gates.is_stopping():
            return answers.Stopped(), Wait(leaves=True)
        if self._gates.is_paused():
            return answers.Stopped(), Wait(leaves=True, why="gitstars is paused")
        rejection = self._calls.rejection(self._lane.account)
        if rejection is not None:
            self._pass_on()
            seconds = (rejection.until or now) - now
            return rejection, Wait(max(TOKEN_LEAST_SECONDS, seconds), True, rejection.text)
        self._passed_on = None
        outage = self._calls.outage
        if outage is not None:
            why = f"GitHub does not answer: {outage.text}"
            return outage, Wait(max(OUTAGE_LEAST_SECONDS, outage.until - now), True, why)
        fault = self._gates.fault()
        if fault is not None:
            return answers.Stopped(), Wait(FAULT_PAUSE_SECONDS, True, fault)
        return None

    def _pass_on(self) -> None:
        """Once for a rejected token: what waits in the lane goes to accounts that may try it."""
        if self._passed_on != self._lane.account.token:
            self._passed_on = self._lane.account.token
            jobs = self._lane.clear()
            spawn(f"pass on {self._lane.user_id}", self._handover.pass_on, self._lane, jobs)
