"""The ledger of budgets: never more than GitHub allows, bursts while there is plenty, waits as
long as needed, kept through restarts.
"""

import json
import math
from collections import deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitstars.fetch.budget import RESET_MARGIN_SECONDS
from gitstars.fetch.headers import RateInfo
from gitstars.fetch.ledger import Blocked, Grant, Ledger, Pause
from gitstars.model import Resource

CORE, GRAPHQL = Resource.CORE, Resource.GRAPHQL
START = 1_790_000_000.0


@dataclass(frozen=True)
class Pace:
    requests_per_hour: int = 4000
    rest_points_per_minute: int = 900
    graphql_points_per_minute: int = 2000


def figures(
    remaining: int, reset_at: float = START + 3600, resource: Resource = CORE, limit: int = 5000
) -> RateInfo:
    return RateInfo(resource, limit, remaining, reset_at)


def spend(
    ledger: Ledger,
    now: float,
    remaining: int,
    user: int = 1,
    resource: Resource = CORE,
    **more: float,
) -> None:
    """One call whose answer tells ``remaining``."""
    grant = ledger.reserve(user, resource, 1, now)
    assert isinstance(grant, Grant)
    ledger.book(grant, figures(remaining, resource=resource, **more), now, went_well=True)  # type: ignore[arg-type]


@dataclass
class Server:
    """GitHub's side of one budget: what arrives is counted, in windows and minutes of its own."""

    limit: int
    window: float
    per_minute: int
    used: int = 0
    reset_at: float = 0.0
    refused: int = 0
    recent: deque[tuple[float, int]] = field(default_factory=deque)

    def arrive(self, cost: int, now: float) -> RateInfo:
        if now >= self.reset_at:
            self.used, self.reset_at = 0, now + self.window
        if self.used + cost > self.limit:
            self.refused += 1
            return RateInfo(CORE, self.limit, self.limit - self.used, math.ceil(self.reset_at))
        self.used += cost
        self.recent.append((now, cost))
        while self.recent[0][0] <= now - 60:
            self.recent.popleft()
        assert sum(points for _, points in self.recent) <= self.per_minute, (
            "the minute was overspent"
        )
        return RateInfo(CORE, self.limit, self.limit - self.used, math.ceil(self.reset_at))


#: What happens next: a call is tried, one on its way arrives, an arrived one's answer comes, one is
#: lost, one finds no connection, time passes.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["call"] * 3 + ["arrive", "answer", "answer", "lose", "bounce", "wait"]),
        st.integers(0, 40),
    ),
    max_size=300,
)


@settings(max_examples=300, deadline=None)
@given(
    steps=STEPS,
    limit=st.integers(20, 60),
    window=st.integers(20, 90),
    per_minute=st.integers(5, 60),
    used=st.integers(0, 10),
    pace=st.sampled_from([0, 4000, 100_000]),
)
def test_it_never_overspends_whatever_the_order_of_calls_arrivals_answers_losses_and_resets(
    steps: list[tuple[str, int]], limit: int, window: int, per_minute: int, used: int, pace: int
) -> None:
    server = Server(limit, window, per_minute, used, START + window / 2)
    ledger = Ledger(Pace(pace, per_minute))
    now, lost = START, 0
    sent: list[Grant] = []
    arrived: list[tuple[Grant, RateInfo]] = []
    for step, number in steps:
        if step == "call" and isinstance(
            grant := ledger.reserve(1, CORE, 1 + number % 3, now), Grant
        ):
            sent.append(grant)
        elif step == "arrive" and sent:
            grant = sent.pop(number % len(sent))
            arrived.append((grant, server.arrive(grant.cost, now)))
        elif step == "answer" and arrived:
            grant, rate = arrived.pop(number % len(arrived))
            ledger.book(grant, rate, now, went_well=True)
        elif step == "lose" and (arrived or sent):
            lost += 1
            ledger.book(arrived.pop()[0] if arrived else sent.pop(), None, now)
        elif step == "bounce" and sent:
            ledger.book(sent.pop(), None, now, has_arrived=False)
        elif step == "wait":
            now += number
        # At zero by supposition alone one call asks, and GitHub may say no.
        assert server.refused <= lost, "the hour was overspent"


