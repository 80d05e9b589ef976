"""Health over HTTP, without a key: how it is, whether it lives, whether it is ready, and its
metrics.
"""

from bottle import Bottle, HTTPResponse

from gitstars import api
from gitstars.supervise.snapshot import Snapshots
from gitstars.web.answers import answer, tell_error, translated
from gitstars.web.metrics import CONTENT_TYPE, Metrics


def build_health_app(snapshots: Snapshots, metrics: Metrics) -> Bottle:
    """Every answer comes from the last reading, so none waits for the engine or the database."""
    app = Bottle()
    app.default_error_handler = tell_error
    app.install(translated)

    def health() -> HTTPResponse:
        status = snapshots.status()
        return answer(status, 503 if status.status == "unhealthy" else 200)

    def alive() -> api.Probe:
        return api.Probe(status="alive")

    def ready() -> HTTPResponse:
        return (
            answer(api.Probe(status="ready"))
            if snapshots.is_ready
            else answer(api.Probe(status="not ready"), 503)
        )

    def show_metrics() -> HTTPResponse:
        return HTTPResponse(
            metrics.render(), 200, {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
        )

    app.get("/health", callback=health)
    app.get("/healthz", callback=health)
    app.get("/livez", callback=alive)
    app.get("/readyz", callback=ready)
    app.get("/metrics", callback=show_metrics)
    return app
