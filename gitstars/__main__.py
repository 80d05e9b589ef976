"""The entry point of every way to start gitstars: hears signals and patches the process first, then
runs the command line.
"""

from gitstars import early  # isort: skip

early.hear()

# The patch must come before every other import.
from gitstars import _monkey  # noqa: E402, F401  isort: skip

import signal  # noqa: E402
import sys  # noqa: E402

from gitstars.cli import run  # noqa: E402
from gitstars.parent import end_with_parent  # noqa: E402


def main() -> None:
    """Run the command line and exit the process with its exit code."""
    if getattr(sys, "frozen", False):
        # The process that a user sees, and kills, is the one-file binary's outer one.
        end_with_parent(signal.SIGTERM)
    raise SystemExit(run())


if __name__ == "__main__":
    main()
