"""What a list of stargazers on its way looks like to whoever reads it: the asks that it gives,
the pages that become ready, and the methods that every kind of listing has.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from gitstars.fetch.answers import Page
from gitstars.fetch.graphql import GraphAsk
from gitstars.model import Progress, Stargazer


@dataclass(frozen=True, slots=True)
class PageAsk:
    """A page of the REST list: its number (from 1), and how many stars a page has."""

    number: int
    per_page: int = 100


#: A page by its number (REST) or by a cursor (GraphQL).
ListAsk = PageAsk | GraphAsk


@dataclass(frozen=True, slots=True)
class Ready:
    """A page whose turn has come, and the progress that holds once it is stored."""

    stargazers: tuple[Stargazer, ...]
    progress: Progress


class Listing(Protocol):
    """A list on its way. It decides what to ask next and when the list has ended; it does no I/O.

    ``progress`` is what holds once all pages that became ready are stored. An ask that another
    listing gave (the list was handed over meanwhile) is ignored.
    """

    @property
    def progress(self) -> Progress: ...

    @property
    def is_done(self) -> bool:
        """The list was read to its end. Whether that is complete is for ``proof`` to say."""

    def asks(self, most: int) -> list[ListAsk]:
        """Up to ``most`` pages that may be asked for now; none that is on its way."""

    def start(self, ask: ListAsk) -> None:
        """``ask`` was sent."""

    def give_up(self, ask: ListAsk) -> None:
        """No page came for ``ask``; it may be asked for again."""

    def accept(self, ask: ListAsk, page: Page, known: Collection[int] = ()) -> list[Ready]:
        """Take in the answer to ``ask``; the pages that are ready to be stored, in their order.

        ``known`` are the users of the page whose stars are stored; only a listing of the newest
        stars looks at them.
        """

    def narrow(self) -> bool:
        """Ask for fewer stars a page from now on (100, 50, 25, 10).

        False: it cannot be fewer, or the pages go by number. After some good pages they grow
        again without being told.
        """

    def progress_for_pages(self, per_page: int) -> Progress | None:
        """The progress from which a listing by page numbers goes on, for a list whose page by
        cursors cannot be had.

        Without a cursor it begins anew; None: page numbers lead no further than cursors did.
        """
