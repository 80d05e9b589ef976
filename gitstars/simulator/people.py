"""Who starred what and when: pure functions of the repository, so that millions of stars need no
memory.
"""

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from gitstars.simulator.scenario import FIRST_STARGAZER_ID, LAST_STAR_DAY, SimRepository

#: Stars that a repository got while it was watched come so far apart (seconds).
GROWN_SECONDS = 60
#: When everybody of the population has starred a repository, people with these ids come.
FIRST_NEWCOMER_ID = 1_000_000_000
#: x in [0, 1), how far one is in the list -> how far one is in time.
_GROWTH: Mapping[str, Callable[[float], float]] = {
    "steady": lambda x: x,
    "rising": math.sqrt,
    "fading": lambda x: x * x,
}


class Star(NamedTuple):
    """A star; ``user_id`` 0 is a ghost, ``starred_at`` epoch seconds."""

    user_id: int
    starred_at: int


class Stargazers:
    """Every star that a repository ever got, by number (from 0), as if nobody had taken one
    back.
    """

    def __init__(self, repository: SimRepository, population: int) -> None:
        self._people = max(population, repository.stars)
        self._repository = repository
        self._seed = repository.id if repository.seed is None else repository.seed
        self._step = _coprime_step(self._seed, self._people)
        self._created = int(repository.created.timestamp())
        self._span = int(LAST_STAR_DAY.timestamp()) - self._created
        self._growth = _GROWTH[repository.growth]

    def star(self, number: int) -> Star:
        """Star ``number``."""
        return Star(self.user(number), self.time(number))

    def user(self, number: int) -> int:
        """Who gave star ``number``; 0 is a ghost.

        Nobody gives two: the numbers walk through the population in steps that share no factor with
        its size.
        """
        here = self._repository
        if number < len(here.first_stars):
            return here.first_stars[number]
        if here.ghost_every and number % here.ghost_every == here.ghost_every - 1:
            return 0
        if number >= self._people:
            return FIRST_NEWCOMER_ID + number
        return FIRST_STARGAZER_ID + (self._seed + number * self._step) % self._people

    def time(self, number: int) -> int:
        """When star ``number`` was given (epoch seconds); it grows with the number."""
        total = self._repository.stars
        if number >= total:
            return self._created + self._span + (number - total) * GROWN_SECONDS
        return self._created + int(self._span * self._growth(number / total))

    def find(self, user_id: int) -> int | None:
        """The number that this user's star has or would have; None: never."""
        here = self._repository
        if user_id in here.first_stars:
            return here.first_stars.index(user_id)
        if user_id >= FIRST_NEWCOMER_ID:
            number = user_id - FIRST_NEWCOMER_ID
            return number if number >= self._people else None
        number = (
            (user_id - FIRST_STARGAZER_ID - self._seed)
            * pow(self._step, -1, self._people)
            % self._people
        )
        return number if self.user(number) == user_id else None


class Stars:
    """The present stars of one repository, addressed by position, oldest first.

    New ones and lost ones change it.
    """

    def __init__(self, repository: SimRepository, population: int) -> None:
        self.source = Stargazers(repository, population)
        self.born = repository.stars
        spread = repository.unstarred_count
        self._gone = sorted(
            {*repository.unstarred, *(n * repository.stars // spread for n in range(spread))}
        )

    def __len__(self) -> int:
        return self.born - len(self._gone)

    def grow(self, amount: int) -> None:
        """New stars, the newest."""
        self.born += amount

    def unstar(self, number: int) -> bool:
        """Star ``number`` is taken back; whether it was there."""
        is_there = self.has(number)
        if is_there:
            insort(self._gone, number)
        return is_there

    def has(self, number: int) -> bool:
        """Whether star ``number`` was given and is still there."""
        place = bisect_left(self._gone, number)
        return 0 <= number < self.born and self._gone[place : place + 1] != [number]

    def number(self, position: int) -> int:
        """The number of the star at a position."""
        return position + bisect_right(
            range(len(self._gone)), position, key=lambda k: self._gone[k] - k
        )

    def rank(self, number: int) -> int:
        """How many present stars have a lower number."""
        number = min(max(number, 0), self.born)
        return number - bisect_left(self._gone, number)

    def numbers(self, start: int, stop: int) -> list[int]:
        """The numbers of the stars at positions ``start`` to ``stop`` (left out)."""
        return [self.number(position) for position in range(max(0, start), min(stop, len(self)))]

    def page(self, start: int, stop: int) -> list[Star]:
        """The stars at positions ``start`` to ``stop`` (left out)."""
        return [self.source.star(number) for number in self.numbers(start, stop)]

    def count_before(self, at: int) -> int:
        """How many present stars were given before ``at`` (epoch seconds)."""
        return self.rank(bisect_left(range(self.born), at, key=self.source.time))

    def __iter__(self) -> Iterator[Star]:
        gone = frozenset(self._gone)
        return (self.source.star(number) for number in range(self.born) if number not in gone)


def _coprime_step(seed: int, population: int) -> int:
    """A step that visits every member of the population once."""
    step = (seed * 2_654_435_761 + 40_503) % population or 1
    while math.gcd(step, population) != 1:
        step += 1
    return step


def login_of(user_id: int) -> str:
    """What a stargazer is called before any rename."""
    return f"user-{user_id}"
