"""Patches the standard library for gevent.

Imported before anything else, by ``__main__`` and by pytest (``-p gitstars._monkey``).
"""

from gevent import monkey
from gevent.hub import Hub

monkey.patch_all()
# Ctrl+C reaches the command that waits, which answers it; the hub need not print it besides.
Hub.NOT_ERROR = (*Hub.NOT_ERROR, KeyboardInterrupt)
