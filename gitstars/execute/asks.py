"""What a reading may ask GitHub, one call or a part of a query each. Pure."""

from dataclasses import dataclass

from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.listing.protocol import PageAsk
from gitstars.model import FollowedOwner, Resource


@dataclass(frozen=True, slots=True)
class RecordAsk:
    """A repository's own record, by its numeric id where that is known."""

    repository: int | str
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class CountsAsk:
    """The records of up to 100 repositories in one GraphQL query."""

    full_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WeeksAsk:
    """A page of a repository's weekly history, newest week first."""

    repository: int | str
    page: int
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class OwnAsk:
    """A page of the repositories that the account owns or collaborates on."""

    page: int


@dataclass(frozen=True, slots=True)
class StarredAsk:
    """A page of the repositories that the account starred, newest star first, by REST."""

    page: int


@dataclass(frozen=True, slots=True)
class StarredGraphAsk:
    """100 repositories that the account starred, newest star first, in one GraphQL query behind
    the cursor ``after`` (None: the newest ones).
    """

    after: str | None = None


@dataclass(frozen=True, slots=True)
class OwnerAsk:
    """A page of the public repositories of an owner that is followed."""

    owner: FollowedOwner
    page: int


Ask = (
    PageAsk
    | GraphAsk
    | RecordAsk
    | CountsAsk
    | WeeksAsk
    | OwnAsk
    | StarredAsk
    | StarredGraphAsk
    | OwnerAsk
)


def resource_of(ask: Ask) -> Resource:
    """The budget that the ask costs."""
    is_query = isinstance(ask, GraphAsk | CountsAsk | StarredGraphAsk)
    return Resource.GRAPHQL if is_query else Resource.CORE
