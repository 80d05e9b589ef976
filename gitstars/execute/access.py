"""After a refusal: who may try next, and when to look again. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from gitstars.store.access import AccessRow

DAY_SECONDS = 86400.0
WEEK_SECONDS = 7 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Handover:
    """Who tries next (None: nobody may list it), and when anybody may look again."""

    next_user: int | None
    look_again_at: float


def look_again(refusals: int, now: float) -> float:
    """When a user who was refused ``refusals`` times in a row may ask again: after a day, later after a week."""
    return now + (DAY_SECONDS if refusals <= 1 else WEEK_SECONDS)


def hand_over(rows: Iterable[AccessRow], refused_user: int, present_users: Iterable[int], now: float) -> Handover:
    """Choose among the users with an account here: known collaborators first, then those of whom nothing is known, then those due again."""
    present = set(present_users)
    others = [row for row in rows if row.user_id in present and row.user_id != refused_user]
    may = [row for row in others if row.may_list]
    unknown = [row for row in others if row.may_list is None]
    due = [row for row in others if row.may_list is False and (row.look_again_at or 0.0) <= now]
    waiting = [row.look_again_at for row in rows if row.may_list is False and (row.look_again_at or 0.0) > now and row.look_again_at]
    chosen = next(iter([*may, *unknown, *due]), None)
    return Handover(chosen.user_id if chosen else None, min(waiting, default=now + DAY_SECONDS))


def prefer(rows: Iterable[AccessRow], user: int, present_users: Iterable[int]) -> int | None:
    """Another user here who is known to have access, when ``user`` is not."""
    known = {row.user_id: row.may_list for row in rows}
    if known.get(user):
        return None
    present = set(present_users)
    return next((user_id for user_id, may_list in sorted(known.items()) if may_list and user_id in present), None)
