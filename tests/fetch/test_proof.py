"""When a list is proven complete: its length lies between the counts, or so little outside that
no lost page could hide there.
"""

import pytest

from gitstars.fetch.proof import Proven, ReadAgain, prove, tolerated

#: The count before, the count after (None: the list was one page), the entries listed, and how many
#: stars came or went.
COMPLETE = [
    # The list is as long as both counts.
    (0, 0, 0, 0),
    (1, 1, 1, 0),
    (100, 100, 100, 0),
    (1_000_000, 1_000_000, 1_000_000, 0),
    # One page is one moment: there was no second count.
    (0, None, 0, 0),
    (37, None, 37, 0),
    # Anything between the counts, whichever is the larger, and however far apart they are.
    (100, 110, 100, 10),
    (100, 110, 105, 10),
    (100, 110, 110, 10),
    (110, 100, 100, 10),
    (110, 100, 105, 10),
    (110, 100, 110, 10),
    (0, 5000, 2500, 5000),
    # A little outside, on either side; what is outside adds to the churn.
    (37, None, 36, 1),
    (37, None, 38, 1),
    (37, 37, 36, 1),
    (400, 400, 395, 5),
    (400, 400, 405, 5),
    (40_000, 40_000, 39_950, 50),
    (40_000, 40_000, 40_050, 50),
    (100, 110, 98, 12),
    (110, 100, 112, 12),
    (2_000_000, 2_000_000, 1_999_901, 99),
]

#: The same, with what the reason says the count was.
INCOMPLETE = [
    (37, None, 35, "37"),
    (37, 37, 39, "37"),
    (2, 2, 0, "2"),
    (400, 400, 394, "400"),
    (400, 400, 406, "400"),
    (40_000, 40_000, 39_949, "40000"),
    (40_000, 40_000, 40_051, "40000"),
    (100, 110, 97, "100 to 110"),
    (110, 100, 97, "100 to 110"),
    (100, 110, 113, "100 to 110"),
    (500, 500, 0, "500"),
    (0, 0, 2, "0"),
]


@pytest.mark.parametrize(("before", "after", "listed", "churn"), COMPLETE)
def test_a_list_that_agrees_with_its_counts_is_complete(
    before: int, after: int | None, listed: int, churn: int
) -> None:
    result = prove(before, after, listed)

    lower = min(before, before if after is None else after)
    assert result == Proven(churn, is_short=listed < lower)


@pytest.mark.parametrize(
    ("before", "after", "is_proven"),
    [(1, 1, False), (1, None, False), (2, 2, False), (5, 1, False), (1, 0, True), (0, 1, True)],
)
def test_an_empty_list_is_complete_only_where_a_count_was_nought(
    before: int, after: int | None, is_proven: bool
) -> None:
    assert isinstance(prove(before, after, 0), Proven) == is_proven


@pytest.mark.parametrize(
    ("before", "after", "listed", "is_short"),
    [(400, 400, 395, True), (400, 410, 399, True), (410, 400, 400, False), (400, 400, 405, False)],
)
def test_a_list_that_is_shorter_than_both_counts_says_so(
    before: int, after: int, listed: int, is_short: bool
) -> None:
    result = prove(before, after, listed)

    assert isinstance(result, Proven)
    assert result.is_short == is_short


@pytest.mark.parametrize(("before", "after", "listed", "counted"), INCOMPLETE)
def test_a_list_that_disagrees_is_read_again_and_says_why(
    before: int, after: int | None, listed: int, counted: str
) -> None:
    result = prove(before, after, listed)

    assert result == ReadAgain(f"{listed} stars were listed while the count is {counted}")


@pytest.mark.parametrize(
    "count", [200, 400, 10_000, 40_000, 156_815, 156_816, 160_000, 1_000_000, 10_000_000]
)
@pytest.mark.parametrize("pages", [1, 2])
def test_a_lost_page_and_a_page_read_twice_never_pass(count: int, pages: int) -> None:
    lost, doubled = (
        prove(count, count, count - 100 * pages),
        prove(count, count, count + 100 * pages),
    )

    assert isinstance(lost, ReadAgain)
    assert isinstance(doubled, ReadAgain)


def test_the_larger_count_says_how_much_is_tolerated() -> None:
    result = [prove(400, 1600, listed) for listed in (390, 389, 1610, 1611)]

    assert [type(one) for one in result] == [Proven, ReadAgain, Proven, ReadAgain]


@pytest.mark.parametrize(
    ("count", "amount"),
    [
        (0, 1),
        (1, 1),
        (63, 1),
        (64, 2),
        (143, 2),
        (144, 3),
        (400, 5),
        (10_000, 25),
        (40_000, 50),
        (156_815, 98),
        (156_816, 99),
        (160_000, 99),
        (100_000_000, 99),
    ],
)
def test_a_quarter_of_the_square_root_is_tolerated_one_at_least_and_less_than_a_page(
    count: int, amount: int
) -> None:
    assert tolerated(count) == amount


@pytest.mark.parametrize("page_size", [50, 30, 10])
def test_a_lost_short_page_never_passes(page_size: int) -> None:
    assert isinstance(prove(40_000, 40_000, 40_000 - page_size, page_size), ReadAgain)
