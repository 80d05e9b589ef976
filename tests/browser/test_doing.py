"""What an operator does with the dashboard, with the mouse and with the keyboard alone, and what
it does when the server goes away.
"""

from collections.abc import Callable
from pathlib import Path

import requests
from playwright.sync_api import expect

from gitstars.config import DatabaseConfig
from tests.browser.conftest import SLOW, Served, Visitor, serving, world
from tests.harness import SurrealServer
from tests.waiting import PATIENCE_SECONDS

Serve = Callable[..., Served]


def test_pause_asks_first_and_resume_goes_on(visit: Visitor, serve_world: Serve) -> None:
    served = serve_world(limits=SLOW)
    page = visit(served).log_in()
    page.get_by_role("button", name="Pause").click()
    dialog = page.get_by_role("dialog", name="Pause collecting?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.locator("#health")).to_have_text("healthy")

    page.get_by_role("button", name="Pause").click()
    dialog.get_by_role("button", name="Pause").click()

    expect(page.locator("#health")).to_have_text("paused")
    expect(page.get_by_text("Collecting is paused.")).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_be_focused()
    assert served.flow.app is not None
    assert served.flow.app.snapshots.status().paused

    page.get_by_role("button", name="Resume").click()

    expect(page.locator("#health")).to_have_text("healthy")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
    expect(page.locator("#events")).to_contain_text("resumed")


def test_a_repository_is_collected_again_by_force_once_it_was_confirmed(
    visit: Visitor, serve_world: Serve
) -> None:
    served = serve_world()
    served.wait_until_collected()
    visited = visit(served)
    page = visited.log_in()
    page.get_by_label("Search by name").fill("parser")
    page.get_by_role("button", name="globex/parser").click()
    repository = page.get_by_role("dialog", name="globex/parser", exact=True)
    repository.get_by_role("button", name="Collect again…").click()
    question = page.get_by_role("dialog", name="Collect globex/parser again?")
    calls = len(served.flow.github.asked())

    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()
    assert len(served.flow.github.asked()) == calls
    repository.get_by_role("button", name="Collect again…").click()
    question.get_by_role("button", name="Collect again").click()
    expect(repository.get_by_role("status")).to_contain_text("fresh")
    visited.expect_refused(409)
    repository.get_by_role("button", name="Collect again…").click()
    question.get_by_label("Even if it is complete and fresh").check()
    question.get_by_role("button", name="Collect again").click()

    expect(repository.get_by_text("globex/parser is queued.")).to_be_visible()
    served.flow.wait_until(lambda: len(served.flow.github.asked()) > calls, "GitHub is asked again")
    expect(repository).to_contain_text("40 of 40")
    expect(repository).to_contain_text("completed")


def test_the_number_of_workers_is_set_and_given_back_to_the_load(
    visit: Visitor, serve_world: Serve
) -> None:
    page = visit(serve_world()).log_in()
    expect(page.get_by_text("The load decides how many there are.")).to_be_visible()
    page.get_by_label("Number").fill("5")
    page.get_by_role("button", name="Set").click()

    page.get_by_role("dialog", name="Run 5 workers?").get_by_role("button", name="Set").click()

    expect(page.locator("#workers tr")).to_have_count(5)
    expect(page.get_by_text("Set by hand to 5: the load does not change it.")).to_be_visible()
    expect(page.locator("#tile-workers-busy")).to_contain_text("/5")
    page.get_by_role("button", name="Automatic").click()
    expect(page.get_by_text("The load decides how many there are.")).to_be_visible()


def test_the_queue_is_cleared_once_it_was_confirmed(visit: Visitor, serve_world: Serve) -> None:
    served = serve_world(limits=SLOW)
    page = visit(served).log_in()
    page.get_by_role("button", name="Clear").click()
    dialog = page.get_by_role("dialog", name="Clear the queue?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()

    dialog.get_by_role("button", name="Clear").click()

    expect(page.get_by_text("The queue is cleared.")).to_be_visible()
    expect(page.locator("#events")).to_contain_text("queue cleared")


def test_a_server_that_went_away_is_told_and_found_again(
    visit: Visitor, serve_world: Serve
) -> None:
    served = serve_world()
    served.wait_until_collected()
    visited = visit(served)
    page = visited.log_in()
    expect(page.locator("#live")).to_have_text("Live")
    before = page.locator("#tile-stars-stored dd").first.inner_text()

    served.stop()

    expect(page.locator("#live")).to_contain_text("Connection lost at ")
    expect(page.locator("#tile-stars-stored dd").first).to_have_text(before)
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("dialog", name="Pause collecting?").get_by_role("button", name="Pause").click()
    expect(page.locator("#notice")).to_have_text("The server does not answer.")

    served.start()

    expect(page.locator("#live")).to_have_text("Live")
    expect(page.locator("#health")).to_have_text("healthy")
    assert {complaint for complaint in visited.complaints if "ERR_" not in complaint} == set()
    visited.complaints.clear()


def test_everything_is_done_with_the_keyboard_alone(visit: Visitor, serve_world: Serve) -> None:
    served = serve_world()
    served.wait_until_collected()
    visited = visit(served)
    page, keys = visited.page, visited.page.keyboard
    page.goto(served.url)
    expect(page.get_by_label("Key", exact=True)).to_be_focused()
    keys.type(visited.key)
    keys.press("Enter")
    expect(page.locator("main")).to_be_focused()
    expect(page.locator("#repos tr").first).to_be_visible()

    order = []
    for _ in range(7):
        keys.press("Tab")
        order.append(
            page.evaluate("document.activeElement.id || document.activeElement.textContent")
        )
    assert order[:6] == ["span", "add-account", "follow", "q", "sort", "all 30"]
    assert order[6] == "completed 29"

    page.get_by_label("Search by name").focus()
    keys.type("parser")
    link = page.get_by_role("button", name="globex/parser")
    expect(page.locator("#repos tr")).to_have_count(1)
    link.focus()
    keys.press("Enter")
    dialog = page.get_by_role("dialog", name="globex/parser", exact=True)
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    dialog.get_by_role("button", name="Collect again…").focus()
    keys.press("Enter")
    question = page.get_by_role("dialog", name="Collect globex/parser again?")
    expect(question.get_by_role("button", name="Collect again")).to_be_focused()
    keys.press("Escape")
    expect(question).to_be_hidden()
    expect(dialog.get_by_role("button", name="Collect again…")).to_be_focused()
    keys.press("Enter")
    keys.press("Shift+Tab")
    keys.press("Shift+Tab")
    expect(question.get_by_label("Even if it is complete and fresh")).to_be_focused()
    keys.press("Space")
    keys.press("Enter")
    expect(dialog.get_by_text("globex/parser is queued.")).to_be_visible()
    keys.press("Escape")
    expect(dialog).to_be_hidden()
    expect(link).to_be_focused()


def test_a_database_that_is_away_is_told_in_words_and_the_question_is_asked_again(
    visit: Visitor,
    surreal_program: str | None,
    require: Callable[[bool, str], None],
    tmp_path: Path,
) -> None:
    require(surreal_program is not None, "a SurrealDB server (set SURREAL_BIN)")
    assert surreal_program is not None
    server = SurrealServer(surreal_program, f"surrealkv://{tmp_path}/stars.db")
    try:
        with serving(
            DatabaseConfig(url=server.url, user="root", password="root"), world()
        ) as served:
            served.wait_until_collected()
            visited = visit(served)
            page = visited.log_in()
            expect(page.locator("#range")).to_have_text("1–25 of 30")
            server.kill()

            expect(page.locator("#health")).to_have_text("unhealthy")
            expect(page.locator("#reasons")).to_contain_text("no database answers")
            page.get_by_label("Search by name").fill("globex")
            expect(page.locator("#notice")).to_contain_text("no database answers")

            server.start()
            # Some duties look again only later, so it may be degraded for a while.
            expect(page.locator("#health")).not_to_have_text("unhealthy")
            expect(page.locator("#range")).to_have_text("1–2 of 2")
            visited.expect_refused(503)
    finally:
        server.kill()


def test_a_person_is_signed_in_with_a_token_that_does_not_stay_in_the_page(
    visit: Visitor, serve_world: Serve
) -> None:
    served = serve_world(signed_in=1)
    visited = visit(served)
    page = visited.log_in()
    page.get_by_role("button", name="Add account…").click()
    dialog = page.get_by_role("dialog", name="Add an account")
    dialog.get_by_label("Token").fill("hunter2")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_role("status")).to_contain_text("does not look like a token of GitHub")
    visited.expect_refused(422)

    dialog.get_by_label("Token").fill("gho_grace00")
    page.keyboard.press("Enter")

    expect(
        page.get_by_text("grace is signed in; what grace starred is listed now.")
    ).to_be_visible()
    expect(dialog).to_be_hidden()
    expect(page.locator("#accounts")).to_contain_text("grace")
    assert page.locator("#token").input_value() == ""


def test_a_person_signs_in_on_githubs_page(visit: Visitor, serve_world: Serve) -> None:
    served = serve_world(signed_in=1, client_id="simulated", login_interval_seconds=1)
    page = visit(served).log_in()
    page.get_by_role("button", name="Add account…").click()
    dialog = page.get_by_role("dialog", name="Add an account")
    dialog.get_by_role("button", name="Sign in on GitHub…").click()
    code = dialog.locator("#login-code")
    expect(code).to_contain_text("/login/device and enter the code")
    form = {"user_code": code.locator("b").inner_text(), "login": "grace", "answer": "approve"}
    page_of_github = code.get_by_role("link").get_attribute("href")
    requests.post(str(page_of_github), data=form, timeout=PATIENCE_SECONDS)

    expect(page.get_by_text("grace is signed in")).to_be_visible()
    expect(dialog).to_be_hidden()
    expect(page.locator("#accounts")).to_contain_text("grace")


def test_without_an_application_githubs_page_is_not_offered(
    visit: Visitor, serve_world: Serve
) -> None:
    page = visit(serve_world(signed_in=1)).log_in()
    expect(page.locator("#accounts")).to_contain_text("ada")

    page.get_by_role("button", name="Add account…").click()

    expect(page.get_by_role("button", name="Sign in on GitHub…")).to_be_hidden()


def test_a_repository_is_followed_and_followed_no_more(visit: Visitor, serve_world: Serve) -> None:
    visited = visit(serve_world(signed_in=2))
    page = visited.log_in()
    page.get_by_role("button", name="Follow…").click()
    dialog = page.get_by_role("dialog", name="Follow a repository")
    dialog.get_by_label("Repository or owner").fill("globex/nothing")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("status")).to_contain_text("GitHub shows no repository")
    visited.expect_refused(404)
    for text in ("https://github.com/globex/closed/issues", "initech"):
        dialog.get_by_label("Repository or owner").fill(text)
        page.keyboard.press("Enter")
        expect(dialog.get_by_label("Repository or owner")).to_have_value("")

    followed = dialog.get_by_role("list", name="Followed now")
    expect(followed).to_contain_text("globex/closed")
    expect(followed).to_contain_text("initech (")
    dialog.get_by_role("button", name="Unfollow globex/closed").click()
    expect(dialog.get_by_role("status")).to_contain_text("is followed no more")
    expect(followed).not_to_contain_text("globex/closed")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
