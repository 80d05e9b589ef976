"""Runs the benchmarks named on the command line, all of them when none is."""

from gitstars import _monkey  # noqa: F401  isort: skip

import sys

from benchmarks import burst, export, idle, load, points, polling, pump, similar

BENCHMARKS = {
    "load": load.run,
    "flat": load.run_flat,
    "points": points.run,
    "polling": polling.run,
    "public": polling.run_public,
    "idle": idle.run,
    "pump": pump.run,
    "burst": burst.run,
    "export": export.run,
    "similar": similar.run,
}


def main() -> int:
    """Run; the exit code."""
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(
            f"no benchmark is called {unknown[0]}; there are: {', '.join(BENCHMARKS)}",
            file=sys.stderr,
        )
        return 2
    for name in names:
        BENCHMARKS[name]()
    return 0


raise SystemExit(main())
