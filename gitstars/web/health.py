"""Health over HTTP: alive, ready."""

from typing import Any

from bottle import Bottle, response

from gitstars.supervise.snapshot import Snapshots


def build_health_app(snapshots: Snapshots) -> Bottle:
    """``/livez``: the process answers; ``/readyz``: the database is reachable and workers run, else 503."""
    app = Bottle()

    @app.get("/livez")  # type: ignore[untyped-decorator]
    def livez() -> dict[str, Any]:
        return {"status": "alive"}

    @app.get("/readyz")  # type: ignore[untyped-decorator]
    def readyz() -> dict[str, Any]:
        is_ready = snapshots.is_ready
        response.status = 200 if is_ready else 503
        return {"status": "ready" if is_ready else "not ready"}

    return app
