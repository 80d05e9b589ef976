"""What `make release` does beside building: `python packaging/release.py check` says what is in the
way of a release, `… finish DIST` writes its notes and checksums beside what was built.
"""

import hashlib
import re
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from gitstars import __version__

CHANGELOG = Path("CHANGELOG.md")
#: The part of the changelog that is one version: its number, its day (none: unreleased), its text.
PART = re.compile(
    r"^## \[(?P<name>[^\]]+)\](?: - (?P<day>\S+))?\n(?P<text>.*?)(?=^## |\Z)", re.M | re.S
)
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def read_notes(changelog: str, version: str) -> tuple[str | None, str]:
    """The day and the text of a version in the changelog; no day and no text where it is none."""
    found = next((part for part in PART.finditer(changelog) if part["name"] == version), None)
    return (None, "") if found is None else (found["day"], found["text"].strip())


def find_problems(
    version: str, changelog: str, tags: Collection[str], changed: Collection[str]
) -> list[str]:
    """What does not agree, a sentence each: the version of the code, the changelog, the ``tags`` of
    the commit, and the files that were ``changed`` since.
    """
    problems = []
    day, notes = read_notes(changelog, version)
    if day is None or not DAY.fullmatch(day):
        problems.append(
            f'{CHANGELOG} has no heading "## [{version}] - 2026-01-31" with the day of the release'
        )
    elif not notes:
        problems.append(f"{CHANGELOG} says nothing about {version}")
    if read_notes(changelog, "Unreleased")[1]:
        problems.append(f"{CHANGELOG} has changes under [Unreleased]: move them to a version")
    if f"v{version}" not in tags:
        told = ", ".join(sorted(tags)) or "none"
        problems.append(
            f"the version is {version} and this commit has no tag v{version} (it has {told}): "
            f"git tag v{version}"
        )
    if changed:
        problems.append(f"files differ from the commit: {', '.join(sorted(changed))}")
    return problems


def ask_git(*arguments: str) -> list[str]:
    """The lines that git answers."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def check() -> int:
    """Say what is in the way; the exit code."""
    try:
        tags = ask_git("tag", "--points-at", "HEAD")
        changed = [line[3:] for line in ask_git("status", "--porcelain")]
    except (OSError, subprocess.CalledProcessError):
        print("a release is made of a checkout of git", file=sys.stderr)
        return 1
    problems = find_problems(__version__, CHANGELOG.read_text(encoding="utf-8"), tags, changed)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def finish(folder: Path) -> int:
    """Write notes and checksums; the exit code."""
    _, notes = read_notes(CHANGELOG.read_text(encoding="utf-8"), __version__)
    (folder / "release-notes.md").write_text(notes + "\n", encoding="utf-8")
    built = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in built]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    for path in (*built, folder / "SHA256SUMS"):
        print(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(check() if sys.argv[1:] == ["check"] else finish(Path(sys.argv[2])))
