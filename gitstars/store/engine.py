"""The embedded engine in a child process: started, spoken to, started again when it dies.

What the frames say is not its business.
"""

import json
import logging
import os
import socket
import subprocess
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import IO

import gevent
from gevent.event import AsyncResult, Event
from gevent.lock import RLock

from gitstars.errors import (
    DatabaseError,
    DatabaseTimeout,
    DatabaseUnavailable,
    EmbeddedPathUnusable,
)
from gitstars.loops import spawn
from gitstars.store.engine_child import HEADER, read_exactly
from gitstars.store.failures import explain_engine, failure_of

logger = logging.getLogger(__name__)

#: The child has this long (seconds) to open the database: a large one replays its log first.
OPEN_SECONDS = 60.0
#: Pauses before a child that died is started again: this, doubled each time, and no more than the
#: cap (seconds).
RESTART_SECONDS, RESTART_CAP_SECONDS = 0.1, 10.0
#: What the child need not know.
SECRET_VARIABLES = frozenset({"DB_PASS", "ADMIN_API_KEY", "ADMIN_READ_KEY"})


def child_command(descriptor: int, url: str) -> list[str]:
    """How this program starts itself as the engine's host."""
    program = (
        [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "gitstars"]
    )
    return [*program, "engine-host", "--fd", str(descriptor), "--server", str(os.getpid()), url]


def child_environment() -> dict[str, str]:
    """The child's environment: it finds this very package from any folder, and gets none of our
    secrets.
    """
    environment = {
        name: value for name, value in os.environ.items() if name not in SECRET_VARIABLES
    }
    paths = [str(Path(__file__).parents[2]), *filter(None, [environment.get("PYTHONPATH")])]
    return environment | {"PYTHONPATH": os.pathsep.join(paths)}


class EngineHost:
    """One child with the database of ``url`` open; requests are answered in the order in which
    they were sent.
    """

    def __init__(self, url: str, prologue: bytes, open_seconds: float = OPEN_SECONDS) -> None:
        """``prologue`` is the request that every new child gets first: it chooses namespace and
        database.
        """
        self.url = url
        self._prologue = prologue
        self.open_seconds = open_seconds
        self.restarts = 0
        self._lock = RLock()
        self._waiting: deque[AsyncResult] = deque()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._is_up = Event()
        self._is_closing = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def is_up(self) -> bool:
        return bool(self._is_up.is_set())

    def open(self) -> None:
        """Start the child.

        Raises EmbeddedPathUnusable when the path is locked, not writable or no database.
        """
        ours, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            child_command(theirs.fileno(), self.url),
            pass_fds=[theirs.fileno()],
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        theirs.close()
        spawn("engine stderr", self._log_stderr, self._process.stderr)
        try:
            self._check_hello(ours)
            ours.sendall(HEADER.pack(len(self._prologue)) + self._prologue)
            if self._read_frame(ours) is None:
                raise DatabaseUnavailable(f"the embedded database {self.url} ended while opening")
        except BaseException:
            # Left alone it would hold the lock for ever.
            ours.close()
            self._process.kill()
            raise
        self._socket = ours
        self._is_up.set()
        spawn("engine reader", self._read_answers, ours, self._process)

    def enter(self, prologue: bytes, timeout: float) -> None:
        """Choose another namespace and database for everything that is asked from now on, by new
        children too. Raises like ``execute``.
        """
        self._prologue = prologue
        self.execute(prologue, timeout)

    def execute(self, request: bytes, timeout: float) -> bytes:
        """The answer to one request.

        Raises DatabaseUnavailable when the child dies or stays silent for ``timeout`` seconds.
        """
        if not self._is_up.wait(timeout):
            raise DatabaseUnavailable(f"the embedded database {self.url} is not running")
        answer: AsyncResult = AsyncResult()
        with self._lock:
            if self._socket is None:
                raise DatabaseUnavailable(f"the embedded database {self.url} is not running")
            self._waiting.append(answer)
            try:
                self._socket.sendall(HEADER.pack(len(request)) + request)
            except OSError as error:
                raise DatabaseUnavailable(f"the embedded database {self.url} went away") from error
            except BaseException:
                # Cut off in the middle: whatever is sent next would be taken for the rest. The
                # child ends, and a new one starts.
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
                raise
        answer.wait(timeout)
        if not answer.ready():
            raise DatabaseTimeout(
                f"the embedded database {self.url} did not answer in {timeout:g} s"
            )
        frame: bytes = answer.get()
        if frame[:1] == b"\x01":
            raise failure_of(frame[1:].decode(errors="replace"))
        return frame[1:]

    def kill(self) -> None:
        """End the child at once; it is started again. For a child that hangs."""
        if self._process is not None:
            self._process.kill()

    def close(self, seconds: float = 10.0) -> None:
        """Let the child finish what it was sent and end; after ``seconds`` it is killed, which
        loses nothing that was acknowledged.
        """
        self._is_closing = True
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._process is not None:
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _check_hello(self, ours: socket.socket) -> None:
        with gevent.Timeout(
            self.open_seconds,
            DatabaseUnavailable(
                f"the embedded database {self.url} did not open in {self.open_seconds:.0f} s"
            ),
        ):
            frame = self._read_frame(ours)
        if frame is None:
            raise DatabaseUnavailable(f"the embedded database {self.url} ended while opening")
        hello = json.loads(frame)
        if "error" in hello:
            path = self.url.partition("://")[2].partition("?")[0]
            if hello["kind"] == "locked":
                raise EmbeddedPathUnusable(
                    f"{path} is in use by another gitstars server (process {hello['error']}); "
                    "stop it or choose another path"
                )
            why = explain_engine(hello["error"])
            raise EmbeddedPathUnusable(f"{path} cannot be opened as a database: {why}")
        if hello["open"]:
            logger.warning(
                "the database holds tokens, and others on this machine may read %s; take their "
                "rights away (chmod -R go-rwx)",
                hello["open"],
            )

    def _read_answers(self, sock: socket.socket, process: "subprocess.Popen[bytes]") -> None:
        while (frame := self._read_frame(sock)) is not None:
            self._waiting.popleft().set(frame)
        with self._lock:
            self._is_up.clear()
            self._socket = None
            waiting, self._waiting = self._waiting, deque()
        for answer in waiting:
            answer.set_exception(
                DatabaseUnavailable(
                    f"the embedded database {self.url} went away before it answered"
                )
            )
        code = process.wait()
        if not self._is_closing:
            logger.error(
                "the embedded database's process %d ended (%s); starting it again",
                process.pid,
                code,
            )
            self._restart()

    def _restart(self) -> None:
        pause = RESTART_SECONDS
        while not self._is_closing:
            gevent.sleep(pause)
            try:
                self.restarts += 1
                self.open()
                return
            except (DatabaseError, OSError) as error:
                logger.error(
                    "the embedded database could not be started again, next try in %.1f s: %s",
                    pause,
                    error,
                )
                pause = min(RESTART_CAP_SECONDS, pause * 2)

    @staticmethod
    def _read_frame(sock: socket.socket) -> bytes | None:
        try:
            head = read_exactly(sock, HEADER.size)
            return None if head is None else read_exactly(sock, HEADER.unpack(head)[0])
        except OSError:
            return None

    @staticmethod
    def _log_stderr(stream: IO[bytes]) -> None:
        for line in stream:
            logger.warning("engine: %s", line[:2000].decode(errors="replace").rstrip())
