"""What the ledger does when GitHub says no, or nothing at all: it repeats no limit in a hot loop,
books only what may have arrived, and goes on slowly after a pause.
"""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitstars.fetch.budget import RESET_MARGIN_SECONDS
from gitstars.fetch.headers import RateInfo
from gitstars.fetch.ledger import Blocked, Grant, Ledger, Pause
from gitstars.model import Resource
from tests.fetch.test_ledger import START, Pace, figures, spend

CORE, GRAPHQL = Resource.CORE, Resource.GRAPHQL
MONTH = 30 * 86_400.0


def take(ledger: Ledger, now: float, resource: Resource = CORE, cost: int = 1) -> Grant:
    grant = ledger.reserve(1, resource, cost, now)
    assert isinstance(grant, Grant), grant
    return grant


def meet_limit(ledger: Ledger, now: float, until: float, rate: RateInfo | None = None) -> float:
    """A call whose answer is a limit that is said to end at ``until``; the pause in seconds."""
    grant = take(ledger, now)
    ledger.book(grant, rate, now)
    return ledger.limit(grant, until, now) - now


# A limit without a true end


@pytest.mark.parametrize("told", [START, START - 1, START - MONTH, 0.0])
def test_a_limit_whose_reset_is_past_blocks_for_seconds_that_double(told: float) -> None:
    ledger, now, pauses = Ledger(Pace()), START, []
    for _ in range(12):
        pauses.append(meet_limit(ledger, now, told))
        now += pauses[-1]

    assert pauses == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]


@pytest.mark.parametrize("told", [START + MONTH, START + 7300.0, math.inf])
def test_a_limit_whose_reset_is_far_ahead_blocks_for_a_minute_at_first(told: float) -> None:
    ledger = Ledger(Pace())

    first = meet_limit(ledger, START, told)
    second = meet_limit(ledger, START + 60, told)

    assert (first, second) == (60, 60)
    assert ledger.blocked_until(1, CORE, START + 61) == START + 120
    assert ledger.blocked_until(1, GRAPHQL, START + 61) is None


def test_a_limit_with_a_true_reset_blocks_exactly_until_then() -> None:
    ledger = Ledger(Pace())

    pause = meet_limit(ledger, START, START + 900, figures(4000))

    assert pause == 900 + RESET_MARGIN_SECONDS
    assert ledger.reserve(1, CORE, 1, START + 900) == Blocked(START + 901, "spent")
    assert isinstance(ledger.reserve(1, CORE, 1, START + 901), Grant)


def test_figures_of_another_resource_do_not_unblock_a_limit() -> None:
    ledger = Ledger(Pace())
    other = figures(5000, START + 3600, GRAPHQL)

    pauses = [meet_limit(ledger, START, START, other), meet_limit(ledger, START + 5, START, other)]

    assert pauses == [5, 10]


def test_calls_that_were_out_together_are_one_limit() -> None:
    ledger = Ledger(Pace())
    spend(ledger, START, 4000)
    grants = [take(ledger, START) for _ in range(8)]
    for grant in grants:
        ledger.book(grant, None, START + 1)

    ends = [ledger.limit(grant, START, START + 1) for grant in grants]

    assert ends == [START + 6] * 8


def test_after_a_limit_one_call_goes_out_alone_and_a_success_ends_the_doubling() -> None:
    ledger = Ledger(Pace())
    spend(ledger, START, 4000)
    now = START + 1
    now += meet_limit(ledger, now, now, figures(3999))

    alone = take(ledger, now)
    others = [ledger.reserve(1, CORE, 1, now) for _ in range(7)]
    ledger.book(alone, figures(3998), now + 1, went_well=True)
    after = [ledger.reserve(1, CORE, 1, now + 1) for _ in range(8)]

    assert all(isinstance(other, Pause) for other in others)
    assert all(isinstance(grant, Grant) for grant in after)
    for grant in after:
        assert isinstance(grant, Grant)
        ledger.book(grant, figures(3990), now + 2, went_well=True)
    assert meet_limit(ledger, now + 3, now) == 5


