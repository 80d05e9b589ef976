"""The circuit breaker of the way to GitHub: one state for the whole server. No I/O.

Failures that suggest that the way is broken (no connection, an answer that is not GitHub's) are
counted. A few in a row are a suspicion, which a probe has to confirm: a bad page, list or route
fails while the probe is answered, and opens nothing. While the breaker is open no call goes out;
probes do, one at a time and at most a minute apart, and the first good answer closes it.

Times are epoch seconds.
"""

from gitstars.fetch.answers import Outage

#: So many failures in a row, of whichever callers, are worth a probe.
SUSPICIOUS_FAILURES = 3
#: Probes of a suspicion are at least this far apart (seconds).
SUSPICION_SECONDS = 10.0
#: The pause between probes of an outage: the first, doubled with each, and the longest (seconds).
FIRST_PROBE_SECONDS, PROBE_CAP_SECONDS = 5.0, 60.0


class Breaker:
    """Counts what happened to calls; says when to probe, and whether there is an outage."""

    def __init__(self) -> None:
        self._failures = 0
        self._failing_since = 0.0
        self._probed_at: float | None = None
        self._is_probing = False
        self._pause = FIRST_PROBE_SECONDS
        self._outage: Outage | None = None

    @property
    def outage(self) -> Outage | None:
        """The outage that goes on; None: the way is open."""
        return self._outage

    def note_failure(self, now: float) -> None:
        """A call failed in a way that suggests that the way is broken."""
        if not self._failures:
            self._failing_since = now
        self._failures += 1

    def note_success(self) -> bool:
        """GitHub answered; whether this ends an outage."""
        was_open = self._outage is not None
        self._failures, self._outage, self._pause = 0, None, FIRST_PROBE_SECONDS
        return was_open

    def begin_probe(self, now: float) -> bool:
        """Whether the caller has to probe now; if so, ``end_probe`` has to follow."""
        if self._is_probing:
            return False
        if self._outage is not None:
            # An end further ahead than any pause was noted by a clock that was wrong.
            is_due = not now < self._outage.until <= now + PROBE_CAP_SECONDS
        else:
            is_due = self._failures >= SUSPICIOUS_FAILURES and (
                self._probed_at is None or not now - SUSPICION_SECONDS < self._probed_at <= now
            )
        if is_due:
            self._is_probing, self._probed_at = True, now
        return is_due

    def end_probe(self, cause: str | None, now: float) -> None:
        """The probe failed because of ``cause``; None: it was not made, or told nothing.

        A probe that GitHub answered is told with ``note_success``, before this.
        """
        self._is_probing = False
        if cause is None:
            return
        since = self._failing_since if self._outage is None else self._outage.since
        self._outage = Outage(cause, since, now + self._pause)
        self._pause = min(PROBE_CAP_SECONDS, self._pause * 2)
