"""A whole list: the first one of a repository, one that goes on from its cursor, or a sweep."""

from dataclasses import dataclass

from gitstars.execute.readings.means import Phase
from gitstars.execute.readings.stars import StarsReading
from gitstars.fetch.graphql import GraphAsk
from gitstars.fetch.listing.graph import GraphListing
from gitstars.fetch.listing.protocol import Listing, PageAsk
from gitstars.fetch.listing.rest import RestListing
from gitstars.model import Progress


@dataclass(slots=True, eq=False)
class ListReading(StarsReading):
    """``is_first``: no star of the repository was stored before."""

    is_first: bool = False

    @property
    def has_begun(self) -> bool:
        """Whether a page of the list was read, by this claim or an earlier one."""
        return bool(self.progress.cursor)

    def _make_listing(self, progress: Progress) -> Listing:
        if self.means.by_cursors:
            return GraphListing(self.full_name, progress, self.means.page_size)
        return RestListing(progress, self.means.page_size)

    def _finish_listing(self, ask: PageAsk | GraphAsk) -> None:
        """The list ended. By cursors each page told the count; by numbers it is asked once more,
        except where one page held all of it at one moment.
        """
        listed = self.progress.processed + self.progress.ghosts
        is_one_page = isinstance(ask, PageAsk) and ask.number == 1
        is_counted = isinstance(self.listing, GraphListing) and self.seen.count_after is not None
        if is_counted or (is_one_page and listed == self.seen.count_before):
            self._finish()
        else:
            self.phase = Phase.RECORD_AGAIN
