"""A connection that is closed while somebody waits for it does not end the process."""

import subprocess
import sys

import pytest

#: A socket that had something to read is closed before it is waited for again, as when a connection
#: is given up while its last answer is taken in.
SCRIPT = """
from gitstars import _monkey
import gevent, socket
from gitstars.store.sockets import CopyingSelector, protect_process
from websockets.sync import connection
protect_process()
near, far = socket.socketpair()
poller = connection.selectors.DefaultSelector()
assert isinstance(poller, CopyingSelector)
poller.register(near, connection.selectors.EVENT_READ, data="socket")
far.send(b"x")
assert [key.data for key, _ in poller.select(5)] == ["socket"]
gevent.sleep(0.01)
near.close()
assert [key.data for key, _ in poller.select(5)] == ["socket"]
poller.close()
print("alive")
"""


@pytest.mark.slow(60)
def test_a_socket_may_be_closed_while_a_selector_waits_for_it() -> None:
    ended = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)

    assert (ended.returncode, ended.stdout) == (0, "alive\n"), ended.stderr
