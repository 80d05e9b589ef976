"""Collects the repositories of one user: claims them, keeps calls in flight as far as pacing allows, hands pages to the writer, settles.

What an outcome means is decided in ``verdict``; what to ask next in ``fetch.pages`` and ``plan``.
"""

import logging
from dataclasses import replace

from gevent.event import Event
from gevent.pool import Pool

from gitstars.errors import ClaimLost, DatabaseError
from gitstars.execute import verdict
from gitstars.execute.collection import Ask, Collection, CountAsk, Phase
from gitstars.execute.tools import Tools
from gitstars.fetch import answers, classify, pages, proof
from gitstars.loops import spawn
from gitstars.model import Account, Job, PageWrite, Resource
from gitstars.store import statuses

logger = logging.getLogger(__name__)

#: Repositories open at once, as a multiple of the calls in flight: enough that small ones keep every call busy while others settle.
OPEN_PER_CALL = 3
#: A database that cannot be asked for a claim is asked again after this long (seconds).
CLAIM_PAUSE_SECONDS = 1.0
#: Progress is logged every so many pages of a repository.
PAGES_A_LOG_LINE = 10


class Collector:
    """The work of one lane while a worker holds it."""

    def __init__(self, account: Account, tools: Tools, wake: Event) -> None:
        self.user_id = account.user_id
        self._tools = tools
        self._wake = wake
        self._calls = Pool(tools.concurrency)
        self._open: dict[str, Collection] = {}
        self._is_closing = False
        self._claiming: str | None = None
        self.progressed_at = tools.clock.monotonic()

    @property
    def is_idle(self) -> bool:
        """Nothing is claimed and nothing is in flight."""
        return not self._open and len(self._calls) == 0 and self._claiming is None

    @property
    def open_repositories(self) -> list[str]:
        claiming = [self._claiming] if self._claiming else []
        return [collection.full_name for collection in self._open.values()] + claiming

    def pump(self) -> float | None:
        """Start all that may start now; seconds after which to look again, None to wait until woken."""
        tools = self._tools
        self._is_closing = False
        while not (self._is_closing or tools.stop.is_set()):
            lane = tools.dispatcher.lane(self.user_id)
            if lane is None or tools.paused.is_set():
                self.close()
                return None
            if self._calls.full():
                return None
            if tools.ledger.is_rejected(self.user_id, lane.account.token):
                return None
            blocked = tools.ledger.blocked_until(self.user_id, Resource.CORE, tools.clock.now())
            if blocked is not None:
                return max(0.05, blocked - tools.clock.now())
            found = self._next_ask()
            if found is not None:
                self._start(lane.account, *found)
            elif len(self._open) >= OPEN_PER_CALL * tools.concurrency:
                return None
            else:
                try:
                    if not self._claim_next():
                        return None
                except DatabaseError as error:
                    logger.error("user %d: nothing can be claimed: %s", self.user_id, error)
                    return CLAIM_PAUSE_SECONDS
        return None

    def close(self) -> None:
        """Take nothing new and give back what is open, each repository after the page in hand."""
        self._is_closing = True
        for collection in list(self._open.values()):
            collection.end(answers.Stopped())
            self._settle_if_finished(collection)

    def kill(self) -> None:
        """End every call at once; what was open is given back as far as it is stored."""
        self._is_closing = True
        self._calls.kill(block=True, timeout=1)
        for collection in list(self._open.values()):
            collection.in_flight = 0
            collection.end(answers.Stopped())
            self._settle_if_finished(collection)

    # Claiming and asking

    def _next_ask(self) -> tuple[Collection, Ask] | None:
        for collection in list(self._open.values()):
            self._reap_writes(collection)
            for ask in collection.asks(self._tools.settings.pages_ahead):
                return collection, ask
        return None

    def _claim_next(self) -> bool:
        """Claim the lane's next repository that can be claimed; False when the lane is empty."""
        while (job := self._tools.dispatcher.take(self.user_id)) is not None:
            self._claiming = job.repository.full_name
            try:
                if self._claim(job):
                    return True
            except DatabaseError:
                self._tools.dispatcher.put(job)
                raise
            finally:
                self._claiming = None
        return False

    def _claim(self, job: Job) -> bool:
        tools = self._tools
        claim = statuses.claim(
            tools.database,
            job.repository,
            owner=tools.owner(),
            lease_seconds=tools.settings.lease_seconds,
            fresh_seconds=tools.settings.fresh_hours * 3600,
            force=job.force,
        )
        if claim is None:
            logger.debug("%s is claimed elsewhere, fresh or waiting: left alone", job.repository.full_name)
            tools.events.publish("repo.left", tools.clock.now(), repo=job.repository.full_name, user=self.user_id)
            return False
        collection = Collection(job, claim)
        self._open[collection.key] = collection
        self._publish("repo.claimed", collection)
        return True

    def _start(self, account: Account, collection: Collection, ask: Ask) -> None:
        collection.in_flight += 1
        if isinstance(ask, int) and collection.listing is not None:
            collection.listing.start(ask)
        spawn(f"call {self.user_id} {collection.full_name} {ask}", self._call, account, collection, ask, pool=self._calls)

    def _call(self, account: Account, collection: Collection, ask: Ask) -> None:
        """One call and what follows from it; runs in a greenlet of its own."""
        client = self._tools.client
        try:
            if isinstance(ask, CountAsk):
                outcome = client.get_repository(account, collection.claim.repository.github_id or collection.full_name)
            else:
                outcome = client.list_stargazers(account, collection.full_name, ask)
            self._accept(collection, ask, outcome)
        except Exception as error:
            if not isinstance(error, DatabaseError):
                logger.exception("collecting %s failed", collection.full_name)
            collection.end(error)
        finally:
            collection.in_flight -= 1
            self._settle_if_finished(collection)
            self._wake.set()

    # Answers

    def _accept(self, collection: Collection, ask: Ask, outcome: answers.Outcome) -> None:
        match outcome:
            case answers.Metadata():
                self._accept_metadata(collection, outcome)
            case answers.Page() if isinstance(ask, int):
                self._accept_page(collection, ask, outcome)
            case answers.Missing(text=text):
                if isinstance(ask, CountAsk):
                    collection.end(answers.Gone("deleted", text))
                else:
                    collection.suspected = outcome
            case _:
                collection.end(outcome)

    def _accept_metadata(self, collection: Collection, metadata: answers.Metadata) -> None:
        if collection.suspected is not None:
            collection.end(answers.Refused("not_found", "the list answers 404 while the repository is there"))
        elif metadata.is_disabled:
            collection.end(answers.Gone("disabled", "GitHub disabled this repository"))
        elif collection.phase is Phase.COUNT:
            collection.learn(metadata)
            collection.count_before = metadata.stars
            collection.listing = pages.RestListing(replace(collection.claim.progress, total_stargazers=metadata.stars))
            collection.phase = Phase.LIST
        else:
            collection.count_after = metadata.stars
            collection.phase = Phase.DONE

    def _accept_page(self, collection: Collection, number: int, page: answers.Page) -> None:
        listing = collection.listing
        assert isinstance(listing, pages.RestListing)
        refusal = classify.judge_empty(page, collection.count_before) if number == 1 else None
        if refusal is not None:
            collection.end(refusal)
            return
        with collection.order:
            for ready in listing.accept(number, page):
                self._store(collection, PageWrite(collection.claim, ready.stargazers, ready.progress))
        self.progressed_at = self._tools.clock.monotonic()
        if listing.is_done:
            agrees = collection.progress.processed + collection.progress.ghosts == collection.count_before
            collection.phase = Phase.DONE if agrees and number == 1 else Phase.RECOUNT

    def _store(self, collection: Collection, write: PageWrite) -> None:
        """Hand a page to the writer; the worker is woken when it is durable."""
        result = self._tools.writer.submit(write)
        collection.writes.append((result, write))
        result.rawlink(lambda _: self._wake.set())
        if write.progress.last_page % PAGES_A_LOG_LINE == 0:
            logger.info("%s: page %d of %s", collection.full_name, write.progress.last_page, write.progress.total_pages or "?")

    def _reap_writes(self, collection: Collection, wait: bool = False) -> None:
        """Count the writes that are durable by now; one that failed ends the collection."""
        while collection.writes and (wait or collection.writes[0][0].ready()):
            result, write = collection.writes.popleft()
            try:
                result.get()
            except DatabaseError as error:
                collection.end(error)
                self._settle_if_finished(collection)
            else:
                self._tools.events.add("stars.stored", len(write.stargazers))
                self._tools.events.add("pages.stored", 1)

    # Settling

    def _settle_if_finished(self, collection: Collection) -> None:
        if collection.is_finished and not collection.is_settling:
            collection.is_settling = True
            spawn(f"settle {collection.full_name}", self._settle, collection)

    def _settle(self, collection: Collection) -> None:
        """Wait for the collection's pages, decide how it ends and write that down."""
        tools = self._tools
        self._reap_writes(collection, wait=True)
        try:
            decided = self._judge(collection)
            if decided is not None:
                statuses.settle(tools.database, collection.claim, decided.settlement)
                self._tell(collection, decided)
        except ClaimLost:
            logger.warning("%s: somebody else holds the claim by now; left alone", collection.full_name)
        except DatabaseError as error:
            logger.error("%s: could not be settled, its lease will run out: %s", collection.full_name, error)
        finally:
            self._open.pop(collection.key, None)
            self._wake.set()

    def _judge(self, collection: Collection) -> verdict.Verdict | None:
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

    def _tell(self, collection: Collection, decided: verdict.Verdict) -> None:
        settlement = decided.settlement
        why = f", {settlement.last_error}" if settlement.last_error else ""
        logger.log(decided.level, "%s: %s%s", collection.full_name, settlement.status, why)
        self._publish(decided.event, collection, status=str(settlement.status), reason=settlement.last_error)
        if decided.again and not self._tools.stop.is_set():
            self._tools.dispatcher.put(collection.job)

    def _publish(self, kind: str, collection: Collection, **data: object) -> None:
        self._tools.events.publish(kind, self._tools.clock.now(), repo=collection.full_name, user=self.user_id, **data)
