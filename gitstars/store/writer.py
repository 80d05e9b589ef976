"""Stores pages: users, edges and progress of several pages in one transaction, each repository's
pages in their order.
"""

import logging
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import gevent
from gevent.event import AsyncResult, Event
from gevent.queue import Queue

from gitstars.errors import (
    DatabaseError,
    DatabaseTimeout,
    DatabaseUnavailable,
    QueryFailed,
    UsersMissing,
)
from gitstars.loops import spawn
from gitstars.model import PageWrite, Stargazer
from gitstars.store.database import PATIENCE_SECONDS, Database, key_of, record
from gitstars.store.known import KnownUsers
from gitstars.store.pages import (
    FIND_USERS,
    FREE_LOGINS,
    INSERT_USERS,
    bind_page,
    transaction,
    user_row,
)

logger = logging.getLogger(__name__)

#: Pages waiting for each writer; when they are this many, fetching waits.
BUFFER_PAGES = 32
#: Writers of the embedded engine, which executes one transaction at a time: the others prepare the
#: next ones meanwhile.
EMBEDDED_WRITERS = 4
#: Connections to a server that are left for other queries.
OTHER_CONNECTIONS = 2
#: Rows of one transaction: on surrealkv 500 cost the same a row as 100; on ``mem`` cost grows
#: faster than size.
GROUP_ROWS, GROUP_ROWS_MEMORY = 500, 100
#: Claims of which a page failed and that may still bring pages; far more than are ever open at
#: once.
BROKEN_KEPT = 10_000


def count_writers(database: Database, connections: int) -> int:
    """How many writers a database with so many connections is served with."""
    if database.is_embedded:
        return EMBEDDED_WRITERS
    return max(1, connections - OTHER_CONNECTIONS)


@dataclass(slots=True, eq=False)
class _Entry:
    write: PageWrite
    result: AsyncResult


@dataclass(slots=True, eq=False)
class _Writer:
    """One greenlet, its buffer, and what it is storing since when (monotonic; None: it waits)."""

    number: int
    queue: Queue
    greenlet: gevent.Greenlet | None = None
    group: Sequence[_Entry] = ()
    began_at: float | None = None


