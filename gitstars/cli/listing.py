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
from gitstars.execute.calls import send
from gitstars.execute.effects import Effects
from gitstars.execute.reading import BaseReading, Finished, Moment, Why
from gitstars.execute.readings.own import OwnReading, wanted_of
from gitstars.execute.readings.starred import StarredReading
from gitstars.execute.reasons import explain
from gitstars.execute.taking import begin_starred
from gitstars.fetch import answers
from gitstars.fetch.client import GitHubClient
from gitstars.model import ALL_REPOSITORIES, Account, Job, Priority, Task
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
        job = self._job(Task.STARRED)
        has_graphql, now = self._client.routes.has_graphql, self._clock.now()
        reading = begin_starred(self._database, job, self._account, now, has_graphql)
        if reading is not None:
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
            for ask in reading.asks()[:1]:
                reading.start(ask)
                outcome = send(self._client, self._account, reading, ask)
                if isinstance(outcome, answers.ABOUT_THE_CALL):
                    raise self._away(outcome)
                at = Moment(self._clock.now(), self._clock.monotonic(), self._clock.random())
                effects = reading.accept(ask, outcome, at)
                self._effects.apply(effects, lambda result, write: None)
                tell()
            self._rest(reading)
        if not isinstance(reading.ended_by, Finished):
            raise self._away(reading.ended_by)

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
