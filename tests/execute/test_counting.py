"""Whether a complete list is what it was, by its count and GitHub's record."""

import pytest

from gitstars.execute.counting import is_unchanged
from gitstars.fetch import answers
from gitstars.model import Repository, Resource, Status
from gitstars.store.starred import RepositoryState

BEFORE, SINCE = "2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z"


@pytest.mark.parametrize(
    ("count", "updated_at", "outcome", "expected"),
    [
        (300, BEFORE, answers.Metadata(5, "o/r", 300, updated_at=BEFORE), True),
        (0, BEFORE, answers.Metadata(5, "o/r", 0, updated_at=BEFORE), True),
        (300, BEFORE, answers.NotModified(), True),
        (300, BEFORE, answers.Metadata(5, "o/r", 301, updated_at=BEFORE), False),
        (300, BEFORE, answers.Metadata(5, "o/r", 299, updated_at=BEFORE), False),
        (300, BEFORE, answers.Metadata(5, "o/r", 300, updated_at=SINCE), False),
        (300, BEFORE, answers.Metadata(5, "o/r", 300, updated_at=None), False),
        (300, None, answers.Metadata(5, "o/r", 300, updated_at=BEFORE), False),
        (300, None, answers.Metadata(5, "o/r", 300, updated_at=None), False),
        (None, BEFORE, answers.Metadata(5, "o/r", 0, updated_at=BEFORE), False),
        (300, BEFORE, answers.Transient("HTTP 502"), False),
        (300, BEFORE, answers.BudgetSpent(Resource.GRAPHQL, 0.0), False),
        (300, BEFORE, answers.Missing("Not Found"), False),
        (
            300,
            BEFORE,
            answers.Refused("permission", "no", answers.Metadata(5, "o/r", 300, updated_at=BEFORE)),
            False,
        ),
    ],
)
def test_only_the_same_count_of_an_untouched_record_is_no_change(
    count: int | None, updated_at: str | None, outcome: answers.Outcome, expected: bool
) -> None:
    state = RepositoryState(
        Repository("o/r", "o/r", 5, 300), Status.COMPLETED, count=count, updated_at=updated_at
    )

    assert is_unchanged(state, outcome) is expected
