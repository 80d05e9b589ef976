"""GitHub's payloads as typed structs: what gitstars reads of them, checked. Everything else in a payload is skipped over."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from gitstars.fetch.answers import Metadata, Page
from gitstars.model import Stargazer

PositiveId = Annotated[int, Meta(gt=0)]
Text = Annotated[str, Meta(min_length=1)]
#: ISO 8601 as GitHub writes it.
Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$")]


class RestUser(Struct):
    id: PositiveId
    login: Text
    avatar_url: str = ""
    html_url: str = ""


class RestStar(Struct):
    """An entry of the list under the star media type; ``user`` is null for a ghost."""

    starred_at: Moment
    user: RestUser | None


class RestPermissions(Struct):
    admin: bool = False
    maintain: bool = False
    push: bool = False
    triage: bool = False


class RestRepository(Struct):
    id: PositiveId
    full_name: Text
    stargazers_count: Annotated[int, Meta(ge=0)]
    private: bool = False
    disabled: bool = False
    updated_at: str | None = None
    permissions: RestPermissions | None = None


class RestProblem(Struct):
    """The body of an error."""

    message: str = ""
    documentation_url: str = ""


_STARS = msgspec.json.Decoder(list[RestStar])
_REPOSITORY = msgspec.json.Decoder(RestRepository)
_PROBLEM = msgspec.json.Decoder(RestProblem)


def decode_stars(body: bytes, last_page: int | None, has_next: bool) -> Page:
    """A page of the REST list. Raises msgspec.MsgspecError when the body is anything else."""
    entries = _STARS.decode(body)
    stargazers = tuple(
        Stargazer(entry.user.id, entry.user.login, entry.user.avatar_url, entry.user.html_url, entry.starred_at)
        for entry in entries
        if entry.user is not None
    )
    return Page(stargazers, ghosts=len(entries) - len(stargazers), has_next=has_next, last_page=last_page)


def decode_repository(body: bytes) -> Metadata:
    """A repository's record. Raises msgspec.MsgspecError when the body is anything else."""
    read = _REPOSITORY.decode(body)
    rights = read.permissions
    may_list = None if rights is None else rights.admin or rights.maintain or rights.push or rights.triage
    return Metadata(read.id, read.full_name, read.stargazers_count, read.private, may_list, read.updated_at, read.disabled)


def decode_problem(body: bytes) -> str:
    """The message of an error body; its beginning when it is no JSON."""
    try:
        return _PROBLEM.decode(body).message or "no message"
    except msgspec.MsgspecError:
        return body[:200].decode(errors="replace").strip() or "an empty answer"
