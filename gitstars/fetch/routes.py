"""Which routes the GitHub server has that not every one has: GraphQL and the star history.

On github.com both exist, whatever an answer says. A server of one's own may lack them: that is
believed after several different queries or repositories met a 404, and asked again after an hour.
State only, no I/O.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

#: So many different queries or repositories have to miss a route until it is believed missing.
BELIEVED_AFTER = 3
#: A missing route is asked for again after this long (seconds).
LOOK_AGAIN_SECONDS = 3600.0
GITHUB_COM = "api.github.com"


@dataclass(slots=True)
class Route:
    """What is known of one route; ``missing_since`` is when it was believed missing first."""

    is_certain: bool
    missed_by: set[str] = field(default_factory=set)
    missing_since: float | None = None
    look_again_at: float = 0.0

    def is_missing(self, now: float) -> bool:
        """Whether it is not asked for at present. A time that lies further ahead than any pause
        was noted by a clock that was wrong.
        """
        return (
            self.missing_since is not None and now < self.look_again_at <= now + LOOK_AGAIN_SECONDS
        )

    def miss(self, key: str, now: float) -> bool:
        """A 404 was met by ``key`` (a query or a repository); whether the route is missing."""
        if self.is_certain:
            return False
        if len(self.missed_by) < BELIEVED_AFTER:
            self.missed_by.add(key)
        if len(self.missed_by) < BELIEVED_AFTER:
            return False
        if self.missing_since is None:
            self.missing_since = now
        self.look_again_at = now + LOOK_AGAIN_SECONDS
        return True

    def find(self) -> None:
        """The route answered."""
        self.missed_by.clear()
        self.missing_since = None


class Routes:
    """What was learnt of the server at ``api_url``; ``use_graphql`` is the operator's word."""

    def __init__(self, api_url: str, use_graphql: bool, now: Callable[[], float]) -> None:
        is_certain = urlsplit(api_url).hostname == GITHUB_COM
        self.graphql = Route(is_certain)
        self.history = Route(is_certain)
        self._use_graphql = use_graphql
        self._now = now

    @property
    def has_graphql(self) -> bool:
        """Whether lists may be read through GraphQL."""
        return self._use_graphql and not self.graphql.is_missing(self._now())

    @property
    def has_history(self) -> bool:
        """Whether the weekly star history may be asked for."""
        return not self.history.is_missing(self._now())

    def missing(self) -> dict[str, float]:
        """The routes that are not asked for at present, and since when, for display."""
        now = self._now()
        named = {"graphql": self.graphql, "history": self.history}
        return {
            name: route.missing_since
            for name, route in named.items()
            if route.missing_since is not None and route.is_missing(now)
        }
