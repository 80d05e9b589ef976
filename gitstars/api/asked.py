"""What a call of the admin API may bring: its query, or its body."""

from typing import Annotated, Literal

from msgspec import Meta

from gitstars.api.base import Asked, WorkerCount
from gitstars.model import Status

#: Orders of the list of repositories; a minus turns them round.
Sort = Literal[
    "name",
    "-name",
    "stars",
    "-stars",
    "status",
    "errors",
    "-errors",
    "completed",
    "-completed",
    "retry",
]
#: Rows of one answer.
USUAL_ROWS, MOST_ROWS = 50, 500


class Nothing(Asked, frozen=True):
    """This route takes no values."""


class StatsQuery(Asked, frozen=True):
    """Which parts of the statistics."""

    history: Annotated[bool, Meta(description="With the speed of the last hours.")] = False


class ReposQuery(Asked, frozen=True):
    """Which part of the repositories."""

    status: Status | None = None
    q: Annotated[str, Meta(max_length=200, description="Part of the name, in any case.")] = ""
    sort: Annotated[Sort, Meta(description="A minus turns the order round.")] = "name"
    limit: Annotated[int, Meta(ge=1, le=MOST_ROWS)] = USUAL_ROWS
    offset: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 0


class Force(Asked, frozen=True):
    """Whether to begin anew, even if the list is complete and fresh or GitHub refused it."""

    force: bool = False


class Scale(Asked, frozen=True):
    """Either `count`, or `min` and `max`, or `automatic`."""

    count: WorkerCount | None = None
    min: WorkerCount | None = None
    max: WorkerCount | None = None
    automatic: bool = False
