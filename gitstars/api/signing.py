"""Accounts that gitstars itself writes: what a call brings, and what it answers."""

from typing import Annotated, Literal

from msgspec import Meta

from gitstars.api.base import Answered, Asked, Number, Time, Whole

#: What is said where there is no account, and what to do then.
NOBODY_HERE = "nobody is signed in"
SIGN_IN_ADVICE = (
    "`gitstars accounts add` signs a person in with a token, for instance "
    "`gh auth token | gitstars accounts add --token-stdin`"
)
#: A token has a few hundred characters at most.
TokenText = Annotated[str, Meta(min_length=1, max_length=4096)]
#: Stars are listed once an hour at most, and once a month at least.
Hours = Annotated[float, Meta(ge=1, le=720)]


class GivenToken(Asked, frozen=True):
    """The token of a person. It is never answered or logged."""

    token: TokenText


class GivenCode(Asked, frozen=True):
    """The `device_code` of a sign-in that began."""

    device_code: TokenText


class SyncWish(Asked, frozen=True):
    """How often the account's stars are listed: `hours`, or `off`. Neither: now."""

    hours: Hours | None = None
    off: bool = False


class RemoveQuery(Asked, frozen=True):
    """What goes with the account."""

    delete_data: Annotated[
        bool, Meta(description="Also what the account brought: its stars, and what it may list.")
    ] = False
    dry_run: Annotated[bool, Meta(description="Only tell what would go.")] = False


class Sync(Answered, frozen=True):
    """How the account's stars are kept in step; `every_hours` null: they are not. `starred` is how
    many there were when they were listed last, `own` how many repositories the person owns or
    collaborates on (null: not listed yet).

    `origin`: who wrote the account, gitstars or the web application.
    """

    origin: Literal["gitstars", "web"]
    every_hours: Number | None
    starred: Whole | None
    own: Whole | None
    next_at: Time | None
    synced_at: Time | None


class SignedIn(Answered, frozen=True):
    """`state`: a new account, one of gitstars that has this token now, or one of the web
    application, which stays as it is.

    `may_list`: whether the token's scopes let it list what its owner may list; null: only an answer
    tells.
    """

    user_id: Whole
    login: str
    state: Literal["new", "renewed", "web"]
    may_list: bool | None


class Removed(Answered, frozen=True):
    """The account that went, or would go, and how many rows with it."""

    user_id: Whole
    login: str
    stars: Whole
    access: Whole
    is_done: bool


class Login(Answered, frozen=True):
    """A sign-in through GitHub's page has begun: a person enters `user_code` at `verification_uri`
    within `expires_seconds`; `POST /accounts/login/finish` with `device_code` tells every
    `interval_seconds` whether that was done.
    """

    user_code: str
    verification_uri: str
    device_code: str
    expires_seconds: Whole
    interval_seconds: Whole


class LoginAnswer(Answered, frozen=True):
    """`signed_in` null: the code was not entered yet; pauses are `slower_seconds` longer from now
    on.
    """

    signed_in: SignedIn | None
    slower_seconds: Whole
