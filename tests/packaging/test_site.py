"""The documents become pages; a dead link, or a document that no page leads to, fails."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def build(source: Path, target: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q"]
    command += ["-c", str(ROOT / "packaging" / "site"), "-d", str(target / ".doctrees")]
    return subprocess.run(
        [*command, str(source), str(target)], capture_output=True, text=True, check=False
    )


@pytest.mark.slow(120)
def test_every_document_is_a_page_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    done = build(ROOT, tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert len(documents) > 20
    for document in documents:
        page = tmp_path / document.relative_to(ROOT).with_suffix(".html")
        assert page.is_file(), page
    assert (tmp_path / "docs" / "images" / "badge.svg").is_file()


@pytest.mark.slow(120)
def test_a_dead_link_fails(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "packaging" / "site").mkdir(parents=True)
    (source / "packaging" / "site" / "index.md").write_text("# A\n\n[away](/docs/none.md#there)\n")

    done = build(source, tmp_path / "target")

    assert done.returncode != 0
    assert "none.md" in done.stderr
