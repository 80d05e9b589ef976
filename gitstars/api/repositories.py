"""Repositories as the admin API answers them."""

import datetime
from typing import Annotated, Literal

from msgspec import Meta

from gitstars.api.base import Answered, Asked, Time, Whole
from gitstars.model import Status

#: What has to stand beside every weekly history.
HISTORY_NOTE = "days not in UTC, only stars still there"


class Repository(Answered, frozen=True):
    """A repository and its collecting. `reason` says why it is in its status."""

    id: str
    full_name: str
    github_id: Whole | None
    stars: Whole
    is_private: bool
    status: Status
    reason: str | None
    notes: str | None
    processed_stargazers: Whole
    total_stargazers: Whole | None
    ghosts: Whole
    last_page: Whole
    total_pages: Whole | None
    error_count: Whole
    claimed_by: str | None
    claimed_at: Time | None
    lease_expires_at: Time | None
    started_at: Time | None
    completed_at: Time | None
    next_retry_at: Time | None


class Access(Answered, frozen=True):
    """What is known of an account's right to list a repository.

    Of a refusal `face` is a short word, `text` what GitHub said, `advice` what to change, and
    `accepted_permissions` what a fine-grained token lacks, as GitHub's header names it.
    """

    user_id: Whole
    login: str
    may_list: bool | None
    face: str | None
    text: str | None
    advice: str | None
    accepted_permissions: str | None
    checked_at: Time | None
    look_again_at: Time | None


class Week(Answered, frozen=True):
    """Stars of a week that are still there, by GitHub's days, which are not UTC days.

    `week` is the Sunday on which it begins. `days` begins with Sunday and ends with the last day
    that has begun: a week that is not over has fewer than seven.
    """

    week: Time
    total: Whole
    days: list[Whole]


class RepositoryDetails(Repository, frozen=True):
    """Everything known about a repository: who may list it, and its weekly history.

    `obstacle` says why it does not move although it waits: no account that could list it can be
    used now.
    """

    obstacle: str | None
    access: list[Access]
    history: list[Week]


class Repositories(Answered, frozen=True):
    """A part of the repositories; `next` is the address of the following one."""

    repos: list[Repository]
    total: Whole
    next: str | None


Per = Literal["day", "week", "month"]


class HistoryQuery(Asked, frozen=True):
    """How fine the history is."""

    per: Annotated[Per, Meta(description="A week begins with its Sunday.")] = "day"


class HistoryPoint(Answered, frozen=True):
    """A day, week or month by its first day: stars that came, stars that were found gone, and how
    many there were at its end.
    """

    day: Annotated[str, Meta(extra_json_schema={"format": "date"})]
    added: Whole
    removed: Whole
    total: int


class DayCount(Answered, frozen=True):
    """How many stars GitHub told on a UTC day (2026-11-24); the last number of that day."""

    day: str
    stars: int


class PublicHistory(Answered, frozen=True):
    """The history of a public repository as everybody may see it: each day on which something
    happened with the number of stars at its end.
    """

    full_name: str
    stars: int
    source: Literal["stars", "weeks", "none"]
    is_exact: bool
    note: str
    days: list[tuple[str, int]]


class StarHistory(Answered, frozen=True):
    """The history of a repository, oldest first, without periods in which nothing happened.

    `source`: `stars` (each with its time), `weeks` (the counts that GitHub tells everybody), or
    `none`. `is_exact`: every star of the list is known. `note` has to stand beside the figures.
    `counts` are the numbers that GitHub told on the days on which it was asked.
    """

    full_name: str
    per: Per
    source: Literal["stars", "weeks", "none"]
    is_exact: bool
    note: str
    points: list[HistoryPoint]
    counts: list[DayCount]


class StargazersQuery(Asked, frozen=True):
    """Which stars."""

    since: Annotated[
        datetime.date | None, Meta(description="Not before this UTC day (2026-11-24).")
    ] = None
    unstarred: Annotated[bool, Meta(description="Those that were found gone instead.")] = False
    limit: Annotated[int, Meta(ge=1, le=1000)] = 50


Export = Literal["stars", "users", "repos", "history", "counts"]
EXPORTS: tuple[Export, ...] = ("stars", "users", "repos", "history", "counts")


class ExportQuery(Asked, frozen=True):
    """Which part is exported, and how it is written."""

    repos: Annotated[
        str, Meta(description="Repositories, with commas between; nothing: all of them.")
    ] = ""
    format: Literal["csv", "jsonl"] = "csv"
    since: Annotated[
        datetime.date | None, Meta(description="Not before this UTC day (2026-11-24).")
    ] = None
    include_unstarred: Annotated[bool, Meta(description="Also those that were found gone.")] = False

    def find_unfitting(self, what: Export) -> str | None:
        """What of it does not fit the export, as a sentence; None: all does."""
        if self.include_unstarred and what in ("repos", "history", "counts"):
            return f"an export of {what} has no part for stars that were found gone"
        if self.since is not None and what == "repos":
            return "an export of repos has no dates to choose from"
        return None


class Stargazer(Answered, frozen=True):
    """A person who starred; `unstarred_at`: when the star was found gone."""

    user_id: Whole
    login: str
    starred_at: Time
    unstarred_at: Time | None


class UserStar(Answered, frozen=True):
    """A repository that a person starred; `unstarred_at`: when the star was found gone."""

    full_name: str
    github_id: Whole | None
    starred_at: Time
    unstarred_at: Time | None


class UserStars(Answered, frozen=True):
    """What a person starred of all that is stored, newest first."""

    user_id: Whole
    login: str
    stars: list[UserStar]


class Stargazers(Answered, frozen=True):
    """Who starred a repository, newest first."""

    full_name: str
    stargazers: list[Stargazer]
