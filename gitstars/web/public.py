"""Charts, badges and numbers for everybody, on a port of their own without a key.

Whatever was drawn is kept for a minute, so that a page that many people look at costs the database
nothing. Nothing of it has the name of a person, and a private repository is unknown.
"""

import gzip
import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Annotated

import gevent
import msgspec
from bottle import Bottle, HTTPResponse, request
from cachetools import TTLCache
from msgspec import Meta

from gitstars import api
from gitstars.errors import DatabaseError
from gitstars.naming import NAME
from gitstars.report.badge import draw_badge, draw_notice
from gitstars.report.chart import MOST_LINES, Line, Scale, draw
from gitstars.report.lines import Arrangement, arrange, make_line
from gitstars.supervise.public import PublicReader, PublicRepository
from gitstars.web.answers import read_query, tell_error, translated

#: So long an answer is kept and given again (seconds), and so many bytes of them are.
KEPT_SECONDS, MOST_KEPT_BYTES = 60.0, 32 * 1024 * 1024
#: Caches of others, such as GitHub's for pictures, may keep it for so long (seconds).
CACHE_SECONDS = 900
#: Answers that are not kept yet, which one address may ask for in a minute, and addresses that are
#: remembered for it.
MOST_NEW, MOST_ADDRESSES = 60, 10_000
#: Repositories of a chart that is their sum.
MOST_SUMMED = 50
#: Nobody waits longer for an answer to be made (seconds).
PATIENCE_SECONDS = 15.0
#: Answers shorter than this are sent as they are (bytes).
LEAST_ZIPPED = 600
SVG, JSON = "image/svg+xml; charset=utf-8", "application/json"
UNKNOWN = "no public repository of this name is kept here"
HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


class ChartQuery(api.Asked, frozen=True):
    """Which lines a chart has, and how they are drawn."""

    repos: Annotated[str, Meta(description="Names of repositories, with commas.")]
    since: date | None = None
    align: bool = False
    log: bool = False
    sum: bool = False


class LineQuery(api.Asked, frozen=True):
    """How the chart of one repository is drawn."""

    since: date | None = None
    log: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """An answer as it is kept."""

    status: int
    kind: str
    body: bytes
    zipped: bytes
    etag: str

    @property
    def size(self) -> int:
        return len(self.body) + len(self.zipped)


def make_page(text: str, kind: str = SVG, status: int = 200) -> Page:
    """The answer of this text."""
    body = text.encode()
    zipped = gzip.compress(body, mtime=0) if len(body) >= LEAST_ZIPPED else b""
    return Page(status, kind, body, zipped, f'"{hashlib.sha256(body).hexdigest()[:24]}"')


