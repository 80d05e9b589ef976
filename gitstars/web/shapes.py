"""Repositories as the admin API shows them, and what its calls may ask for."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from gitstars.clock import show_time
from gitstars.model import Status
from gitstars.supervise.operations import RepositoryDetails, RepositoryView

#: Orders of the list; a minus turns them round.
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
#: In these states nothing stands in the way, so there is no reason.
UNTROUBLED = (Status.COMPLETED, Status.PROCESSING)

WorkerCount = Annotated[int, Meta(ge=1, le=1000)]


class Asked(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a call may bring; anything else is refused."""


class Nothing(Asked, frozen=True):
    """A call without any."""


class StatsQuery(Asked, frozen=True):
    """``history``: with the speed of the last hours."""

    history: bool = False


class ReposQuery(Asked, frozen=True):
    """Which part of the repositories."""

    status: Status | None = None
    q: Annotated[str, Meta(max_length=200)] = ""
    sort: Sort = "name"
    limit: Annotated[int, Meta(ge=1, le=MOST_ROWS)] = USUAL_ROWS
    offset: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 0


class Force(Asked, frozen=True):
    """Whether to begin anew, come what may."""

    force: bool = False


class Scale(Asked, frozen=True):
    """Either ``count``, or ``min`` and ``max``, or ``automatic``."""

    count: WorkerCount | None = None
    min: WorkerCount | None = None
    max: WorkerCount | None = None
    automatic: bool = False


def show_repository(view: RepositoryView) -> dict[str, Any]:
    """A row of the list."""
    return {
        "id": view.record_id,
        "full_name": view.full_name,
        "github_id": view.github_id,
        "stars": view.stars,
        "is_private": view.is_private,
        "status": view.status or Status.PENDING,
        "reason": None if view.status in UNTROUBLED else view.last_error,
        "notes": view.notes,
        "processed_stargazers": view.processed,
        "total_stargazers": view.total_stargazers,
        "ghosts": view.ghosts,
        "last_page": view.last_page,
        "total_pages": view.total_pages,
        "error_count": view.error_count,
        "claimed_by": view.claimed_by,
        "claimed_at": time_or_none(view.claimed_at),
        "lease_expires_at": time_or_none(view.lease_expires_at),
        "started_at": time_or_none(view.started_at),
        "completed_at": time_or_none(view.completed_at),
        "next_retry_at": time_or_none(view.next_retry_at),
    }


def show_details(details: RepositoryDetails, logins: dict[int, str]) -> dict[str, Any]:
    """Everything known; ``logins`` of the users with an account here."""
    return {
        **show_repository(details.view),
        "access": [
            {
                "user_id": row.user_id,
                "login": logins.get(row.user_id) or str(row.user_id),
                "may_list": row.may_list,
                "face": row.face,
                "text": row.text,
                "checked_at": time_or_none(row.checked_at),
                "look_again_at": time_or_none(row.look_again_at),
            }
            for row in details.access
        ],
        "history": [{"week": show_time(week.week), "total": week.total} for week in details.weeks],
    }


def time_or_none(epoch_seconds: float | None) -> str | None:
    """A time as text."""
    return None if epoch_seconds is None else show_time(epoch_seconds)