class PageWriter:
    """Greenlets that store pages; ``submit`` blocks when their buffers are full, so that a slow
    database slows the fetching.

    The progress of a page says that all pages of its claim before it are stored. So once one
    failed, those behind it are not stored.
    """

    def __init__(self, database: Database, writers: int) -> None:
        self._database = database
        self._group_rows = GROUP_ROWS_MEMORY if database.address.startswith("mem") else GROUP_ROWS
        self._writers = [_Writer(number, Queue(maxsize=BUFFER_PAGES)) for number in range(writers)]
        self._inserting: dict[int, Event] = {}
        self._broken: dict[str, None] = {}
        self.known = KnownUsers()
        self.stars = 0
        self.pages = 0

    def start(self) -> None:
        for writer in self._writers:
            self._begin(writer)

    def submit(self, write: PageWrite) -> AsyncResult:
        """Queue a page; the result is set once it is durable, or to ClaimLost or another
        DatabaseError.
        """
        entry = _Entry(write, AsyncResult())
        self._writers[hash(write.claim.repository.key) % len(self._writers)].queue.put(entry)
        return entry.result

    def stop(self) -> None:
        """Store what waits, then end."""
        for writer in self._writers:
            writer.queue.put(None)

    @property
    def waiting(self) -> int:
        """Pages in the buffers."""
        return sum(writer.queue.qsize() for writer in self._writers)

    def replace_silent(self, seconds: float) -> list[int]:
        """End the writers that have been storing the same pages for longer than this, and start
        others in their places; their numbers. The pages in hand fail.
        """
        now = time.monotonic()
        silent = [
            writer
            for writer in self._writers
            if writer.began_at is not None and now - writer.began_at > seconds
        ]
        for writer in silent:
            if writer.greenlet is not None:
                writer.greenlet.kill(block=False)
            for entry in writer.group:
                if not entry.result.ready():
                    self._fail(entry, DatabaseTimeout("the database did not store it in time"))
            self._begin(writer)
        return [writer.number for writer in silent]

    def _begin(self, writer: _Writer) -> None:
        writer.group, writer.began_at = (), None
        writer.greenlet = spawn(f"writer {writer.number}", self._run, writer)

    def _run(self, writer: _Writer) -> None:
        queue = writer.queue
        while (first := queue.get()) is not None:
            group, rows, is_last = [first], len(first.write.stargazers), False
            while rows < self._group_rows and not queue.empty():
                entry = queue.get_nowait()
                if entry is None:
                    is_last = True
                    break
                group.append(entry)
                rows += len(entry.write.stargazers)
            writer.group, writer.began_at = group, time.monotonic()
            self._store_group(group)
            writer.group, writer.began_at = (), None
            if is_last:
                return

    def _store_group(self, group: Sequence[_Entry]) -> None:
        """Store the group; when that fails for one page's sake, page by page, so that only the
        culprit and what follows it fail.
        """
        sound = [entry for entry in group if entry.write.claim.owner not in self._broken]
        for entry in group:
            if entry not in sound:
                self._fail(
                    entry,
                    QueryFailed(
                        f"an earlier page of {entry.write.claim.repository.full_name} could not be "
                        "stored"
                    ),
                )
        if not sound:
            return
        error = self._attempt([entry.write for entry in sound])
        if error is not None:
            if len(sound) > 1 and not isinstance(error, DatabaseUnavailable):
                for entry in sound:
                    self._store_group([entry])
            else:
                for entry in sound:
                    self._fail(entry, error)
            return
        for entry in sound:
            self.stars += len(entry.write.stargazers)
            self.pages += 1
            entry.result.set(None)

    def _attempt(self, writes: Sequence[PageWrite]) -> DatabaseError | None:
        """Store the pages; the error if that failed. A defect of ours is an error too, so that it
        costs the page that met it and no other.
        """
        try:
            self._transact(writes)
        except DatabaseError as error:
            return error
        except Exception as error:
            logger.exception("%d pages could not be stored", len(writes))
            kind = type(error).__name__
            return QueryFailed(f"gitstars met a defect of its own ({kind}); the log has it")
        return None

    def _fail(self, entry: _Entry, error: DatabaseError) -> None:
        self._broken[entry.write.claim.owner] = None
        if len(self._broken) > BROKEN_KEPT:
            del self._broken[next(iter(self._broken))]
        entry.result.set_exception(error)

    def _transact(self, writes: Sequence[PageWrite]) -> None:
        """Users, edges and progress in one transaction. Where a login stands in another record, or
        users are gone that were stored, the users go first, in steps.
        """
        users = {user.github_id: user for write in writes for user in write.stargazers}
        new = self._find_new(users)
        bindings: dict[str, Any] = {"users": [user_row(user, user.login) for user in new.values()]}
        for number, write in enumerate(writes):
            bindings |= {f"{name}_{number}": value for name, value in bind_page(write).items()}
        try:
            with self._inserting_alone(new):
                self._database.run_retrying(transaction(len(writes)), PATIENCE_SECONDS, **bindings)
        except UsersMissing:
            logger.debug("users of %d pages need steps of their own", len(writes))
            self.known.forget()
            self.store_users(users)
            bindings["users"] = []
            self._database.run_retrying(transaction(len(writes)), PATIENCE_SECONDS, **bindings)
        self.known.add((user.github_id, user.login) for user in new.values())

    def _find_new(self, users: dict[int, Stargazer]) -> dict[int, Stargazer]:
        """Those of whom it is not known that they have a record."""
        return {
            github_id: user
            for github_id, user in users.items()
            if not self.known.holds(github_id, user.login)
        }

    def store_users(self, users: dict[int, Stargazer]) -> None:
        """Every user has a record afterwards, found by numeric id."""
        with self._inserting_alone(users):
            missing = self._insert_users(users, {})
            if missing:
                self._insert_users(missing, self._free_logins(missing), must=True)

    @contextmanager
    def _inserting_alone(self, new: Collection[int]) -> Iterator[None]:
        """No other writer inserts any of these users meanwhile: both would conflict."""
        self._await_others(new)
        done = Event()
        self._inserting.update(dict.fromkeys(new, done))
        try:
            yield
        finally:
            for github_id in new:
                self._inserting.pop(github_id, None)
            done.set()

    def _await_others(self, new: Collection[int]) -> None:
        """Wait for writers that insert some of these users at this moment."""
        while (
            other := next(
                (self._inserting[github_id] for github_id in new if github_id in self._inserting),
                None,
            )
        ) is not None:
            other.wait()

    def _insert_users(
        self, new: dict[int, Stargazer], keys: dict[int, str], must: bool = False
    ) -> dict[int, Stargazer]:
        """Insert users who have no record yet; those who could not get one, because their login
        stands in another record.
        """
        rows = [user_row(user, keys.get(user.github_id, user.login)) for user in new.values()]
        left = new.keys() - set(
            self._database.run_retrying(INSERT_USERS, PATIENCE_SECONDS, users=rows)[0]
        )
        if left:
            left -= set(
                self._database.run_retrying(FIND_USERS, PATIENCE_SECONDS, ids=list(left))[0]
            )
        if left and must:
            raise QueryFailed(
                f"users {sorted(left)} could not be stored: their logins stand in other records"
            )
        return {github_id: new[github_id] for github_id in left}

    def _free_logins(self, new: dict[int, Stargazer]) -> dict[int, str]:
        """Take logins from the records of users who have them no longer; other record keys for
        users whose key is taken.
        """
        logins = [user.login for user in new.values()]
        self._database.run_retrying(FREE_LOGINS, logins=logins, ids=list(new))
        records = [record("github_user", login) for login in logins]
        taken = {
            key_of(found)
            for found in self._database.run("SELECT VALUE id FROM $records", records=records)[0]
        }
        return {
            user.github_id: f"{user.login}~{user.github_id}"
            for user in new.values()
            if user.login in taken
        }
