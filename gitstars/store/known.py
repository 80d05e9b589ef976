"""Which users are stored already: a bounded memory that spares known users their insert and
lookup.
"""

from collections.abc import Iterable

#: Users remembered at most; 1,000,000 take about 100 MB.
KNOWN_BOUND = 1_000_000


class KnownUsers:
    """Remembers that record ``github_user:<login>`` holds numeric id ``github_id``.

    Two generations of hashes: when the young one holds half the bound it becomes the old one, and
    the old one is forgotten.
    """

    def __init__(self, bound: int = KNOWN_BOUND) -> None:
        self._half = max(1, bound // 2)
        self._young: set[int] = set()
        self._old: set[int] = set()

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def holds(self, github_id: int, login: str) -> bool:
        """Whether this user is known under this very login."""
        mark = hash((github_id, login))
        return mark in self._young or mark in self._old

    def add(self, users: Iterable[tuple[int, str]]) -> None:
        """Remember users whose record is committed."""
        self._young.update(hash(user) for user in users)
        if len(self._young) >= self._half:
            self._old, self._young = self._young, set()

    def forget(self) -> None:
        """Know nothing: the database may have been changed underneath."""
        self._young, self._old = set(), set()