@settings(max_examples=50, deadline=None)
@given(latency=st.floats(0.01, 3), concurrency=st.integers(1, 16), used=st.integers(0, 4900))
def test_a_busy_client_is_never_refused_and_never_stuck(
    latency: float, concurrency: int, used: int
) -> None:
    server = Server(5000, 3600, 900, used, START + 1800)
    done = work(Ledger(Pace()), server, seconds=3600, latency=latency, concurrency=concurrency)

    assert done > min(100, 3000 / latency)


def work(ledger: Ledger, server: Server, seconds: float, latency: float, concurrency: int) -> int:
    """Keep ``concurrency`` calls in flight for some seconds of simulated time; how many were
    answered.
    """
    now, done = START, 0
    flying: deque[tuple[float, Grant, RateInfo]] = deque()
    while now < START + seconds:
        while flying and flying[0][0] <= now:
            _, grant, rate = flying.popleft()
            ledger.book(grant, rate, now, went_well=True)
            done += 1
        wait = latency
        while len(flying) < concurrency:
            asked = ledger.reserve(1, CORE, 1, now)
            if isinstance(asked, Grant):
                flying.append((now + latency, asked, server.arrive(1, now + latency / 2)))
                continue
            wait = asked.seconds if isinstance(asked, Pause) else asked.until - now
            break
        now = min(now + max(wait, 0.001), flying[0][0] if flying else math.inf)
    return done


def test_a_fresh_token_moves_ten_pages_a_second_in_a_burst() -> None:
    assert (
        work(Ledger(Pace()), Server(5000, 3600, 900), seconds=60, latency=0.3, concurrency=8) >= 600
    )


def test_the_long_run_settles_at_the_configured_pace() -> None:
    ledger, server = Ledger(Pace(requests_per_hour=2000)), Server(1_000_000, 3600, 900)
    first = work(ledger, server, seconds=3600, latency=0.3, concurrency=8)

    assert 2000 <= first <= 2000 + 900


def test_what_is_left_below_half_lasts_until_the_reset() -> None:
    ledger, server = (
        Ledger(Pace(requests_per_hour=100_000)),
        Server(5000, 3600, 900, used=4000, reset_at=START + 3600),
    )

    late = work(ledger, server, seconds=1800, latency=0.3, concurrency=8)

    assert server.used < 5000, "half way to the reset something is left"
    assert late > 300


def test_nothing_is_paced_when_no_pace_is_wanted() -> None:
    ledger = Ledger(Pace(0, rest_points_per_minute=1_000_000))
    spend(ledger, START, 1_000_000, limit=1_000_001)

    assert all(isinstance(ledger.reserve(1, CORE, 1, START), Grant) for _ in range(50_000))


def test_one_call_goes_ahead_while_nothing_is_known() -> None:
    ledger = Ledger(Pace())
    first = ledger.reserve(1, CORE, 1, START)

    assert isinstance(first, Grant)
    assert isinstance(ledger.reserve(1, CORE, 1, START), Pause)
    assert isinstance(ledger.reserve(2, CORE, 1, START), Grant), "another user has another budget"
    assert isinstance(ledger.reserve(1, GRAPHQL, 1, START), Grant), "GraphQL has another budget"
    ledger.book(first, figures(4999), START, went_well=True)
    assert isinstance(ledger.reserve(1, CORE, 1, START), Grant)


@pytest.mark.parametrize("went_well", [True, False])
def test_a_server_that_answers_well_without_figures_has_no_budgets(went_well: bool) -> None:
    ledger = Ledger(Pace())
    grant = ledger.reserve(1, CORE, 1, START)
    assert isinstance(grant, Grant)

    ledger.book(grant, None, START, went_well=went_well)

    second, third = (ledger.reserve(1, CORE, 1, START) for _ in range(2))
    assert isinstance(second, Grant)
    assert isinstance(third, Grant) == went_well


