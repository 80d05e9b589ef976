"""What the calls that change something answer, and the shape of every error."""

from gitstars.api.base import Answered, Whole
from gitstars.api.repositories import Repository


class Mistake(Answered, frozen=True):
    """`code` is a stable word, `message` one sentence that says what to do."""

    code: str
    message: str


class Error(Answered, frozen=True):
    """The shape of every error."""

    error: Mistake


class Requested(Answered, frozen=True):
    """The repository is queued."""

    queued: bool
    repo: Repository


class Reset(Answered, frozen=True):
    """The repository begins anew when its turn comes."""

    repo: Repository


class UserRequested(Answered, frozen=True):
    """How many jobs of the user wait now."""

    user_id: Whole
    waiting: Whole


class Scaled(Answered, frozen=True):
    """How many workers there are now, and the bounds that hold."""

    count: Whole
    min: Whole | None
    max: Whole | None
    automatic: bool


class Cleared(Answered, frozen=True):
    """How many jobs left the queue."""

    dropped: Whole


class Paused(Answered, frozen=True):
    """Whether collecting is paused."""

    paused: bool
