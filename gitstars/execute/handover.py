"""Which account reads a list: whose turn it is, and to whom a list goes that was refused."""

import logging
from collections.abc import Iterable
from dataclasses import replace

from gitstars.clock import Clock
from gitstars.config import CollectConfig
from gitstars.dispatch.dispatcher import Dispatcher
from gitstars.dispatch.lane import Lane
from gitstars.errors import DatabaseError
from gitstars.execute import reasons
from gitstars.execute.ending import Ending
from gitstars.fetch import access, answers, refusals
from gitstars.fetch.client import GitHubClient
from gitstars.fetch.ledger import Ledger
from gitstars.model import Job, Priority, Repository, Status, Task, wants_history
from gitstars.store import access as access_rows
from gitstars.store import lifecycle
from gitstars.store.access import AccessRow
from gitstars.store.database import Database
from gitstars.tokens import token_kind

logger = logging.getLogger(__name__)


class HandOver:
    """Shared by all accounts. Methods raise DatabaseError unless they say otherwise."""

    def __init__(
        self,
        database: Database,
        client: GitHubClient,
        ledger: Ledger,
        dispatcher: Dispatcher,
        clock: Clock,
        collect: CollectConfig,
    ) -> None:
        self._database = database
        self._client = client
        self._ledger = ledger
        self._dispatcher = dispatcher
        self._clock = clock
        self._collect = collect

    def may_try(self, user_id: int, job: Job) -> tuple[bool, bool]:
        """Whether this account tries the list, and whether GitHub is known to give it.

        It does not when it was refused, or when somebody else here is known to have the access
        that it lacks: the job is put on that account's lane.
        """
        present = self._present_users()
        rows = [row for row in self._rows(job.repository) if row.user_id in present]
        mine = next((row for row in rows if row.user_id == user_id), None)
        if mine is not None and mine.may_list:
            return True, True
        if job.force:
            return True, False
        better = next((row.user_id for row in rows if row.may_list), None)
        if better is not None:
            self._dispatcher.put(replace(job, user_id=better))
            return False, False
        return mine is None or access.is_due(mine, self._clock.now()), False

    def pass_on(self, lane: Lane, jobs: Iterable[Job]) -> None:
        """The account's token is out: its lists go to accounts that may try them. A list that was
        refused to all of these is restricted; what nobody else may try waits for the token. Raises
        nothing.
        """
        present, now = self._present_users() - {lane.user_id}, self._clock.now()
        for job in jobs:
            try:
                is_gone = present and job.task is Task.LIST and self._pass_one_on(job, present, now)
            except DatabaseError as error:
                logger.warning("%s stays where it is: %s", job.repository.full_name, error)
                is_gone = False
            if not is_gone:
                self._dispatcher.put_back(job)

    def hand_over(
        self, lane: Lane, repository: Repository, decided: Ending, is_finished: bool
    ) -> tuple[Ending, int | None]:
        """Record what was learnt of the access; a refused repository goes to the next account, or
        is restricted for all. The ending as it is to be settled, and the next account.
        """
        refused, now = decided.refused, self._clock.now()
        if refused is None:
            if is_finished:
                row = AccessRow(lane.user_id, repository.key, True, checked_at=now)
                access_rows.save(self._database, row)
            return decided, None
        rows = self._rows(repository)
        mine = self._refuse(lane, repository.key, refused, rows)
        present = self._present_users() if refused.face != "private" else set()
        others = [row for row in rows if row.user_id in present - {lane.user_id}]
        chosen = access.choose_user([mine, *others], now)
        settlement = replace(
            decided.settlement,
            star_count=refused.repository.stars if refused.repository else None,
            notes=mine.advice,
            next_retry_at=access.next_look_at([mine, *others], now),
        )
        if chosen is None:
            return replace(decided, settlement=settlement), None
        settlement = replace(settlement, status=Status.PENDING, next_retry_at=None)
        return replace(decided, settlement=settlement), chosen.user_id

    def queue_history(self, user_id: int, repository: Repository, status: Status) -> None:
        """Where it is wanted: the weekly history of a repository that ended so. Raises nothing."""
        if (
            wants_history(self._collect.history, status, repository)
            and self._client.routes.has_history
        ):
            job = Job(user_id, repository, Priority.HISTORY, task=Task.HISTORY)
            self._dispatcher.put(job)

    def _pass_one_on(self, job: Job, present: set[int], now: float) -> bool:
        others = [row for row in self._rows(job.repository) if row.user_id in present]
        chosen = access.choose_user(others, now)
        if chosen is not None:
            return self._dispatcher.put(replace(job, user_id=chosen.user_id))
        if not others:
            return False
        why = reasons.explain_refusal(str(others[0].face), str(others[0].text))
        until = access.next_look_at(others, now)
        lifecycle.restrict(self._database, job.repository, why, until)
        self.queue_history(others[0].user_id, job.repository, Status.RESTRICTED)
        return True

    def _refuse(
        self, lane: Lane, key: str, refused: answers.Refused, rows: Iterable[AccessRow]
    ) -> AccessRow:
        """Remember the refusal of this account, and what would change it."""
        now = self._clock.now()
        earlier = next((row.refusals for row in rows if row.user_id == lane.user_id), 0)
        mine = AccessRow(
            lane.user_id,
            key,
            False,
            face=refused.face,
            text=refused.text,
            advice=self._advise(lane, refused),
            accepted_permissions=refused.accepted_permissions,
            checked_at=now,
            look_again_at=access.look_again_at(earlier, now),
            refusals=earlier + 1,
            is_own=refused.repository.may_list if refused.repository else None,
        )
        access_rows.save(self._database, mine)
        return mine

    def _advise(self, lane: Lane, refused: answers.Refused) -> str | None:
        """What to change, in one sentence."""
        if refused.face == "private":
            return None
        kind, scopes = token_kind(lane.account.token), self._client.scopes(lane.account)
        return refusals.explain_refusal(refused.face, scopes, kind, refused.accepted_permissions)

    def _rows(self, repository: Repository) -> list[AccessRow]:
        return access_rows.of_repository(self._database, repository.key)

    def _present_users(self) -> set[int]:
        """The users whose account could try a list now."""
        now, accounts = self._clock.now(), (lane.account for lane in self._dispatcher.lanes())
        return {
            account.user_id
            for account in accounts
            if not self._ledger.is_rejected(account.user_id, account.token, now)
        }
