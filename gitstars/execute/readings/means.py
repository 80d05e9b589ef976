"""What the reading of a claimed repository is given, where it stands, and what it saw of the
repository itself.
"""

from dataclasses import dataclass
from enum import Enum, auto

from gitstars.fetch import answers


class Phase(Enum):
    """Where a reading stands; it goes forward only."""

    RECORD = auto()
    LIST = auto()
    RECORD_AGAIN = auto()
    DONE = auto()


@dataclass(frozen=True, slots=True)
class Means:
    """How a repository's stars are read: by cursors (GraphQL) or by page numbers, ``page_size``
    stars a page, up to ``pages_ahead`` pages asked for and not durable yet; whether private
    repositories are collected, and whether the token has the scopes that lists need (None: this
    kind of token has none, or they are not known yet).
    """

    by_cursors: bool
    page_size: int = 100
    pages_ahead: int = 1
    may_collect_private: bool = False
    may_token_list: bool | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What GitHub said of the repository itself: its newest record, and how many stars it had
    before and after the list was read.
    """

    record: answers.Metadata | None = None
    count_before: int | None = None
    count_after: int | None = None
