"""What is known of the database: does it answer, how fast, and how many repositories and
accesses it holds.

Asked in the background.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gitstars.clock import Clock
from gitstars.errors import DatabaseError, DatabaseRefused
from gitstars.model import Account
from gitstars.store import lifecycle, overview
from gitstars.store.database import Database
from gitstars.store.overview import AccessCount

#: Pause between two pings, and between looks whether it is time to count (seconds).
PING_SECONDS, LOOK_SECONDS = 1.0, 1.0
#: Without an answer for this long the database counts as not reachable (seconds).
SILENT_SECONDS = 10.0
#: Counting is repeated after this long (seconds), or later: it may take one part in so many of the
#: database's time.
COUNT_SECONDS, ACCOUNTS_SECONDS, TIME_PART = 2.0, 10.0, 20
#: The speed of an account is measured over this long at most (seconds).
SPEED_SECONDS = 600.0
#: Statuses in which a repository needs no more work for now.
SETTLED = ("completed", "restricted", "pagination_limited", "failed")


@dataclass(frozen=True, slots=True)
class AccountProgress:
    """How far an account has come; ``seconds_left`` None: nobody can tell."""

    total: int = 0
    settled: int = 0
    seconds_left: float | None = None
    access: AccessCount = field(default_factory=AccessCount)


class Pulse:
    """``ping``, ``count`` and ``count_accounts`` are steps of duties; everything else answers at
    once from what they found.
    """

    def __init__(
        self, database: Database, accounts: Callable[[], Iterable[Account]], clock: Clock
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._clock = clock
        self._asked_at: float | None = None
        self._count_at = self._accounts_at = 0.0
        self._settled: dict[int, tuple[float, int]] = {}
        self.ping_seconds: float | None = None
        self.last_error: str | None = None
        #: The database answers, and does not take our user.
        self._is_refused = False
        self.statuses: dict[str, int] = {}
        self.counted_at: float | None = None
        self.progress: dict[int, AccountProgress] = {}

    @property
    def problem(self) -> str | None:
        """Why the database counts as not reachable; None: it is reachable."""
        waited = 0.0 if self._asked_at is None else self._clock.monotonic() - self._asked_at
        if waited > SILENT_SECONDS:
            return f"the database has not answered for {waited:.0f} s"
        if self._is_refused or not self._database.is_up:
            return self.last_error or "the database is not reachable"
        return None

    def ping(self) -> None:
        """Ask for nothing, and take the time."""
        began = self._asked_at = self._clock.monotonic()
        try:
            self._database.run("RETURN 1")
            self.ping_seconds = self._clock.monotonic() - began
            self.last_error, self._is_refused = None, False
        except DatabaseError as error:
            # A state of the database, which is told as such; the duty is fine.
            self.last_error = str(error)
            self._is_refused = isinstance(error, DatabaseRefused)
        finally:
            self._asked_at = None

    def count(self) -> None:
        """Count the repositories by status, when it is time. Raises DatabaseError."""
        began = self._clock.monotonic()
        if began < self._count_at or not self._database.is_up:
            return
        self.statuses = lifecycle.count_by_status(self._database)
        self.counted_at = self._clock.now()
        self._count_at = self._next(began, COUNT_SECONDS)

    def count_accounts(self) -> None:
        """Count each account's repositories, when it is time. Raises DatabaseError."""
        began = self._clock.monotonic()
        if began < self._accounts_at or not self._database.is_up:
            return
        access = overview.count_access(self._database)
        found = {}
        for account in list(self._accounts()):
            total, by_status = overview.count_progress(self._database, account)
            settled = sum(by_status.get(status, 0) for status in SETTLED)
            left = self._seconds_left(account.user_id, settled, total)
            found[account.user_id] = AccountProgress(
                total, settled, left, access.get(account.user_id, AccessCount())
            )
        self.progress = found
        self._accounts_at = self._next(began, ACCOUNTS_SECONDS)

    def _next(self, began: float, pause: float) -> float:
        now = self._clock.monotonic()
        return began + max(pause, (now - began) * TIME_PART)

    def _seconds_left(self, user_id: int, settled: int, total: int) -> float | None:
        now = self._clock.monotonic()
        began, before = self._settled.setdefault(user_id, (now, settled))
        if settled < before or now - began > SPEED_SECONDS:
            self._settled[user_id] = (now, settled)
        if settled <= before or settled >= total:
            return 0.0 if settled >= total else None
        return (total - settled) * (now - began) / (settled - before)
