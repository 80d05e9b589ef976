"""The entry point of every way to start gitstars: hears signals and patches the process first, then
runs the command line.
"""

from gitstars import early  # isort: skip

early.hear()

# The patch must come before every other import.
from gitstars import _monkey  # noqa: E402, F401  isort: skip

import os  # noqa: E402
import sys  # noqa: E402

from gitstars.cli import run  # noqa: E402

#: Where the one-file binary's launcher says how it was called.
CALLED = "GITSTARS_FILE"


def main() -> None:
    """Run the command line and exit the process with its exit code."""
    sys.argv[0] = os.environ.pop(CALLED, sys.argv[0])
    raise SystemExit(run())


if __name__ == "__main__":
    main()
