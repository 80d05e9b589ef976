"""Who this process is in the claims of the database, and whether another owner of a claim is
surely dead.
"""

import itertools
import os
import re
import secrets
import socket

from gitstars.supervise.readings import is_running

#: A process id as the systems have them: it fits into 31 bits.
PID = re.compile(r"[0-9]{1,9}")


class Instance:
    """This process: claims are owned by ``host:pid:nonce:number``."""

    def __init__(self) -> None:
        self._host = socket.gethostname().replace(":", "-")
        self._nonce = secrets.token_hex(4)
        self._numbers = itertools.count(1)

    @property
    def prefix(self) -> str:
        """What every owner name of this process begins with."""
        return f"{self._host}:{os.getpid()}:{self._nonce}:"

    def owner(self) -> str:
        """A name for one more claim."""
        return f"{self.prefix}{next(self._numbers)}"

    def is_mine(self, owner: str) -> bool:
        """Whether this very process made the claim."""
        return owner.startswith(self.prefix)

    def is_dead(self, owner: str) -> bool:
        """Whether the process that made this claim ran on this machine and is gone; False when
        nobody can tell.
        """
        parts = owner.split(":")
        if len(parts) != 4 or parts[0] != self._host or not PID.fullmatch(parts[1]):
            return False
        pid = int(parts[1])
        if pid == os.getpid():
            return parts[2] != self._nonce
        return not is_running(pid)
