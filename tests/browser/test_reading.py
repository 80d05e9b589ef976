"""Whether everybody can read and use it: phone width, both colour schemes, contrast, names of
controls, live regions.
"""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Served, Visitor

#: Every visible text whose contrast with what is behind it is below AA of WCAG 2.1 (4.5; 3 for
#: large text): [text, ratio].
LOW_CONTRAST = """() => {
  const parse = (colour) => { const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
      return [r, g, b, a]; };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 :
      ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, place) => sum + v * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] === 1) return colour;
    }
    return [255, 255, 255, 1];
  };
  const low = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.checkVisibility() ||
        element.closest(":disabled, noscript, .unseen, .skip")) continue;
    const style = getComputedStyle(element);
    const [one, other] = [light(parse(style.color)), light(behind(element))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    const size = parseFloat(style.fontSize);
    const enough = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < enough) low.push([node.textContent.trim().slice(0, 40),
        Math.round(ratio * 100) / 100]);
  }
  return low;
}"""
#: Controls without a name for a screen reader.
NAMELESS = """() => [...document.querySelectorAll(`button, input, select, [tabindex='0'],
    [role=meter], [role=img], dialog`)]
  .filter((element) => element.checkVisibility() && element.type !== "hidden")
  .filter((element) => !(element.ariaLabel || element.labels?.length || element.textContent.trim()))
  .filter((element) => !document.getElementById(element.getAttribute("aria-labelledby")))
  .map((element) => element.outerHTML.slice(0, 80))"""
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LOOKS: list[dict[str, Any]] = [
    {"color_scheme": "light"},
    {"color_scheme": "dark"},
    {**PHONE, "color_scheme": "light"},
]


def open_everything(page: Page) -> None:
    """A restricted repository's dialog over a loaded page."""
    page.get_by_label("Search by name").fill("globex")
    expect(page.locator("#repos tr")).to_have_count(2)
    page.get_by_role("button", name="globex/closed").click()
    expect(page.locator("#history canvas")).to_be_visible()


@pytest.mark.parametrize("look", LOOKS, ids=["light", "dark", "phone"])
def test_every_text_has_contrast_and_every_control_a_name(
    visit: Visitor, settled: Served, look: dict[str, Any]
) -> None:
    visited = visit(settled, **look)
    page = visited.page
    page.goto(settled.url)
    expect(page.get_by_label("Key", exact=True)).to_be_focused()
    assert (page.evaluate(LOW_CONTRAST), page.evaluate(NAMELESS)) == ([], [])

    visited.log_in()
    expect(page.locator("#repos tr")).to_have_count(25)
    expect(page.locator("#health")).to_have_text("healthy")
    assert (page.evaluate(LOW_CONTRAST), page.evaluate(NAMELESS)) == ([], [])

    open_everything(page)
    assert (page.evaluate(LOW_CONTRAST), page.evaluate(NAMELESS)) == ([], [])
    page.get_by_role("button", name="Collect again…").click()
    assert (page.evaluate(LOW_CONTRAST), page.evaluate(NAMELESS)) == ([], [])


@pytest.mark.parametrize("width", [320, 390])
def test_nothing_scrolls_sideways(visit: Visitor, settled: Served, width: int) -> None:
    page = visit(settled, **{**PHONE, "viewport": {"width": width, "height": 800}}).log_in()
    expect(page.locator("#repos tr")).to_have_count(25)
    assert page.evaluate("document.documentElement.scrollWidth") == width

    open_everything(page)

    assert page.evaluate("document.documentElement.scrollWidth") == width
    box = page.get_by_role("dialog").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


def test_the_dark_scheme_is_dark_and_follows_the_system_while_open(
    visit: Visitor, settled: Served
) -> None:
    page = visit(settled, color_scheme="dark").log_in()
    expect(page.locator("#live")).to_have_text("Live")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.emulate_media(color_scheme="light")

    assert dark == "rgb(15, 19, 25)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(246, 247, 249)"
    expect(page.locator("#speed canvas")).to_be_visible()


def test_what_changes_by_itself_is_announced_politely(visit: Visitor, settled: Served) -> None:
    page = visit(settled).log_in()
    expect(page.locator("#live")).to_have_text("Live")

    for region in ("#live", "#notice", "#range"):
        expect(page.locator(region)).to_have_attribute("aria-live", "polite")
        expect(page.locator(region)).to_have_attribute("role", "status")
    assert page.locator("[aria-live=assertive]").count() == 0
