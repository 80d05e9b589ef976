"""What to ask next of a list, and when it has ended: pure."""

from dataclasses import dataclass, field

from gitstars.fetch.answers import Page
from gitstars.model import Progress, Stargazer


@dataclass(frozen=True, slots=True)
class Ready:
    """A page whose turn has come, and the progress that holds once it is stored."""

    stargazers: tuple[Stargazer, ...]
    progress: Progress


@dataclass(slots=True)
class RestListing:
    """The REST list by page numbers, oldest first. Pages may be asked out of order; they become ready in order."""

    progress: Progress
    is_done: bool = False
    _asked: set[int] = field(default_factory=set)
    _early: dict[int, Page] = field(default_factory=dict)

    @property
    def next_page(self) -> int:
        """The first page that is not ready yet, counted from 1."""
        return int(self.progress.cursor.get("next_page", 1))

    def asks(self, most: int) -> list[int]:
        """Up to ``most`` page numbers to ask for now; one alone until the list's length is known."""
        if self.is_done:
            return []
        last = self.progress.total_pages
        until = self.next_page if last is None else max(last, self.next_page)
        wanted = (page for page in range(self.next_page, until + 1) if page not in self._asked and page not in self._early)
        return [page for page, _ in zip(wanted, range(most), strict=False)]

    def start(self, page: int) -> None:
        """``page`` was asked for."""
        self._asked.add(page)

    def accept(self, number: int, page: Page) -> list[Ready]:
        """Take in an answer; the pages that became ready, in order. The end is a page without a next one."""
        self._asked.discard(number)
        self._early[number] = page
        ready = []
        while not self.is_done and (next_page := self._early.pop(self.next_page, None)) is not None:
            ready.append(self._advance(next_page))
        return ready

    def _advance(self, page: Page) -> Ready:
        number = self.next_page
        before = self.progress
        self.progress = Progress(
            cursor={"kind": "rest", "next_page": number + 1},
            last_page=number,
            total_pages=page.last_page or max(number, before.total_pages or 0),
            total_stargazers=before.total_stargazers,
            processed=before.processed + len(page.stargazers),
            ghosts=before.ghosts + page.ghosts,
        )
        self.is_done = not page.has_next
        return Ready(page.stargazers, self.progress)
