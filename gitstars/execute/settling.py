"""How a collection ends: waits for its pages, carries the verdict out, hands a refused
repository on.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

from gitstars import tokens
from gitstars.clock import show_time
from gitstars.errors import ClaimLost, DatabaseError, QueryFailed
from gitstars.execute import refresh, verdict
from gitstars.execute.collection import Collection
from gitstars.execute.tools import Tools
from gitstars.fetch import access, answers, proof, refusals
from gitstars.fetch.listing.graph import GraphListing
from gitstars.loops import spawn
from gitstars.model import Account, Job, Priority, Repository, Resource, Status, Task
from gitstars.store import access as access_rows
from gitstars.store import edges, lifecycle

logger = logging.getLogger(__name__)

#: Progress is logged every so many pages of a repository.
PAGES_A_LOG_LINE = 10


class Settler:
    """Ends the collections of one user; ``on_settled`` is told of each."""

    def __init__(
        self, user_id: int, tools: Tools, on_settled: Callable[[Collection], None]
    ) -> None:
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
                page, pages = write.progress.last_page, write.progress.total_pages
                if page % PAGES_A_LOG_LINE == 0:
                    logger.info("%s: page %d of %s", collection.full_name, page, pages or "?")

    def may_try(self, job: Job) -> bool:
        """Whether this account tries the list: it was not refused, and nobody here is known to
        have access that it lacks.

        A job that another account should do is put on that account's lane.
        """
        present = self._present_accounts()
        if job.force or len(present) < 2:
            return True
        rows = [
            row
            for row in access_rows.of_repository(self._tools.database, job.repository.key)
            if row.user_id in present
        ]
        mine = next(
            (row for row in rows if row.user_id == self._user_id),
            access_rows.AccessRow(self._user_id, job.repository.key, None),
        )
        if mine.may_list:
            return True
        better = next((row.user_id for row in rows if row.may_list), None)
        if better is not None:
            self._tools.dispatcher.put(replace(job, user_id=better))
        return better is None and access.is_due(mine, self._tools.clock.now())

    def pass_on(self, jobs: Iterable[Job]) -> None:
        """This account's token is out: its jobs go to accounts that may try them; a list refused
        to all of these is restricted.
        """
        tools, present, now = self._tools, self._present_accounts(), self._tools.clock.now()
        try:
            for job in jobs:
                rows = (
                    access_rows.of_repository(tools.database, job.repository.key)
                    if job.task is Task.LIST
                    else []
                )
                others = [row for row in rows if row.user_id in present]
                chosen = access.choose_user(others, now)
                if chosen is not None:
                    tools.dispatcher.put(replace(job, user_id=chosen.user_id))
                elif others:
                    why = verdict.explain_refused(str(others[0].face), str(others[0].text))
                    lifecycle.restrict(
                        tools.database, job.repository, why, access.next_look_at(others, now)
                    )
                    self._queue_history(others[0].user_id, job.repository, Status.RESTRICTED)
        except DatabaseError as error:
            logger.warning(
                "user %d: what waits could not be passed on, the next scan finds it: %s",
                self._user_id,
                error,
            )

    def _settle(self, collection: Collection) -> None:
        """Wait for the collection's pages, decide how it ends and write that down."""
        try:
            self.reap_writes(collection, wait=True)
            decided, next_user = self._hand_over(collection, self._judge(collection))
            if decided.again and decided.settlement.status is Status.RATE_LIMITED:
                # The other budget takes it up: it does not wait for the time of the spent one.
                settlement = replace(decided.settlement, status=Status.PENDING, next_retry_at=None)
                decided = replace(decided, settlement=settlement)
            lifecycle.settle(self._tools.database, collection.claim, decided.settlement)
            self._tell(collection, decided, next_user)
            if isinstance(collection.ended_by, answers.BadToken):
                self.pass_on([collection.job])
        except ClaimLost:
            logger.warning(
                "%s: somebody else holds the claim by now; left alone", collection.full_name
            )
        except DatabaseError as error:
            logger.error(
                "%s: could not be settled, its lease will run out: %s", collection.full_name, error
            )
        finally:
            self._on_settled(collection)

    def _judge(self, collection: Collection) -> verdict.Verdict:
        now, most = self._tools.clock.now(), self._tools.settings.max_errors
        ended = collection.ended_by
        if isinstance(ended, ClaimLost):
            raise ended
        if isinstance(ended, DatabaseError) and not isinstance(ended, QueryFailed):
            logger.error("%s: %s", collection.full_name, ended)
            return verdict.release(collection.claim, again=False)
        if isinstance(ended, answers.PaginationWall) and self._tools.server.has_graphql:
            # GraphQL reads on from here, once its budget is back.
            until = self._tools.ledger.blocked_until(self._user_id, Resource.GRAPHQL, now)
            ended = answers.BudgetSpent(Resource.GRAPHQL, until or now)
        if ended is not None:
            decided = verdict.judge(ended, collection.claim, now, most)
            # Back in the lane the other budget would take it up, only to stand here again: the scan
            # at that time finds it.
            return replace(decided, again=False) if self._must_wait(collection, ended) else decided
        if collection.is_refresh:
            return self._judge_refresh(collection, now)
        listed = collection.progress.processed + collection.progress.ghosts
        proven = proof.prove(
            collection.count_before or 0, collection.count_after, listed, collection.page_size
        )
        if isinstance(proven, proof.ReadAgain):
            return verdict.unproven(collection.claim, proven.reason, now, most)
        # Pages by number shift when a star is taken back meanwhile, so that one may be missed
        # without a trace in the numbers.
        is_steady = proven.churn == 0 or isinstance(collection.listing, GraphListing)
        is_swept, closed = is_steady and not proven.is_short, 0
        if is_swept and not collection.is_first:
            closed = edges.close_unseen(
                self._tools.database, collection.claim, collection.claim.generation + 1
            )
        return self._complete(
            collection,
            now,
            is_swept,
            ghosts=collection.progress.ghosts,
            churn=proven.churn,
            unstarred=closed,
        )

    def _must_wait(self, collection: Collection, ended: answers.Outcome | Exception) -> bool:
        """Whether nothing but the spent budget can take the repository further."""
        if not isinstance(ended, answers.BudgetSpent) or not self._tools.server.has_graphql:
            return False
        if ended.resource is Resource.CORE:
            return collection.has_graph
        return (
            isinstance(collection.ended_by, answers.PaginationWall)
            or collection.progress.cursor.get("kind") == "graph"
        )

    def _judge_refresh(self, collection: Collection, now: float) -> verdict.Verdict:
        """The newest stars are read: complete, unless the count tells that others were taken
        back.
        """
        count = (
            collection.count_after
            if collection.count_after is not None
            else collection.count_before or 0
        )
        if refresh.has_drifted(count, collection.progress.processed + collection.progress.ghosts):
            return verdict.read_whole(collection.claim, count)
        return self._complete(collection, now, is_swept=False)

    def _complete(
        self, collection: Collection, now: float, is_swept: bool, **notes: int
    ) -> verdict.Verdict:
        claim, seen = collection.claim, collection.metadata
        count = (
            collection.count_after
            if collection.count_after is not None
            else collection.count_before
        )
        decided = verdict.completed(
            claim,
            replace(collection.progress, cursor=lifecycle.REFRESH, total_stargazers=count),
            **notes,
        )
        gained = (
            None
            if claim.completed_at is None
            else (count or 0) - (claim.progress.total_stargazers or 0)
        )
        pause = refresh.refresh_seconds(
            self._tools.fresh_seconds, gained, now - (claim.completed_at or now)
        )
        settlement = replace(
            decided.settlement,
            next_retry_at=now + pause,
            generation=collection.generation,
            is_swept=is_swept,
            updated_at=seen.updated_at if seen else None,
            etag=seen.etag if seen else None,
        )
        return replace(decided, settlement=settlement)

    def _hand_over(
        self, collection: Collection, decided: verdict.Verdict
    ) -> tuple[verdict.Verdict, int | None]:
        """Record what was learnt of the access; a refused repository goes to the next account,
        or is restricted for all.
        """
        tools, key, now = self._tools, collection.key, self._tools.clock.now()
        refused = decided.refused
        if refused is None:
            if (
                decided.settlement.status is Status.COMPLETED
                and collection.metadata is not None
                and collection.metadata.may_list
            ):
                access_rows.save(
                    tools.database, access_rows.AccessRow(self._user_id, key, True, checked_at=now)
                )
            return decided, None
        rows = access_rows.of_repository(tools.database, key)
        earlier = next((row.refusals for row in rows if row.user_id == self._user_id), 0)
        again_at, advice = access.look_again_at(earlier, now), self._advise(refused)
        mine = access_rows.AccessRow(
            self._user_id,
            key,
            False,
            refused.face,
            refused.text,
            advice,
            refused.accepted_permissions,
            now,
            again_at,
            earlier + 1,
        )
        access_rows.save(tools.database, mine)
        present = self._present_accounts() if refused.face != "private" else {}
        others = [
            mine,
            *(row for row in rows if row.user_id in present and row.user_id != self._user_id),
        ]
        chosen = access.choose_user(others, now)
        count = refused.repository.stars if refused.repository else None
        settlement = replace(
            decided.settlement,
            star_count=count,
            notes=advice,
            next_retry_at=access.next_look_at(others, now),
        )
        if chosen is not None:
            settlement = replace(settlement, status=Status.PENDING, next_retry_at=None)
        return replace(decided, settlement=settlement), None if chosen is None else chosen.user_id

    def _present_accounts(self) -> dict[int, Account]:
        """The accounts that could try a list now, by user."""
        accounts = {lane.user_id: lane.account for lane in self._tools.dispatcher.lanes()}
        return {
            user: account
            for user, account in accounts.items()
            if not self._tools.ledger.is_rejected(user, account.token, self._tools.clock.now())
        }

    def _advise(self, refused: answers.Refused) -> str | None:
        """What to change, in one sentence; one that is about the token and not the repository is
        logged once.
        """
        lane = self._tools.dispatcher.lane(self._user_id)
        if lane is None or refused.face == "private":
            return None
        kind, scopes = tokens.token_kind(lane.account.token), lane.account.scopes
        advice = refusals.explain_refusal(refused.face, scopes, kind, refused.accepted_permissions)
        if tokens.may_list(kind, scopes) is False and lane.told != advice:
            lane.told = advice
            logger.warning("account %s: %s", lane.account, advice)
        return advice

    def _tell(
        self, collection: Collection, decided: verdict.Verdict, next_user: int | None
    ) -> None:
        tools, settlement = self._tools, decided.settlement
        why = f", {settlement.last_error}" if settlement.last_error else ""
        if settlement.next_retry_at is not None:
            why += f"; again at {show_time(settlement.next_retry_at)}"
        logger.log(decided.level, "%s: %s%s", collection.full_name, settlement.status, why)
        status = str(settlement.status)
        tools.events.publish(
            decided.event,
            tools.clock.now(),
            repo=collection.full_name,
            user=self._user_id,
            status=status,
            reason=settlement.last_error,
        )
        repository = collection.claim.repository
        if tools.stop.is_set():
            return
        if next_user is not None:
            tools.dispatcher.put(replace(collection.job, user_id=next_user, repository=repository))
        elif decided.again:
            # What was forced has begun anew by now, and goes on from where it stands.
            tools.dispatcher.put(replace(collection.job, force=False))
        else:
            self._queue_history(self._user_id, repository, settlement.status)

    def _queue_history(self, user_id: int, repository: Repository, status: Status) -> None:
        """Where it is wanted: the weekly history of a repository that ended so."""
        wanted = self._tools.settings.history
        is_wanted = (status is Status.RESTRICTED and wanted != "none") or (
            status is Status.COMPLETED and wanted == "all"
        )
        if is_wanted and self._tools.server.has_history and not repository.is_private:
            self._tools.dispatcher.put(
                Job(user_id, repository, Priority.HISTORY, task=Task.HISTORY)
            )
