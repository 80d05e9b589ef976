"""The newest stars of a complete list, until a run of known ones."""

import math
from dataclasses import dataclass

from gitstars.execute.readings.stars import StarsReading
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.listing.newest import NewestListing
from gitstars.fetch.listing.protocol import Listing, PageAsk
from gitstars.model import Progress


@dataclass(slots=True, eq=False)
class NewestReading(StarsReading):
    """Its pages belong to no whole reading."""

    wants_known = True

    @property
    def generation(self) -> int | None:
        return None

    @property
    def is_too_long(self) -> bool:
        """More stars are new than a refresh reads: the whole list has to be read."""
        return isinstance(self.listing, NewestListing) and self.listing.is_too_long

    def _make_listing(self, progress: Progress) -> Listing:
        size = self.means.page_size
        pages = max(1, math.ceil((progress.total_stargazers or 0) / size))
        last_page = None if self.means.by_cursors else pages
        return NewestListing(self.full_name, progress, last_page, size)

    def _finish_listing(self, ask: PageAsk | GraphAsk) -> None:
        self._finish()