@pytest.mark.parametrize("named", [0.0, 0.1, 1.0])
def test_a_named_pause_of_a_moment_again_and_again_is_no_hot_loop(named: float) -> None:
    ledger, now, pauses = Ledger(Pace()), START, []
    for _ in range(9):
        grant = take(ledger, now)
        ledger.book(grant, None, now)
        pauses.append(ledger.cool_down(grant, named, now, 0.0) - now)
        now += pauses[-1]

    assert pauses == [5, 10, 20, 40, 80, 160, 320, 600, 600]


#: What an answer may say of a limit: seconds from now to its reset, or that it is a secondary one.
LIMITS = st.one_of(
    st.tuples(st.just("spent"), st.sampled_from([-MONTH, -60.0, -1.0, 0.0, 0.5, MONTH, math.inf])),
    st.tuples(st.just("secondary"), st.sampled_from([None, 0.0, 0.5, 1.0])),
)


@settings(max_examples=200, deadline=None)
@given(
    limits=st.lists(LIMITS, min_size=1, max_size=5),
    remaining=st.sampled_from([None, 0, 1, 4000]),
    resource=st.sampled_from([CORE, GRAPHQL]),
    concurrency=st.integers(1, 8),
)
def test_no_limit_is_met_in_a_hot_loop(
    limits: list[tuple[str, float | None]],
    remaining: int | None,
    resource: Resource,
    concurrency: int,
) -> None:
    ledger, now, sent, turn = Ledger(Pace()), START, 0, 0
    while now < START + 60:
        grants: list[Grant] = []
        wait = 0.01
        while len(grants) < concurrency:
            asked = ledger.reserve(1, CORE, 1, now)
            if isinstance(asked, Grant):
                grants.append(asked)
                continue
            wait = asked.seconds if isinstance(asked, Pause) else asked.until - now
            break
        now += 0.1
        for grant in grants:
            sent += 1
            kind, told = limits[turn % len(limits)]
            turn += 1
            rate = None if remaining is None else figures(remaining, now - 10, resource)
            ledger.book(grant, rate, now)
            if kind == "spent":
                ledger.limit(grant, now + (told or 0.0), now)
            else:
                ledger.cool_down(grant, told, now, 0.0)
        now += 0.0 if grants else max(wait, 0.001)

    # Each kind of limit at 0, 5, 15 and 35 seconds; the calls of the first moment go out together.
    assert sent <= concurrency + 8


# What may have arrived


def test_a_call_that_never_reached_github_costs_nothing() -> None:
    ledger = Ledger(Pace(0))
    spend(ledger, START, 254)
    before = ledger.snapshot()

    for _ in range(450):
        ledger.book(take(ledger, START), None, START, has_arrived=False)

    assert ledger.snapshot() == before
    assert ledger.view(1, START)["core"]["remaining"] == 254


def test_a_call_that_was_lost_is_supposed_to_be_counted() -> None:
    ledger = Ledger(Pace(0))
    spend(ledger, START, 10)

    for _ in range(3):
        ledger.book(take(ledger, START), None, START)

    assert ledger.view(1, START)["core"]["remaining"] == 7


@pytest.mark.parametrize(("told", "after"), [(9, 9), (6, 6)])
def test_the_next_answer_of_the_window_corrects_what_was_supposed(told: int, after: int) -> None:
    ledger = Ledger(Pace(0))
    spend(ledger, START, 10)
    for _ in range(3):
        ledger.book(take(ledger, START), None, START)

    spend(ledger, START, told)

    assert ledger.view(1, START)["core"]["remaining"] == after


def test_an_answer_to_a_call_from_before_the_loss_corrects_nothing() -> None:
    ledger = Ledger(Pace(0))
    spend(ledger, START, 10)
    early, lost = take(ledger, START), take(ledger, START)

    ledger.book(lost, None, START)
    ledger.book(early, figures(9), START, went_well=True)

    assert ledger.view(1, START)["core"]["remaining"] == 8


def test_at_zero_by_supposition_alone_one_call_asks() -> None:
    ledger = Ledger(Pace(0))
    spend(ledger, START, 2)
    for _ in range(2):
        ledger.book(take(ledger, START), None, START)

    asking = take(ledger, START)
    other = ledger.reserve(1, CORE, 1, START)
    ledger.book(asking, figures(1), START, went_well=True)

    assert isinstance(other, Pause)
    assert ledger.view(1, START)["core"]["remaining"] == 1
    assert isinstance(ledger.reserve(1, CORE, 1, START), Grant)