def test_a_spent_budget_is_blocked_exactly_until_its_reset() -> None:
    ledger = Ledger(Pace())
    spend(ledger, START, 0, reset_at=START + 100)
    until = START + 100 + RESET_MARGIN_SECONDS

    assert ledger.reserve(1, CORE, 1, START) == Blocked(until, "spent")
    assert ledger.blocked_until(1, CORE, START + 50) == until
    assert ledger.blocked_until(1, GRAPHQL, START) is None
    assert isinstance(ledger.reserve(2, CORE, 1, START), Grant)
    assert isinstance(ledger.reserve(1, CORE, 1, until), Grant)


def test_a_query_that_costs_more_than_is_left_waits_and_a_cheaper_one_does_not() -> None:
    ledger = Ledger(Pace())
    spend(ledger, START, 3, resource=GRAPHQL)

    assert isinstance(ledger.peek(1, GRAPHQL, 4, START), Blocked)
    assert ledger.peek(1, GRAPHQL, 1, START) is None


def test_looking_reserves_nothing() -> None:
    ledger = Ledger(Pace())
    spend(ledger, START, 1)

    assert [ledger.peek(1, CORE, 1, START) for _ in range(5)] == [None] * 5


@pytest.mark.parametrize(
    ("told", "remaining"),
    [
        ([figures(10), figures(7), figures(9)], 7),
        ([figures(10), figures(4999, START + 7200)], 4999),
        ([figures(4999, START + 7200), figures(10)], 4999),
        ([figures(10, START + 3600), figures(8, START + 3602)], 8),
        ([figures(10), figures(3, resource=GRAPHQL)], 9),
    ],
)
def test_the_lowest_remaining_and_the_newest_reset_win(
    told: list[RateInfo], remaining: int
) -> None:
    ledger = Ledger(Pace())
    spend(ledger, START, 4999)
    grants = [grant for _ in told if isinstance(grant := ledger.reserve(1, CORE, 1, START), Grant)]

    for grant, rate in zip(grants, told, strict=True):
        ledger.book(grant, rate, START)

    assert ledger.view(1, START)["core"]["remaining"] == remaining


def test_a_reset_in_the_past_is_a_fresh_window() -> None:
    ledger = Ledger(Pace())
    spend(ledger, START, 0, reset_at=START - 10)

    assert isinstance(ledger.reserve(1, CORE, 1, START), Grant)


def cool(
    ledger: Ledger,
    granted_at: float,
    met_at: float,
    retry_after: float | None = None,
    chance: float = 0.0,
) -> float:
    return ledger.cool_down(Grant(1, CORE, 1, granted_at), retry_after, met_at, chance) - met_at


def test_a_named_pause_is_kept_to_the_second_on_both_resources() -> None:
    ledger = Ledger(Pace())

    cool(ledger, START, START, retry_after=17)

    for resource in Resource:
        assert ledger.reserve(1, resource, 1, START + 16.9) == Blocked(START + 17, "secondary")
        assert ledger.peek(1, resource, 1, START + 17) is None
    assert isinstance(ledger.reserve(2, CORE, 1, START), Grant)


def test_an_unnamed_pause_doubles_until_a_call_goes_well() -> None:
    ledger = Ledger(Pace())
    pauses = [
        cool(ledger, at, at)
        for at in (
            START,
            START + 100,
            START + 300,
            START + 900,
            START + 2000,
            START + 4000,
            START + 9000,
            START + 9e4,
        )
    ]
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600]

    spend(ledger, START + 2e5, 4000, reset_at=START + 3e5)

    assert cool(ledger, START + 2e5 + 1, START + 2e5 + 1) == 60


def test_chance_spreads_an_unnamed_pause_upwards() -> None:
    assert [
        cool(Ledger(Pace()), START, START, chance=chance) for chance in (0.0, 0.5, 0.999)
    ] == pytest.approx([60, 67.5, 75], abs=0.1)


def test_calls_that_were_out_together_count_as_one_incident() -> None:
    ledger = Ledger(Pace())
    grants = [START - 1.0] * 8

    assert [cool(ledger, granted, START) for granted in grants] == [60] * 8
    assert cool(ledger, START + 61, START + 61) == 120


