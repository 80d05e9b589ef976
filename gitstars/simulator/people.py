"""Who starred what and when: pure functions of the repository, so that millions of stars need no memory."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from gitstars.simulator.scenario import FIRST_STARGAZER_ID, SimRepository

#: The first star of every repository, and the time between two stars (seconds).
FIRST_STAR_AT = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp())
LAST_STAR_AT = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())


class Star(NamedTuple):
    """A star; ``user_id`` 0 is a ghost."""

    user_id: int
    starred_at: int


class Stargazers:
    """The stars of one repository in their order, addressed by position."""

    def __init__(self, repository: SimRepository, population: int) -> None:
        self._repository = repository
        self._population = max(population, repository.stars, 1)
        self._step = _coprime_step(repository.id, self._population)
        self._spacing = max(1, (LAST_STAR_AT - FIRST_STAR_AT) // max(1, repository.stars))

    def star(self, index: int) -> Star:
        """Star number ``index`` (from 0), as if nobody had taken one back."""
        at = FIRST_STAR_AT + index * self._spacing
        every = self._repository.ghost_every
        if every and index % every == every - 1:
            return Star(0, at)
        return Star(FIRST_STARGAZER_ID + (self._repository.id + index * self._step) % self._population, at)


def _coprime_step(seed: int, population: int) -> int:
    """A step that visits every member of the population once."""
    step = (seed * 2_654_435_761 + 40_503) % population or 1
    while math.gcd(step, population) != 1:
        step += 1
    return step


def iterate(repository: SimRepository, population: int, stars: int, unstarred: frozenset[int]) -> Iterator[Star]:
    """The present stars, oldest first."""
    source = Stargazers(repository, population)
    for index in range(stars):
        if index not in unstarred:
            yield source.star(index)
