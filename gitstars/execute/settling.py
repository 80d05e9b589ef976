"""How a collection ends: waits for its pages, carries the verdict out, hands a refused repository on."""

import logging
from collections.abc import Callable
from dataclasses import replace

from gitstars.clock import show_time
from gitstars.errors import ClaimLost, DatabaseError
from gitstars.execute import access, verdict
from gitstars.execute.collection import Collection
from gitstars.execute.tools import Tools
from gitstars.fetch import proof
from gitstars.loops import spawn
from gitstars.model import Job, Priority, Status, Task
from gitstars.store import access as access_rows
from gitstars.store import statuses

logger = logging.getLogger(__name__)


class Settler:
    """Ends the collections of one user; ``on_settled`` is told of each."""

    def __init__(self, user_id: int, tools: Tools, on_settled: Callable[[Collection], None]) -> None:
        self._user_id = user_id
        self._tools = tools
        self._on_settled = on_settled

    def settle_if_finished(self, collection: Collection) -> None:
        """Settle a collection that asks nothing more, in a greenlet of its own, once."""
        if collection.is_finished and not collection.is_settling:
            collection.is_settling = True
            spawn(f"settle {collection.full_name}", self._settle, collection)

    def reap_writes(self, collection: Collection, wait: bool = False) -> None:
        """Count the writes that are durable by now; one that failed ends the collection."""
        while collection.writes and (wait or collection.writes[0][0].ready()):
            result, write = collection.writes.popleft()
            try:
                result.get()
            except DatabaseError as error:
                collection.end(error)
                self.settle_if_finished(collection)
            else:
                self._tools.events.add("stars.stored", len(write.stargazers))
                self._tools.events.add("pages.stored", 1)

    def leave_to_collaborator(self, job: Job) -> bool:
        """Whether another account here is known to have access, while this one is not: then the job is its."""
        users = [lane.user_id for lane in self._tools.dispatcher.lanes()]
        if len(users) < 2 or job.force:
            return False
        rows = access_rows.of_repository(self._tools.database, job.repository.key)
        other = access.prefer(rows, self._user_id, users)
        if other is not None:
            self._tools.dispatcher.put(replace(job, user_id=other))
        return other is not None

    def _settle(self, collection: Collection) -> None:
        """Wait for the collection's pages, decide how it ends and write that down."""
        self.reap_writes(collection, wait=True)
        try:
            decided, next_user = self._hand_over(collection, self._judge(collection))
            statuses.settle(self._tools.database, collection.claim, decided.settlement)
            self._tell(collection, decided, next_user)
        except ClaimLost:
            logger.warning("%s: somebody else holds the claim by now; left alone", collection.full_name)
        except DatabaseError as error:
            logger.error("%s: could not be settled, its lease will run out: %s", collection.full_name, error)
        finally:
            self._on_settled(collection)

    def _judge(self, collection: Collection) -> verdict.Verdict:
        now, most = self._tools.clock.now(), self._tools.settings.max_errors
        ended = collection.ended_by
        if isinstance(ended, ClaimLost):
            raise ended
        if isinstance(ended, DatabaseError):
            logger.error("%s: %s", collection.full_name, ended)
            return verdict.release(collection.claim, again=False)
        if ended is not None:
            return verdict.judge(ended, collection.claim, now, most)
        listed = collection.progress.processed + collection.progress.ghosts
        proven = proof.prove(collection.count_before or 0, collection.count_after, listed)
        if isinstance(proven, proof.ReadAgain):
            return verdict.unproven(collection.claim, proven.reason, now, most)
        return verdict.completed(collection.claim, collection.progress, ghosts=collection.progress.ghosts, churn=proven.churn)

    def _hand_over(self, collection: Collection, decided: verdict.Verdict) -> tuple[verdict.Verdict, int | None]:
        """Record what was learnt of the access; a refused repository goes to the next account, or is restricted for all."""
        tools, key, now = self._tools, collection.key, self._tools.clock.now()
        refused = decided.refused
        if refused is None:
            if decided.settlement.status is Status.COMPLETED and collection.metadata is not None and collection.metadata.may_list:
                access_rows.save(tools.database, access_rows.AccessRow(self._user_id, key, True, checked_at=now))
            return decided, None
        rows = access_rows.of_repository(tools.database, key)
        refusals = 1 + next((row.refusals for row in rows if row.user_id == self._user_id), 0)
        again_at = access.look_again(refusals, now)
        mine = access_rows.AccessRow(self._user_id, key, False, refused.face, refused.text, now, again_at, refusals)
        access_rows.save(tools.database, mine)
        others = [row for row in rows if row.user_id != self._user_id]
        present = [lane.user_id for lane in tools.dispatcher.lanes()] if refused.face != "private" else []
        handed = access.hand_over([*others, mine], self._user_id, present, now)
        count = refused.repository.stars if refused.repository else None
        settlement = replace(decided.settlement, star_count=count, next_retry_at=handed.look_again_at)
        if handed.next_user is not None:
            settlement = replace(settlement, status=Status.PENDING, next_retry_at=None)
        return replace(decided, settlement=settlement), handed.next_user

    def _tell(self, collection: Collection, decided: verdict.Verdict, next_user: int | None) -> None:
        tools, settlement = self._tools, decided.settlement
        why = f", {settlement.last_error}" if settlement.last_error else ""
        if settlement.next_retry_at is not None:
            why += f"; again at {show_time(settlement.next_retry_at)}"
        logger.log(decided.level, "%s: %s%s", collection.full_name, settlement.status, why)
        status = str(settlement.status)
        tools.events.publish(
            decided.event, tools.clock.now(), repo=collection.full_name, user=self._user_id, status=status, reason=settlement.last_error
        )
        repository = collection.claim.repository
        if tools.stop.is_set():
            return
        if next_user is not None:
            tools.dispatcher.put(replace(collection.job, user_id=next_user, repository=repository))
        elif decided.again:
            tools.dispatcher.put(collection.job)
        elif self._wants_history(settlement.status):
            tools.dispatcher.put(Job(self._user_id, repository, Priority.HISTORY, task=Task.HISTORY))

    def _wants_history(self, status: Status) -> bool:
        wanted = self._tools.settings.history
        return self._tools.server.has_history and (
            (status is Status.RESTRICTED and wanted != "none") or (status is Status.COMPLETED and wanted == "all")
        )
