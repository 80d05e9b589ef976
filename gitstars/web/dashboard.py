"""The dashboard's page and its files: public, because they hold no data; the page asks for the
key and calls the admin API with it.
"""

from pathlib import Path

from bottle import Bottle, HTTPResponse, static_file

STATIC = Path(__file__).parent / "static"
#: Nothing from outside, nothing inline, no framing.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Asked for again each time and answered 304 where nothing changed: an updated server is seen at
    # once.
    "Cache-Control": "no-cache",
}


def add_dashboard(app: Bottle) -> None:
    """Add ``/``, ``/favicon.ico`` and ``/static/...`` to ``app``."""
    app.get("/", callback=lambda: _file("index.html"))
    app.get("/favicon.ico", callback=lambda: _file("icon.svg"))
    app.get("/static/<path:path>", callback=_file)


def _file(path: str) -> HTTPResponse:
    """A file below ``static``; 404 for anything else, folders and ``..`` among it."""
    answer: HTTPResponse = static_file(path, root=str(STATIC))
    for name, value in HEADERS.items():
        answer.set_header(name, value)
    return answer
