"""What an operator may look up of repositories, and do with one.

Every change is in the database before anything in memory follows, so that a crash loses nothing.
"""

import logging
from collections.abc import Callable, Sequence

from gitstars import api
from gitstars.clock import Clock, show_time
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.errors import NotNow
from gitstars.events import EventBus
from gitstars.model import Account, Job, Priority, Repository, Status
from gitstars.store import access, lifecycle, overview, repositories, starred
from gitstars.store.database import Database, record
from gitstars.store.repositories import RepositoryView
from gitstars.store.starred import Terms
from gitstars.supervise.reading import StarReader
from gitstars.supervise.tokens import TokenDesk
from gitstars.supervise.views import show_details, show_repository

logger = logging.getLogger(__name__)

#: Why none of these users' accounts can be used now, one sentence; None: one can.
FindObstacle = Callable[[Sequence[int]], str | None]
#: In these statuses a repository waits for an account.
WAITING = (Status.PENDING, Status.RATE_LIMITED)


class RepositoryOperations:
    """All methods may raise DatabaseError; nothing has changed in memory then.

    A repository is named by its record id, ``owner/name`` or number.
    """

    def __init__(
        self,
        database: Database,
        dispatcher: Dispatcher,
        tokens: TokenDesk,
        events: EventBus,
        clock: Clock,
        fresh_seconds: float,
        find_obstacle: FindObstacle,
    ) -> None:
        self.stars = StarReader(database)
        self._find = self.stars.find
        self._database = database
        self._dispatcher = dispatcher
        self._tokens = tokens
        self._events = events
        self._clock = clock
        self._fresh_seconds = fresh_seconds
        self._find_obstacle = find_obstacle

    def search(self, wanted: api.ReposQuery) -> tuple[list[api.Repository], int]:
        """A part of the repositories, and how many fit."""
        found, total = repositories.list_repositories(
            self._database, wanted.status, wanted.q, wanted.sort, wanted.limit, wanted.offset
        )
        wanted_keys = self._find_wanted(found)
        return [show_repository(view, view.key in wanted_keys) for view in found], total

    def describe(self, name: str) -> api.RepositoryDetails:
        """Everything known about a repository. Raises NotKnown."""
        view = self._find(name)
        rows = access.of_repository(self._database, view.key)
        weeks = overview.read_weeks(self._database, view.key)
        lanes = [self._dispatcher.lane(row.user_id) for row in rows]
        logins = {lane.user_id: lane.account.login for lane in lanes if lane is not None}
        obstacle = None
        if view.status in WAITING:
            obstacle = self._find_obstacle([row.user_id for row in rows])
        is_wanted = view.key in self._find_wanted([view])
        return show_details(view, rows, logins, weeks, obstacle, is_wanted, self._clock.now())

    def reprocess(self, name: str, force: bool) -> api.Repository:
        """Collect a repository ahead of what waits. Raises NotKnown and NotNow.

        ``force``: from its beginning, even if it is complete and fresh or GitHub refused it.
        """
        view = self._find(name)
        self._refuse_if_in_hand(view)
        if not force:
            self._refuse_if_pointless(view)
        account, repository = self._choose_account(view), _repository_of(view)
        if not self._dispatcher.has_room(account.user_id):
            raise NotNow("the queue of this account is full; try again when it has drained")
        self._change(lifecycle.begin if force else lifecycle.go_on, repository)
        self._dispatcher.put(Job(account.user_id, repository, Priority.REQUESTED, force))
        # Its lane may be waiting for a look at the token that was made just now.
        self._dispatcher.wake(account.user_id)
        self._tell("repo.requested", repository, force=force)
        return show_repository(self._find(name))

    def reset(self, name: str) -> api.Repository:
        """Forget progress, errors and waiting of a repository: it begins anew when its turn
        comes.

        Raises NotKnown and NotNow.
        """
        view = self._find(name)
        self._refuse_if_in_hand(view)
        repository = _repository_of(view)
        self._change(lifecycle.forget, repository)
        usable = [one for one in self._find_candidates(view) if not self._tokens.is_out(one)]
        if usable:
            self._dispatcher.put(Job(usable[0].user_id, repository, Priority.EXISTING))
        self._tell("repo.reset", repository)
        return show_repository(self._find(name))

    def _find_wanted(self, views: Sequence[RepositoryView]) -> set[object]:
        """The keys of those of these repositories that an account here brings."""
        present = {lane.user_id for lane in self._dispatcher.lanes()}
        identities = [record("repo", view.key) for view in views]
        terms = Terms(self._fresh_seconds)
        states = starred.describe(self._database, identities, terms, with_users=True)
        return {state.repository.key for state in states if state.users & present}

    def _refuse_if_in_hand(self, view: RepositoryView) -> None:
        leased_until = view.lease_expires_at or 0.0
        if view.status == Status.PROCESSING and leased_until > self._clock.now():
            raise NotNow(f"{view.full_name} is being collected at this moment")

    def _refuse_if_pointless(self, view: RepositoryView) -> None:
        completed_at = view.completed_at
        if (
            view.status == Status.COMPLETED
            and completed_at
            and completed_at + self._fresh_seconds > self._clock.now()
        ):
            raise NotNow(
                f"{view.full_name} was completed at {show_time(completed_at)} and is fresh; "
                "--force collects it again"
            )
        if view.status == Status.RESTRICTED:
            why = view.last_error or "GitHub does not let anybody here list it"
            raise NotNow(f"{view.full_name}: {why}; --force asks GitHub again")

    def _choose_account(self, view: RepositoryView) -> Account:
        """Whose token is used. Raises NotNow where nobody starred it, or no token is used."""
        candidates = self._find_candidates(view)
        if not candidates:
            raise NotNow(
                f"nobody with an account here starred or follows {view.full_name}, so no budget "
                f"may be used for it; `gitstars follow {view.full_name}` changes that"
            )
        return self._tokens.require(candidates)

    def _find_candidates(self, view: RepositoryView) -> list[Account]:
        """The accounts here whose users starred it or may list it, the most promising first."""
        order = {True: 0, None: 1, False: 2}
        rows = access.of_repository(self._database, view.key)
        rows.sort(key=lambda row: (order[row.may_list], row.user_id))
        lanes = [self._dispatcher.lane(row.user_id) for row in rows]
        return [lane.account for lane in lanes if lane is not None]

    def _change(self, change: Callable[[Database, str], bool], repository: Repository) -> None:
        """Raises NotNow when somebody took it in hand meanwhile."""
        lifecycle.ensure(self._database, repository)
        if not change(self._database, repository.key):
            raise NotNow(f"{repository.full_name} is being collected at this moment")

    def _tell(self, kind: str, repository: Repository, **data: object) -> None:
        logger.info("%s: %s by the operator", repository.full_name, kind.partition(".")[2])
        self._events.publish(kind, self._clock.now(), repo=repository.full_name, **data)


def _repository_of(view: RepositoryView) -> Repository:
    return Repository(view.key, view.full_name, view.github_id, view.stars, view.is_private)
