"""Runs the tests of each folder in a process of their own, some folders at the same time: much of
their time is waiting. Of the three folders that take longest each file has a process.

pytest-xdist does the same for single tests; its channels do not survive the patching of the
standard library that these tests begin with.

    python -m tests.parallel [--fast] [arguments of pytest ...]
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from queue import Empty, Queue

TESTS = Path(__file__).parent
#: Folders whose tests start whole servers, browsers or binaries, the longest ones first.
WHOLE = ("web", "cli_admin", "process", "flow", "browser", "supervise", "binary", "cli")
#: Folders whose files have a process each.
SPLIT = ("cli_admin", "process", "flow")
#: How many folders are at work at the same time: two more than there are cores, 3 to 8.
AT_ONCE = min(8, (os.cpu_count() or 1) + 2)
#: pytest's exit code when no test was selected, with ``-k`` for example.
NOTHING_SELECTED = 5


def find_parts(is_fast: bool) -> list[list[str]]:
    """What one process gets each: a folder, or the files that stand in none."""
    folders = [path for path in TESTS.iterdir() if any(path.rglob("test_*.py"))]
    others = sorted(path for path in folders if path.name not in WHOLE)
    whole = [] if is_fast else [TESTS / name for name in WHOLE if (TESTS / name).is_dir()]
    parts = []
    for folder in (*whole, *others):
        files = sorted(folder.glob("test_*.py")) if folder.name in SPLIT else [folder]
        parts += [[str(path)] for path in files]
    return [*parts, [str(path) for path in sorted(TESTS.glob("test_*.py"))]]


def count_results(output: str) -> Counter[str]:
    """How many tests passed, failed and so on, by the last line that pytest wrote."""
    last = (output.strip().splitlines() or [""])[-1]
    found = re.findall(r"(\d+) (passed|failed|skipped|error)", last)
    return Counter({word: int(number) for number, word in found})


def run(
    parts: "Queue[list[str]]", arguments: list[str], failed: list[str], results: Counter[str]
) -> None:
    """Take parts and run them until none is left."""
    while True:
        try:
            paths = parts.get_nowait()
        except Empty:
            return
        # Processes at the same time would overwrite each other's cache.
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments, *paths]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        results.update(count_results(done.stdout))
        name = str(Path(paths[0]).relative_to(TESTS)) if len(paths) == 1 else "the rest"
        if done.returncode in (0, NOTHING_SELECTED):
            last = (done.stdout.strip().splitlines() or ["nothing"])[-1]
            print(f"{name:40} {re.sub('=+', '', last).strip()}", flush=True)
        else:
            failed.append(name)
            print(f"{name:40} failed\n{done.stdout}{done.stderr}", flush=True)


def main(arguments: list[str]) -> int:
    """Run; the exit code."""
    is_fast = "--fast" in arguments
    arguments = [argument for argument in arguments if argument != "--fast"]
    parts: Queue[list[str]] = Queue()
    for paths in find_parts(is_fast):
        parts.put(paths)
    failed: list[str] = []
    began = time.monotonic()
    results: Counter[str] = Counter()
    work = (parts, arguments, failed, results)
    runners = [threading.Thread(target=run, args=work) for _ in range(AT_ONCE)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    result = f"failed: {', '.join(failed)}" if failed else "all passed"
    print(f"{time.monotonic() - began:.0f} s; {result}")
    bad = results["failed"] + results["error"]
    print(f"{results['passed']} passed, {bad} failed, {results['skipped']} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
