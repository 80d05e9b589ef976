"""Repositories that have stargazers in common."""

from typing import Annotated

from msgspec import Meta

from gitstars.api.base import Answered, Asked, Whole


class SimilarQuery(Asked, frozen=True):
    """How many."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20


class SimilarRepository(Answered, frozen=True):
    """`shared` people star both. `jaccard`: the part of all who star one of the two, from 0 to 1.
    `score`: how surprising that is, beside how popular both are; the higher, the likelier.
    """

    full_name: str
    stars: Whole
    shared: Whole
    jaccard: float
    score: float


class SimilarRepositories(Answered, frozen=True):
    """Repositories whose stargazers star this one too, the likeliest first, of all whose list was
    read to its end.
    """

    full_name: str
    similar: list[SimilarRepository]


class OverlapQuery(Asked, frozen=True):
    """Which repositories are compared."""

    repos: Annotated[str, Meta(description="Two to ten names, with commas.")]


class RepositoryOverlap(Answered, frozen=True):
    """`shared` people star both; `jaccard`: the part of all who star one of the two."""

    first: str
    second: str
    shared: Whole
    jaccard: float


class Overlaps(Answered, frozen=True):
    """Each pair of the repositories that were named."""

    overlaps: list[RepositoryOverlap]
