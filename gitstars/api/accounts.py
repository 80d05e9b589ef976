"""Accounts as the admin API answers them."""

from typing import Annotated, Literal

from msgspec import Meta

from gitstars.api.base import Answered, Asked, Number, Time, Whole
from gitstars.api.signing import Sync


class Budget(Answered, frozen=True):
    """One budget of an account; `remaining` null: GitHub has not told it yet."""

    limit: Whole
    remaining: Whole | None
    reset_at: Time | None


class Budgets(Answered, frozen=True):
    """GitHub's two budgets: REST (`core`) and GraphQL."""

    core: Budget
    graphql: Budget


class AccessCounts(Answered, frozen=True):
    """Repositories that the account may list, and those that were refused to it."""

    allowed: Whole
    refused: Whole


class AccountRepositories(Answered, frozen=True):
    """Repositories that the account starred, those that need no more work, and jobs that wait."""

    total: Whole
    settled: Whole
    waiting: Whole


TokenState = Literal["usable", "rejected", "foreign", "unsendable"]


class Token(Answered, frozen=True):
    """Whether the account's token is used.

    `rejected`: GitHub answered 401; `foreign`: it is another person's; `unsendable`: it has
    characters that no header may hold. `look_again_at` is when it is tried again; an operator's
    reprocess or resume tries it at once.
    """

    state: TokenState
    text: str | None
    look_again_at: Time | None


class Activity(Answered, frozen=True):
    """What a served account does: why it moves, or what it waits for and until when.

    `slots` are the calls under way by kind of work: `github.concurrency` at most, two of them at
    most for work that is no list. `open` names the repositories in hand, `next_ask` what is asked
    next.
    """

    slots: dict[str, Whole]
    open: list[str]
    next_ask: str | None
    waits_for: str | None
    waits_until: Time | None
    progressed_at: Time | None


class Account(Answered, frozen=True):
    """An account; `reason` says why it cannot be used now, `activity` is null while no worker
    serves it, `sync` is null where gitstars never kept its stars in step.
    """

    user_id: Whole
    login: str
    scopes: list[str] | None
    token: Token
    access: AccessCounts
    repositories: AccountRepositories
    seconds_left: Number | None
    budgets: Budgets
    cooldown_until: Time | None
    reason: str | None
    activity: Activity | None
    sync: Sync | None


class LeftOut(Answered, frozen=True):
    """A row of the table of accounts that is not served, and why."""

    record_id: str
    login: str
    reason: str


class Accounts(Answered, frozen=True):
    """All accounts, and the rows that cannot be served. `has_login_page`: people can sign in
    through GitHub's page (`github.client_id` is set).
    """

    accounts: list[Account]
    left_out: list[LeftOut]
    has_login_page: bool


class ForgetWish(Asked, frozen=True):
    """Who is to be forgotten, by login or numeric GitHub id."""

    who: Annotated[str, Meta(min_length=1, max_length=100)]
    dry_run: Annotated[bool, Meta(description="Only tell what would go.")] = False


class Forgotten(Answered, frozen=True):
    """What went, or would go, of a person: rows of stars of so many repositories. `login` is null
    where nothing was stored.
    """

    user_id: Whole
    login: str | None
    stars: Whole
    repositories: Whole
    dry_run: bool
