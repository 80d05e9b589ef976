"""How alike repositories are by the people who star them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from gitstars.store import sharing
from gitstars.store.database import Database
from gitstars.store.repositories import RepositoryView


@dataclass(frozen=True, slots=True)
class Similar:
    """``shared`` people star both; ``stars`` is how many star this one. The numbers are those of
    ``jaccard`` and ``log_likelihood``.
    """

    full_name: str
    stars: int
    shared: int
    jaccard: float
    score: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two repositories: ``shared`` people star both."""

    first: str
    second: str
    shared: int
    jaccard: float


def find_similar(database: Database, view: RepositoryView, limit: int) -> list[Similar]:
    """The repositories that are likeliest to interest whoever stars this one, of all whose list was
    read to its end. Raises DatabaseError.
    """
    shared = sharing.count_shared(database, view.key)
    own = shared.pop(view.key, 0)
    everybody = sharing.count_people(database)
    found = [
        Similar(
            one.full_name,
            one.stars,
            shared[key],
            jaccard(own, one.stars, shared[key]),
            log_likelihood(own, one.stars, shared[key], everybody),
        )
        for key, one in sharing.read_whole(database, list(shared)).items()
    ]
    found.sort(key=lambda one: (-one.score, -one.shared, one.full_name))
    return found[:limit]


def find_overlaps(database: Database, views: Sequence[RepositoryView]) -> list[Overlap]:
    """Each pair of these repositories. Raises DatabaseError."""
    people = [sharing.read_people(database, view.key) for view in views]
    return [
        Overlap(
            views[first].full_name,
            views[second].full_name,
            shared := len(people[first] & people[second]),
            jaccard(len(people[first]), len(people[second]), shared),
        )
        for first in range(len(views))
        for second in range(first + 1, len(views))
    ]


def jaccard(first: int, second: int, shared: int) -> float:
    """The part of all who star one of two repositories that stars both, from 0 to 1 (Jaccard, "The
    Distribution of the Flora in the Alpine Zone", 1912). Pure.
    """
    either = first + second - shared
    return shared / either if either > 0 else 0.0


def log_likelihood(first: int, second: int, shared: int, everybody: int) -> float:
    """How surprising it is that so many star both: Dunning's log-likelihood ratio of the table of
    who stars one, the other, both and none ("Accurate Methods for the Statistics of Surprise and
    Coincidence", 1993). What many people star anyway is not surprising, so that popular
    repositories are not alike for their popularity alone; 0 where no more share them than chance
    would have it. Pure.
    """
    everybody = max(everybody, first + second - shared)
    table = (shared, first - shared, second - shared, everybody - first - second + shared)
    if min(table) < 0 or shared * everybody <= first * second:
        return 0.0
    rows = (first, everybody - first)
    columns = (second, everybody - second)
    ratio = _entropy(rows) + _entropy(columns) - _entropy(table)
    return max(0.0, 2 * ratio)


def _entropy(counts: Sequence[int]) -> float:
    """Shannon's, not normalised: N log N less the sum of n log n."""
    total = sum(counts)
    return _weigh(total) - sum(map(_weigh, counts))


def _weigh(count: int) -> float:
    return count * log(count) if count > 0 else 0.0
