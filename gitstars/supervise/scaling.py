"""How many workers there should be: how many accounts are served at once.

The rule is a pure function; the duty around it reads the figures and tells the pool.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.execute.pool import WorkerPool
from gitstars.supervise.readings import Reading

logger = logging.getLogger(__name__)

#: Pause between two decisions (seconds).
SCALE_SECONDS = 30.0
#: More workers come only while CPU and memory are less busy than this (percent).
CPU_BELOW, MEMORY_BELOW = 80.0, 85.0
#: One step up or down is the number of workers divided by this, and at least one.
STEP_PART = 10


@dataclass(frozen=True, slots=True)
class ScaleOverride:
    """Bounds that the operator set; a fixed number is a minimum that equals the maximum."""

    minimum: int
    maximum: int

    @classmethod
    def exactly(cls, count: int) -> "ScaleOverride":
        return cls(count, count)


@dataclass(frozen=True, slots=True)
class Load:
    """What the rule looks at: accounts that wait for a worker, workers that serve none, and how
    busy the machine is (percent).
    """

    waiting: int
    idle_workers: int
    cpu_percent: float
    memory_percent: float


def decide_count(
    count: int, initial: int, maximum: int, load: Load, override: ScaleOverride | None = None
) -> int:
    """How many workers there should be when there are ``count``: between ``initial`` and
    ``maximum``, or within the override.

    There are never more than accounts with work: of the accounts that wait as many are served by
    the idle workers as there are of these. While no account waits, no more workers go than are
    idle: a busy one is not disturbed for nothing.
    """
    low, high = (
        (initial, maximum)
        if override is None
        else (override.minimum, min(override.maximum, maximum))
    )
    step = max(1, count // STEP_PART)
    wanted = count
    if load.waiting:
        if load.cpu_percent < CPU_BELOW and load.memory_percent < MEMORY_BELOW:
            wanted = count + min(step, max(0, load.waiting - load.idle_workers))
    else:
        wanted = count - min(step, load.idle_workers)
    return max(1, min(max(wanted, low), high))


class Scaler:
    """Applies the rule to the pool; ``override`` holds until another one, or None, is set."""

    def __init__(
        self, pool: WorkerPool, dispatcher: Dispatcher, read: Callable[[], Reading], maximum: int
    ) -> None:
        self._pool = pool
        self._dispatcher = dispatcher
        self._read = read
        self._maximum = maximum
        self._override: ScaleOverride | None = None

    @property
    def maximum(self) -> int:
        """No more workers than this."""
        return self._maximum

    @property
    def override(self) -> ScaleOverride | None:
        return self._override

    def set_override(self, override: ScaleOverride | None) -> int:
        """Scale within these bounds from now on (None: by the rule alone again); how many
        workers there are now.
        """
        self._override = override
        if override is None:
            return self._pool.count
        return self._scale(max(override.minimum, min(self._pool.count, override.maximum)))

    def step(self) -> None:
        """Decide once, and do it."""
        reading = self._read()
        idle = sum(state.is_idle and not state.is_retiring for state in self._pool.states())
        load = Load(
            self._dispatcher.waiting, idle, reading.busiest_cpu_percent, reading.memory_percent
        )
        self._scale(
            decide_count(self._pool.count, self._pool.initial, self._maximum, load, self._override)
        )

    def _scale(self, wanted: int) -> int:
        before = self._pool.count
        if wanted == before:
            return before
        now = self._pool.scale(wanted)
        logger.info(
            "%d workers instead of %d; %d accounts wait for one",
            now,
            before,
            self._dispatcher.waiting,
        )
        return now
