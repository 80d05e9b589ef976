"""What is known of the database: does it answer, how fast, and how many repositories and
accesses it holds.

Asked in the background.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gitstars.clock import Clock
from gitstars.errors import DatabaseError, DatabaseRefused
from gitstars.model import Account
from gitstars.store import lifecycle, overview, syncs
from gitstars.store.database import Database
from gitstars.store.overview import AccessCount, PartProgress
from gitstars.store.syncs import Sync

#: Pause between two pings, and between looks whether it is time to count (seconds).
PING_SECONDS, LOOK_SECONDS = 1.0, 1.0
#: Without an answer for this long the database counts as not reachable (seconds).
SILENT_SECONDS = 10.0
#: Repositories and accounts are counted again after these many seconds, or later: counting may take
#: one part in so many of the time while something is done, and a much smaller one while nothing is.
COUNT_SECONDS, ACCOUNTS_SECONDS, IDLE_SECONDS = 2.0, 10.0, 10.0
BUSY_PART, IDLE_PART = 20, 400
#: The same for adding up the stored stars, which looks at more rows.
SUM_PART = 100
#: Something was done if it was so long ago at most (seconds).
BUSY_SECONDS = 30.0
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


EMPTY = AccountProgress()


@dataclass(slots=True)
class Round:
    """One round of counting over all accounts: those that wait for their turn, and how far the
    present one has come (``user_id`` 0: none is). Times are monotonic.
    """

    waiting: list[int]
    next_at: float = 0.0
    began_at: float = 0.0
    user_id: int = 0
    number: int = 0
    total: int = 0
    settled: int = 0

    def start(self, user_id: int) -> None:
        """The turn of this user."""
        self.user_id, self.number, self.total, self.settled = user_id, 0, 0, 0

    def add(self, part: PartProgress) -> None:
        """A part was counted."""
        self.number += 1
        self.total += part.total
        self.settled += sum(part.by_status.get(status, 0) for status in SETTLED)


class Pulse:
    """``ping``, ``count`` and ``count_accounts`` are steps of duties; everything else answers at
    once from what they found.
    """

    def __init__(
        self,
        database: Database,
        accounts: Callable[[], Iterable[Account]],
        clock: Clock,
        activity: Callable[[], int],
    ) -> None:
        """``activity`` is a number that changes whenever something was done."""
        self._database = database
        self._accounts = accounts
        self._clock = clock
        self._asked_at: float | None = None
        self._activity = activity
        self._done, self._done_at = -1, 0.0
        #: When it is time to count by status: while nothing is done, and while something is.
        self._count_at = (0.0, 0.0)
        self._round = Round([])
        self._settled: dict[int, tuple[float, int]] = {}
        self.ping_seconds: float | None = None
        self.last_error: str | None = None
        #: The database answers, and does not take our user.
        self._is_refused = False
        self.statuses: dict[str, int] = {}
        self.counted_at: float | None = None
        #: How many stars the database holds in lists; None: not added up yet.
        self.stars_kept: int | None = None
        self._sum_at = 0.0
        self.progress: dict[int, AccountProgress] = {}
        #: How the stars of accounts are kept in step, by user.
        self.kept: dict[int, Sync] = {}

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
        is_busy = self._is_busy(began)
        if not self._database.is_up or began < self._count_at[is_busy]:
            return
        self.statuses = lifecycle.count_by_status(self._database)
        self.counted_at = self._clock.now()
        self._sum_up()
        took = self._clock.monotonic() - began
        self._count_at = (
            began + max(IDLE_SECONDS, IDLE_PART * took),
            began + max(COUNT_SECONDS, BUSY_PART * took),
        )

    def _sum_up(self) -> None:
        """Add up the stored stars, when it is time: a look at each row of a list that was read."""
        began = self._clock.monotonic()
        if began >= self._sum_at:
            self.stars_kept = lifecycle.sum_stored(self._database)
            took = self._clock.monotonic() - began
            self._sum_at = began + max(COUNT_SECONDS, SUM_PART * took)

    def count_accounts(self) -> None:
        """Count some of the accounts' repositories, a part at a time, each account in turn. Raises
        DatabaseError.
        """
        began = self._clock.monotonic()
        if not self._database.is_up:
            return
        self.kept = syncs.read_all(self._database)
        if began < self._round.next_at:
            return
        part = BUSY_PART if self._is_busy(began) else IDLE_PART
        while self._count_next() and self._clock.monotonic() < began + LOOK_SECONDS / part:
            pass
        took = self._clock.monotonic() - began
        self._round.next_at = max(self._round.next_at, began + part * took)

    def _count_next(self) -> bool:
        """Count the next part; False at the end of a round."""
        present = {account.user_id: account for account in self._accounts()}
        now, step = self._clock.monotonic(), self._round
        if step.user_id not in present:
            step.waiting = [user for user in step.waiting if user in present]
            if not step.waiting:
                self.progress = {user: self.progress.get(user, EMPTY) for user in present}
                begins_at = max(now, step.began_at + ACCOUNTS_SECONDS)
                self._round = Round(list(present), begins_at, begins_at)
                return False
            step.start(step.waiting.pop(0))
        account = present[step.user_id]
        counted = overview.count_part(self._database, account, step.number)
        step.add(counted)
        if not counted.positions:
            access = overview.count_access(self._database, account.user_id)
            left = self._seconds_left(account.user_id, step.settled, step.total)
            self.progress[account.user_id] = AccountProgress(step.total, step.settled, left, access)
            step.user_id = 0
        return True

    def _is_busy(self, now: float) -> bool:
        """Whether something was done lately."""
        done = self._activity()
        if done != self._done:
            self._done, self._done_at = done, now
        return now - self._done_at < BUSY_SECONDS

    def _seconds_left(self, user_id: int, settled: int, total: int) -> float | None:
        now = self._clock.monotonic()
        began, before = self._settled.setdefault(user_id, (now, settled))
        if settled < before or now - began > SPEED_SECONDS:
            self._settled[user_id] = (now, settled)
        if settled <= before or settled >= total:
            return 0.0 if settled >= total else None
        return (total - settled) * (now - began) / (settled - before)
