"""Repositories that have stargazers in common."""

from typing import Annotated

from msgspec import Meta

from gitstars.api.base import Answered, Asked, Whole

#: Repositories that are compared pair by pair in one answer.
FEWEST_COMPARED, MOST_COMPARED = 2, 10


class SimilarQuery(Asked, frozen=True):
    """How many."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20


class SimilarRepository(Answered, frozen=True):
    """`shared` people starred both. `jaccard`: these, divided by people who starred at least one of
    the two, from 0 to 1. `score`: how far that exceeds what the popularity of both would explain;
    higher is more alike.
    """

    full_name: str
    stars: Whole
    shared: Whole
    jaccard: float
    score: float


class SimilarRepositories(Answered, frozen=True):
    """Repositories that share stargazers with this one, the most alike first, as far as their lists
    were read to their ends.
    """

    full_name: str
    similar: list[SimilarRepository]


class OverlapQuery(Asked, frozen=True):
    """Which repositories are compared."""

    repos: Annotated[str, Meta(description="Two to ten names, with commas.")]


class RepositoryOverlap(Answered, frozen=True):
    """`shared` people starred both; `jaccard`: these, divided by people who starred at least one of
    the two.
    """

    first: str
    second: str
    shared: Whole
    jaccard: float


class Overlaps(Answered, frozen=True):
    """Each pair of the repositories that were named."""

    overlaps: list[RepositoryOverlap]