def test_a_late_success_of_a_call_from_before_does_not_end_the_doubling() -> None:
    ledger = Ledger(Pace())
    early = ledger.reserve(1, CORE, 1, START)
    assert isinstance(early, Grant)
    cool(ledger, START, START + 1)

    ledger.book(early, figures(4000), START + 2, went_well=True)

    assert cool(ledger, START + 70, START + 70) == 120


def test_a_restart_does_not_begin_blind() -> None:
    ledger = Ledger(Pace())
    spend(ledger, START, 0, reset_at=START + 900)
    spend(ledger, START, 1234, resource=GRAPHQL)
    cool(ledger, START, START, retry_after=30)
    ledger.rejections.reject(2, "gho_secret", "rejected", "no", START)
    rows = json.loads(json.dumps(ledger.snapshot()))

    after = Ledger(Pace())
    after.restore(rows)

    assert after.view(1, START) == ledger.view(1, START)
    assert after.reserve(1, CORE, 1, START + 40) == Blocked(
        START + 900 + RESET_MARGIN_SECONDS, "spent"
    )
    assert ledger.is_rejected(2, "gho_secret", START + 1)
    assert not after.is_rejected(2, "gho_secret", START + 1), "a start looks at every token"
    assert sorted(map(str, after.snapshot())) == sorted(map(str, ledger.snapshot()))
    assert "gho_secret" not in json.dumps(rows)


def test_a_restart_gives_no_second_burst() -> None:
    ledger, server = Ledger(Pace()), Server(5000, 3600, 900)
    work(ledger, server, seconds=60, latency=0.3, concurrency=8)

    after = Ledger(Pace())
    after.restore(ledger.snapshot())

    at_once = sum(isinstance(after.reserve(1, CORE, 1, START + 60), Grant) for _ in range(900))
    assert at_once < 100


def test_rows_of_another_shape_are_skipped_and_more_columns_are_no_trouble() -> None:
    ledger = Ledger(Pace())
    spend(ledger, START, 77)
    (row,) = ledger.snapshot()

    after = Ledger(Pace())
    after.restore(
        [
            {},
            {**row, "user_id": "x"},
            {**row, "resource": "search"},
            {**row, "id": "gitstars_budget:1", "user_id": 9},
        ]
    )

    assert after.view(9, START)["core"]["remaining"] == 77
    assert {kept["user_id"] for kept in after.snapshot()} == {9}


def test_users_are_forgotten_before_they_fill_the_memory_but_never_one_in_flight() -> None:
    ledger = Ledger(Pace(), users_bound=10)
    flying = ledger.reserve(1, CORE, 1, START)
    assert isinstance(flying, Grant)

    for user in range(2, 100):
        spend(ledger, START, 100, user=user)
    ledger.book(flying, figures(55), START)

    kept = {row["user_id"] for row in ledger.snapshot()}
    assert kept == {1, *range(91, 100)}


def test_figures_told_to_a_clock_that_was_wrong_are_forgotten() -> None:
    ledger = Ledger(Pace())
    spend(ledger, START + 30 * 86_400, 0, reset_at=START + 30 * 86_400 + 1800)

    assert isinstance(ledger.reserve(1, CORE, 1, START), Grant)


def test_a_clock_that_is_set_back_makes_nobody_wait_for_it_to_catch_up() -> None:
    ledger, ahead = Ledger(Pace()), START + 86_400
    for number in range(850):
        spend(ledger, ahead + number / 100, 4900 - number, reset_at=ahead + 1800)
    met = ledger.reserve(2, CORE, 1, ahead + 86_400)
    assert isinstance(met, Grant)
    ledger.cool_down(met, 120.0, ahead + 86_400, 0.0)

    obstacles = [ledger.reserve(user, CORE, 1, START + 5) for user in (1, 2) for _ in range(2)]

    assert all(not isinstance(obstacle, Blocked) for obstacle in obstacles)
    assert max(obstacle.seconds for obstacle in obstacles if isinstance(obstacle, Pause)) < 60
    assert isinstance(obstacles[0], Grant)
    assert ledger.view(2, START)["cooldown_until"] is None
    assert ledger.cool_down(met, 120.0, START, 0.0) == START + 120
