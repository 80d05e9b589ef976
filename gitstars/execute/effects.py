"""Carries out what an answer changes: pages to the writer, other rows to the database, jobs to
their lanes.
"""

from collections.abc import Callable, Sequence

from gevent.event import AsyncResult

from gitstars.clock import Clock
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.events import EventBus
from gitstars.execute.reading import (
    Effect,
    QueueJob,
    SaveCounts,
    SaveFollowed,
    SaveOwn,
    SaveStarred,
    SaveWeeks,
    StorePage,
)
from gitstars.execute.readings.stars import StarsReading
from gitstars.fetch import answers
from gitstars.model import Job, PageWrite, Priority
from gitstars.store import (
    access,
    edges,
    follows,
    history,
    lifecycle,
    star_counts,
    state,
    syncs,
)
from gitstars.store.database import Database
from gitstars.store.forgotten import Forgotten
from gitstars.store.writer import PageWriter

#: Told of a page that was handed to the writer: what becomes of it, and the page.
OnPage = Callable[[AsyncResult, PageWrite], None]


class Effects:
    """Shared by all accounts. Methods raise DatabaseError."""

    def __init__(
        self,
        database: Database,
        writer: PageWriter,
        dispatcher: Dispatcher,
        events: EventBus,
        clock: Clock,
        fresh_seconds: float,
    ) -> None:
        self._database = database
        self._writer = writer
        self._dispatcher = dispatcher
        self._events = events
        self._clock = clock
        self._fresh_seconds = fresh_seconds
        self._forgotten = Forgotten(database)

    def apply(self, effects: Sequence[Effect], on_page: OnPage) -> None:
        """Carry them out in their order. Blocks while the writer's buffer is full."""
        for effect in effects:
            match effect:
                case StorePage(write=write):
                    on_page(self._writer.submit(write), write)
                case SaveWeeks(repository=repository, weeks=weeks, progress=progress):
                    history.save_weeks(self._database, repository, weeks, dict(progress))
                case SaveCounts():
                    self._save_counts(effect)
                case SaveOwn():
                    self._save_own(effect)
                case SaveStarred():
                    self._save_starred(effect)
                case SaveFollowed():
                    self._save_followed(effect)
                case QueueJob(job=job):
                    self._dispatcher.put(job)

    def hide_forgotten(self, page: answers.Page) -> answers.Page:
        """The page with the stars of people who asked to be forgotten as those of deleted users."""
        hidden = self._forgotten.find(star.github_id for star in page.stargazers)
        return page.hide(hidden) if hidden else page

    def find_known(self, reading: StarsReading, page: answers.Page) -> frozenset[int]:
        """Which users of the page have their star stored, where the reading needs to know."""
        if not reading.wants_known:
            return frozenset()
        ids = [star.github_id for star in page.stargazers]
        return frozenset(edges.find_known(self._database, reading.claim.repository, ids))

    def _save_counts(self, effect: SaveCounts) -> None:
        if effect.counts:
            lifecycle.save_counts(self._database, effect.counts)
            star_counts.keep(self._database, effect.counts)
        if effect.unchanged:
            until = self._clock.now() + self._fresh_seconds
            lifecycle.postpone(self._database, effect.unchanged, until)

    def _save_own(self, effect: SaveOwn) -> None:
        kept = access.save_own(self._database, effect.user_id, effect.repositories, effect.unsure)
        lifecycle.ensure_all(self._database, [repository.key for repository in kept])
        for repository in kept:
            self._dispatcher.put(Job(effect.user_id, repository, Priority.EXISTING))
        if effect.is_last:
            now = self._clock.now()
            state.write(self._database, access.own_key(effect.user_id), now)
            syncs.count_own(self._database, effect.user_id)

    def _save_followed(self, effect: SaveFollowed) -> None:
        owner_id, user_id = effect.owner.owner_id, effect.user_id
        for repository in follows.follow(self._database, user_id, effect.repositories, owner_id):
            self._dispatcher.put(Job(user_id, repository, Priority.EXISTING))
        if effect.is_last:
            follows.finish_owner(self._database, effect.owner, effect.whole, self._fresh_seconds)

    def _save_starred(self, effect: SaveStarred) -> None:
        account = effect.account
        kept = syncs.save_stars(self._database, account, effect.stars)
        lifecycle.ensure_all(self._database, [repository.key for repository in kept])
        for repository in kept:
            self._dispatcher.put(Job(account.user_id, repository, Priority.NEW_ACCOUNT))
        if effect.next_page is not None:
            syncs.save_progress(self._database, account.user_id, effect.next_page)
        else:
            syncs.finish(self._database, account, effect.whole)
