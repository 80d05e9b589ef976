"""`make dist`: what it builds can be installed, holds the dashboard, and is the same each time."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from gitstars import __version__
from gitstars.build import describe_version
from tests.waiting import PATIENCE_SECONDS

ROOT = Path(__file__).parent.parent.parent
STATIC = ROOT / "gitstars" / "web" / "static"


def build(folder: Path) -> tuple[Path, Path]:
    """The wheel and the sdist of this checkout."""
    command = ["make", "dist", f"DIST={folder / 'dist'}", f"SOURCE={folder / 'source'}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,), (sdist,) = (folder / "dist").glob("*.whl"), (folder / "dist").glob("*.tar.gz")
    return wheel, sdist


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(tmp_path_factory.mktemp("dist"))


def test_both_hold_the_dashboard_and_the_stamp(built: tuple[Path, Path]) -> None:
    wheel, sdist = built
    wanted = {str(path.relative_to(ROOT)) for path in STATIC.rglob("*") if path.is_file()} | {
        "gitstars/build.json"
    }

    with zipfile.ZipFile(wheel) as archive:
        in_wheel = set(archive.namelist())
    with tarfile.open(sdist) as archive:
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}

    assert len(wanted) > 5
    assert wanted <= in_wheel
    assert wanted <= in_sdist
    assert not [name for name in in_wheel if name.startswith(("tests/", "benchmarks/"))]


def test_the_wheel_runs_where_nothing_else_of_gitstars_is(
    built: tuple[Path, Path], tmp_path: Path
) -> None:
    place = tmp_path / "installed"
    venv.create(place, symlinks=True)
    python = place / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-index"]
    subprocess.run([*pip, "--no-deps", str(built[0])], check=True, timeout=PATIENCE_SECONDS)
    # The dependencies are those of the lock; a path that is named so brings no editable install.
    (packages,) = place.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def run(*command: str) -> str:
        done = subprocess.run(
            [str(place / "bin" / command[0]), *command[1:]],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = "import gitstars.web.dashboard as d; print(d.__file__)"
    assert run("python", "-c", where).startswith(str(place))
    assert re.fullmatch(
        rf"gitstars {re.escape(__version__)}( \(commit [0-9a-f]{{10,}} of \d{{4}}-\d\d-\d\d\))?\n",
        run("gitstars", "--version"),
    )
    assert "accounts" in run("gitstars", "--help")
    assert "repositories" in run("gitstars", "demo", "--help")


def test_two_builds_are_the_same_bytes(built: tuple[Path, Path], tmp_path: Path) -> None:
    again, _ = build(tmp_path)

    assert again.read_bytes() == built[0].read_bytes()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (json.dumps({"commit": "abc", "day": "2026-01-02"}), " (commit abc of 2026-01-02)"),
        (
            json.dumps({"commit": "abc", "day": "2026-01-02", "built": "2026-02-03"}),
            " (commit abc of 2026-01-02, built 2026-02-03)",
        ),
        (json.dumps({"commit": "", "day": "", "built": "2026-02-03"}), " (built 2026-02-03)"),
        (json.dumps({"commit": "", "day": ""}), ""),
        ("[]", ""),
        ("{", ""),
        (None, ""),
    ],
)
def test_the_version_tells_the_commit_where_it_is_known(
    tmp_path: Path, text: str | None, told: str
) -> None:
    stamp = tmp_path / "build.json"
    if text is not None:
        stamp.write_text(text)

    assert describe_version(stamp) == __version__ + told
