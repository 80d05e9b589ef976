"""What an operator may do and look up.

Every change is in the database before anything in memory follows, so that a crash loses nothing.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from gitstars.clock import show_time
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.errors import NotKnown, NotNow
from gitstars.events import EventBus
from gitstars.model import Account, Job, Priority, Repository, Status, Week
from gitstars.store import access, lifecycle, overview, repositories
from gitstars.store.access import AccessRow
from gitstars.store.database import Database
from gitstars.store.repositories import RepositoryView
from gitstars.supervise.pausing import Pausing
from gitstars.supervise.scaling import ScaleOverride, Scaler

__all__ = ["Means", "Operations", "RepositoryDetails", "RepositoryView"]

logger = logging.getLogger(__name__)

#: Queues what an account's repositories need, at this priority; how many were added.
Enqueue = Callable[[Account, int], int]


@dataclass(frozen=True, slots=True)
class Means:
    """What operations work with. ``now`` is the wall clock (epoch seconds)."""

    database: Database
    dispatcher: Dispatcher
    scaler: Scaler
    pausing: Pausing
    events: EventBus
    enqueue: Enqueue
    now: Callable[[], float]
    most_workers: int
    fresh_seconds: float


@dataclass(frozen=True, slots=True)
class RepositoryDetails:
    """A repository with who may list it and its stored history."""

    view: RepositoryView
    access: list[AccessRow]
    weeks: list[Week]


class Operations:
    """All methods may raise DatabaseError; nothing has changed in memory then."""

    def __init__(self, means: Means) -> None:
        self._with = means

    # Looking up

    def search(
        self,
        status: Status | None = None,
        q: str = "",
        sort: str = "name",
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[list[RepositoryView], int]:
        """A part of the repositories, and how many fit; ``sort`` is one of
        ``repositories.SORTS``.
        """
        return repositories.list_repositories(self._with.database, status, q, sort, limit, offset)

    def describe(self, name: str) -> RepositoryDetails:
        """Everything known about a repository. Raises NotKnown."""
        view = self._find(name)
        database = self._with.database
        return RepositoryDetails(
            view, access.of_repository(database, view.key), overview.read_weeks(database, view.key)
        )

    def login_of(self, user_id: int) -> str:
        """The login of a user with an account here; empty for others."""
        lane = self._with.dispatcher.lane(user_id)
        return lane.account.login if lane is not None else ""

    # Repositories and users

    def reprocess(self, name: str, force: bool) -> RepositoryView:
        """Collect a repository ahead of what waits. Raises NotKnown and NotNow.

        ``force``: from its beginning, even if it is complete and fresh or GitHub refused it.
        """
        view = self._find(name)
        self._refuse_if_in_hand(view)
        if not force:
            self._refuse_if_pointless(view)
        repository, user_id = _repository_of(view), self._choose_user(view)
        if self._with.dispatcher.is_full:
            raise NotNow("the queue is full; try again when it has drained")
        self._change(lifecycle.begin if force else lifecycle.go_on, repository)
        self._with.dispatcher.put(Job(user_id, repository, Priority.REQUESTED, force))
        self._tell("repo.requested", repository, force=force)
        return self._find(name)

    def reset(self, name: str) -> RepositoryView:
        """Forget progress, errors and waiting of a repository: it begins anew when its turn
        comes.

        Raises NotKnown and NotNow.
        """
        view = self._find(name)
        self._refuse_if_in_hand(view)
        repository = _repository_of(view)
        self._change(lifecycle.forget, repository)
        users = self._candidates(view)
        if users:
            self._with.dispatcher.put(Job(users[0], repository, Priority.EXISTING))
        self._tell("repo.reset", repository)
        return self._find(name)

    def reprocess_user(self, user_id: int, force: bool) -> int:
        """Collect what stopped of a user's repositories (``force``: all, from their beginning);
        how many wait now.

        Raises NotKnown.
        """
        lane = self._with.dispatcher.lane(user_id)
        if lane is None:
            raise NotKnown(f"no account of user {user_id} is here")
        if force:
            access.forget_refusals(self._with.database, user_id)
        lifecycle.go_on_for(self._with.database, lane.account, force)
        self._with.enqueue(lane.account, Priority.REQUESTED)
        logger.info(
            "account %s: its repositories were asked for again%s",
            lane.account,
            ", all from their beginning" if force else "",
        )
        self._with.events.publish("account.requested", self._with.now(), user=user_id, force=force)
        return len(lane)

    # The whole

    def clear_queue(self) -> int:
        """Drop what waits; how much.

        Nothing in it is claimed, so the database keeps it pending, and the next scan finds it.
        """
        dropped = len(self._with.dispatcher.clear())
        logger.info("%d jobs left the queue on request", dropped)
        self._with.events.publish("queue.cleared", self._with.now(), dropped=dropped)
        return dropped

    def scale(self, least: int, most: int) -> int:
        """Between so many workers from now on; how many there are.

        Raises NotNow when that is more than may be.
        """
        if most > self._with.most_workers:
            raise NotNow(
                f"at most {self._with.most_workers} workers are allowed here (workers.maximum)"
            )
        count = self._with.scaler.set_override(ScaleOverride(least, most))
        self._with.events.publish("workers.scaled", self._with.now(), min=least, max=most)
        return count

    def scale_freely(self) -> int:
        """The load decides again how many workers there are; how many that are now."""
        count = self._with.scaler.set_override(None)
        self._with.events.publish("workers.scaled", self._with.now(), min=None, max=None)
        return count

    def pause(self, is_paused: bool) -> None:
        """Stop at the next page, or go on."""
        if is_paused:
            self._with.pausing.pause()
        else:
            self._with.pausing.resume()

    # Inside

    def _find(self, name: str) -> RepositoryView:
        view = repositories.find(self._with.database, name)
        if view is None:
            raise NotKnown(f"no repository is known by the name {name}")
        return view

    def _refuse_if_in_hand(self, view: RepositoryView) -> None:
        if view.status == Status.PROCESSING and (view.lease_expires_at or 0.0) > self._with.now():
            raise NotNow(f"{view.full_name} is being collected at this moment")

    def _refuse_if_pointless(self, view: RepositoryView) -> None:
        if (
            view.status == Status.COMPLETED
            and view.completed_at
            and view.completed_at + self._with.fresh_seconds > self._with.now()
        ):
            raise NotNow(
                f"{view.full_name} was completed at {show_time(view.completed_at)} and is "
                "fresh; "
                "force collects it again"
            )
        if view.status == Status.RESTRICTED:
            raise NotNow(
                f"{view.full_name}: "
                f"{view.last_error or 'GitHub does not let anybody here list it'}; force asks "
                "GitHub again"
            )

    def _choose_user(self, view: RepositoryView) -> int:
        users = self._candidates(view)
        if not users:
            raise NotNow(
                f"nobody with an account here starred {view.full_name}, so no budget may be "
                "used "
                "for it"
            )
        return users[0]

    def _candidates(self, view: RepositoryView) -> list[int]:
        """Users with an account here who starred it or may list it, the most promising first."""
        order = {True: 0, None: 1, False: 2}
        rows = access.of_repository(self._with.database, view.key)
        present = [row for row in rows if self._with.dispatcher.lane(row.user_id) is not None]
        return [
            row.user_id
            for row in sorted(present, key=lambda row: (order[row.may_list], row.user_id))
        ]

    def _change(self, change: Callable[[Database, str], bool], repository: Repository) -> None:
        """Raises NotNow when somebody took it in hand meanwhile."""
        lifecycle.ensure(self._with.database, repository)
        if not change(self._with.database, repository.key):
            raise NotNow(f"{repository.full_name} is being collected at this moment")

    def _tell(self, kind: str, repository: Repository, **data: object) -> None:
        logger.info("%s: %s by the operator", repository.full_name, kind.partition(".")[2])
        self._with.events.publish(kind, self._with.now(), repo=repository.full_name, **data)


def _repository_of(view: RepositoryView) -> Repository:
    return Repository(view.key, view.full_name, view.github_id, view.stars, view.is_private)
