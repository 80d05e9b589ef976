"""REST's payloads as typed structs: what gitstars reads of them, checked. GraphQL's are
``decode_graph``'s.

Everything else in a payload is skipped over.

All ``decode_*`` functions raise Undecodable when the body is anything else, and nothing else.
"""

import re
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from gitstars.fetch.answers import (
    Identity,
    Metadata,
    Owner,
    Page,
    Repositories,
    StarredRepositories,
    Weeks,
)
from gitstars.model import Repository, Stargazer, Starred, Week

#: What the database can hold.
_MOST = 2**63 - 1
PositiveId = Annotated[int, Meta(gt=0, le=_MOST)]
Amount = Annotated[int, Meta(ge=0, le=_MOST)]
Text = Annotated[str, Meta(min_length=1)]
#: ISO 8601 as GitHub promises it: UTC, to the second. Such texts sort as the times do.
Moment = Annotated[
    str,
    Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$"),
]
SevenDays = Annotated[tuple[Amount, ...], Meta(min_length=7, max_length=7)]


#: What a body is, in words.
JSON, HTML, NO_JSON, NOTHING = "JSON of another shape", "HTML", "no JSON", "an empty answer"
Decoded = TypeVar("Decoded")


class Undecodable(Exception):
    """A body is not what the route promises.

    ``is_cut_off``: it ends too early. ``place`` says where the shape differs ("" where that is not
    known), as " at $[3].user.id".
    """

    def __init__(self, is_cut_off: bool = False, place: str = "") -> None:
        super().__init__(f"unreadable{place}")
        self.is_cut_off = is_cut_off
        self.place = place


class RestUser(Struct):
    id: PositiveId
    login: Text
    avatar_url: str = ""
    html_url: str = ""


class RestProfile(Struct):
    """A person or an organisation."""

    id: PositiveId
    login: Text
    type: str = "User"
    public_repos: Amount = 0


class RestStar(Struct):
    """An entry of the list under the star media type; ``user`` is null for a ghost."""

    starred_at: Moment
    user: RestUser | None


class RestPermissions(Struct):
    admin: bool = False
    maintain: bool = False
    push: bool = False
    triage: bool = False


class RestOwner(Struct):
    login: Text
    id: PositiveId | None = None
    avatar_url: str | None = None


class RestRepository(Struct):
    id: PositiveId
    full_name: Text
    stargazers_count: Amount
    private: bool = False
    disabled: bool = False
    updated_at: str | None = None
    permissions: RestPermissions | None = None
    owner: RestOwner | None = None


class RestStarredRepository(RestRepository):
    description: str | None = None
    html_url: str | None = None
    language: str | None = None
    created_at: str | None = None


class RestStarred(Struct):
    starred_at: Moment
    repo: RestStarredRepository


class RestWeek(Struct):
    week: PositiveId
    total: Amount
    days: SevenDays


class RestProblem(Struct):
    """The body of an error."""

    message: str


#: What the decoder raises, whatever it is given: its own errors, and those of texts that are no
#: UTF-8, of numbers that are too large, and of nesting that is too deep.
_ERRORS = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)

_STARS = msgspec.json.Decoder(list[RestStar])
_REPOSITORY = msgspec.json.Decoder(RestRepository)
_REPOSITORIES = msgspec.json.Decoder(list[RestRepository])
_STARRED = msgspec.json.Decoder(list[RestStarred])
_WEEKS = msgspec.json.Decoder(list[RestWeek])
_USER = msgspec.json.Decoder(RestUser)
_PROFILE = msgspec.json.Decoder(RestProfile)
_PROBLEM = msgspec.json.Decoder(RestProblem)


def describe_body(body: bytes) -> str:
    """What a body is that cannot be read as what was promised."""
    if not body.strip():
        return NOTHING
    try:
        msgspec.json.decode(body)
    except RecursionError:
        return JSON
    except _ERRORS:
        return HTML if body.lstrip()[:1] == b"<" else NO_JSON
    return JSON


