"""The reference of the commands is what the commands say themselves."""

import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "packaging" / "gitstars.1"
WRITERS = runpy.run_path(str(ROOT / "packaging" / "reference.py"))


@pytest.mark.parametrize(
    ("file", "writer"), [(ROOT / "docs" / "commands.md", "write_document"), (PAGE, "write_page")]
)
def test_it_is_what_the_commands_say(file: Path, writer: str) -> None:
    assert file.read_text() == WRITERS[writer](), "run make reference"


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is missing")
def test_the_manual_page_is_shown_without_a_warning() -> None:
    command = ["groff", "-man", "-ww", "-Tutf8", str(PAGE)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert "gitstars collect" in done.stdout.lower()