class PublicPages:
    """One answer is made at a time: collecting goes first."""

    def __init__(self, reader: PublicReader) -> None:
        self._reader = reader
        self._kept: TTLCache[Hashable, Page] = TTLCache(
            MOST_KEPT_BYTES, KEPT_SECONDS, getsizeof=lambda page: page.size
        )
        self._asked: TTLCache[str, int] = TTLCache(MOST_ADDRESSES, KEPT_SECONDS)
        self._making = Lock()

    def chart(self) -> HTTPResponse:
        """Several repositories in one picture."""
        wanted = read_query(ChartQuery)
        names = tuple(dict.fromkeys(filter(None, wanted.repos.lower().split(","))))
        most = MOST_SUMMED if wanted.sum else MOST_LINES
        if not names or len(names) > most or not all(map(NAME.fullmatch, names)):
            text = f"repos takes 1 to {most} names as owner/name, with commas"
            return self._send(make_page(draw_notice(text), status=422))
        key = ("chart", names, wanted.since, wanted.align, wanted.log, wanted.sum)
        wish = Arrangement(wanted.since, wanted.align, wanted.sum)
        scale = Scale(wanted.log, wanted.align)
        return self._give(key, lambda: self._draw(names, wish, scale))

    def line(self, name: str) -> HTTPResponse:
        """One repository as a picture."""
        wanted = read_query(LineQuery)
        key = ("chart", (name.lower(),), wanted.since, False, wanted.log, False)
        wish, scale = Arrangement(wanted.since), Scale(wanted.log)
        return self._give(key, lambda: self._draw((name,), wish, scale))

    def badge(self, name: str) -> HTTPResponse:
        """The number of stars as a badge."""

        def make() -> Page:
            found = self._reader.read(name)
            if found is None:
                return make_page(draw_notice(UNKNOWN), status=404)
            return make_page(draw_badge(found.stars))

        return self._give(("badge", name.lower()), make)

    def numbers(self, name: str) -> HTTPResponse:
        """The history as numbers."""

        def make() -> Page:
            found = self._reader.read(name)
            if found is None:
                mistake = api.Error(error=api.Mistake(code="not_found", message=UNKNOWN))
                return make_page(msgspec.json.encode(mistake).decode(), JSON, 404)
            return make_page(msgspec.json.encode(_show(found)).decode(), JSON)

        return self._give(("numbers", name.lower()), make)

    def _draw(self, names: tuple[str, ...], wish: Arrangement, scale: Scale) -> Page:
        found = [repository for name in names if (repository := self._reader.read(name))]
        lines = arrange([_line(one) for one in found if one.history.points], wish) if found else []
        if not lines:
            return make_page(draw_notice(UNKNOWN if not found else "no star yet"), status=404)
        return make_page(draw(lines, scale=scale))

    # How an answer is given

    def _give(self, key: Hashable, make: Callable[[], Page]) -> HTTPResponse:
        page = self._kept.get(key)
        if page is not None:
            return self._send(page)
        address = request.environ.get("REMOTE_ADDR", "")
        asked = self._asked[address] = self._asked.get(address, 0) + 1
        if asked > MOST_NEW:
            return self._refuse(429, "too many new pictures from this address; try in a minute")
        try:
            with gevent.Timeout(PATIENCE_SECONDS), self._making:
                # Somebody else may have asked for the same meanwhile.
                page = self._kept.get(key) or make()
        except (DatabaseError, gevent.Timeout):
            return self._refuse(503, "the database does not answer; try in a minute")
        if page.size <= MOST_KEPT_BYTES:
            self._kept[key] = page
        return self._send(page)

    def _refuse(self, status: int, text: str) -> HTTPResponse:
        answer = self._send(make_page(draw_notice(text), status=status))
        answer.set_header("Retry-After", "60")
        answer.set_header("Cache-Control", "no-store")
        return answer

    def _send(self, page: Page) -> HTTPResponse:
        seconds = CACHE_SECONDS if page.status == 200 else int(KEPT_SECONDS)
        headers = {
            **HEADERS,
            "Content-Type": page.kind,
            "ETag": page.etag,
            "Cache-Control": f"public, max-age={seconds}",
        }
        known = request.get_header("If-None-Match", "").replace("W/", "")
        if page.status == 200 and page.etag in map(str.strip, known.split(",")):
            return HTTPResponse(b"", 304, headers)
        if page.zipped and "gzip" in request.get_header("Accept-Encoding", ""):
            return HTTPResponse(page.zipped, page.status, {**headers, "Content-Encoding": "gzip"})
        return HTTPResponse(page.body, page.status, headers)


def _line(repository: PublicRepository) -> Line:
    history = repository.history
    return make_line(repository.full_name, history.points, history.is_exact, history.note)


def _show(repository: PublicRepository) -> api.PublicHistory:
    history = repository.history
    return api.PublicHistory(
        full_name=repository.full_name,
        stars=repository.stars,
        source=history.source,
        is_exact=history.is_exact,
        note=history.note,
        days=[(point.day.isoformat(), point.total) for point in history.points],
    )


def build_public_app(reader: PublicReader) -> Bottle:
    """Every answer is a picture or JSON, and holds numbers alone."""
    app, pages = Bottle(), PublicPages(reader)
    app.default_error_handler = tell_error
    app.install(translated)
    name = rf"<name:re:{NAME.pattern}>"
    app.get("/chart.svg", callback=pages.chart)
    app.get(f"/badge/{name}.svg", callback=pages.badge)
    app.get(f"/{name}.svg", callback=pages.line)
    app.get(f"/{name}.json", callback=pages.numbers)
    return app
