"""The entry point of every way to start gitstars: patches the process first, then runs the
command line.
"""

from gitstars import _monkey  # noqa: F401  isort: skip  (the patch must come before every other import)

import signal
import sys

from gitstars.cli import run
from gitstars.parent import end_with_parent


def main() -> None:
    """Run the command line and exit the process with its exit code."""
    if getattr(sys, "frozen", False):
        # The process that a user sees, and kills, is the one-file binary's outer one.
        end_with_parent(signal.SIGTERM)
    raise SystemExit(run())


if __name__ == "__main__":
    main()
