"""The tokens that are not used for a while, and when each is looked at again. No I/O.

Times are epoch seconds. Tokens are kept as hashes only. Nothing of this survives a restart: a new
process looks at every token at once.
"""

import hashlib
from dataclasses import dataclass

from gitstars.fetch.answers import BadToken

#: A rejected token is looked at again soon once, because GitHub rejects good tokens for moments.
FIRST_LOOK_SECONDS = 30.0
#: The pause before each later look is doubled, up to a day.
LOOK_SECONDS, LOOK_CAP_SECONDS = 300.0, 86_400.0
#: Tokens kept; beyond, the one that was rejected first is forgotten.
TOKENS_BOUND = 10_000


@dataclass(slots=True)
class _Entry:
    outcome: BadToken
    looks: int
    due_at: float


class Rejections:
    """Which (user, token) is out, why, and until when."""

    def __init__(self) -> None:
        self._entries: dict[tuple[int, str], _Entry] = {}

    def reject(self, user_id: int, token: str, reason: str, text: str, now: float) -> BadToken:
        """The token cannot be used; what its callers get until it is looked at again."""
        key = (user_id, _fingerprint(token))
        entry = self._entries.pop(key, None)
        looks = 0 if entry is None else entry.looks
        due_at = now + look_pause(looks)
        outcome = BadToken(text, reason, due_at)
        if len(self._entries) >= TOKENS_BOUND:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = _Entry(outcome, looks + 1, due_at)
        return outcome

    def find(self, user_id: int, token: str, now: float) -> BadToken | None:
        """Why the token is out; None: it is not, or it is due for a look.

        A time that lies further ahead than any pause was noted by a clock that was wrong.
        """
        if not self._entries:
            return None
        entry = self._entries.get((user_id, _fingerprint(token)))
        if entry is None or not now < entry.due_at <= now + LOOK_CAP_SECONDS:
            return None
        return entry.outcome

    def knows(self, user_id: int, token: str) -> bool:
        """Whether the token was rejected, due for a look or not."""
        return (user_id, _fingerprint(token)) in self._entries

    def accept(self, user_id: int, token: str) -> None:
        """The token works."""
        self._entries.pop((user_id, _fingerprint(token)), None)

    def look_again(self, user_id: int) -> None:
        """Look at the user's tokens at once, as if they had never been rejected."""
        for key in [key for key in self._entries if key[0] == user_id]:
            del self._entries[key]


def look_pause(looks: int) -> float:
    """Seconds until a token that was rejected ``looks + 1`` times is looked at again."""
    if looks == 0:
        return FIRST_LOOK_SECONDS
    return min(LOOK_CAP_SECONDS, LOOK_SECONDS * 2.0 ** min(looks - 1, 30))


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
