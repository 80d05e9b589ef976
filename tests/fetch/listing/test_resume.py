"""A list that is read in pages neither skips nor repeats a star: whatever comes late, gets lost
or is asked again, wherever it restarts.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, repeat
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitstars.fetch.answers import Page
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.listing.graph import GraphListing
from gitstars.fetch.listing.newest import NewestListing
from gitstars.fetch.listing.protocol import ListAsk, Listing, PageAsk, Ready
from gitstars.fetch.listing.rest import RestListing
from gitstars.model import Progress, Stargazer

#: Above the bound from which a list is read from both ends.
LONG = 1_000_000
#: A step of the surroundings: ask for up to so many pages, answer one, lose one, restart without
#: the last so many pages.
Steps = Sequence[tuple[str, int]]

STEP = st.tuples(
    st.sampled_from(["ask", "ask", "answer", "answer", "lose", "restart"]), st.integers(0, 9)
)
STEPS = st.lists(STEP, max_size=10) | st.lists(STEP, min_size=10, max_size=50)
#: Without losses and restarts.
CALM_STEPS = st.lists(st.tuples(st.sampled_from(["ask", "answer"]), st.integers(0, 9)), max_size=40)
#: Restarts after the end was found, each without the last so many pages.
RESTARTS = st.lists(st.integers(0, 3), max_size=3)
#: Stars, oldest first: seconds since the one before, and whether the user is gone.
PLAIN = st.tuples(st.sampled_from([0, 0, 1, 2]), st.sampled_from([False, False, False, True]))
KNOTTY = st.tuples(st.sampled_from([0, 0, 0, 0, 0, 1]), st.booleans())
LISTS = (
    st.lists(PLAIN, max_size=10)
    | st.lists(PLAIN, min_size=10, max_size=30)
    | st.lists(KNOTTY, min_size=6, max_size=30)
)
SIZES = st.integers(1, 6)


@dataclass(frozen=True)
class Github:
    """A list as both APIs show it, oldest first; user 0 is a ghost."""

    stars: tuple[tuple[int, str], ...]

    @property
    def named(self) -> list[int]:
        """The users that are still there, oldest star first."""
        return [user for user, _ in self.stars if user]

    @property
    def ghosts(self) -> int:
        return len(self.stars) - len(self.named)

    def by_number(self, number: int, size: int, last_page: int = 1000) -> Page:
        """Page ``number`` (from 1); there is no page behind ``last_page``."""
        last = min(last_page, max(1, math.ceil(len(self.stars) / size)))
        is_last = number >= last
        return show(
            self.stars[(number - 1) * size : number * size],
            has_next=not is_last,
            last_page=None if is_last else last,
        )

    def by_cursor(self, ask: GraphAsk) -> Page:
        """The page that ``ask`` means; a cursor is the position of the star before."""
        ordered = list(enumerate(self.stars))[:: -1 if ask.newest_first else 1]
        start = (
            0
            if ask.after is None
            else [f"at {position}" for position, _ in ordered].index(ask.after) + 1
        )
        part = ordered[start : start + ask.first]
        cursor = f"at {part[-1][0]}" if part else None
        has_next = start + ask.first < len(ordered)
        return show(
            [star for _, star in part], has_next=has_next, end_cursor=cursor, total=len(self.stars)
        )


def show(stars: Iterable[tuple[int, str]], **more: Any) -> Page:
    known = tuple(Stargazer(user, f"user-{user}", "", "", at) for user, at in stars if user)
    ghost_times = tuple(at for user, at in stars if not user)
    return Page(known, len(ghost_times), ghost_times=ghost_times, **more)


def make_github(entries: Iterable[tuple[int, bool]]) -> Github:
    second, stars = 0, []
    for user, (pause, is_ghost) in enumerate(entries, 1):
        second += pause
        at = f"2020-01-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
        stars.append((0 if is_ghost else user, at))
    return Github(tuple(stars))


@dataclass
class Reading:
    """A list on its way: the listing may die at any time, the durable pages stay.

    ``begin`` makes a listing from a progress, ``take`` feeds it the answer to an ask.
    """

    begin: Callable[[Progress], Listing]
    take: Callable[[Listing, ListAsk], list[Ready]]
    first: Progress = field(default_factory=Progress)
    durable: list[Ready] = field(default_factory=list)
    asked: list[ListAsk] = field(default_factory=list)
    on_its_way: list[ListAsk] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listing: Listing = self.begin(self.first)

    def go_through(self, steps: Steps) -> None:
        for step, number in steps:
            if step == "ask":
                self._ask(number)
            elif step == "answer" and self.on_its_way:
                ask = self.on_its_way.pop(number % len(self.on_its_way))
                self.durable += self.take(self.listing, ask)
            elif step == "lose" and self.on_its_way:
                self.listing.give_up(self.on_its_way.pop(number % len(self.on_its_way)))
            elif step == "restart":
                self.restart(lost=number % 4)

    def finish(self, steps: Steps, restarts: Iterable[int] = ()) -> None:
        """Go through ``steps``, then on without trouble to the end; and to the end again after
        each of the ``restarts``.
        """
        self.go_through(steps)
        self._find_end()
        for lost in restarts:
            self.restart(lost)
            self._find_end()

    def _find_end(self) -> None:
        calm = chain.from_iterable(repeat((("ask", 3), ("answer", 0))))
        for step, _ in zip(calm, range(1000), strict=False):
            if self.listing.is_done:
                break
            self.go_through([step])
        assert self.listing.is_done, "the end was not recognised"
        assert self.listing.asks(9) == [], "something is asked for behind the end"

    def restart(self, lost: int) -> None:
        """The process dies: what is on its way, and the last ``lost`` pages that were on their
        way to the database, are lost.
        """
        del self.durable[max(0, len(self.durable) - lost) :]
        self.on_its_way.clear()
        self.listing = self.begin(stored(self.durable[-1].progress if self.durable else self.first))

    def _ask(self, number: int) -> None:
        for ask in self.listing.asks(number):
            assert ask not in self.on_its_way, "a page was asked for twice"
            self.listing.start(ask)
            self.on_its_way.append(ask)
            self.asked.append(ask)

    @property
    def users(self) -> list[int]:
        """Who is on the durable pages, in their order."""
        return [star.github_id for ready in self.durable for star in ready.stargazers]

    @property
    def counted(self) -> tuple[int, int]:
        """What the progress says: stars and ghosts."""
        return self.listing.progress.processed, self.listing.progress.ghosts


def number_of(ask: ListAsk) -> int:
    """The number of a page of the REST list."""
    assert isinstance(ask, PageAsk)
    return ask.number


def is_newest_first(ask: ListAsk) -> bool:
    assert isinstance(ask, GraphAsk)
    return ask.newest_first


def numbers(asks: Iterable[ListAsk]) -> list[int]:
    return [number_of(ask) for ask in asks]


def stored(progress: Progress) -> Progress:
    """A progress after its way through the database."""
    return replace(progress, cursor=json.loads(json.dumps(progress.cursor)))


def read_by_number(
    github: Github,
    size: int,
    total: int | None = None,
    last_page: int = 1000,
    first: Progress | None = None,
) -> Reading:
    return Reading(
        lambda progress: RestListing(progress, size),
        lambda listing, ask: listing.accept(ask, github.by_number(number_of(ask), size, last_page)),
        first or Progress(total_stargazers=total),
    )


def read_by_cursor(github: Github, size: int, first: Progress) -> Reading:
    return read_changing([github], size, first)


def read_changing(present: Sequence[Github], size: int, first: Progress) -> Reading:
    """A list by cursors that is always the last one of ``present``."""
    return Reading(
        lambda progress: GraphListing("o/r", progress, size),
        lambda listing, ask: listing.accept(ask, present[-1].by_cursor(cast(GraphAsk, ask))),
        first,
    )


# By page numbers


@settings(max_examples=300, deadline=None)
@given(entries=LISTS, size=SIZES, steps=STEPS, restarts=RESTARTS)
def test_a_list_by_page_numbers_comes_whole_and_in_order(
    entries: list[tuple[int, bool]], size: int, steps: Steps, restarts: list[int]
) -> None:
    github = make_github(entries)
    reading = read_by_number(github, size, total=len(entries))

    reading.finish(steps, restarts)

    assert reading.users == github.named
    assert reading.counted == (len(github.named), github.ghosts)


@settings(max_examples=100, deadline=None)
@given(entries=LISTS, size=SIZES, steps=CALM_STEPS)
def test_a_list_by_page_numbers_asks_for_every_page_once_and_for_none_behind_the_last(
    entries: list[tuple[int, bool]], size: int, steps: Steps
) -> None:
    reading = read_by_number(make_github(entries), size, total=len(entries))

    reading.finish(steps)

    assert sorted(numbers(reading.asked)) == list(
        range(1, max(1, math.ceil(len(entries) / size)) + 1)
    )


@settings(max_examples=100, deadline=None)
@given(entries=LISTS, size=SIZES, steps=STEPS)
def test_every_durable_page_says_how_far_it_brought_the_list(
    entries: list[tuple[int, bool]], size: int, steps: Steps
) -> None:
    reading = read_by_number(make_github(entries), size, total=len(entries))

    reading.go_through(steps)

    kept = 0
    for number, ready in enumerate(reading.durable, 1):
        kept += len(ready.stargazers)
        read = min(number * size, len(entries))
        assert (ready.progress.last_page, ready.progress.processed, ready.progress.ghosts) == (
            number,
            kept,
            read - kept,
        )


def test_one_page_alone_is_asked_for_until_the_length_of_the_list_is_known() -> None:
    github = make_github([(1, False)] * 50)
    reading = read_by_number(github, size=10, total=50)
    before = reading.listing.asks(9)

    reading.go_through([("ask", 9), ("answer", 0)])

    assert before == [PageAsk(1, 10)]
    assert numbers(reading.listing.asks(9)) == [2, 3, 4, 5]
    assert numbers(reading.listing.asks(2)) == [2, 3]
    assert reading.listing.asks(0) == []


def test_a_page_that_came_early_waits_for_its_turn_and_is_not_asked_again() -> None:
    github = make_github([(1, False)] * 50)
    listing = RestListing(
        Progress({"kind": "rest", "next_page": 2, "page_size": 10}, 1, 5, 50, processed=10), 10
    )
    for number in listing.asks(2):
        listing.start(number)

    early = listing.accept(PageAsk(3, 10), github.by_number(3, 10))
    asks = numbers(listing.asks(9))
    ready = listing.accept(PageAsk(2, 10), github.by_number(2, 10))

    assert early == []
    assert asks == [4, 5]
    assert [star.github_id for one in ready for star in one.stargazers] == list(range(11, 31))
    assert [one.progress.processed for one in ready] == [20, 30]


@pytest.mark.parametrize(
    ("stars", "is_done", "asks"),
    [(40_000, True, []), (39_950, True, []), (40_001, False, [401]), (250_000, False, [401])],
)
def test_the_wall_is_no_end_where_more_stars_were_counted(
    stars: int, is_done: bool, asks: list[int]
) -> None:
    before = Progress(
        {"kind": "rest", "next_page": 400, "page_size": 100}, 399, 400, stars, processed=39_900
    )
    listing = RestListing(before)

    listing.accept(PageAsk(400), make_github([(1, False)] * 100).by_number(1, 100))

    assert (listing.is_done, numbers(listing.asks(9))) == (is_done, asks)


@pytest.mark.parametrize(
    "cursor",
    [
        {"kind": "rest", "next_page": 3, "page_size": 50},
        {"kind": "graph", "front": None, "back": None},
        {"kind": "refresh"},
    ],
)
def test_a_cursor_of_another_kind_or_page_size_begins_anew(cursor: dict[str, Any]) -> None:
    listing = RestListing(
        Progress(
            cursor, last_page=2, total_pages=9, total_stargazers=900, processed=190, ghosts=10
        ),
        page_size=100,
    )

    assert listing.asks(9) == [PageAsk(1)]
    assert listing.progress == Progress(total_stargazers=900)


# By cursors


@settings(max_examples=500, deadline=None)
@given(
    entries=LISTS,
    size=SIZES,
    steps=STEPS,
    total=st.sampled_from([None, 1, LONG]),
    restarts=RESTARTS,
)
def test_a_list_by_cursors_comes_whole_from_one_end_or_both(
    entries: list[tuple[int, bool]], size: int, steps: Steps, restarts: list[int], total: int | None
) -> None:
    github = make_github(entries)
    reading = read_by_cursor(github, size, Progress(total_stargazers=total))

    reading.finish(steps, restarts)

    assert Counter(reading.users) == Counter(github.named)
    assert reading.counted == (len(github.named), github.ghosts)


@settings(max_examples=300, deadline=None)
@given(entries=LISTS, size=SIZES, before=STEPS, steps=STEPS, restarts=RESTARTS)
def test_a_list_by_page_numbers_is_taken_over_at_any_page(
    entries: list[tuple[int, bool]], size: int, before: Steps, steps: Steps, restarts: list[int]
) -> None:
    github = make_github(entries)
    by_number = read_by_number(github, size, total=len(entries))
    by_number.go_through(before)
    taken = stored(by_number.durable[-1].progress) if by_number.durable else by_number.first
    reading = read_by_cursor(github, size, taken)

    reading.finish(steps, restarts)

    assert Counter(by_number.users + reading.users) == Counter(github.named)
    assert reading.counted == (len(github.named), github.ghosts)
    assert all(map(is_newest_first, reading.asked)) == bool(by_number.durable and entries)


@settings(max_examples=200, deadline=None)
@given(
    amount=st.integers(0, 60),
    size=st.integers(2, 6),
    steps=CALM_STEPS,
    total=st.sampled_from([1, LONG]),
)
def test_both_ends_cost_one_page_more_and_one_end_none(
    amount: int, size: int, steps: Steps, total: int
) -> None:
    reading = read_by_cursor(
        make_github([(1, False)] * amount), size, Progress(total_stargazers=total)
    )

    reading.finish(steps)

    assert len(reading.durable) <= max(1, math.ceil(amount / size)) + (total == LONG)


@settings(max_examples=100, deadline=None)
@given(entries=LISTS, size=SIZES, steps=STEPS, total=st.sampled_from([None, 1, LONG]))
def test_every_durable_page_says_how_many_stars_were_kept(
    entries: list[tuple[int, bool]], size: int, steps: Steps, total: int | None
) -> None:
    reading = read_by_cursor(make_github(entries), size, Progress(total_stargazers=total))

    reading.go_through(steps)

    kept = 0
    for number, ready in enumerate(reading.durable, 1):
        kept += len(ready.stargazers)
        assert (ready.progress.last_page, ready.progress.processed) == (number, kept)


@pytest.mark.parametrize(
    ("total", "newest_first"), [(None, [False]), (40_000, [False]), (40_001, [False, True])]
)
def test_only_a_list_of_more_than_400_pages_is_read_from_both_ends(
    total: int | None, newest_first: list[bool]
) -> None:
    listing = GraphListing("o/r", Progress(total_stargazers=total))

    assert listing.asks() == [
        GraphAsk("o/r", 100, None, is_newest_first) for is_newest_first in newest_first
    ]


@pytest.mark.parametrize(("total", "ends"), [(4_010, [False]), (4_011, [False, True])])
def test_what_was_read_already_does_not_count_for_the_second_end(
    total: int, ends: list[bool]
) -> None:
    reading = read_by_cursor(
        make_github([(1, False)] * 8 + [(1, True)] * 22), 10, Progress(total_stargazers=total)
    )

    reading.go_through([("ask", 1), ("answer", 0)])

    assert [is_newest_first(ask) for ask in reading.listing.asks(2)] == ends


def test_an_end_that_was_begun_is_read_on_however_few_stars_are_left() -> None:
    reading = read_by_cursor(make_github([(1, False)] * 50), 10, Progress(total_stargazers=40_011))

    reading.go_through([("ask", 2), ("answer", 0), ("answer", 0)])
    goes_on = reading.listing.asks(2)
    reading.restart(lost=0)
    at_first = reading.listing.asks(2)
    reading.go_through([("ask", 2), ("answer", 0)])

    assert [is_newest_first(ask) for ask in goes_on] == [False, True]
    assert at_first == [GraphAsk("o/r", 10, None, newest_first=True)]
    assert reading.listing.asks(2) == goes_on


def test_beyond_the_wall_the_rest_is_read_from_the_newest_star_on() -> None:
    # The stars around the wall came in the same second, a ghost on either side of it.
    entries = [
        (0 if 39_990 < n < 40_010 else 1, n in (39_995, 40_005, 40_100)) for n in range(40_250)
    ]
    github = make_github(entries)
    by_number = read_by_number(github, size=100, total=40_250, last_page=400)
    for number in range(1, 401):
        by_number.durable += by_number.take(by_number.listing, PageAsk(number))
    asked_next = by_number.listing.asks(9)
    reading = read_by_cursor(github, 100, stored(by_number.durable[-1].progress))

    reading.finish([])

    assert numbers(asked_next) == [401]
    assert [is_newest_first(ask) for ask in reading.asked] == [True, True, True]
    assert Counter(by_number.users + reading.users) == Counter(github.named)
    assert reading.counted == (40_247, 3)


@pytest.mark.parametrize(
    "cursor", [{"kind": "refresh"}, {"kind": "rest", "next_page": 3, "page_size": 100}, {"page": 7}]
)
def test_a_cursor_that_tells_no_edge_begins_the_list_by_cursors_anew(
    cursor: dict[str, Any],
) -> None:
    listing = GraphListing(
        "o/r",
        Progress(
            cursor, last_page=2, total_pages=9, total_stargazers=900, processed=190, ghosts=10
        ),
    )

    assert listing.asks() == [GraphAsk("o/r", 100)]
    assert listing.progress == Progress(total_stargazers=900)


# A list that grew while it was interrupted


@settings(max_examples=300, deadline=None)
@given(
    amount=st.integers(2, 40),
    size=st.integers(2, 6),
    came=st.lists(st.integers(0, 20), min_size=1, max_size=3),
    steps=STEPS,
    lost=st.integers(0, 3),
    ghosts=st.sets(st.integers(0, 99), max_size=20),
    total=st.sampled_from([1, LONG]),
)
def test_what_came_while_a_list_was_interrupted_is_read_too(
    amount: int,
    size: int,
    came: list[int],
    steps: Steps,
    lost: int,
    ghosts: set[int],
    total: int,
) -> None:
    entries = [(1, number in ghosts) for number in range(amount + sum(came))]
    present = [make_github(entries[:amount])]
    reading = read_changing(present, size, Progress(total_stargazers=total))

    for new in came:
        reading.go_through(steps)
        present.append(make_github(entries[: len(present[-1].stars) + new]))
        reading.restart(lost)
    reading.finish(steps)

    assert Counter(reading.users) == Counter(present[-1].named)
    assert reading.counted == (len(present[-1].named), present[-1].ghosts)


def test_a_long_list_that_grew_by_150_stars_reads_these_first_and_nothing_twice() -> None:
    entries = [(1, False)] * 50_150
    present = [make_github(entries[:50_000])]
    reading = read_changing(present, 100, Progress(total_stargazers=50_000))
    reading.go_through([("ask", 2), ("answer", 0), ("answer", 0)] * 20)
    present.append(make_github(entries))
    reading.restart(lost=0)

    asked = len(reading.asked)
    reading.go_through([("ask", 2), ("answer", 0)] * 2)

    assert [is_newest_first(ask) for ask in reading.asked[asked:]] == [True, True]
    assert sorted(reading.users)[-2150:] == list(range(48_001, 50_151))
    assert reading.counted == (4150, 0)
    assert [is_newest_first(ask) for ask in reading.listing.asks(2)] == [False, True]


def test_a_kill_between_the_new_pages_leaves_no_gap() -> None:
    entries = [(1, False)] * 100
    present = [make_github(entries[:60])]
    reading = read_changing(present, 10, Progress(total_stargazers=LONG))
    reading.go_through([("ask", 2), ("answer", 0), ("answer", 0)] * 2)
    present.append(make_github(entries))
    reading.restart(lost=0)
    reading.go_through([("ask", 2), ("answer", 0)] * 5)
    reading.restart(lost=2)

    reading.finish([])

    assert Counter(reading.users) == Counter(range(1, 101))


def test_a_list_that_grew_by_more_than_is_kept_in_memory_begins_anew() -> None:
    entries = [(1, False)] * 100
    present = [make_github(entries[:60])]
    reading = read_changing(present, 10, Progress(total_stargazers=LONG))
    reading.begin = lambda progress: GraphListing("o/r", progress, 10, most_new_stars=30)
    reading.go_through([("ask", 2), ("answer", 0), ("answer", 0)])
    present.append(make_github(entries))
    reading.restart(lost=0)

    reading.go_through([("ask", 2), ("answer", 0)] * 4)

    assert reading.listing.progress == Progress(total_stargazers=LONG)
    assert [is_newest_first(ask) for ask in reading.listing.asks(2)] == [False, True]


@pytest.mark.parametrize("cursor", [None, "at 9"])
def test_a_cursor_that_leads_nowhere_ends_the_list(cursor: str | None) -> None:
    github = make_github([(1, False)] * 30)
    reading = read_by_cursor(github, 10, Progress())
    reading.go_through([("ask", 1), ("answer", 0)])
    (ask,) = reading.listing.asks(2)
    assert isinstance(ask, GraphAsk)

    reading.listing.accept(ask, replace(github.by_cursor(ask), end_cursor=cursor))

    assert ask.after == "at 9"
    assert reading.listing.is_done


def test_an_answer_that_comes_after_both_ends_met_changes_nothing() -> None:
    github = make_github([(1, False)] * 15)
    reading = read_by_cursor(github, 10, Progress(total_stargazers=LONG))
    reading.go_through([("ask", 2), ("answer", 0), ("answer", 0)])
    ended = reading.listing.progress

    late = reading.take(reading.listing, GraphAsk("o/r", 10, "at 9"))

    assert reading.listing.is_done
    assert late == []
    assert reading.listing.progress == ended
    assert (ended.processed, ended.ghosts) == (15, 0)


# Smaller pages, and page numbers where no page by cursors is to be had


@settings(max_examples=200, deadline=None)
@given(
    entries=LISTS,
    size=st.integers(11, 100),
    narrowed=st.lists(st.integers(0, 40), max_size=6),
    total=st.sampled_from([1, LONG]),
)
def test_a_list_whose_pages_become_smaller_and_larger_comes_whole(
    entries: list[tuple[int, bool]], size: int, narrowed: list[int], total: int
) -> None:
    github = make_github(entries)
    reading = read_by_cursor(github, size, Progress(total_stargazers=total))

    for steps in narrowed:
        reading.go_through([("ask", 2), ("answer", 0)] * steps)
        reading.listing.narrow()
    reading.finish([])

    assert Counter(reading.users) == Counter(github.named)
    assert reading.counted == (len(github.named), github.ghosts)


@pytest.mark.parametrize(
    "listing",
    [GraphListing("o/r", Progress()), NewestListing("o/r", Progress({"kind": "refresh"}))],
    ids=["whole", "newest"],
)
def test_pages_by_cursors_become_smaller_step_by_step_and_larger_after_some_good_ones(
    listing: Listing,
) -> None:
    def first() -> int:
        (ask,) = listing.asks(1)
        assert isinstance(ask, GraphAsk)
        return ask.first

    def answer_one(number: int) -> None:
        (ask,) = listing.asks(1)
        listing.start(ask)
        user = Stargazer(number, "x", "", "", f"2020-01-01T00:00:{number:02}Z")
        listing.accept(ask, Page((user,), 0, True, end_cursor=f"c{number}"))

    sizes = [first()]
    while listing.narrow():
        sizes.append(first())
    grown = []
    for number in range(15):
        answer_one(number + 1)
        grown.append(first())

    assert sizes == [100, 50, 25, 10]
    assert grown == [10] * 4 + [25] * 5 + [50] * 5 + [100]


def test_the_page_that_could_not_be_had_is_asked_for_again_with_fewer_stars() -> None:
    listing = GraphListing("o/r", Progress(total_stargazers=LONG))
    front, back = listing.asks()
    listing.start(front)
    listing.start(back)

    listing.give_up(front)
    listing.narrow()

    assert listing.asks() == [GraphAsk("o/r", 50)]


@pytest.mark.parametrize(
    "listing",
    [RestListing(Progress()), NewestListing("o/r", Progress(), last_page=3)],
    ids=["whole", "newest"],
)
def test_pages_by_number_stay_as_they_are(listing: Listing) -> None:
    assert not listing.narrow()


@settings(max_examples=300, deadline=None)
@given(entries=LISTS, size=SIZES, per_page=SIZES, before=STEPS, steps=STEPS, restarts=RESTARTS)
def test_a_list_by_cursors_is_handed_over_to_page_numbers(
    entries: list[tuple[int, bool]],
    size: int,
    per_page: int,
    before: Steps,
    steps: Steps,
    restarts: list[int],
) -> None:
    github = make_github(entries)
    by_cursor = read_by_cursor(github, size, Progress(total_stargazers=len(entries)))
    by_cursor.go_through(before)
    by_cursor.restart(lost=0)
    progress = by_cursor.listing.progress_for_pages(per_page)
    assert progress is not None
    by_number = read_by_number(github, per_page, total=len(entries), first=stored(progress))

    by_number.finish(steps, restarts)

    assert Counter(by_cursor.users + by_number.users) == Counter(github.named)
    assert by_number.counted == (len(github.named), github.ghosts)
    assert numbers(by_number.asked)[0] == sum(by_cursor.counted) // per_page + 1


def test_a_list_that_was_begun_from_both_ends_begins_anew_by_page_numbers() -> None:
    reading = read_by_cursor(make_github([(1, False)] * 50), 10, Progress(total_stargazers=40_000))
    reading.listing = GraphListing("o/r", Progress(total_stargazers=LONG), 10)
    reading.go_through([("ask", 2), ("answer", 1)])

    progress = replace(reading.listing.progress, total_stargazers=39_000)

    assert GraphListing("o/r", progress).progress_for_pages(100) == Progress(
        total_stargazers=39_000
    )


def test_page_numbers_lead_no_further_than_the_wall() -> None:
    edge = {"at": "2020-01-01T00:00:00Z", "ids": [1], "ghosts": 0}
    at_the_wall = {"kind": "rest", "next_page": 401, "page_size": 100, "edge": edge}

    listing = GraphListing("o/r", Progress(at_the_wall, 400, 400, 90_000, processed=40_000))

    assert listing.progress_for_pages(100) is None


# The newest stars of a complete list


def read_newest(github: Github, known: int, size: int, by_number: bool) -> Reading:
    """``known`` of the stars, the oldest ones, are stored; so is every durable page, at the next
    look.
    """
    old = {user for user, _ in github.stars[:known] if user}
    first = Progress(
        {"kind": "refresh"}, total_stargazers=known, processed=len(old), ghosts=known - len(old)
    )
    last_page = max(1, math.ceil(len(github.stars) / size)) if by_number else None

    def take(listing: Listing, ask: ListAsk) -> list[Ready]:
        page = (
            github.by_cursor(ask)
            if isinstance(ask, GraphAsk)
            else github.by_number(ask.number, size)
        )
        return listing.accept(ask, page, old | set(reading.users))

    # ``take`` looks at it.
    reading = Reading(lambda progress: NewestListing("o/r", progress, last_page, size), take, first)
    return reading


@settings(max_examples=300, deadline=None)
@given(
    old=st.lists(
        st.tuples(st.sampled_from([0, 1]), st.sampled_from([False] * 9 + [True])), max_size=60
    ),
    new=st.lists(
        st.tuples(st.sampled_from([0, 1]), st.sampled_from([False] * 9 + [True])), max_size=60
    ),
    size=st.integers(10, 30),
    by_number=st.booleans(),
    steps=STEPS,
    restarts=RESTARTS,
)
def test_a_refresh_brings_what_is_new_and_nothing_else(
    old: list[tuple[int, bool]],
    new: list[tuple[int, bool]],
    size: int,
    by_number: bool,
    steps: Steps,
    restarts: list[int],
) -> None:
    github = make_github(old + new)
    is_new = {user for user, _ in github.stars[len(old) :] if user}
    reading = read_newest(github, len(old), size, by_number)

    reading.finish(steps, restarts)

    assert Counter(reading.users) == Counter(is_new)
    assert reading.counted[0] == len(github.named)


@settings(max_examples=100, deadline=None)
@given(new=st.integers(0, 60), size=st.integers(5, 30), by_number=st.booleans(), steps=STEPS)
def test_a_refresh_leaves_no_gap_between_what_is_stored_and_what_is_not(
    new: int, size: int, by_number: bool, steps: Steps
) -> None:
    github = make_github([(1, False)] * (40 + new))
    reading = read_newest(github, 40, size, by_number)

    reading.go_through(steps)

    assert sorted(reading.users) == list(range(41, 41 + len(reading.users)))


@pytest.mark.parametrize("by_number", [True, False])
def test_a_refresh_ends_at_twenty_known_stars_in_a_row(by_number: bool) -> None:
    pages = {}
    for known in (140, 119, 120, 121):
        reading = read_newest(make_github([(1, False)] * 200), known, 100, by_number)
        reading.finish([])
        pages[known] = len(reading.asked)

    # The newest page holds the stars 101 to 200.
    assert pages == {140: 1, 119: 2, 120: 1, 121: 1}


@pytest.mark.parametrize("by_number", [True, False])
@pytest.mark.parametrize(("stars", "pages"), [(0, 1), (29, 1), (30, 1), (31, 2), (90, 3)])
def test_a_refresh_that_meets_nothing_known_ends_with_the_oldest_star(
    stars: int, pages: int, by_number: bool
) -> None:
    reading = read_newest(make_github([(1, False)] * stars), 0, 30, by_number)

    reading.finish([])

    assert len(reading.asked) == pages
    assert sorted(reading.users) == list(range(1, stars + 1))


@pytest.mark.parametrize("by_number", [True, False])
@pytest.mark.parametrize(("new", "is_too_long"), [(580, False), (581, True), (2000, True)])
def test_more_than_twenty_new_pages_are_not_read_as_a_refresh(
    new: int, is_too_long: bool, by_number: bool
) -> None:
    reading = read_newest(make_github([(1, False)] * 2100), 2100 - new, 30, by_number)

    reading.finish([])

    listing = cast(NewestListing, reading.listing)
    assert len(reading.asked) == 20
    assert listing.is_too_long == is_too_long
    assert len(reading.users) == (0 if is_too_long else new)


def test_the_new_pages_come_oldest_first_and_without_the_empty_ones() -> None:
    reading = read_newest(make_github([(1, False)] * 90), 40, 30, by_number=False)

    reading.finish([])

    assert [sorted(star.github_id for star in ready.stargazers) for ready in reading.durable] == [
        list(range(41, 61)),
        list(range(61, 91)),
    ]
    assert [ready.progress.processed for ready in reading.durable] == [60, 90]


def test_one_page_of_a_refresh_is_on_its_way_at_a_time() -> None:
    reading = read_newest(make_github([(1, False)] * 90), 0, 30, by_number=False)

    reading.go_through([("ask", 9)])
    while_asked = reading.listing.asks(9)
    reading.go_through([("lose", 0)])

    assert while_asked == []
    assert reading.listing.asks(9) == [GraphAsk("o/r", 30, None, newest_first=True)]


def test_the_wall_is_page_400_whatever_the_page_size() -> None:
    before = Progress(
        {"kind": "rest", "next_page": 400, "page_size": 50}, 399, 400, 30_000, processed=19_950
    )
    listing = RestListing(before, page_size=50)
    page = Page(
        tuple(Stargazer(n, "x", "", "", "2020-01-01T00:00:00Z") for n in range(1, 51)),
        0,
        has_next=False,
    )

    listing.accept(PageAsk(400, 50), page)

    assert not listing.is_done
    assert listing.asks(1) == [PageAsk(401, 50)]
