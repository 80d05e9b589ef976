"""What the documents have of the program's own words is what it says."""

import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "packaging" / "gitstars.1"
WRITERS = runpy.run_path(str(ROOT / "packaging" / "reference.py"))


@pytest.mark.parametrize(
    "file", ["commands.md", "api-reference.md", "configuration.md", "gitstars.1"]
)
def test_it_is_what_the_program_says(file: str) -> None:
    ((path, text),) = (one for one in WRITERS["write_all"]().items() if one[0].name == file)

    assert path.read_text() == text, "run make reference"


def test_a_table_of_settings_that_differs_is_written_anew() -> None:
    document = (ROOT / "docs" / "configuration.md").read_text()
    changed = document.replace("| `health.port` | `8080` |", "| `health.port` | `1` |")

    assert changed != document
    assert WRITERS["update_settings"](changed) == document


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is missing")
def test_the_manual_page_is_shown_without_a_warning() -> None:
    command = ["groff", "-man", "-ww", "-Tutf8", str(PAGE)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert "gitstars collect" in done.stdout.lower()
