"""Keeps a closed connection from ending the process.

The WebSocket library waits with a selector, and closes the socket while it is registered there.
gevent's selector then hands a closed descriptor to libev, which ends the process ("I/O watcher with
invalid fd found in epoll_ctl"). The selector here watches a copy of each descriptor, which is its
own and lives as long as it is registered.
"""

import os
import selectors
from types import SimpleNamespace
from typing import Any

from gevent.selectors import GeventSelector
from websockets.sync import connection


class CopyingSelector(GeventSelector):  # type: ignore[misc]
    """A selector whose descriptors nobody else can close.

    A key's ``fileobj`` is the copy, a number; whoever registers tells keys apart by their ``data``.
    """

    def __init__(self) -> None:
        super().__init__()
        self._copies: list[int] = []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        descriptor = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        if descriptor < 0:
            raise ValueError(f"Invalid file descriptor: {descriptor}")
        copy = os.dup(descriptor)
        self._copies.append(copy)
        key: selectors.SelectorKey = super().register(copy, events, data)
        return key

    def close(self) -> None:
        super().close()
        while self._copies:
            os.close(self._copies.pop())


def protect_process() -> None:
    """Let every WebSocket connection that is made from now on wait with ``CopyingSelector``."""
    ours = SimpleNamespace(DefaultSelector=CopyingSelector, EVENT_READ=selectors.EVENT_READ)
    connection.__dict__["selectors"] = ours
