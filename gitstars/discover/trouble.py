"""What stands in the way of seeing accounts and their repositories: kept for health, and told once
in the log.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gitstars.clock import Clock, show_time
from gitstars.errors import DatabaseError, DatabaseRefused, DatabaseUnavailable
from gitstars.model import Account

logger = logging.getLogger(__name__)


#: What is looked at.
ACCOUNTS, REPOSITORIES = "accounts", "repositories"


@dataclass(frozen=True, slots=True)
class Failure:
    """Looks that fail: since when (epoch seconds), how many in a row, and why the last one did."""

    since: float
    count: int
    reason: str


def explain(error: Exception) -> str:
    """A failure that nobody expected, in words that show nothing of it."""
    return f"an unexpected {type(error).__name__}, which the log explains"


class Trouble:
    """Failures of whole looks, and of single accounts."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failing: dict[str, Failure] = {}
        #: Why accounts could not be scanned, by user.
        self._unscanned: dict[int, tuple[str, str]] = {}

    @property
    def problem(self) -> str | None:
        """What keeps accounts from being seen or scanned, one sentence; None: nothing does."""
        for what, failure in self._failing.items():
            since = show_time(failure.since)
            return f"the {what} could not be read since {since} ({failure.reason})"
        if not self._unscanned:
            return None
        name, reason = next(iter(self._unscanned.values()))
        others = len(self._unscanned) - 1
        more = f", nor those of {others} other accounts" if others else ""
        return f"the repositories of {name} could not be read{more} ({reason})"

    def failures(self, what: str) -> int:
        """How many looks at ``what`` failed in a row."""
        failure = self._failing.get(what)
        return 0 if failure is None else failure.count

    def fail(self, what: str, reason: str, is_outage: bool = False) -> bool:
        """A look at ``what`` failed; whether that is news.

        ``is_outage``: the database is away or refuses its user, which is told for all at once.
        """
        before = self._failing.get(what)
        is_news = before is None or before.reason != reason
        if before is None:
            level = logging.DEBUG if is_outage else logging.WARNING
            logger.log(level, "the %s could not be read: %s", what, reason)
            before = Failure(self._clock.now(), 0, reason)
        self._failing[what] = Failure(before.since, before.count + 1, reason)
        return is_news

    def succeed(self, what: str) -> None:
        """A look at ``what`` succeeded."""
        failure = self._failing.pop(what, None)
        if failure is not None:
            logger.info("the %s are read again after %d failures", what, failure.count)

    @contextmanager
    def guard(self, account: Account) -> Iterator[None]:
        """What fails for one account is kept, told once, and keeps no other from being served. The
        database being away is about all of them, and raised.
        """
        try:
            yield
        except (DatabaseUnavailable, DatabaseRefused):
            raise
        except DatabaseError as error:
            self._keep(account, str(error))
        except Exception as error:
            if self._keep(account, explain(error)):
                logger.exception("account %s could not be scanned", account)
        else:
            self._unscanned.pop(account.user_id, None)

    def _keep(self, account: Account, reason: str) -> bool:
        """Keep why the account could not be scanned; whether that is news."""
        is_news = self._unscanned.get(account.user_id) != (str(account), reason)
        if is_news:
            logger.warning("account %s could not be scanned: %s", account, reason)
        self._unscanned[account.user_id] = str(account), reason
        return is_news

    def forget(self, user_id: int) -> None:
        """The account is gone."""
        self._unscanned.pop(user_id, None)
