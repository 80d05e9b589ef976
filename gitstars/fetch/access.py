"""Whom to try a repository's list with, when to try again, and when it is refused to everybody:
decisions on what is known.
"""

from collections.abc import Collection
from typing import Protocol, TypeVar

#: After a refusal an account tries again after a day, then after a week each (seconds). A new token
#: or scope forgets the refusals.
LOOK_AGAIN_SECONDS = (86_400.0, 7 * 86_400.0)


class Known(Protocol):
    """What is known of one user's access to one repository.

    ``may_list`` True: the list was given, or the user administers or collaborates; False: refused
    ``refusals`` times so far, ``look_again_at`` (epoch seconds) is when it may be tried again;
    None: never tried.
    """

    @property
    def user_id(self) -> int: ...
    @property
    def may_list(self) -> bool | None: ...
    @property
    def look_again_at(self) -> float | None: ...
    @property
    def refusals(self) -> int: ...


AnyKnown = TypeVar("AnyKnown", bound=Known)


def look_again_at(refusals: int, now: float) -> float:
    """When to look again after a refusal that ``refusals`` earlier ones went before."""
    return now + LOOK_AGAIN_SECONDS[min(max(0, refusals), len(LOOK_AGAIN_SECONDS) - 1)]


def is_due(known: Known, now: float) -> bool:
    """Whether the user may try the list: not refused, or long enough ago."""
    return known.may_list is not False or known.look_again_at is None or known.look_again_at <= now


def choose_user(known: Collection[AnyKnown], now: float) -> AnyKnown | None:
    """The user to try the list with, of those who starred or hold the repository; None: nobody
    is due.

    The last answers decide, not the kinds of the tokens: whoever was given the list, administers
    or collaborates goes first, then those never tried, then those due again, who were refused the
    fewest times first.
    """
    due = [row for row in known if is_due(row, now)]
    return min(
        due,
        key=lambda row: (
            not row.may_list,
            row.may_list is False,
            row.refusals if row.may_list is False else 0,
            row.user_id,
        ),
        default=None,
    )


def next_look_at(known: Collection[Known], now: float) -> float | None:
    """When the first of these users may try (again), ``now`` where one is due; None: there is
    nobody.
    """
    return min(
        (now if is_due(row, now) else row.look_again_at or now for row in known), default=None
    )
