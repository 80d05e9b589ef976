"""Lists an account's stars and its own repositories at once, where no server runs that does it.

What becomes of an answer is decided by the same readings, and written by the same effects, as in a
server.
"""

from collections.abc import Callable

from gevent.event import Event

from gitstars.clock import SystemClock
from gitstars.config import Config
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.errors import GitHubAway
from gitstars.events import EventBus
from gitstars.execute.effects import Effects
from gitstars.execute.reading import Ask, BaseReading, Finished, Moment, OwnAsk, StarredAsk, Why
from gitstars.execute.readings.own import OwnReading, wanted_of
from gitstars.execute.readings.starred import StarredReading
from gitstars.execute.reasons import explain
from gitstars.fetch import answers
from gitstars.fetch.client import GitHubClient
from gitstars.model import ALL_REPOSITORIES, Account, Job, Priority, Task
from gitstars.store import syncs
from gitstars.store.database import Database
from gitstars.store.writer import PageWriter


class Lister:
    """Both methods raise GitHubAway where a list does not come to its end, and DatabaseError; what
    was listed so far is stored, and the next listing goes on there.
    """

    def __init__(
        self, database: Database, client: GitHubClient, account: Account, settings: Config
    ) -> None:
        self._database = database
        self._client = client
        self._account = account
        self._settings = settings
        self._clock = SystemClock()
        # Without a lane nothing is queued: a server finds what is due.
        self._effects = Effects(
            database,
            PageWriter(database, 1),
            Dispatcher(),
            EventBus(),
            self._clock,
            settings.refresh.after_hours * 3600,
        )

    def list_stars(self, tell: Callable[[int], None]) -> None:
        """What the account starred; ``tell`` hears how many are new so far."""
        kept = syncs.begin(self._database, self._account.user_id)
        if kept is None:
            return
        known = syncs.read_known(self._database, self._account)
        is_whole = kept.is_whole_due(self._clock.now())
        page = kept.next_page if is_whole else 1
        job = self._job(Task.STARRED)
        reading = StarredReading(job, self._account, known, is_whole, page)
        self._read(reading, lambda: tell(reading.new))

    def list_own(self) -> None:
        """What it owns or may push to, as far as the settings want that."""
        include = frozenset(self._settings.discover.include)
        if include & {"owned", "collaborating"}:
            wanted = wanted_of(self._account, include, self._settings.collect.private)
            self._read(OwnReading(self._job(Task.OWN), wanted), lambda: None)

    def _job(self, task: Task) -> Job:
        return Job(self._account.user_id, ALL_REPOSITORIES, Priority.OWN, task=task)

    def _read(self, reading: StarredReading | OwnReading, tell: Callable[[], None]) -> None:
        while reading.ended_by is None:
            for ask in reading.asks():
                reading.start(ask)
                outcome = self._send(ask)
                if isinstance(outcome, answers.ABOUT_THE_CALL):
                    raise self._away(outcome)
                at = Moment(self._clock.now(), self._clock.monotonic(), self._clock.random())
                effects = reading.accept(ask, outcome, at)
                self._effects.apply(effects, lambda result, write: None)
                tell()
            self._rest(reading)
        if not isinstance(reading.ended_by, Finished):
            raise self._away(reading.ended_by)

    def _send(self, ask: Ask) -> answers.Outcome:
        match ask:
            case OwnAsk(page=page):
                return self._client.list_own_repositories(self._account, page)
            case StarredAsk(page=page):
                return self._client.list_starred(self._account, page)
        raise TypeError(f"{ask!r} is not asked here")

    def _rest(self, reading: BaseReading) -> None:
        """The pause before an ask that failed goes out again."""
        pause = reading.attempts.not_before - self._clock.monotonic()
        if pause > 0:
            self._clock.wait(Event(), pause)

    def _away(self, why: Why) -> GitHubAway:
        return GitHubAway(
            f"GitHub could not be asked for all that {self._account.login} starred, owns or may "
            f"push to ({explain(why)}); what was listed is stored, and `gitstars serve` goes on"
        )