def decode_stars(body: bytes, last_page: int | None, has_next: bool) -> Page:
    """A page of the REST list."""
    entries = decode_as(_STARS, body)
    stargazers = tuple(
        Stargazer(
            entry.user.id,
            entry.user.login,
            entry.user.avatar_url,
            entry.user.html_url,
            entry.starred_at,
        )
        for entry in entries
        if entry.user is not None
    )
    ghost_times = tuple(entry.starred_at for entry in entries if entry.user is None)
    return Page(stargazers, len(ghost_times), has_next, last_page, ghost_times=ghost_times)


def decode_repository(body: bytes) -> Metadata:
    """A repository's record."""
    return _to_metadata(decode_as(_REPOSITORY, body))


def decode_repositories(body: bytes, has_next: bool) -> Repositories:
    """A page of repositories."""
    return Repositories(
        tuple(_to_metadata(entry) for entry in decode_as(_REPOSITORIES, body)), has_next
    )


def decode_starred(body: bytes, has_next: bool) -> StarredRepositories:
    """A page of the repositories that an account starred."""
    return StarredRepositories(
        tuple(_to_starred(entry) for entry in decode_as(_STARRED, body)), has_next
    )


def decode_weeks(body: bytes, has_next: bool) -> Weeks:
    """A page of the star history; the total of each week is the sum of its days."""
    weeks = decode_as(_WEEKS, body)
    for number, entry in enumerate(weeks):
        if entry.total != sum(entry.days):
            raise Undecodable(place=f" at $[{number}].total")
    return Weeks(tuple(Week(entry.week, entry.total, entry.days) for entry in weeks), has_next)


def decode_identity(body: bytes, scopes: frozenset[str] | None) -> Identity:
    """Whose token was used."""
    user = decode_as(_USER, body)
    return Identity(user.id, user.login, scopes)


def decode_owner(body: bytes) -> Owner:
    """A person or an organisation."""
    profile = decode_as(_PROFILE, body)
    is_organization = profile.type == "Organization"
    return Owner(profile.id, profile.login, is_organization, profile.public_repos)


def decode_problem(body: bytes) -> str:
    """The message of an error body."""
    return decode_as(_PROBLEM, body).message


def decode_as(decoder: "msgspec.json.Decoder[Decoded]", body: bytes | Raw) -> Decoded:
    """The body as ``decoder`` reads it. Raises Undecodable, and nothing else."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        # Of the decoder's text only the place is told.
        place = re.search(r"`(\$[^`]*)`$", str(error))
        raise Undecodable(place=f" at {place[1]}" if place else "") from error
    except _ERRORS as error:
        is_cut_off = isinstance(error, msgspec.DecodeError) and "truncated" in str(error)
        raise Undecodable(is_cut_off) from error


def _to_permission(rights: RestPermissions) -> str:
    """GraphQL's name for the highest of REST's ``permissions``."""
    if rights.admin:
        return "ADMIN"
    if rights.maintain:
        return "MAINTAIN"
    if rights.push:
        return "WRITE"
    return "TRIAGE" if rights.triage else "READ"


def _to_metadata(read: RestRepository) -> Metadata:
    return Metadata(
        read.id,
        read.full_name,
        read.stargazers_count,
        read.private,
        None if read.permissions is None else _to_permission(read.permissions),
        read.updated_at,
        read.disabled,
        owner_id=None if read.owner is None else read.owner.id,
    )


def _to_starred(read: RestStarred) -> Starred:
    place, owner = read.repo, read.repo.owner
    return Starred(
        Repository(
            place.full_name, place.full_name, place.id, place.stargazers_count, place.private
        ),
        read.starred_at,
        place.description,
        place.html_url,
        place.language,
        None if owner is None else owner.login,
        None if owner is None else owner.avatar_url,
        place.created_at,
        place.updated_at,
    )
