"""What the commands say of one account and of one repository."""

import pytest

from gitstars import api
from gitstars.cli import accounts, repo
from gitstars.errors import NotKnown
from gitstars.model import Status, Week
from gitstars.supervise.views import days_begun

BUDGET = api.Budget(limit=5000, remaining=1200, reset_at=None)
ADA = api.Account(
    user_id=101,
    login="ada",
    scopes=["public_repo"],
    token=api.Token(state="usable", text=None, look_again_at=None),
    access=api.AccessCounts(allowed=3, refused=7),
    repositories=api.AccountRepositories(total=10, settled=4, waiting=6),
    seconds_left=200.0,
    budgets=api.Budgets(core=BUDGET, graphql=BUDGET),
    cooldown_until=None,
    reason=None,
    sync=None,
    activity=api.Activity(
        slots={"list": 3, "history": 1},
        open=["acme/engine", "acme/tools"],
        next_ask="list of acme/engine",
        waits_for="its calls are in flight",
        waits_until="2126-11-24T08:00:00Z",
        progressed_at=None,
    ),
)
REFUSED = api.RepositoryDetails(
    id="repo:⟨acme/engine⟩",
    full_name="acme/engine",
    github_id=1000,
    stars=471,
    is_private=False,
    status=Status.RESTRICTED,
    reason="GitHub refuses the list (token)",
    notes=None,
    processed_stargazers=0,
    total_stargazers=471,
    ghosts=0,
    last_page=0,
    total_pages=None,
    error_count=0,
    claimed_by=None,
    claimed_at=None,
    lease_expires_at=None,
    started_at=None,
    completed_at=None,
    next_retry_at=None,
    obstacle=None,
    access=[
        api.Access(
            user_id=101,
            login="ada",
            may_list=False,
            face="token",
            text="Resource not accessible by personal access token",
            advice="give it Contents: read and write",
            accepted_permissions="contents=write",
            checked_at=None,
            look_again_at=None,
        )
    ],
    history=[api.Week(week="2026-11-22T00:00:00Z", total=5, days=[1, 0, 4])],
)


def test_an_account_is_found_by_login_or_number() -> None:
    assert accounts.find_account([ADA], "Ada") is ADA
    assert accounts.find_account([ADA], "101") is ADA
    with pytest.raises(NotKnown, match="no account here has the login or id eve"):
        accounts.find_account([ADA], "eve")


def test_why_an_account_does_not_move_has_one_answer() -> None:
    facts = dict(accounts.describe(ADA))

    assert facts["calls under way"] == "list 3, history 1"
    assert facts["reads"] == "acme/engine, acme/tools"
    assert facts["asks next"] == "list of acme/engine"
    assert facts["waits for"].startswith("its calls are in flight, until 2126-11-24T08:00:00Z (in ")
    assert facts["repositories"] == "4 of 10 settled, about 3 min 20 s left"
    assert facts["REST"] == "1,200 of 5,000 left"


def test_a_refusal_is_shown_whole_with_the_history_and_its_limits() -> None:
    facts = dict(repo.describe(REFUSED))
    (row,) = [repo.access_row(row) for row in REFUSED.access]

    assert facts["status"] == "restricted"
    assert facts["stars stored"] == "0 of 471"
    assert row[:5] == (
        "ada",
        False,
        "token",
        "Resource not accessible by personal access token",
        "contents=write",
    )
    assert repo.describe_history(REFUSED.history) == (
        "history: 5 stars in 1 week (days not in UTC, only stars still there)"
    )
    assert repo.week_row(REFUSED.history[0]) == ("2026-11-22", 5, "1 0 4")


DAY = 86_400
SUNDAY = 1_795_305_600


@pytest.mark.parametrize(
    ("days", "hours_later", "shown"),
    [
        ((1, 0, 4, 0, 0, 0, 0), 3 * 24 + 11, [1, 0, 4]),
        ((1, 0, 4, 0, 0, 0, 0), 3 * 24 + 13, [1, 0, 4, 0]),
        ((0, 0, 0, 0, 0, 0, 0), 11, []),
        ((0, 0, 0, 0, 0, 0, 0), 13, [0]),
        ((0, 0, 0, 2, 0, 0, 0), 24, [0, 0, 0, 2]),
        ((0, 0, 0, 0, 0, 0, 0), 24 * 30, [0] * 7),
        ((), 24 * 30, []),
    ],
)
def test_days_to_come_are_not_shown_as_zeros(
    days: tuple[int, ...], hours_later: int, shown: list[int]
) -> None:
    week = Week(SUNDAY, sum(days), days)

    assert days_begun(week, SUNDAY + hours_later * 3600.0) == shown
