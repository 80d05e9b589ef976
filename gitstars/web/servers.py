"""Builds the health server and the admin server from what they tell and do."""

from pathlib import Path

from gevent.event import Event

from gitstars.clock import Clock
from gitstars.config import AdminConfig, HealthConfig, PublicConfig, admin_key_path
from gitstars.events import EventBus
from gitstars.settings.rules import is_loopback
from gitstars.supervise.following import FollowDesk
from gitstars.supervise.operations import Operations
from gitstars.supervise.public import PublicReader
from gitstars.supervise.repositories import RepositoryOperations
from gitstars.supervise.signing import AccountDesk
from gitstars.supervise.snapshot import Snapshots
from gitstars.web.admin import build_admin_app
from gitstars.web.auth import Gate, find_key, refuse_foreign_host
from gitstars.web.events import Streams
from gitstars.web.health import build_health_app
from gitstars.web.metrics import CallTimes, Metrics
from gitstars.web.public import build_public_app
from gitstars.web.serving import HttpServer


def build_health_server(
    settings: HealthConfig, snapshots: Snapshots, calls: CallTimes
) -> HttpServer:
    """Not listening yet."""
    metrics = Metrics(snapshots.status, snapshots.accounts, snapshots.latencies, calls)
    app = build_health_app(snapshots, metrics)
    if is_loopback(settings.host):
        app.add_hook("before_request", refuse_foreign_host)
    return HttpServer("health", app, settings.host, settings.port)


def build_public_server(settings: PublicConfig, reader: PublicReader) -> HttpServer:
    """Not listening yet."""
    return HttpServer("public", build_public_app(reader), settings.host, settings.port)


def build_admin_server(
    settings: AdminConfig,
    snapshots: Snapshots,
    repositories: RepositoryOperations,
    operations: Operations,
    desk: AccountDesk,
    follow_desk: FollowDesk,
    events: EventBus,
    clock: Clock,
    stop: Event,
) -> HttpServer:
    """Not listening yet.

    Raises UserMistake when there is no key that suffices, and none can be made.
    """
    # A user without a home folder has no such file, and needs none where a key is configured.
    file = Path() if settings.api_key else admin_key_path()
    gate = Gate(find_key(settings, file), is_loopback(settings.host), settings.read_key)
    streams = Streams(events, clock, stop)
    app = build_admin_app(snapshots, repositories, operations, desk, follow_desk, streams, gate)
    return HttpServer("admin", app, settings.host, settings.port)
