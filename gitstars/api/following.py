"""What is followed without anybody's star: what a call brings, and what it answers."""

from typing import Annotated, Literal

from msgspec import Meta

from gitstars.api.base import Answered, Asked, Time, Whole

#: ``owner/name``, or an owner, with the letters that GitHub allows.
FollowedName = Annotated[
    str,
    Meta(
        pattern=r"^(?!\.{1,2}(/|$))[A-Za-z0-9_.-]{1,100}(/(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100})?$",
        description="`owner/name`, or an owner: all of its public repositories.",
    ),
]
Kind = Literal["repository", "owner"]


class FollowWish(Asked, frozen=True):
    """What to follow: `owner/name`, or an owner, which stands for all of its public
    repositories.
    """

    name: FollowedName


class UnfollowQuery(Asked, frozen=True):
    """What to follow no more."""

    name: FollowedName


class Followed(Answered, frozen=True):
    """What is followed from now on, by its present name, and with whose account (`login`).
    `is_new` false: it was followed already. `repositories`: how many that is.
    """

    name: str
    kind: Kind
    is_new: bool
    login: str
    repositories: Whole


class Unfollowed(Answered, frozen=True):
    """What is followed no more. What is stored stays."""

    name: str
    kind: Kind


class Follow(Answered, frozen=True):
    """Something that is followed, and with whose account (`login` null: none can be used now)."""

    name: str
    kind: Kind
    repositories: Whole
    login: str | None
    followed_at: Time | None


class Follows(Answered, frozen=True):
    """All that is followed: owners first, each kind by name."""

    follows: list[Follow]