def test_a_question_at_zero_that_is_lost_is_put_again_after_pauses_that_double() -> None:
    ledger, now, pauses = Ledger(Pace(0)), START, []
    spend(ledger, START, 1)
    ledger.book(take(ledger, START), None, START)

    for _ in range(4):
        ledger.book(take(ledger, now), None, now)
        until = ledger.blocked_until(1, CORE, now)
        assert until is not None
        pauses.append(until - now)
        now = until

    assert pauses == [5, 10, 20, 40]


def test_a_zero_that_github_told_is_not_questioned() -> None:
    ledger = Ledger(Pace(0))
    spend(ledger, START, 0, reset_at=START + 100)

    assert isinstance(ledger.reserve(1, CORE, 1, START + 50), Blocked)


# Slowly after a block


def cooled(now: float = START) -> Ledger:
    """A ledger whose user met a secondary limit; the pause is over a minute after ``now``."""
    ledger = Ledger(Pace(0))
    spend(ledger, now - 1, 4900)
    grant = take(ledger, now)
    ledger.book(grant, figures(4899), now)
    assert ledger.cool_down(grant, 60.0, now, 0.0) == now + 60
    return ledger


def burst(ledger: Ledger, now: float) -> int:
    """How many calls may go out at once; all of them end well."""
    grants = []
    while isinstance(grant := ledger.reserve(1, CORE, 1, now), Grant):
        grants.append(grant)
    for grant in grants:
        ledger.book(grant, figures(4800), now, went_well=True)
    return len(grants)


def test_after_a_secondary_limit_the_next_call_goes_out_alone_on_whichever_resource() -> None:
    ledger = cooled()

    alone = take(ledger, START + 60)
    others = [ledger.reserve(1, resource, 1, START + 60) for resource in Resource]

    assert all(isinstance(other, Pause) for other in others)
    ledger.book(alone, figures(4898), START + 61)
    assert isinstance(ledger.reserve(1, GRAPHQL, 1, START + 61), Grant), "it failed: alone again"
    assert isinstance(ledger.reserve(1, CORE, 1, START + 61), Pause)


def test_after_a_secondary_limit_the_pace_of_the_minute_is_halved_and_recovers_in_steps() -> None:
    ledger = cooled()
    spend(ledger, START + 60, 4898)

    bursts = [burst(ledger, START + 61 + 60 * minute) for minute in range(6)]

    assert bursts == pytest.approx([450, 562, 675, 787, 900, 900], abs=2)
    shares = [ledger._user(1).recovery.share_at(START + 60 + 60 * minute) for minute in range(6)]
    assert shares == [0.5, 0.625, 0.75, 0.875, 1.0, 1.0]


def test_limit_upon_limit_halves_the_pace_again_down_to_a_sixteenth() -> None:
    ledger, now = cooled(), START
    for _ in range(10):
        now += 4000
        grant = take(ledger, now)
        ledger.book(grant, figures(4899, now + 3000), now)
        ledger.cool_down(grant, 60.0, now, 0.0)

    assert ledger._user(1).recovery.share == 1 / 16


def test_a_restart_goes_on_slowly_too() -> None:
    ledger = cooled()
    now = START + 60
    pause = meet_limit(ledger, now, now)
    assert ledger.peek(1, GRAPHQL, 1, now) is None
    rows = json.loads(json.dumps(ledger.snapshot()))

    after = Ledger(Pace())
    after.restore(rows)

    assert after.snapshot() == ledger.snapshot()
    assert after.blocked_until(1, CORE, now) == now + pause
    assert isinstance(after.reserve(1, GRAPHQL, 1, now), Grant)
    assert isinstance(after.reserve(1, GRAPHQL, 1, now), Pause)


@pytest.mark.parametrize(
    "broken",
    [
        {"reset_at": math.nan},
        {"tokens": math.inf},
        {"blocked_until": math.nan},
        {"remaining": -1},
        {"supposed": -5},
        {"strikes": 10**30},
        {"share": 0.0},
        {"share": math.nan},
    ],
)
def test_a_row_that_nobody_can_have_written_is_skipped(broken: dict[str, float]) -> None:
    ledger = Ledger(Pace())
    spend(ledger, START, 77)
    (row,) = ledger.snapshot()

    after = Ledger(Pace())
    after.restore([{**row, **broken}])

    assert after.snapshot() == []
