"""What the dashboard shows: logging in, numbers, lists, charts; that it asks nobody else is
checked after every test.
"""

import re
import urllib.request
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import KEY, SLOW, Served, Visitor


def test_the_key_opens_the_dashboard_and_is_asked_for_once(visit: Visitor, settled: Served) -> None:
    visited = visit(settled)
    page = visited.log_in()

    expect(page.locator("#health")).to_have_text("healthy")
    expect(page.locator("#live")).to_have_text("Live")
    expect(page.get_by_label("Key", exact=True)).to_be_hidden()
    page.reload()
    expect(page.locator("#live")).to_have_text("Live")
    expect(page.get_by_label("Key", exact=True)).to_be_hidden()


def test_a_remembered_key_opens_later_pages_until_signed_out(
    visit: Visitor, settled: Served
) -> None:
    visited = visit(settled)
    page = visited.page
    page.goto(settled.url)
    page.get_by_label("Remember it in this browser").check()
    page.get_by_label("Key", exact=True).fill(KEY)
    page.keyboard.press("Enter")
    expect(page.locator("#live")).to_have_text("Live")

    later = page.context.new_page()
    later.goto(settled.url)

    expect(later.locator("#live")).to_have_text("Live")
    later.get_by_role("button", name="Sign out").click()
    expect(later.get_by_label("Key", exact=True)).to_be_focused()
    later.reload()
    expect(later.get_by_label("Key", exact=True)).to_be_focused()


def test_a_wrong_key_is_told_and_asked_for_again(visit: Visitor, settled: Served) -> None:
    visited = visit(settled)

    for wrong in ("not the key of this server", "schlüssel ☃"):
        page = visited.log_in(wrong)
        expect(page.get_by_role("alert")).to_have_text("The server refuses this key.")
        expect(page.get_by_label("Key", exact=True)).to_be_focused()
        expect(page.locator("main")).to_be_hidden()

    visited.expect_refused(401)
    visited.log_in()
    expect(page.locator("#live")).to_have_text("Live")


def test_numbers_move_while_stars_come_in(
    visit: Visitor, serve_world: Callable[..., Served]
) -> None:
    served = serve_world(limits=SLOW, signed_in=1)
    visited = visit(served)
    page = visited.log_in()
    page.wait_for_selector("#tile-stars-stored")
    first = visited.tile("stars-stored")

    page.wait_for_function(
        (
            "first => Number(document.querySelector('#tile-stars-stored "
            "dd').textContent.replace(/\\D/g, '')) > first"
        ),
        arg=first,
    )
    page.wait_for_function("Number(document.querySelector('#tile-stars-now dd').textContent) > 0")

    expect(page.locator("#speed canvas")).to_be_visible()
    expect(page.locator("#speed")).to_have_attribute(
        "aria-label", re.compile(r"^Stars stored a second: \d+ now, \d+ at most")
    )
    expect(page.locator("#events li").first).to_contain_text("/")
    served.flow.sign_in(served.flow.scenario.accounts[1])
    expect(page.locator("#accounts")).to_contain_text("grace")


def test_accounts_show_progress_and_budgets(visit: Visitor, settled: Served) -> None:
    page = visit(settled).log_in()

    card = page.locator(".account", has_text="ada")

    expect(card).to_contain_text("30 of 30 repositories")
    expect(card.get_by_role("meter", name="REST")).to_have_attribute(
        "aria-valuetext", re.compile(r"^4,\d+ of 5,000 left, full again in \d+ min")
    )


def test_search_status_order_and_pages_narrow_the_list(visit: Visitor, settled: Served) -> None:
    page = visit(settled).log_in()
    rows = page.locator("#repos tr")
    expect(page.locator("#range")).to_have_text("1–25 of 30")
    expect(rows).to_have_count(25)

    page.get_by_role("button", name="Next").click()
    expect(page.locator("#range")).to_have_text("26–30 of 30")
    page.get_by_label("Search by name").fill("globex")
    expect(page.locator("#range")).to_have_text("1–2 of 2")
    page.get_by_role("button", name="restricted 1").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("globex/closed")
    expect(rows).to_contain_text("GitHub refuses the list")
    expect(page.get_by_role("button", name="restricted 1")).to_have_attribute(
        "aria-pressed", "true"
    )

    page.get_by_label("Search by name").fill("nothing like this")
    expect(rows).to_have_text("No repository fits.")
    page.get_by_role("button", name="all 30").click()
    page.get_by_label("Search by name").fill("")
    page.get_by_label("Order").select_option("most stars first")
    expect(rows.first).to_contain_text("acme/tools")
    expect(rows.first).to_contain_text("2 of deleted users")


def test_a_repository_tells_its_reason_and_shows_its_star_history(
    visit: Visitor, settled: Served
) -> None:
    page = visit(settled).log_in()
    page.get_by_label("Search by name").fill("closed")
    page.get_by_role("button", name="globex/closed").click()

    dialog = page.get_by_role("dialog", name="globex/closed")

    expect(dialog).to_contain_text("restricted")
    expect(dialog).to_contain_text("ada may not list it – ")
    expect(dialog).to_contain_text("What to do: ")
    expect(dialog).to_contain_text("days not in UTC, only stars still there")
    expect(dialog.locator("#history canvas")).to_be_visible()
    expect(dialog.locator("#history")).to_have_attribute(
        "aria-label", re.compile(r"^Star history: 60 stars in \d+ weeks \(days not in UTC, .*\)\.$")
    )
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="globex/closed")).to_be_focused()


def test_every_answer_of_the_page_forbids_everything_from_outside(settled: Served) -> None:
    for path in ("/", "/static/js/main.js", "/static/style.css", "/favicon.ico"):
        with urllib.request.urlopen(settled.url + path) as answer:
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"], path
