"""The child's side of the embedded engine: relays length-prefixed CBOR frames between a socket
and the database, until the socket ends.

It runs without gevent: the engine holds the GIL for the whole of a query, which is why it lives in
a process of its own.
"""

import fcntl
import json
import os
import signal
import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from gitstars.parent import end_with_parent
from gitstars.store.files import close_to_others

#: A frame is this header (its length) and that many bytes.
HEADER = struct.Struct(">I")


def read_exactly(sock: socket.socket, size: int) -> bytes | None:
    """``size`` bytes, or None at the end of the stream."""
    parts = bytearray()
    while len(parts) < size:
        chunk = sock.recv(min(1 << 20, size - len(parts)))
        if not chunk:
            return None
        parts += chunk
    return bytes(parts)


def lock_path(path: Path, server: int) -> IO[str]:
    """The held lock file of a database folder, with the pid of ``server`` and ours in it.

    Raises BlockingIOError when another process holds it, OSError else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = open(_lock_of(path), "a+")  # noqa: SIM115  (held for the life of the process)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    lock.truncate(0)
    lock.write(f"{server} {os.getpid()}")
    lock.flush()
    return lock


def serve(descriptor: int, url: str, server: int) -> int:
    """Open ``url`` and answer requests of the process ``server`` on the inherited socket
    ``descriptor`` until it ends; the exit code.

    The first frame sent is JSON: ``{"ok": true, "open": path or null}`` or ``{"error": text,
    "kind": "locked" | "unusable"}``. ``open``: others may read that file, and it cannot be changed.
    """
    _outlive_terminal_die_with_parent()
    # The database holds tokens.
    os.umask(0o077)
    sock = socket.socket(fileno=descriptor)
    sock.setblocking(True)
    path = Path(url.partition("://")[2].partition("?")[0])
    is_stored = url.startswith("surrealkv")
    had_lock = is_stored and _lock_of(path).exists()
    try:
        lock = lock_path(path, server) if is_stored else None
        database = _open_engine(url)
    except BlockingIOError:
        return _refuse(sock, "locked", _holder(path))
    except Exception as error:  # noqa: BLE001  (whatever the engine says is the answer)
        if is_stored and not had_lock:
            # Where no database can be, nothing of ours stays behind.
            with suppress(OSError):
                _lock_of(path).unlink()
        return _refuse(sock, "unusable", str(error))
    left = close_to_others(path) if lock is not None else []
    _send(sock, json.dumps({"ok": True, "open": str(left[0]) if left else None}).encode())
    while (head := read_exactly(sock, HEADER.size)) is not None:
        request = read_exactly(sock, HEADER.unpack(head)[0])
        if request is None:
            break
        try:
            _send(sock, b"\x00" + database.execute(request))
        except BrokenPipeError:
            break
        except Exception as error:  # noqa: BLE001
            _send(sock, b"\x01" + str(error).encode())
    database.close()
    if lock is not None:
        lock.close()
    return 0


def _lock_of(path: Path) -> Path:
    """The lock file of a database folder."""
    return path.with_name(path.name + ".lock")


def _open_engine(url: str) -> Any:
    from surrealdb_embedded import SyncEmbeddedDB

    database = SyncEmbeddedDB(url)
    database.connect()
    return database


def _outlive_terminal_die_with_parent() -> None:
    """Ctrl+C is the parent's business; a parent that dies ends the socket, and the kernel tells
    us too.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_with_parent(signal.SIGKILL)


def _refuse(sock: socket.socket, kind: str, text: str) -> int:
    _send(sock, json.dumps({"error": text, "kind": kind}).encode())
    return 1


def _holder(path: Path) -> str:
    """The server's pid that a lock file names, as text."""
    try:
        return _lock_of(path).read_text().partition(" ")[0] or "?"
    except OSError:
        return "?"


def _send(sock: socket.socket, payload: bytes) -> None:
    sock.sendall(HEADER.pack(len(payload)) + payload)
