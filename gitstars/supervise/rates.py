"""How fast stars are stored: now, and over the last hours in steps."""

from collections import deque

#: "Now" is the average over this long (seconds).
NOW_SECONDS = 10.0
#: The history has a point every so many seconds, and reaches back so many points: six hours.
STEP_SECONDS, STEPS_KEPT = 10.0, 2160


class Rates:
    """Fed with a growing total about once a second."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, int]] = deque()
        self._step: tuple[float, int] | None = None
        #: (epoch seconds, stars a second), oldest first.
        self.history: deque[tuple[int, float]] = deque(maxlen=STEPS_KEPT)

    def observe(self, total: int, monotonic: float, now: float) -> None:
        """``total`` stars were stored by ``now``."""
        self._recent.append((monotonic, total))
        while monotonic - self._recent[0][0] > NOW_SECONDS and len(self._recent) > 2:
            self._recent.popleft()
        if self._step is None:
            self._step = (monotonic, total)
        began, before = self._step
        if monotonic - began >= STEP_SECONDS:
            self.history.append((round(now), round((total - before) / (monotonic - began), 1)))
            self._step = (monotonic, total)

    @property
    def per_second(self) -> float:
        """Stars a second, now."""
        if len(self._recent) < 2:
            return 0.0
        (began, before), (ended, after) = self._recent[0], self._recent[-1]
        return round((after - before) / max(ended - began, 0.001), 1)
