"""A row that makes no sense, whoever wrote it, leaves every route answering for the others."""

from urllib.parse import quote

import pytest

from tests.web.conftest import Serve
from tests.web.test_contract import LOOKING, concrete

ODD = (
    "INSERT INTO repo {id: 'odd/row', full_name: 7, github_id: 'x', stars: [1]}",
    "CREATE repo_processing_status SET repo = 'x', status = 7, processed_stargazers = 'many'",
    "CREATE repo_processing_status SET repo = repo:⟨odd/row⟩, status = 'odd', ghosts = 1.5,"
    " processed_stargazers = -3, claimed_at = 5, completed_at = 'x', error_count = {},"
    " last_error = [1], notes = 5, history = 'x', last_page_processed = 'a'",
    "CREATE gitstars_access SET repo = 5, user_id = 'x'",
    "CREATE gitstars_follow SET repo = 5, user_id = 'x'",
    "CREATE gitstars_follow SET owner_id = 'x'",
    "CREATE gitstars_followed_owner SET owner_id = 'x', login = 5, next_at = 7",
    "CREATE gitstars_sync SET user_id = 1.5, every_seconds = 'x'",
    "CREATE gitstars_budget SET limit = 'x'",
    "CREATE gitstars_forgotten SET at = 'x', user_id = 'y'",
    "CREATE gitstars_state SET value = {}",
    "CREATE star_history SET repo = repo:⟨odd/row⟩, week = 'x', total = [], days = 'x'",
    "CREATE account SET providerId = 'github', userId = 5, access_token = 7",
    "INSERT RELATION INTO starred {in: github_user:odd, out: repo:⟨odd/row⟩, starred_at: 'x',"
    " source: 'github', unstarred_at: 5}",
    "INSERT RELATION INTO starred {id: [1, 'x'], in: github_user:odd, out: repo:⟨odd/row⟩}",
)


def test_every_route_answers_beside_rows_that_make_no_sense(served: Serve) -> None:
    running = served()
    for statement in ODD:
        running.flow.database.run(statement)

    paths = [concrete(path) for path in LOOKING if path != "/events"]
    odd = ["/repos/odd%2Frow", "/repos/odd%2Frow/history", "/repos/odd%2Frow/stargazers"]
    answers = {path: running.admin.get(path) for path in (*paths, *odd)}

    refused = {path: answer.raw for path, answer in answers.items() if answer.status != 200}
    assert refused == {}


@pytest.mark.parametrize("name", ["odd/row", "repo:⟨odd/row⟩"])
def test_a_wish_about_an_odd_row_is_answered(served: Serve, name: str) -> None:
    running = served()
    for statement in ODD:
        running.flow.database.run(statement)

    for way in ("reprocess", "reset"):
        answer = running.admin.post(f"/repos/{quote(name, safe='')}/{way}", {})
        assert answer.status in (200, 202, 409), answer.raw
