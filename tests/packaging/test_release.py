"""`make release`: nothing is released of what does not agree, and what is built is told whole."""

import hashlib
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gitstars import __version__
from tests.waiting import PATIENCE_SECONDS

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "packaging" / "release.py"
SPEC = importlib.util.spec_from_file_location("release", SCRIPT)
assert SPEC is not None
assert SPEC.loader is not None
release = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(release)

CHANGELOG = """# Changelog

## [Unreleased]

## [2.0.0] - 2026-11-27

### Added

- Something.

## [1.0.0] - 2026-01-01

- The first.
"""


def test_a_commit_whose_tag_version_and_changelog_agree_may_be_released() -> None:
    assert release.find_problems("2.0.0", CHANGELOG, ["latest", "v2.0.0"], []) == []
    assert release.read_notes(CHANGELOG, "2.0.0") == ("2026-11-27", "### Added\n\n- Something.")
    assert release.read_notes(CHANGELOG, "1.0.0") == ("2026-01-01", "- The first.")


@pytest.mark.parametrize(
    ("version", "changelog", "tags", "changed", "told"),
    [
        ("2.0.1", CHANGELOG, ["v2.0.1"], [], r'has no heading "## \[2.0.1\] - 2026-01-31"'),
        ("2.0.0", CHANGELOG.replace(" - 2026-11-27", ""), ["v2.0.0"], [], "has no heading"),
        ("2.0.0", CHANGELOG.replace("2026-11-27", "soon"), ["v2.0.0"], [], "has no heading"),
        ("3.0.0", CHANGELOG + "\n## [3.0.0] - 2026-12-01\n", ["v3.0.0"], [], "says nothing about"),
        (
            "2.0.0",
            CHANGELOG.replace("## [2.0.0]", "- More.\n\n## [2.0.0]"),
            ["v2.0.0"],
            [],
            r"under \[Unreleased\]",
        ),
        ("2.0.0", CHANGELOG, [], [], r"no tag v2.0.0 \(it has none\): git tag v2.0.0"),
        ("2.0.0", CHANGELOG, ["v1.9.0"], [], r"\(it has v1.9.0\)"),
        ("2.0.0", CHANGELOG, ["v2.0.0"], ["b", "a"], "files differ from the commit: a, b"),
    ],
)
def test_what_does_not_agree_is_one_sentence(
    version: str, changelog: str, tags: list[str], changed: list[str], told: str
) -> None:
    (problem,) = release.find_problems(version, changelog, tags, changed)

    assert re.search(told, problem)


def test_the_version_stands_in_the_changelog() -> None:
    day, notes = release.read_notes((ROOT / "CHANGELOG.md").read_text(), __version__)

    assert day is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", day)
    assert notes


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "GIT_CEILING_DIRECTORIES": "/"},
    )

    assert done.returncode == 1
    assert done.stderr == "a release is made of a checkout of git\n"


def test_parts_notes_and_checksums_are_told(tmp_path: Path) -> None:
    made = subprocess.run(
        ["make", "sbom", f"DIST={tmp_path}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    finished = subprocess.run(
        [sys.executable, str(SCRIPT), "finish", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )

    assert (made.returncode, made.stderr) == (0, "")
    assert finished.returncode == 0, finished.stderr
    parts = json.loads((tmp_path / "gitstars.cdx.json").read_text())
    wanted = {
        line.split("==")[0]
        for line in (ROOT / "requirements-run.txt").read_text().splitlines()
        if "==" in line and not line.startswith((" ", "#"))
    }
    assert {part["name"] for part in parts["components"]} == wanted
    assert len(wanted) > 10
    assert parts["metadata"]["component"]["name"] == "gitstars"
    assert (tmp_path / "release-notes.md").read_text().startswith("### ")
    sums = dict(line.split()[::-1] for line in (tmp_path / "SHA256SUMS").read_text().splitlines())
    assert sums == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in tmp_path.iterdir()
        if path.name != "SHA256SUMS"
    }
