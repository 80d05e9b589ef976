"""How many stars a page by cursors is asked for: fewer after pages that could not be had."""

from dataclasses import dataclass

#: Stars of a page, from one that is tried first to the smallest that is worth a call.
SIZES = (100, 50, 25, 10)
#: After so many good pages in a row the next size is tried again.
GOOD_PAGES = 5


@dataclass(slots=True)
class PageSize:
    """The size of the next page; ``full`` is the configured one, which is never exceeded."""

    full: int
    now: int = 0
    good_pages: int = 0

    def __post_init__(self) -> None:
        self.now = self.now or self.full

    def narrow(self) -> bool:
        """Go to the next smaller size; False where there is none."""
        smaller = next((size for size in SIZES if size < self.now), None)
        self.good_pages = 0
        if smaller is None:
            return False
        self.now = smaller
        return True

    def add_good_page(self) -> None:
        """A page came; after some of them the next larger size is tried."""
        self.good_pages += 1
        if self.now < self.full and self.good_pages >= GOOD_PAGES:
            larger = min((size for size in SIZES if size > self.now), default=self.full)
            self.now, self.good_pages = min(self.full, larger), 0
