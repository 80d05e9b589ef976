"""Tells the log of an outage once when it begins, and once when it is over."""

import logging

from gitstars.clock import Clock, show_duration

logger = logging.getLogger(__name__)


class OutageLog:
    """What is out at present, by name."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: dict[str, float] = {}

    def note(self, name: str, problem: str | None) -> None:
        """``problem`` is why ``name`` does not work now, a sentence; None: it works."""
        if problem is not None and name not in self._since:
            self._since[name] = self._clock.monotonic()
            logger.warning("%s", problem)
        elif problem is None and name in self._since:
            seconds = self._clock.monotonic() - self._since.pop(name)
            logger.info("%s works again after %s", name, show_duration(seconds))
