"""The README's pictures of the dashboard: `PICTURES=1` with this test takes them anew."""

import os
import re
import struct
from pathlib import Path

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.browser.conftest import Served, Visitor

ROOT = Path(__file__).parent.parent.parent
SIZE = ViewportSize(width=1280, height=1000)


def size_of(picture: bytes) -> tuple[int, int]:
    """Width and height of a PNG."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_readme_shows_the_dashboard(visit: Visitor, settled: Served, scheme: str) -> None:
    file = ROOT / "docs" / "images" / f"dashboard-{scheme}.png"
    page = visit(settled, color_scheme=scheme, viewport=SIZE).log_in()
    expect(page.locator("#repos tr")).to_have_count(25)
    expect(page.locator("#accounts")).to_contain_text("grace")
    expect(page.locator(".uplot")).to_be_visible()
    if os.environ.get("PICTURES"):
        # Some time has to pass until the chart has something to show.
        expect(page.locator("#tile-up dd").first).to_have_text(re.compile(r"[3-5]\d s|min"))
        expect(page.locator("#accounts")).to_contain_text("30 of 30 repositories")
        expect(page.locator("#accounts")).to_contain_text("1 of 1 repositories")

    taken = page.screenshot(animations="disabled")

    if os.environ.get("PICTURES"):
        file.write_bytes(taken)
    assert size_of(file.read_bytes()) == size_of(taken) == (SIZE["width"], SIZE["height"])
    named = re.findall(r'(?:src|srcset)="([^"]+)"', (ROOT / "README.md").read_text())
    assert f"docs/images/{file.name}" in named
