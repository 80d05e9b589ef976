"""Reading rows that other programs wrote: where one answer cannot be read, smaller ones are asked
for, until the row that spoils it stands alone and is left out.

A value that no client can read (a time past the year 9999, a regular expression) fails the whole
answer that holds it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from gitstars.errors import DatabaseError, QueryFailed
from gitstars.store.database import Database

Rows = list[Any]
T = TypeVar("T")

UNREADABLE = "a value in it cannot be read; correct the row"
#: A record id in a log line or an answer has so many characters at most.
LONGEST_NAME = 120


def read_pages(
    ask: Callable[[int, int], Rows], page_rows: int, leave_out: Callable[[int], None]
) -> Iterator[Rows]:
    """The pages of ``ask(start, limit)`` until one is short; ``leave_out`` is told the position
    of each row that cannot be read. Raises DatabaseError when no row is the cause.
    """
    start, limit = 0, page_rows
    while True:
        try:
            rows = ask(start, limit)
        except DatabaseError as error:
            if not is_about_rows(error):
                raise
            if limit > 1:
                limit = limit // 2
                continue
            leave_out(start)
            start += 1
        else:
            yield rows
            if len(rows) < limit:
                return
            start += len(rows)
        limit = page_rows


def read_parts(
    ask: Callable[[Sequence[T]], Rows], items: Sequence[T], leave_out: Callable[[T], None]
) -> Iterator[Any]:
    """The rows of ``ask(items)``; ``leave_out`` is told each item whose row cannot be read."""
    try:
        rows = ask(items)
    except DatabaseError as error:
        if not is_about_rows(error):
            raise
        if len(items) == 1:
            leave_out(items[0])
            return
        middle = len(items) // 2
        yield from read_parts(ask, items[:middle], leave_out)
        yield from read_parts(ask, items[middle:], leave_out)
    else:
        yield from rows


def change_each(database: Database, query: str, items: Sequence[Any], **bindings: Any) -> int:
    """Run a statement that changes the rows of ``$items`` and returns one value for each; how many
    it changed. A row whose change the database rejects is named once and holds up no other. Raises
    the other DatabaseErrors.
    """

    def change(part: Sequence[Any]) -> Rows:
        rows: Rows = database.run_retrying(query, items=list(part), **bindings)[-1]
        return rows

    def leave_out(item: Any) -> None:
        database.left_out.tell(str(item), "the database rejects a change of it; correct the row")

    return sum(1 for _ in read_parts(change, items, leave_out)) if items else 0


def is_about_rows(error: DatabaseError) -> bool:
    """Whether a value in the rows may be the cause, so that reading fewer rows may help."""
    return type(error) in (DatabaseError, QueryFailed)


def show_name(identity: Any) -> str:
    """A record id for logs and answers: printable, ``LONGEST_NAME`` characters at most."""
    text = "".join(
        character if character.isprintable() else "?"
        for character in str(identity)[: 2 * LONGEST_NAME]
    )
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"
