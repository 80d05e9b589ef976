"""The weekly history: US Pacific days, weeks without stars, stars that were taken back, and what
an unchanged history costs.
"""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from gitstars.simulator.people import Stars
from gitstars.simulator.scenario import SimRepository
from gitstars.simulator.weeks import list_weeks, pacific_day, pacific_midnight, show_week
from gitstars.simulator.world import LiveRepository
from tests.simulator.conftest import Hub, MakeHub

HISTORY = "/repos/acme/engine/stargazers/history"
CREATED = datetime(2026, 1, 7, 20, tzinfo=UTC)
PLACE = SimRepository(id=10, full_name="acme/engine", stars=400, created=CREATED)


def seconds(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp())  # type: ignore[arg-type, misc]


def read_all(hub: Hub) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    page = 1
    while told := hub.read(f"{HISTORY}?per_page=30&page={page}"):
        rows += told
        page += 1
    return rows


@pytest.mark.parametrize(
    ("day", "midnight"),
    [
        ((2026, 1, 7), (2026, 1, 7, 8)),
        ((2026, 3, 8), (2026, 3, 8, 8)),
        ((2026, 3, 9), (2026, 3, 9, 7)),
        ((2026, 11, 1), (2026, 11, 1, 7)),
        ((2026, 11, 2), (2026, 11, 2, 8)),
        ((2027, 3, 15), (2027, 3, 15, 7)),
    ],
)
def test_a_day_begins_at_midnight_in_california(
    day: tuple[int, ...], midnight: tuple[int, ...]
) -> None:
    number = seconds(*day) // 86_400

    assert pacific_midnight(number) == seconds(*midnight)
    assert pacific_day(seconds(*midnight)) == number
    assert pacific_day(seconds(*midnight) - 1) == number - 1


def test_weeks_go_from_the_creation_to_the_present_with_zeros(make_hub: MakeHub) -> None:
    hub = make_hub(PLACE)

    rows = read_all(hub)

    weeks = [row["week"] for row in rows]
    assert weeks[-1] == seconds(2026, 1, 4)
    assert weeks == list(range(weeks[0], weeks[-1] - 1, -604_800))
    present = max(pacific_day(int(time.time())), pacific_day(seconds(2026, 10, 1) - 1))
    assert weeks[0] // 86_400 <= present < weeks[0] // 86_400 + 7
    assert sum(row["total"] for row in rows) == 400
    assert all(row["total"] == sum(row["days"]) for row in rows)


def test_days_to_come_are_zeros_and_the_history_of_no_stars_is_zeros() -> None:
    live = LiveRepository(SimRepository(id=10, full_name="a/b", stars=0, created=CREATED), 100)
    now = seconds(2026, 2, 3, 12)

    weeks = list_weeks(live, now)

    assert list(weeks) == [seconds(2026, 2, 1) - 604_800 * n for n in range(5)]
    assert show_week(live, weeks[0]) == {"week": weeks[0], "total": 0, "days": [0] * 7}


def test_a_star_counts_on_its_pacific_day(make_hub: MakeHub) -> None:
    hub = make_hub(PLACE)
    stars = Stars(PLACE, 5000)
    expected: dict[int, int] = {}
    for star in stars:
        day = pacific_day(star.starred_at)
        expected[day] = expected.get(day, 0) + 1

    rows = read_all(hub)

    told = {
        row["week"] // 86_400 + number: amount
        for row in rows
        for number, amount in enumerate(row["days"])
        if amount
    }
    assert told == expected
    assert told != {star.starred_at // 86_400: 1 for star in stars}


def test_old_weeks_shrink_when_stars_are_taken_back(make_hub: MakeHub) -> None:
    hub = make_hub(PLACE)
    before = read_all(hub)

    hub.control("/repositories/10", {"unstar": [0, 1, 2]})

    after = read_all(hub)
    assert [row["week"] for row in after] == [row["week"] for row in before]
    assert before[-1]["total"] - after[-1]["total"] == 3
    assert sum(row["total"] for row in after) == 397


def test_an_unchanged_history_is_304_and_free_with_a_token(make_hub: MakeHub) -> None:
    hub = make_hub(PLACE)
    first = hub.ask(HISTORY)
    tag = {"If-None-Match": first.headers["etag"]}

    again = hub.ask(HISTORY, headers=tag)
    hub.control("/repositories/10", {"unstar": [399]})
    changed = hub.ask(HISTORY, headers=tag)

    assert first.headers["etag"].startswith('W/"')
    assert first.headers["cache-control"] == "max-age=60"
    assert (again.status_code, again.content) == (304, b"")
    assert [a.headers["x-ratelimit-used"] for a in (first, again, changed)] == ["1", "1", "2"]


def test_counts_and_histories_need_no_token_and_are_charged_to_the_address(
    make_hub: MakeHub,
) -> None:
    hub = make_hub(PLACE, SimRepository(id=11, full_name="acme/hidden", stars=5, private=True))

    history = hub.ask(HISTORY, token=None)
    count = hub.ask("/repositories/10/stargazers/count", token=None)
    hidden = hub.ask("/repos/acme/hidden/stargazers/count", token=None)
    closed = [
        hub.ask(path, token=None).status_code for path in ("/repos/acme/engine/stargazers", "/user")
    ]

    assert len(history.json()) == 30
    assert (count.json(), hidden.status_code, closed) == ({"count": 400}, 404, [401] * 2)
    assert [a.headers["x-ratelimit-remaining"] for a in (history, count, hidden)] == [
        "59",
        "58",
        "57",
    ]
    assert "x-oauth-scopes" not in history.headers
    assert hub.ask("/rate_limit", token=None).json()["rate"]["remaining"] == 57
    assert hub.ask("/repos/acme/engine/stargazers/count", token="wrong").status_code == 401


def test_an_address_has_60_calls(make_hub: MakeHub) -> None:
    hub = make_hub(PLACE)

    answers = [hub.ask("/repos/acme/engine/stargazers/count", token=None) for _ in range(61)]

    assert [answer.status_code for answer in answers] == [200] * 60 + [403]
    assert "API rate limit exceeded for 127.0.0.1" in answers[-1].json()["message"]
    assert hub.ask("/user").headers["x-ratelimit-remaining"] == "4999"
