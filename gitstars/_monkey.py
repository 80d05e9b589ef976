"""Patches the standard library for gevent.

Imported before anything else, by ``__main__`` and by pytest (``-p gitstars._monkey``).
"""

from gevent import monkey

monkey.patch_all()
